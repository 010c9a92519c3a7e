#include "experiments/commands/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "experiments/commands/inspect.hpp"
#include "experiments/commands/plan_analysis.hpp"
#include "workloads/input/text_table.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWaits = 5;  // that are shown

/// What there is to say of a line.
struct LayerFacts {
  double in_bytes = 0;
  double out_bytes = 0;
  double start_s = std::numeric_limits<double>::infinity();
  UnitId last{};          // to finish
  bool critical = false;  // a unit of it is on the critical path
  UnitId held{};          // that unit, else the last
  double redundant = 0;   // operations beyond those of the whole layer, as a share of it
};

/// Units of a line: those of a layer, with its result relays apart.
using Line = std::vector<UnitId>;

/// A plan layer by layer.
class Layers {
 public:
  explicit Layers(const PlanAnalysis& analysis)
      : of_(analysis),
        received_(of_.plan.units.size(), 0),
        sent_(of_.plan.units.size(), 0),
        critical_(of_.plan.units.size(), false) {
    for (const UnitId u : of_.critical) critical_[u] = true;
    for (const ExecutableMessage& message : of_.executable.messages) {
      sent_[message.from] += message.bytes;
      // Counted once per message: for the first unit that it feeds.
      received_[message.consumers.front()] += message.bytes;
    }
  }

  std::string text() const {
    std::vector<std::vector<std::string>> rows{header()};
    for (const auto& [key, line] : lines()) rows.push_back(row(line));
    std::string alignment = "llr";
    for (std::size_t d = 0; d < of_.cluster.size(); ++d) alignment += 'r';
    return aligned(rows, alignment + "rrrrrll");
  }

  Json json() const {
    Json json = Json::array();
    for (const auto& [key, line] : lines()) json.push_back(object(line));
    return json;
  }

 private:
  std::vector<std::string> header() const {
    std::vector<std::string> cells{"layer", "op", "rows"};
    for (const Device& device : of_.cluster.devices()) cells.push_back(device.name);
    for (const char* name :
         {"in kB", "out kB", "redundant", "start ms", "finish ms", "", "waits for"}) {
      cells.emplace_back(name);
    }
    return cells;
  }

  std::map<std::pair<LayerId, bool>, Line> lines() const {
    std::map<std::pair<LayerId, bool>, Line> lines;
    for (const UnitId u : of_.executable.units.ids()) {
      lines[{of_.plan.unit(u).layer, of_.plan.unit(u).kind == UnitKind::kRelay}].push_back(u);
    }
    return lines;
  }

  bool is_relay(const Line& line) const {
    return of_.plan.unit(line.front()).kind == UnitKind::kRelay;
  }
  const Layer& layer(const Line& line) const {
    return of_.graph.layer(of_.plan.unit(line.front()).layer);
  }
  std::string operation(const Line& line) const {
    return is_relay(line) ? "relay" : operation_name(layer(line));
  }

  LayerFacts facts(const Line& line) const {
    LayerFacts facts;
    facts.last = line.front();
    for (const UnitId u : line) {
      facts.in_bytes += received_[u];
      facts.out_bytes += sent_[u];
      facts.start_s = std::min(facts.start_s, of_.estimate.units[u].start_s);
      if (finish_s(u) > finish_s(facts.last)) facts.last = u;
    }
    // The unit on the critical path, where there is one, says what the layer waits for.
    const auto held = std::ranges::find_if(line, [&](UnitId u) { return critical_[u]; });
    facts.critical = held != line.end();
    facts.held = facts.critical ? *held : facts.last;
    facts.redundant = redundant(line);
    return facts;
  }

  double finish_s(UnitId unit) const { return of_.estimate.units[unit].finish_s; }

