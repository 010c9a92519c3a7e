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

/// The axes with a column of their own, by position: not the strategy, which has one anyway, nor
/// lists and maps ("#0") where a label names them.
std::vector<std::size_t> shown_axes(std::span<const Record> records) {
  const auto& axes = records.front().axes;
  const bool has_label = std::any_of(
      axes.begin(), axes.end(), [](const auto& axis) { return axis.first.starts_with("label."); });
  std::vector<std::size_t> shown;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const std::string& key = axes[a].first;
    if (key == "strategy" || key.starts_with("strategy.")) continue;
    const bool unnamed = std::all_of(records.begin(), records.end(), [&](const Record& record) {
      return record.axes[a].second.starts_with('#');
    });
    if (!has_label || !unnamed) shown.push_back(a);
  }
  return shown;
}

/// "cluster.network.bandwidth" -> "bandwidth".
std::string short_name(const std::string& axis) { return axis.substr(axis.rfind('.') + 1); }

/// Columns that tell runs apart: axes, repetition.
class RunNames {
 public:
  explicit RunNames(std::span<const Record> records)
      : axes_(records.front().axes),
        shown_(shown_axes(records)),
        repetitions_(std::any_of(records.begin(), records.end(), [](const Record& record) {
          return record.at("repetition") != "0";
        })) {}

  void add_header(std::vector<std::string>& row, std::string& alignment) const {
    for (const std::size_t a : shown_) {
      row.push_back(short_name(axes_[a].first));
      alignment += 'l';
    }
    if (!repetitions_) return;
    row.emplace_back("repetition");
    alignment += 'r';
  }
  void add_cells(std::vector<std::string>& row, const Record& record) const {
    for (const std::size_t a : shown_) row.push_back(record.axes[a].second);
    if (repetitions_) row.push_back(record.at("repetition"));
  }

 private:
  const std::vector<std::pair<std::string, std::string>>& axes_;
  std::vector<std::size_t> shown_;
  bool repetitions_;
};

std::string with_options(const std::string& strategy, const std::string& options) {
  return options.empty() ? strategy : fmt::format("{} ({})", strategy, options);
}

}  // namespace

std::string summary(std::span<const Record> records) {
  const RunNames names(records);
  std::string alignment;
  std::vector<std::vector<std::string>> rows(1);
  names.add_header(rows[0], alignment);
  for (const char* name : {"strategy", "status", "latency ms", "predicted ms", "speedup",
                           "moved MB", "energy J", "peak MiB"}) {
    rows[0].emplace_back(name);
  }
  alignment += "llrrrrrr";
  const bool replans = std::any_of(records.begin(), records.end(), [](const Record& record) {
    return !record.at("replans").empty();
  });
  if (replans) {
    rows[0].insert(rows[0].end(), {"aborted", "outage ms"});
    alignment += "rr";
  }
  for (const Record& record : records.first(std::min(records.size(), kMaxRows))) {
    std::vector<std::string>& row = rows.emplace_back();
    names.add_cells(row, record);
    row.push_back(with_options(record.at("strategy"), record.at("strategy_options")));
    row.push_back(record.at("status"));
    row.push_back(figure(record.at("latency_s"), 1e3, 1));
    row.push_back(figure(record.at("predicted_latency_s"), 1e3, 1));
    row.push_back(figure(record.at("speedup_over_baseline"), 1, 2));
    row.push_back(figure(record.at("bytes_moved"), 1e-6, 2));
    row.push_back(figure(record.at("energy_J"), 1, 2));
    row.push_back(figure(record.at("peak_memory_bytes"), 1.0 / (1024 * 1024), 1));
    if (!replans) continue;
    row.push_back(figure(record.at("aborted"), 1, 0));
    row.push_back(figure(record.at("outage_s"), 1e3, 1));
  }
  std::string text = aligned(rows, alignment);
  if (records.size() > kMaxRows) {
    text += fmt::format("... and {} more, see runs.csv\n", records.size() - kMaxRows);
  }
  return text;
}

std::string streams_summary(std::span<const Record> records) {
  const RunNames names(records);
  std::string alignment;
  std::vector<std::vector<std::string>> rows(1);
  names.add_header(rows[0], alignment);
  for (const char* name : {"stream", "model", "strategy", "latency ms", "p50 ms", "p95 ms",
                           "p99 ms", "alone ms", "per s", "missed %", "J each"}) {
    rows[0].emplace_back(name);
  }
  alignment += "lllrrrrrrrr";
  std::size_t left_out = 0;
  for (const Record& record : records) {
    for (const auto& cells : record.streams) {
      if (rows.size() > kMaxRows) {
        ++left_out;
        continue;
      }
      const auto at = [&](std::string_view column) {
        const auto all = stream_columns();
        return cells[static_cast<std::size_t>(std::find(all.begin(), all.end(), column) -
                                              all.begin())];
      };
      std::vector<std::string>& row = rows.emplace_back();
      names.add_cells(row, record);
      row.push_back(at("stream"));
      row.push_back(at("model"));
      row.push_back(with_options(at("strategy"), at("strategy_options")));
      for (const char* column : {"latency_s", "latency_p50_s", "latency_p95_s", "latency_p99_s",
                                 "predicted_latency_s"}) {
        row.push_back(figure(at(column), 1e3, 1));
      }
      row.push_back(figure(at("throughput_rps"), 1, 2));
      row.push_back(figure(at("deadline_miss_ratio"), 100, 1));
      row.push_back(figure(at("energy_per_request_J"), 1, 2));
    }
  }
  std::string text = aligned(rows, alignment);
  if (left_out > 0) text += fmt::format("... and {} more, see streams.csv\n", left_out);
  return text;
}

std::string headline(const Network& network) {
  if (network.bandwidth_Bps == 0) {
    return fmt::format("{} of {} links", to_string(network.type), network.links.size());
  }
  return fmt::format("{} at {:g} Mbit/s", to_string(network.type), network.bandwidth_Bps * 8e-6);
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
