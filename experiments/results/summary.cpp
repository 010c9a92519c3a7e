#include "experiments/results/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "experiments/results/sweep_tables.hpp"
#include "workloads/input/text_table.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxRows = 100;

/// A cell of runs.csv in other units, "-" if it is empty.
std::string figure(const std::string& cell, double scale, int digits) {
  if (cell.empty()) return "-";
  return fmt::format("{:.{}f}", std::strtod(cell.c_str(), nullptr) * scale, digits);
}

/// "331.2-402.8"; "-" for an end that is not there.
std::string range(const Record& record, const char* low, const char* high, double scale,
                  int digits) {
  if (record.at(low).empty()) return "-";
  return figure(record.at(low), scale, digits) + "-" + figure(record.at(high), scale, digits);
}

/// "cluster.network.bandwidth" -> "bandwidth".
std::string short_name(const std::string& axis) { return axis.substr(axis.rfind('.') + 1); }

/// Whether an axis has a column of its own: not the strategy, which has one anyway.
bool is_strategy(const std::string& key) {
  return key == "strategy" || key.starts_with("strategy.");
}

std::string with_options(const std::string& strategy, const std::string& options) {
  return options.empty() ? strategy : fmt::format("{} ({})", strategy, options);
}

}  // namespace

void Summary::add(Record record) {
  ++runs_;
  if (record.at("status") != "ok") ++not_ok_;
  named_.resize(record.axes.size());
  for (std::size_t a = 0; a < record.axes.size(); ++a) {
    if (!record.axes[a].second.starts_with('#')) named_[a] = true;
  }
  repetitions_ = repetitions_ || record.at("repetition") != "0";
  if (record.at("assumed_rate") != "0") ++assumed_;
  draws_ = draws_ || !record.at("draws").empty();
  replans_ = replans_ || !record.at("replans").empty();
  const bool new_streams = !record.streams.empty() && streams_ < kMaxRows;
  streams_ += record.streams.size();
  if (new_streams) shown_streams_.push_back(record);
  if (shown_.size() < kMaxRows) shown_.push_back(std::move(record));
}

/// The axes with a column of their own, by position: lists and maps ("#0") have none where a label
/// names them.
std::vector<std::size_t> Summary::shown_axes() const {
  const auto& axes = shown_.front().axes;
  const bool has_label = std::any_of(
      axes.begin(), axes.end(), [](const auto& axis) { return axis.first.starts_with("label."); });
  std::vector<std::size_t> shown;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (!is_strategy(axes[a].first) && (!has_label || named_[a])) shown.push_back(a);
  }
  return shown;
}

void Summary::add_names_header(std::vector<std::string>& row, std::string& alignment) const {
  for (const std::size_t a : shown_axes()) {
    row.push_back(short_name(shown_.front().axes[a].first));
    alignment += 'l';
  }
  if (!repetitions_) return;
  row.emplace_back("repetition");
  alignment += 'r';
}

void Summary::add_names(std::vector<std::string>& row, const Record& record) const {
  for (const std::size_t a : shown_axes()) row.push_back(record.axes[a].second);
  if (repetitions_) row.push_back(record.at("repetition"));
}

std::string Summary::runs() const {
  struct Shown {
    const char* name;
    std::string (*cell)(const Record& record);
    bool is_shown = true;
    char alignment = 'r';
  };
  const Shown columns[] = {
      {"strategy",
       [](const Record& r) { return with_options(r.at("strategy"), r.at("strategy_options")); },
       true, 'l'},
      {"status", [](const Record& r) { return r.at("status"); }, true, 'l'},
      {"latency ms", [](const Record& r) { return figure(r.at("latency_s"), 1e3, 1); }},
      {"5-95 %",
       [](const Record& r) { return range(r, "latency_low_s", "latency_high_s", 1e3, 1); }, draws_},
      {"estimate ms", [](const Record& r) { return figure(r.at("estimated_latency_s"), 1e3, 1); }},
      {"speedup", [](const Record& r) { return figure(r.at("speedup_over_baseline"), 1, 2); }},
      {"5-95 %", [](const Record& r) { return range(r, "speedup_low", "speedup_high", 1, 2); },
       draws_},
      {"fastest %", [](const Record& r) { return figure(r.at("fastest_share"), 100, 1); }, draws_},
      {"moved MB", [](const Record& r) { return figure(r.at("bytes_moved"), 1e-6, 2); }},
      {"energy J", [](const Record& r) { return figure(r.at("energy_J"), 1, 2); }},
      {"peak MiB",
       [](const Record& r) { return figure(r.at("peak_memory_bytes"), 1.0 / (1024 * 1024), 1); }},
      {"aborted", [](const Record& r) { return figure(r.at("aborted"), 1, 0); }, replans_},
      {"outage ms", [](const Record& r) { return figure(r.at("outage_s"), 1e3, 1); }, replans_},
  };
  std::string alignment;
  std::vector<std::vector<std::string>> rows(1);
  add_names_header(rows[0], alignment);
  for (const Shown& column : columns) {
    if (!column.is_shown) continue;
    rows[0].emplace_back(column.name);
    alignment += column.alignment;
  }
  for (const Record& record : shown_) {
    std::vector<std::string>& row = rows.emplace_back();
    add_names(row, record);
    for (const Shown& column : columns) {
      if (column.is_shown) row.push_back(column.cell(record));
    }
  }
  std::string text = aligned(rows, alignment);
  if (runs_ > kMaxRows) {
    text += fmt::format("... and {} more, see runs.csv\n", runs_ - kMaxRows);
  }
  return text;
}

