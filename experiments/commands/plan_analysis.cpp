#include "experiments/commands/plan_analysis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace edgeflow {
namespace {

std::vector<UnitId> critical_path(const ExecutablePlan& plan, const Estimate& estimate) {
  UnitId last = kNoUnit;
  for (const UnitId u : plan.units.ids()) {
    if (!plan.units[u].is_result) continue;
    if (last == kNoUnit || estimate.units[u].finish_s > estimate.units[last].finish_s) last = u;
  }
  std::vector<UnitId> path;
  for (UnitId u = last; u != kNoUnit; u = estimate.after[u]) path.push_back(u);
  std::ranges::reverse(path);
  return path;
}

std::vector<double> waits(const std::vector<UnitId>& path, const Estimate& estimate) {
  std::vector<double> result;
  double before_s = 0;
  for (const UnitId u : path) {
    result.push_back(estimate.units[u].start_s - before_s);
    before_s = estimate.units[u].finish_s;
  }
  return result;
}

std::vector<DeviceWork> device_work(const ExecutablePlan& plan) {
  std::vector<DeviceWork> devices;
  for (const Device& device : plan.cluster.devices()) devices.push_back({device.name});
  for (const ExecutableUnit& unit : plan.units) {
    devices[index(unit.device)].computing_s += unit.duration_s;
  }
  for (const ExecutableMessage& message : plan.messages) {
    DeviceWork& from = devices[index(message.from_device)];
    DeviceWork& to = devices[index(plan.units[message.consumers.front()].device)];
    from.messages_s += message.send_s;
    from.sent_bytes += message.bytes;
    to.messages_s += message.receive_s;
    to.received_bytes += message.bytes;
  }
  return devices;
}

std::vector<LinkLoad> link_loads(const ExecutablePlan& plan) {
  const std::vector<Link>& links = plan.cluster.network().links;
  std::vector<LinkLoad> loads(links.size());
  for (const ExecutableMessage& message : plan.messages) {
    for (const int link : plan.route_of(message).links) {
      loads[index(link)].bytes += message.link_bytes;
    }
  }
  for (std::size_t l = 0; l < links.size(); ++l) {
    loads[l].name = links[l].name;
    loads[l].busy_s = loads[l].bytes / links[l].bandwidth_Bps;
  }
  std::erase_if(loads, [](const LinkLoad& load) { return load.bytes == 0; });
  return loads;
}

}  // namespace

PlanAnalysis::PlanAnalysis(const Plan& its_plan, const Workload& workload, const Effects& effects)
    : plan(its_plan),
      graph(workload.model->graph),
      cluster(*workload.cluster),
      executable(plan, graph, cluster, workload.element_size(), effects),
      estimate(edgeflow::estimate(executable, Sharing::kMaxMin)),
      critical(critical_path(executable, estimate)),
      waits_s(waits(critical, estimate)),
      devices(device_work(executable)),
      links(link_loads(executable)) {}

double PlanAnalysis::computing_s() const {
  return std::accumulate(critical.begin(), critical.end(), 0.0, [&](double sum_s, UnitId u) {
    return sum_s + estimate.units[u].finish_s - estimate.units[u].start_s;
  });
}

double PlanAnalysis::waiting_s() const {
  return std::accumulate(waits_s.begin(), waits_s.end(), 0.0);
}

double PlanAnalysis::redundant() const { return executable.macs / executable.model_macs() - 1; }

std::string PlanAnalysis::reason(UnitId unit) const {
  const UnitTimes& times = estimate.units[unit];
  const std::string& device = cluster.device(plan.unit(unit).device).name;
  const UnitId after = estimate.after[unit];
  if (after == kNoUnit) return "-";
  const ExecutionUnit& before = plan.unit(after);
  const std::string& layer = graph.layer(before.layer).name;
  if (!is_due(times.start_s, times.ready_s)) {
    return fmt::format("{}: busy with {}", device, layer);
  }
  return before.device == plan.unit(unit).device
             ? fmt::format("{}: {}", device, layer)
             : fmt::format("{}: {} of {}", device, layer, cluster.device(before.device).name);
}

}  // namespace edgeflow