  std::vector<std::string> row(const Line& line) const {
    const LayerFacts is = facts(line);
    const auto kilobytes = [](double bytes) {
      return bytes > 0 ? fmt::format("{:.1f}", bytes / 1e3) : std::string(".");
    };
    std::vector<std::string> cells{layer(line).name, operation(line),
                                   std::to_string(layer(line).output.box.row.size())};
    for (std::size_t d = 0; d < of_.cluster.size(); ++d) cells.push_back(share(line, d));
    cells.push_back(kilobytes(is.in_bytes));
    cells.push_back(kilobytes(is.out_bytes));
    cells.push_back(is.redundant > 0 ? fmt::format("{:.1f}%", 100 * is.redundant) : ".");
    cells.push_back(fmt::format("{:.2f}", is.start_s * 1e3));
    cells.push_back(fmt::format("{:.2f}", finish_s(is.last) * 1e3));
    cells.emplace_back(is.critical ? "*" : "");
    cells.push_back(of_.reason(is.held));
    return cells;
  }

  Json object(const Line& line) const {
    const LayerFacts is = facts(line);
    Json shares = Json::object();
    for (std::size_t d = 0; d < of_.cluster.size(); ++d) {
      const Part part = part_of(line, d);
      if (part.elements > 0) shares[of_.cluster.devices()[d].name] = part.elements / part.of;
    }
    return {{"layer", layer(line).name},
            {"op", operation(line)},
            {"rows", layer(line).output.box.row.size()},
            {"shares", shares},
            {"received_bytes", is.in_bytes},
            {"sent_bytes", is.out_bytes},
            {"redundant_macs_ratio", is.redundant},
            {"start_s", is.start_s},
            {"finish_s", finish_s(is.last)},
            {"critical", is.critical},
            {"waits_for", of_.reason(is.held)}};
  }

  /// What of a layer's output a device has.
  struct Part {
    double elements = 0;
    double of = 1;
    bool whole_rows = true;
  };
  Part part_of(const Line& line, std::size_t d) const {
    std::vector<Region> regions;
    const Region& whole = layer(line).output.box;
    Part part;
    for (const UnitId u : line) {
      const ExecutionUnit& unit = of_.plan.unit(u);
      if (index(unit.device) != d) continue;
      regions.push_back(unit.output);
      part.whole_rows = part.whole_rows && unit.output.channel == whole.channel &&
                        unit.output.column == whole.column;
    }
    part.elements = static_cast<double>(union_volume(regions));
    part.of = static_cast<double>(whole.volume());
    return part;
  }

  /// Rows that the device has of the layer if it has whole rows, else its part in percent.
  std::string share(const Line& line, std::size_t d) const {
    const Part part = part_of(line, d);
    if (part.elements == 0) return ".";
    if (!part.whole_rows) return fmt::format("{:.0f}%", 100 * part.elements / part.of);
    const auto rows = static_cast<double>(layer(line).output.box.row.size());
    return fmt::format("{:g}", part.elements / part.of * rows);
  }

  double redundant(const Line& line) const {
    const auto whole = static_cast<double>(work(layer(line), layer(line).output.box).macs);
    if (of_.plan.unit(line.front()).kind != UnitKind::kCompute || whole == 0) return 0;
    double done = 0;
    for (const UnitId u : line) {
      done += static_cast<double>(work_of(of_.plan.unit(u), of_.graph).macs);
    }
    return done / whole - 1;
  }

  const PlanAnalysis& of_;
  IdVector<UnitId, double> received_;  // bytes
  IdVector<UnitId, double> sent_;
  IdVector<UnitId, bool> critical_;
};

std::string milliseconds(double time_s) { return fmt::format("{:.2f}", time_s * 1e3); }
std::string megabytes(double bytes) { return fmt::format("{:.2f}", bytes * 1e-6); }
std::string percent(double part, double whole) {
  return whole > 0 ? fmt::format("{:.0f}", 100 * part / whole) : std::string("-");
}

