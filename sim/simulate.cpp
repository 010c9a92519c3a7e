#include "sim/simulate.hpp"

#include <fmt/format.h>
#include <simgrid/plugins/energy.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <stdexcept>
#include <tuple>

#include "sim/engine/child.hpp"
#include "sim/engine/offered_load.hpp"
#include "sim/engine/platform.hpp"
#include "sim/engine/runtime.hpp"

namespace edgeflow {
namespace {

void check_arrivals(const std::vector<double>& arrivals_s) {
  if (arrivals_s.empty()) throw std::invalid_argument("no request arrives");
  const bool dates = std::ranges::all_of(
      arrivals_s, [](double date_s) { return std::isfinite(date_s) && date_s >= 0; });
  if (!dates || !std::ranges::is_sorted(arrivals_s)) {
    throw std::invalid_argument("arrivals must be ascending, finite and not negative");
  }
}

void check(std::span<const Stream> streams) {
  for (const Stream& stream : streams) {
    check_arrivals(stream.arrivals_s);
    for (const auto& plan : stream.plans) {
      if (plan->results > 0) continue;
      throw std::invalid_argument("the plan brings no result to the sink");
    }
  }
}

/// Whether messages between any two devices go the same way.
bool same_routes(const Network& a, const Network& b) { return &a == &b || a.paths == b.paths; }

/// The routings of all plans, each once; fills in which of them are whose, by stream.
std::vector<Routing> routings_of(std::span<const Stream> streams,
                                 std::vector<Runtime::PlanRoutings>& which) {
  std::vector<Routing> routings;
  for (const Stream& stream : streams) {
    which.emplace_back();
    for (const auto& plan : stream.plans) {
      const auto known = std::ranges::find_if(routings, [&](const Routing& routing) {
        return same_routes(routing.cluster->network(), plan->cluster.network());
      });
      which.back().push_back(index(known - routings.begin()));
      if (known == routings.end()) routings.push_back({&plan->cluster, {}});
      std::set<DevicePair>& pairs = routings[which.back().back()].pairs;
      for (const ExecutableMessage& message : plan->messages) {
        pairs.emplace(message.from_device, message.to);
        pairs.emplace(message.to, message.from_device);  // LV08's acknowledgements
      }
    }
  }
  return routings;
}

SimulationResult run_engine(std::span<const Stream> streams, const SimulationOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  check(streams);
  const Effects& effects = streams.front().first().effects;
  std::vector<Runtime::PlanRoutings> which;
  const std::vector<Routing> routings = routings_of(streams, which);
  simgrid::s4u::Engine& engine = create_engine(options.network_model);
  if (options.energy_plugin) sg_host_energy_plugin_init();
  const Disturbances disturbances = effective(options.disturbances, effects);
  const Platform platform = build_platform(routings, effects, options.network_model, disturbances);
  Runtime runtime(streams, which, options, disturbances, platform);
  SimulationResult result = runtime.run(engine);
  const Cluster& cluster = streams.front().first().cluster;
  for (std::size_t d = 0; options.energy_plugin && d < cluster.size(); ++d) {
    // The plugin counts until the clock stops.
    result.devices[d].plugin_energy_J =
        sg_host_get_consumed_energy(platform.hosts[id_at<HostId>(d)]) -
        cluster.devices()[d].idle_W * (simgrid::s4u::Engine::get_clock() - result.makespan_s);
  }

  std::ranges::sort(result.units, {}, [](const UnitRecord& record) {
    return std::tuple(record.stream, record.request, record.attempt, record.unit);
  });
  std::ranges::sort(result.transfers, {}, [](const TransferRecord& record) {
    return std::tuple(record.stream, record.request, record.attempt, record.message);
  });
  result.process.wall_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

/// Which link never carries what others send at random; empty if there is none.
std::string hopeless_background(std::span<const Stream> streams, const SimulationOptions& options) {
  const ExecutablePlan& plan = streams.front().first();
  const Disturbances disturbances = effective(options.disturbances, plan.effects);
  if (disturbances.background.empty()) return "";
  const OfferedLoad load =
      background_load(disturbances, plan.cluster, most_bandwidths_Bps(plan.cluster, disturbances));
  return load.load > 1 ? background_overload(load) : "";
}

}  // namespace

SimulationResult simulate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                          const ElementSize& size, const SimulationOptions& options) {
  Stream stream;
  static_cast<Arrivals&>(stream) = options;
  stream.plans = {
      std::make_shared<const ExecutablePlan>(plan, graph, cluster, size, options.effects)};
  return simulate({&stream, 1}, options);
}

SimulationResult simulate(std::span<const Stream> streams, const SimulationOptions& options) {
  const std::string hopeless = hopeless_background(streams, options);
  if (!hopeless.empty()) {
    SimulationResult overloaded;
    overloaded.status = Status::kOverloaded;
    overloaded.message = hopeless;
    overloaded.offered = offered_load(streams);
    return overloaded;
  }
  SimulationResult result =
      run_in_child([&] { return run_engine(streams, options); }, options.timeout_s);
  if (result.status != Status::kTimeout) return result;
  // What it had to say is lost with it.
  result.offered = offered_load(streams);
  if (result.offered.load > 1) {
    result.message += fmt::format("; {} is asked for {:.3g} times what it can do",
                                  result.offered.resource, result.offered.load);
  }
  return result;
}

}  // namespace edgeflow