std::string Summary::streams() const {
  std::string alignment;
  std::vector<std::vector<std::string>> rows(1);
  add_names_header(rows[0], alignment);
  for (const char* name : {"stream", "model", "strategy", "latency ms", "p50 ms", "p95 ms",
                           "p99 ms", "alone ms", "per s", "missed %", "J each"}) {
    rows[0].emplace_back(name);
  }
  alignment += "lllrrrrrrrr";
  for (const Record& record : shown_streams_) {
    for (const auto& cells : record.streams) {
      if (rows.size() > kMaxRows) break;
      const auto at = [&](std::string_view column) {
        const auto all = stream_columns();
        return cells[static_cast<std::size_t>(std::find(all.begin(), all.end(), column) -
                                              all.begin())];
      };
      std::vector<std::string>& row = rows.emplace_back();
      add_names(row, record);
      row.push_back(at("stream"));
      row.push_back(at("model"));
      row.push_back(with_options(at("strategy"), at("strategy_options")));
      for (const char* column : {"latency_s", "latency_p50_s", "latency_p95_s", "latency_p99_s",
                                 "estimated_latency_s"}) {
        row.push_back(figure(at(column), 1e3, 1));
      }
      row.push_back(figure(at("throughput_rps"), 1, 2));
      row.push_back(figure(at("deadline_miss_ratio"), 100, 1));
      row.push_back(figure(at("energy_per_request_J"), 1, 2));
    }
  }
  std::string text = aligned(rows, alignment);
  if (streams_ > kMaxRows) {
    text += fmt::format("... and {} more, see streams.csv\n", streams_ - kMaxRows);
  }
  return text;
}

std::vector<std::string> Summary::notes() const {
  std::vector<std::string> notes;
  if (assumed_ > 0) {
    notes.push_back(
        fmt::format("in {} of {} runs rates of devices are assumed, see assumed_rate in runs.csv; "
                    "edgeflow explain says which",
                    assumed_, runs_));
  }
  if (draws_) {
    notes.emplace_back(
        "5-95 % and fastest % are over draws, the same for all strategies; uncertainty in a run's "
        "scenario.resolved.yaml says within which errors");
  }
  return notes;
}

std::string note_lines(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) {
    text += fmt::format("{}note: {}\n", text.empty() ? "\n" : "", note);
  }
  return text;
}

std::string headline(const Network& network) {
  if (network.bandwidth_Bps == 0) {
    return fmt::format("{} of {} links", to_string(network.type), network.links.size());
  }
  std::string part;
  if (network.efficiency < 1) part = fmt::format("{:g} of ", network.efficiency);
  return fmt::format("{} at {}{:g} Mbit/s", to_string(network.type), part,
                     network.bandwidth_Bps * 8e-6);
}

std::string headline(const Scenario& scenario) {
  std::vector<std::string> devices;
  std::map<std::string, int> counts;
  for (const Device& device : scenario.cluster->devices()) {
    const std::string& type = device.type.empty() ? device.name : device.type;
    if (counts[type]++ == 0) devices.push_back(type);
  }
  for (std::string& device : devices) device = fmt::format("{} {}", counts[device], device);
  std::vector<std::string> models;
  int requests = 0;
  for (const Workload& stream : scenario.workloads) {
    models.push_back(stream.model->graph.name());
    if (!stream.name.empty()) models.back() += fmt::format(" ({})", stream.name);
    requests += stream.requests.count;
  }
  return fmt::format("{}: {} on {}, {}, {} request{}", scenario.name, fmt::join(models, " and "),
                     fmt::join(devices, ", "), headline(scenario.cluster->network()), requests,
                     requests == 1 ? "" : "s");
}

}  // namespace edgeflow
