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

/// "cluster.network.bandwidth" -> "bandwidth".
std::string short_name(const std::string& axis) { return axis.substr(axis.rfind('.') + 1); }

/// Whether an axis has a column of its own: not the strategy, which has one anyway.
bool is_strategy(const std::string& key) {
  return key == "strategy" || key.starts_with("strategy.");
}

using P = Repetitions;

/// Of one run whatever is there, however it ended; of several what those that ended ok have.
std::vector<double> values_of(const P& point, std::string_view column) {
  if (point.runs.size() > 1) return point.values(column);
  const auto value = parse_number(point.first().at(column));
  return value ? std::vector<double>{*value} : std::vector<double>{};
}

/// The mean of values of a cell in other units, of several with the half width of its 95 % interval;
/// "-" if there are none.
std::string mean(const std::vector<double>& values, double scale, int digits,
                 bool interval = false) {
  const Statistics statistics = statistics_of(values);
  if (!statistics.mean) return "-";
  std::string text = fmt::format("{:.{}f}", *statistics.mean * scale, digits);
  if (!interval || !statistics.high) return text;
  return text + fmt::format(" ± {:.{}f}", (*statistics.high - *statistics.mean) * scale, digits);
}

/// That of all runs; if these differ, the first that is not ok, and of how many.
std::string status_of(const P& point) {
  const std::size_t bad = point.runs.size() - point.ok();
  const auto found =
      std::ranges::find_if(point.runs, [](const Record& run) { return run.at("status") != "ok"; });
  if (bad == 0) return "ok";
  if (point.runs.size() == 1) return found->at("status");
  return fmt::format("{} ({} of {} not ok)", found->at("status"), bad, point.runs.size());
}

std::string speedup(const P& point) {
  const Statistics ratios = statistics_of_ratios(values_of(point, kSpeedup));
  return ratios.mean ? fmt::format("{:.2f}", *ratios.mean) : "-";
}

std::string speedup_range(const P& point) {
  const Statistics ratios = statistics_of_ratios(values_of(point, kSpeedup));
  return ratios.low ? fmt::format("{:.2f}-{:.2f}", *ratios.low, *ratios.high) : "-";
}

/// "331.2-402.8", of repetitions the means of these; "-" for an end that is not there.
std::string range(const P& point, const char* low, const char* high, double scale, int digits) {
  const std::vector<double> lows = values_of(point, low);
  if (lows.empty()) return "-";
  return mean(lows, scale, digits) + "-" + mean(values_of(point, high), scale, digits);
}

/// When a column is of use.
enum class For : std::uint8_t { kAll, kRepetitions, kDraws, kReplans };

struct ColumnOfRuns {
  const char* name;
  std::string (*cell)(const P& point);
  For use = For::kAll;
  char alignment = 'r';
};

constexpr ColumnOfRuns kColumns[] = {
    {"strategy", [](const P& p) { return p.first().at("label"); }, For::kAll, 'l'},
    {"status", status_of, For::kAll, 'l'},
    {"runs", [](const P& p) { return std::to_string(p.runs.size()); }, For::kRepetitions},
    {"latency ms", [](const P& p) { return mean(values_of(p, "latency_s"), 1e3, 1, true); }},
    {"5-95 %", [](const P& p) { return range(p, "latency_low_s", "latency_high_s", 1e3, 1); },
     For::kDraws},
    {"estimate ms", [](const P& p) { return mean(values_of(p, "estimated_latency_s"), 1e3, 1); }},
    {"speedup", speedup},
    {"95 %", speedup_range, For::kRepetitions},
    {"5-95 %", [](const P& p) { return range(p, "speedup_low", "speedup_high", 1, 2); },
     For::kDraws},
    {"fastest %", [](const P& p) { return mean(values_of(p, "fastest_share"), 100, 1); },
     For::kDraws},
    {"moved MB", [](const P& p) { return mean(values_of(p, "bytes_moved"), 1e-6, 2); }},
    {"energy J", [](const P& p) { return mean(values_of(p, "energy_J"), 1, 2); }},
    {"peak MiB",
     [](const P& p) { return mean(values_of(p, "peak_memory_bytes"), 1.0 / (1024 * 1024), 1); }},
    {"aborted",
     [](const P& p) { return mean(values_of(p, "aborted"), 1, p.runs.size() > 1 ? 1 : 0); },
     For::kReplans},
    {"outage ms", [](const P& p) { return mean(values_of(p, "outage_s"), 1e3, 1); }, For::kReplans},
};

constexpr std::string_view kStreamColumnsShown[] = {"latency_p50_s", "latency_p95_s",
                                                    "latency_p99_s", "estimated_latency_s"};

