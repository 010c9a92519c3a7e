#include "experiments/commands/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "experiments/commands/inspect.hpp"
#include "partition/prices/estimate.hpp"
#include "workloads/input/text_table.hpp"

namespace edgeflow {
namespace {

/// Units of a line: those of a layer, with its result relays apart.
using Line = std::vector<UnitId>;

class Explanation {
 public:
  Explanation(const Plan& plan, const Workload& workload, const Effects& effects)
      : plan_(plan),
        graph_(workload.model->graph),
        cluster_(*workload.cluster),
        executable_(plan, graph_, cluster_, workload.element_size(), effects),
        estimate_(estimate(executable_, Sharing::kMaxMin)),
        received_(plan.units.size(), 0),
        sent_(plan.units.size(), 0),
        critical_(critical_path()) {
    for (const ExecutableMessage& message : executable_.messages) {
      sent_[message.from] += message.bytes;
      // Counted once per message: for the first unit that it feeds.
      received_[message.consumers.front()] += message.bytes;
    }
  }

  std::string text() const {
    std::vector<std::vector<std::string>> rows{header()};
    for (const auto& [key, line] : lines()) rows.push_back(row(line));
    std::string alignment = "llr";
    for (std::size_t d = 0; d < cluster_.size(); ++d) alignment += 'r';
    return aligned(rows, alignment + "rrrrrll");
  }

  double latency_s() const { return estimate_.latency_s; }
  std::size_t messages() const { return executable_.messages.size(); }

 private:
  std::vector<std::string> header() const {
    std::vector<std::string> cells{"layer", "op", "rows"};
    for (const Device& device : cluster_.devices()) cells.push_back(device.name);
    for (const char* name :
         {"in kB", "out kB", "redundant", "start ms", "finish ms", "", "waits for"}) {
      cells.emplace_back(name);
    }
    return cells;
  }

  std::map<std::pair<LayerId, bool>, Line> lines() const {
    std::map<std::pair<LayerId, bool>, Line> lines;
    for (const UnitId u : executable_.units.ids()) {
      lines[{plan_.unit(u).layer, plan_.unit(u).kind == UnitKind::kRelay}].push_back(u);
    }
    return lines;
  }

  std::vector<std::string> row(const Line& line) const {
    const ExecutionUnit& first = plan_.unit(line.front());
    const Layer& layer = graph_.layer(first.layer);
    const bool relay = first.kind == UnitKind::kRelay;
    std::vector<std::string> cells{layer.name, relay ? "relay" : operation_name(layer),
                                   std::to_string(layer.output.box.row.size())};
    for (std::size_t d = 0; d < cluster_.size(); ++d) cells.push_back(share(line, d));
    double in = 0;
    double out = 0;
    double start_s = std::numeric_limits<double>::infinity();
    UnitId last = line.front();
    for (const UnitId u : line) {
      in += received_[u];
      out += sent_[u];
      start_s = std::min(start_s, estimate_.units[u].start_s);
      if (estimate_.units[u].finish_s > estimate_.units[last].finish_s) last = u;
    }
    cells.push_back(in > 0 ? fmt::format("{:.1f}", in / 1e3) : ".");
    cells.push_back(out > 0 ? fmt::format("{:.1f}", out / 1e3) : ".");
    cells.push_back(redundant(line));
    cells.push_back(fmt::format("{:.2f}", start_s * 1e3));
    cells.push_back(fmt::format("{:.2f}", estimate_.units[last].finish_s * 1e3));
    // The unit on the critical path, where there is one, says what the layer waits for.
    const auto held =
        std::find_if(line.begin(), line.end(), [&](UnitId u) { return critical_[u]; });
    cells.emplace_back(held == line.end() ? "" : "*");
    cells.push_back(reason(held == line.end() ? last : *held));
    return cells;
  }

  /// Rows that the device has of the layer if it has whole rows, else its part in percent.
  std::string share(const Line& line, std::size_t d) const {
    std::vector<Region> regions;
    bool whole_rows = true;
    const Region& whole = graph_.layer(plan_.unit(line.front()).layer).output.box;
    for (const UnitId u : line) {
      const ExecutionUnit& unit = plan_.unit(u);
      if (index(unit.device) != d) continue;
      regions.push_back(unit.output);
      whole_rows =
          whole_rows && unit.output.channel == whole.channel && unit.output.column == whole.column;
    }
    if (regions.empty()) return ".";
    const auto volume = static_cast<double>(union_volume(regions));
    const auto total = static_cast<double>(whole.volume());
    if (!whole_rows) return fmt::format("{:.0f}%", 100 * volume / total);
    return fmt::format("{:g}", volume / total * static_cast<double>(whole.row.size()));
  }

  /// What held the unit up: its device, then what that was busy with or what came last and whence.
  std::string reason(UnitId u) const {
    const UnitTimes& times = estimate_.units[u];
    const std::string& device = cluster_.device(plan_.unit(u).device).name;
    const UnitId after = estimate_.after[u];
    if (after == kNoUnit) return "-";
    const ExecutionUnit& before = plan_.unit(after);
    const std::string& layer = graph_.layer(before.layer).name;
    if (!is_due(times.start_s, times.ready_s)) {
      return fmt::format("{}: busy with {}", device, layer);
    }
    return before.device == plan_.unit(u).device
               ? fmt::format("{}: {}", device, layer)
               : fmt::format("{}: {} of {}", device, layer, cluster_.device(before.device).name);
  }

  /// By unit: whether it is on the critical path, from the last result back to the input.
  IdVector<UnitId, bool> critical_path() const {
    UnitId last = kNoUnit;
    for (const UnitId u : executable_.units.ids()) {
      if (!executable_.units[u].is_result) continue;
      if (last == kNoUnit || estimate_.units[u].finish_s > estimate_.units[last].finish_s) {
        last = u;
      }
    }
    IdVector<UnitId, bool> critical(plan_.units.size(), false);
    for (UnitId u = last; u != kNoUnit; u = estimate_.after[u]) critical[u] = true;
    return critical;
  }

  /// Operations of a line's units beyond those of the whole layer, in percent of it.
  std::string redundant(const Line& line) const {
    const ExecutionUnit& first = plan_.unit(line.front());
    const Layer& layer = graph_.layer(first.layer);
    const auto whole = static_cast<double>(work(layer, layer.output.box).macs);
    if (first.kind != UnitKind::kCompute || whole == 0) return ".";
    double done = 0;
    for (const UnitId u : line) done += static_cast<double>(work_of(plan_.unit(u), graph_).macs);
    const double percent = 100 * (done / whole - 1);
    return percent > 0 ? fmt::format("{:.1f}%", percent) : ".";
  }

  const Plan& plan_;
  const Graph& graph_;
  const Cluster& cluster_;
  const ExecutablePlan executable_;
  const Estimate estimate_;
  IdVector<UnitId, double> received_;  // bytes
  IdVector<UnitId, double> sent_;
  const IdVector<UnitId, bool> critical_;
};

}  // namespace

std::string explain(const Plan& plan, const Scenario& scenario, const Workload& workload) {
  const Explanation explanation(plan, workload, scenario.effects);
  const double bound_s = scenario.lower_bound_s(workload, *workload.cluster);
  return fmt::format(
      "{} on {} by {}: {} units, {} messages, estimated {:.2f} ms, no plan below {:.2f} ms\n\n{}",
      plan.model, scenario.cluster->name(), plan.strategy, plan.units.size(),
      explanation.messages(), explanation.latency_s() * 1e3, bound_s * 1e3, explanation.text());
}

}  // namespace edgeflow