/// Positions on the critical path of the longest waits, longest first.
std::vector<std::size_t> longest_waits(const PlanAnalysis& of) {
  std::vector<std::size_t> order(of.critical.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return of.waits_s[i]; });
  order.resize(std::min(order.size(), kWaits));
  std::erase_if(order, [&](std::size_t i) { return of.waits_s[i] <= 0; });
  return order;
}

std::string device_table(const PlanAnalysis& of) {
  std::vector<std::vector<std::string>> rows{
      {"device", "computing ms", "messages ms", "busy %", "sent MB", "received MB"}};
  for (const DeviceWork& device : of.devices) {
    rows.push_back({device.name, milliseconds(device.computing_s), milliseconds(device.messages_s),
                    percent(device.computing_s + device.messages_s, of.estimate.latency_s),
                    megabytes(device.sent_bytes), megabytes(device.received_bytes)});
  }
  return aligned(rows, "lrrrrr");
}

std::string link_table(const PlanAnalysis& of) {
  if (of.links.empty()) return "";
  std::vector<std::vector<std::string>> rows{{"link", "carries MB", "for ms", "busy %"}};
  for (const LinkLoad& link : of.links) {
    rows.push_back({link.name, megabytes(link.bytes), milliseconds(link.busy_s),
                    percent(link.busy_s, of.estimate.latency_s)});
  }
  return "\n" + aligned(rows, "lrrr");
}

std::string wait_table(const PlanAnalysis& of) {
  const std::vector<std::size_t> longest = longest_waits(of);
  if (longest.empty()) return "";
  std::vector<std::vector<std::string>> rows{{"longest waits ms", "layer", "waits for"}};
  for (const std::size_t i : longest) {
    const UnitId unit = of.critical[i];
    rows.push_back({milliseconds(of.waits_s[i]), of.graph.layer(of.plan.unit(unit).layer).name,
                    of.reason(unit)});
  }
  return "\n" + aligned(rows, "rll");
}

std::string summary(const PlanAnalysis& of) {
  return fmt::format(
      "critical path: {} ms computing, {} ms waiting for data and devices\n"
      "moved: {} MB in {} messages; redundant work: {:.1f} %\n\n{}{}{}",
      milliseconds(of.computing_s()), milliseconds(of.waiting_s()),
      megabytes(of.executable.message_bytes()), of.executable.messages.size(), 100 * of.redundant(),
      device_table(of), link_table(of), wait_table(of));
}

const DeviceWork& busiest_device(const PlanAnalysis& of) {
  return *std::ranges::max_element(of.devices, {}, [](const DeviceWork& device) {
    return device.computing_s + device.messages_s;
  });
}

std::string busiest_link(const PlanAnalysis& of) {
  if (of.links.empty()) return "none";
  const LinkLoad& link = *std::ranges::max_element(of.links, {}, &LinkLoad::busy_s);
  return fmt::format("{} {} ms", link.name, milliseconds(link.busy_s));
}

std::string busiest_device_text(const PlanAnalysis& of) {
  const DeviceWork& device = busiest_device(of);
  return fmt::format("{} {} ms", device.name, milliseconds(device.computing_s + device.messages_s));
}

/// "mostly by less waiting": of what makes the difference, the larger part that goes its way.
std::string main_cause(double gain_s, double computing_s, double waiting_s) {
  const bool faster = gain_s > 0;
  const bool by_computing = faster ? computing_s > waiting_s : computing_s < waiting_s;
  return fmt::format("{} {}", faster ? "less" : "more", by_computing ? "computing" : "waiting");
}

}  // namespace

std::string explain(const Plan& plan, const Scenario& scenario, const Workload& workload) {
  const PlanAnalysis of(plan, workload, scenario.effects);
  const double bound_s = scenario.lower_bound_s(workload, *workload.cluster);
  return fmt::format(
      "{} on {} by {}: {} units, {} messages, estimated {} ms, no plan below {} ms\n\n{}\n{}",
      plan.model, scenario.cluster->name(), plan.strategy, plan.units.size(),
      of.executable.messages.size(), milliseconds(of.estimate.latency_s), milliseconds(bound_s),
      summary(of), Layers(of).text());
}