/// A stream's cells after its names.
std::vector<std::string> stream_figures(const P& point, std::size_t stream) {
  const auto values = [&](std::string_view column) { return point.stream_values(stream, column); };
  std::vector<std::string> cells{mean(values("latency_s"), 1e3, 1, true)};
  for (const std::string_view column : kStreamColumnsShown) {
    cells.push_back(mean(values(column), 1e3, 1));
  }
  cells.push_back(mean(values("throughput_rps"), 1, 2));
  cells.push_back(mean(values("deadline_miss_ratio"), 100, 1));
  cells.push_back(mean(values("energy_per_request_J"), 1, 2));
  return cells;
}

}  // namespace

void Summary::add(const Repetitions& point) {
  Cells axes;
  axes_.clear();
  named_.resize(point.first().axes.size());
  for (const auto& [key, value] : point.first().axes) {
    if (!value.starts_with('#')) named_[axes.size()] = true;
    axes_.push_back(key);
    axes.push_back(value);
  }
  for (const Record& run : point.runs) {
    ++runs_;
    if (run.at("status") != "ok") ++not_ok_;
    if (run.at("assumed_rate") != "0") ++assumed_;
    draws_ = draws_ || !run.at("draws").empty();
    replans_ = replans_ || !run.at("replans").empty();
  }
  repetitions_ = repetitions_ || point.runs.size() > 1;
  for (std::size_t s = 0; s < point.first().streams.size(); ++s, ++streams_) {
    if (streams_ >= kMaxRows) continue;
    const Cells& first = point.first().streams[s];
    Cells cells;
    for (const char* column : {"stream", "model", "label"}) {
      cells.push_back(first.at(stream_column(column)));
    }
    for (std::string& cell : stream_figures(point, s)) cells.push_back(std::move(cell));
    shown_streams_.push_back({axes, std::move(cells)});
  }
  if (++points_ > kMaxRows) return;
  Shown& shown = shown_.emplace_back(Shown{std::move(axes), {}});
  for (const ColumnOfRuns& column : kColumns) shown.cells.push_back(column.cell(point));
}

/// The axes with a column of their own, by position: lists and maps ("#0") have none where a label
/// names them.
std::vector<std::size_t> Summary::shown_axes() const {
  const bool has_label = std::ranges::any_of(
      axes_, [](const std::string& axis) { return axis.starts_with("label."); });
  std::vector<std::size_t> shown;
  for (std::size_t a = 0; a < axes_.size(); ++a) {
    if (!is_strategy(axes_[a]) && (!has_label || named_[a])) shown.push_back(a);
  }
  return shown;
}

std::string Summary::table(const std::vector<Shown>& rows, const Cells& header,
                           std::string alignment) const {
  const std::vector<std::size_t> axes = shown_axes();
  std::vector<Cells> text(1);
  for (const std::size_t a : axes) text[0].push_back(short_name(axes_[a]));
  text[0].insert(text[0].end(), header.begin(), header.end());
  for (const Shown& row : rows) {
    Cells& cells = text.emplace_back();
    for (const std::size_t a : axes) cells.push_back(row.axes[a]);
    cells.insert(cells.end(), row.cells.begin(), row.cells.end());
  }
  return aligned(text, alignment.insert(0, axes.size(), 'l'));
}

std::string Summary::runs() const {
  Cells header;
  std::string alignment;
  std::vector<Shown> rows;
  for (const Shown& row : shown_) rows.push_back({row.axes, {}});
  for (std::size_t c = 0; c < std::size(kColumns); ++c) {
    const For use = kColumns[c].use;
    if (use == For::kRepetitions && !repetitions_) continue;
    if ((use == For::kDraws && !draws_) || (use == For::kReplans && !replans_)) continue;
    header.emplace_back(kColumns[c].name);
    alignment += kColumns[c].alignment;
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r].cells.push_back(shown_[r].cells[c]);
  }
  std::string text = table(rows, header, alignment);
  if (points_ > kMaxRows) {
    text += fmt::format("... and {} more, see {}\n", points_ - kMaxRows,
                        repetitions_ ? "summary.csv" : "runs.csv");
  }
  return text;
}

std::string Summary::streams() const {
  std::string text = table(shown_streams_,
                           {"stream", "model", "strategy", "latency ms", "p50 ms", "p95 ms",
                            "p99 ms", "alone ms", "per s", "missed %", "J each"},
                           "lllrrrrrrrr");
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
  if (repetitions_) {
    notes.emplace_back(
        "figures are means over repetitions, of speed-ups geometric ones; ± and 95 % are 95 % "
        "confidence intervals by Student's t, see summary.csv");
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
