#include "experiments/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "experiments/inspect.hpp"
#include "experiments/table.hpp"
#include "partition/bound.hpp"
#include "partition/estimate.hpp"

namespace edgeflow {
namespace {

/// Units of a line: those of a layer, with its result relays apart.
using Line = std::vector<std::size_t>;

class Explanation {
 public:
  Explanation(const Plan& plan, const Scenario& scenario)
      : plan_(plan),
        graph_(scenario.model->graph),
        cluster_(*scenario.cluster),
        estimate_(estimate(plan, graph_, cluster_, scenario.element_size(), scenario.effects,
                           Sharing::kMaxMin)),
        messages_(messages_of(plan, scenario.element_size())),
        received_(plan.units.size(), 0),
        sent_(plan.units.size(), 0) {
    for (const Message& message : messages_) {
      sent_[index(message.from)] += message.bytes;
      // Counted once per message: for the first unit that it feeds.
      received_[index(message.consumers.front())] += message.bytes;
    }
  }

  std::string text() const {
    std::vector<std::vector<std::string>> rows{header()};
    for (const auto& [key, line] : lines()) rows.push_back(row(line));
    std::string alignment = "llr";
    for (std::size_t d = 0; d < cluster_.size(); ++d) alignment += 'r';
    return aligned(rows, alignment + "rrrrl");
  }

  double latency_s() const { return estimate_.latency_s; }
  std::size_t messages() const { return messages_.size(); }

 private:
  std::vector<std::string> header() const {
    std::vector<std::string> cells{"layer", "op", "rows"};
    for (const Device& device : cluster_.devices()) cells.push_back(device.name);
    for (const char* name : {"in kB", "out kB", "start ms", "finish ms", "waits for"}) {
      cells.emplace_back(name);
    }
    return cells;
  }

  std::map<std::pair<LayerId, bool>, Line> lines() const {
    std::map<std::pair<LayerId, bool>, Line> lines;
    for (std::size_t u = 0; u < plan_.units.size(); ++u) {
      lines[{plan_.units[u].layer, plan_.units[u].kind == UnitKind::kRelay}].push_back(u);
    }
    return lines;
  }

  std::vector<std::string> row(const Line& line) const {
    const ExecutionUnit& first = plan_.units[line.front()];
    const Layer& layer = graph_.layer(first.layer);
    const bool relay = first.kind == UnitKind::kRelay;
    std::vector<std::string> cells{layer.name, relay ? "relay" : operation_name(layer),
                                   std::to_string(layer.output.box.row.size())};
    for (std::size_t d = 0; d < cluster_.size(); ++d) cells.push_back(share(line, d));
    double in = 0;
    double out = 0;
    double start_s = std::numeric_limits<double>::infinity();
    std::size_t last = line.front();
    for (std::size_t u : line) {
      in += received_[u];
      out += sent_[u];
      start_s = std::min(start_s, estimate_.units[u].start_s);
      if (estimate_.units[u].finish_s > estimate_.units[last].finish_s) last = u;
    }
    cells.push_back(in > 0 ? fmt::format("{:.1f}", in / 1e3) : ".");
    cells.push_back(out > 0 ? fmt::format("{:.1f}", out / 1e3) : ".");
    cells.push_back(fmt::format("{:.2f}", start_s * 1e3));
    cells.push_back(fmt::format("{:.2f}", estimate_.units[last].finish_s * 1e3));
    cells.push_back(reason(last));
    return cells;
  }

  /// Rows that the device has of the layer if it has whole rows, else its part in percent.
  std::string share(const Line& line, std::size_t d) const {
    std::vector<Region> regions;
    bool whole_rows = true;
    const Region& whole = graph_.layer(plan_.units[line.front()].layer).output.box;
    for (std::size_t u : line) {
      const ExecutionUnit& unit = plan_.units[u];
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

  std::string reason(std::size_t u) const {
    const UnitTimes& times = estimate_.units[u];
    const ExecutionUnit& unit = plan_.units[u];
    const std::string& device = cluster_.device(unit.device).name;
    if (times.start_s > times.ready_s + kTimePrecision_s) {
      return fmt::format("{}: busy with {}", device, busy_with(u));
    }
    std::size_t last = u;
    double latest_s = -1;
    for (const Requirement& requirement : unit.requirements) {
      const std::size_t p = index(requirement.provider);
      const double there_s = estimate_.units[p].finish_s + transfer_s(p, unit.device);
      if (there_s <= latest_s) continue;
      latest_s = there_s;
      last = p;
    }
    if (last == u) return "-";
    const ExecutionUnit& provider = plan_.units[last];
    const std::string& from = cluster_.device(provider.device).name;
    const std::string& layer = graph_.layer(provider.layer).name;
    return provider.device == unit.device ? fmt::format("{}: {}", device, layer)
                                          : fmt::format("{}: {} of {}", device, layer, from);
  }

  /// The layer that the device finished when it turned to unit `u`.
  std::string busy_with(std::size_t u) const {
    std::size_t before = u;
    for (std::size_t v = 0; v < plan_.units.size(); ++v) {
      const UnitTimes& times = estimate_.units[v];
      if (v == u || plan_.units[v].device != plan_.units[u].device) continue;
      if (times.finish_s > estimate_.units[u].start_s + kTimePrecision_s) continue;
      if (times.finish_s <= times.start_s) continue;  // takes no time, holds nobody up
      if (before == u || times.finish_s > estimate_.units[before].finish_s) before = v;
    }
    return graph_.layer(plan_.units[before].layer).name;
  }

  /// Of the unit's message to a device when nothing else is on the way.
  double transfer_s(std::size_t from, DeviceId to) const {
    const DeviceId sender = plan_.units[from].device;
    if (sender == to) return 0;
    for (const Message& message : messages_) {
      if (index(message.from) != from || message.to != to) continue;
      return cluster_.route(sender, to).latency_s +
             message.bytes / cluster_.route_bandwidth_Bps(sender, to);
    }
    return 0;
  }

  const Plan& plan_;
  const Graph& graph_;
  const Cluster& cluster_;
  const Estimate estimate_;
  const std::vector<Message> messages_;
  std::vector<double> received_;  // bytes by unit
  std::vector<double> sent_;
};

}  // namespace

std::string explain(const Plan& plan, const Scenario& scenario) {
  const Explanation explanation(plan, scenario);
  const double bound_s = lower_bound_s(scenario.model->graph, *scenario.cluster, scenario.effects);
  return fmt::format(
      "{} on {} by {}: {} units, {} messages, predicted {:.2f} ms, no plan below {:.2f} ms\n\n{}",
      plan.model, scenario.cluster->name(), plan.strategy, plan.units.size(),
      explanation.messages(), explanation.latency_s() * 1e3, bound_s * 1e3, explanation.text());
}

}  // namespace edgeflow