Json explain_json(const Plan& plan, const Scenario& scenario, const Workload& workload) {
  const PlanAnalysis of(plan, workload, scenario.effects);
  Json json{{"model", plan.model},
            {"cluster", scenario.cluster->name()},
            {"stream", workload.name},
            {"strategy", plan.strategy},
            {"estimated_latency_s", of.estimate.latency_s},
            {"lower_bound_s", scenario.lower_bound_s(workload, *workload.cluster)},
            {"critical_computing_s", of.computing_s()},
            {"critical_waiting_s", of.waiting_s()},
            {"bytes_moved", of.executable.message_bytes()},
            {"messages", of.executable.messages.size()},
            {"redundant_macs_ratio", of.redundant()},
            {"devices", Json::array()},
            {"links", Json::array()},
            {"critical_path", Json::array()},
            {"layers", Layers(of).json()}};
  for (const DeviceWork& device : of.devices) {
    json["devices"].push_back({{"device", device.name},
                               {"computing_s", device.computing_s},
                               {"messages_s", device.messages_s},
                               {"sent_bytes", device.sent_bytes},
                               {"received_bytes", device.received_bytes}});
  }
  for (const LinkLoad& link : of.links) {
    json["links"].push_back({{"link", link.name}, {"bytes", link.bytes}, {"busy_s", link.busy_s}});
  }
  for (std::size_t i = 0; i < of.critical.size(); ++i) {
    const UnitId unit = of.critical[i];
    json["critical_path"].push_back({{"unit", index(unit)},
                                     {"layer", of.graph.layer(plan.unit(unit).layer).name},
                                     {"device", of.cluster.device(plan.unit(unit).device).name},
                                     {"wait_s", of.waits_s[i]},
                                     {"start_s", of.estimate.units[unit].start_s},
                                     {"finish_s", of.estimate.units[unit].finish_s},
                                     {"waits_for", of.reason(unit)}});
  }
  return json;
}

std::string explain_difference(const NamedPlan& first, const NamedPlan& second,
                               const Scenario& scenario, const Workload& workload) {
  const PlanAnalysis a(first.plan, workload, scenario.effects);
  const PlanAnalysis b(second.plan, workload, scenario.effects);
  const double gain_s = a.estimate.latency_s - b.estimate.latency_s;
  const double computing_s = a.computing_s() - b.computing_s();
  const double waiting_s = a.waiting_s() - b.waiting_s();
  const std::string verdict =
      gain_s == 0 ? fmt::format("{} is as fast as {}", second.name, first.name)
                  : fmt::format("{} is {:.1f} % {} than {}, mostly by {}", second.name,
                                100 * std::abs(gain_s) / a.estimate.latency_s,
                                gain_s > 0 ? "faster" : "slower", first.name,
                                main_cause(gain_s, computing_s, waiting_s));
  return fmt::format(
      "{}: {} -> {} ms (estimated)\n"
      "on the critical path: computing {} -> {} ms, waiting {} -> {} ms\n"
      "moved: {} -> {} MB in {} -> {} messages\n"
      "redundant work: {:.1f} -> {:.1f} %\n"
      "busiest: device {} -> {}, link {} -> {}\n",
      verdict, milliseconds(a.estimate.latency_s), milliseconds(b.estimate.latency_s),
      milliseconds(a.computing_s()), milliseconds(b.computing_s()), milliseconds(a.waiting_s()),
      milliseconds(b.waiting_s()), megabytes(a.executable.message_bytes()),
      megabytes(b.executable.message_bytes()), a.executable.messages.size(),
      b.executable.messages.size(), 100 * a.redundant(), 100 * b.redundant(),
      busiest_device_text(a), busiest_device_text(b), busiest_link(a), busiest_link(b));
}

}  // namespace edgeflow
