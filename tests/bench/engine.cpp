// What the simulator costs beside SimGrid itself.
//
// The reference is a minimal SimGrid program, written by hand for this comparison: no actors, no
// records, no memory, no accounting; from the completion of one activity it starts the next ones.
// It performs the very same computations and communications, which equal simulated makespans keep
// honest. Both run in a child process of their own, alternately; the least processor time of each
// (user and system, of the whole child) counts.
//
// usage: engine_bench             the grid: 4 to 256 devices, 100 to 1000 layers, 1 to 1000
// requests
//        engine_bench D L R N     D devices, L layers, R requests, N runs of each
//
// The model is a chain of 3x3 convolutions, cut by rows over unequal devices: each unit gets a halo
// from either neighbour. Requests come in a closed loop of four.

#include <fmt/format.h>
#include <sys/resource.h>
#include <simgrid/s4u.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "partition/plans/builder.hpp"
#include "partition/plans/executable_plan.hpp"
#include "sim/engine/child.hpp"
#include "sim/engine/platform.hpp"
#include "sim/engine/simgrid_versions.hpp"
#include "sim/simulate.hpp"

namespace edgeflow {
namespace {

namespace sg4 = simgrid::s4u;

constexpr std::int32_t kInFlight = 4;

/// Processor time of all child processes that have ended.
double children_s() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The reference program.
class Minimal {
 public:
  Minimal(const ExecutablePlan& plan, std::vector<sg4::Host*> hosts, std::size_t requests)
      : plan_(plan), hosts_(std::move(hosts)), requests_(requests), devices_(hosts_.size()) {
    simgrid_versions::on_completion([this](const sg4::Activity& activity) { ended(activity); });
  }

  double run(sg4::Engine& engine) {
    for (int i = 0; i < kInFlight; ++i) begin();
    engine.run();
    return finish_s_;
  }

 private:
  struct State {
    IdVector<UnitId, std::int32_t> missing;
    std::int32_t results = 0;
  };
  struct Slot {
    sg4::ActivityPtr activity;
    State* state = nullptr;
    std::int32_t place = 0;  // of the unit or message
    bool exec = false;
  };
  struct DeviceQueue {
    bool busy = false;
    std::deque<std::pair<State*, UnitId>> ready;
  };

  Slot* take(State* state, std::int32_t place, bool exec) {
    if (free_.empty()) free_.push_back(&slots_.emplace_back());
    Slot* slot = free_.back();
    free_.pop_back();
    slot->state = state;
    slot->place = place;
    slot->exec = exec;
    return slot;
  }

  void begin() {
    if (begun_ == requests_) return;
    ++begun_;
    State& state = states_.emplace_back(State{plan_.providers, plan_.results});
    for (const UnitId unit : plan_.first_units) ready(&state, unit);
  }

  void ready(State* state, UnitId unit) {
    const ExecutableUnit& row = plan_.units[unit];
    if (row.duration_s == 0) return done(state, unit);
    DeviceQueue& device = devices_[row.device];
    device.ready.emplace_back(state, unit);
    if (!device.busy) start_next(row.device);
  }

  void start_next(DeviceId id) {
    DeviceQueue& device = devices_[id];
    device.busy = !device.ready.empty();
    if (!device.busy) return;
    const auto [state, unit] = device.ready.front();
    device.ready.pop_front();
    Slot* slot = take(state, number(unit), true);
    const sg4::ExecPtr exec = sg4::Exec::init();
    slot->activity = exec;
    exec->set_data(slot);
    exec->set_flops_amount(plan_.units[unit].duration_s * kHostSpeed);
    exec->set_host(hosts_[index(id)]);
    exec->start();
  }

  void send(State* state, MessageId message) {
    const ExecutableMessage& row = plan_.messages[message];
    Slot* slot = take(state, number(message), false);
    const sg4::CommPtr comm = sg4::Comm::sendto_init();
    slot->activity = comm;
    comm->set_data(slot);
    comm->set_payload_size(static_cast<std::uint64_t>(row.link_bytes));
    comm->set_source(hosts_[index(row.from_device)]);
    comm->set_destination(hosts_[index(row.to)]);
  }

  void done(State* state, UnitId unit) {
    for (const MessageId message : plan_.sends(unit)) send(state, message);
    for (const UnitId consumer : plan_.local_consumers[unit]) arrived(state, consumer);
    if (!plan_.units[unit].is_result || --state->results > 0) return;
    finish_s_ = sg4::Engine::get_clock();
    begin();
  }

  void arrived(State* state, UnitId unit) {
    if (--state->missing[unit] == 0) ready(state, unit);
  }

  void ended(const sg4::Activity& activity) {
    grave_.clear();
    Slot* slot = activity.get_data<Slot>();
    grave_.push_back(std::move(slot->activity));
    free_.push_back(slot);
    const auto [ignored, state, place, exec] = std::move(*slot);
    if (exec) {
      done(state, UnitId{place});
      start_next(plan_.units[UnitId{place}].device);
    } else {
      for (const UnitId unit : plan_.messages[MessageId{place}].consumers) arrived(state, unit);
    }
  }

  const ExecutablePlan& plan_;
  std::vector<sg4::Host*> hosts_;
  std::size_t requests_;
  IdVector<DeviceId, DeviceQueue> devices_;
  std::deque<State> states_;
  std::deque<Slot> slots_;
  std::vector<Slot*> free_;
  std::vector<sg4::ActivityPtr> grave_;
  std::size_t begun_ = 0;
  double finish_s_ = 0;
};

struct Workload {
  Graph graph;
  Cluster cluster;
  Plan plan;
};

/// No two devices equal, so that nothing happens at the same time and order is no matter of taste.
Cluster unequal_devices(int count) {
  std::vector<Device> devices(static_cast<std::size_t>(count));
  for (std::size_t d = 0; d < devices.size(); ++d) {
    devices[d].name = fmt::format("d{}", d);
    devices[d].compute.mac_rate = 4e6 * (1 + 0.37 * std::sin(1.7 * static_cast<double>(d)));
    devices[d].memory_bytes = 1e12;
  }
  return Cluster("bench", std::move(devices), NetworkType::kSwitch, 12.5e6, 1e-4, DeviceId{0},
                 DeviceId{0});
}

Workload make_workload(int devices, int layers) {
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {4, 8L * devices, 8};
  std::vector<LayerSpec> specs{input};
  for (int l = 1; l <= layers; ++l) {
    LayerSpec conv{fmt::format("conv{}", l), Op::kConv, {}, {specs.back().name}};
    conv.attributes.kernel = {3, 3};
    conv.attributes.pad = {1, 1, 1, 1};
    conv.attributes.out_channels = 4;
    specs.push_back(conv);
  }
  Graph graph("chain", "made up", specs);
  Cluster cluster = unequal_devices(devices);
  const std::vector<double> weights(cluster.size(), 1.0);
  Assignment assignment;
  for (const Layer& layer : graph.layers()) {
    const Region& whole = layer.output.box;
    assignment.push_back(
        cut(whole, Axis::kRow, proportional_boundaries(whole.row.size(), weights)));
  }
  assignment.front() = {{DeviceId{0}, graph.layers().front().output.box}};
  Plan plan = build_plan(graph, cluster, assignment, "even");
  return {std::move(graph), std::move(cluster), std::move(plan)};
}

struct Measured {
  double least_s = 1e300;
  double makespan_s = 0;
  std::int64_t activities = 0;

  void count(double seconds, const SimulationResult& result) {
    if (result.status != Status::kOk) {
      fmt::print(stderr, "{}: {}\n", to_string(result.status), result.message);
      std::exit(1);
    }
    least_s = std::min(least_s, seconds);
    makespan_s = result.makespan_s;
    activities = result.activities;
  }
};

/// A switch as SimGrid's manual has it: a star of full-duplex links with half the latency each.
std::vector<sg4::Host*> star(const Cluster& cluster) {
  sg4::NetZone* zone = simgrid_versions::add_star_zone(*sg4::Engine::get_instance(), "star");
  std::vector<sg4::Host*> hosts;
  const Network& network = cluster.network();
  const auto add_link = [&](const std::string& name) {
    sg4::Link* link = simgrid_versions::add_link(*zone, name, network.bandwidth_Bps);
    return link->set_latency(network.latency_s / 2)->seal();
  };
  for (const Device& device : cluster.devices()) {
    hosts.push_back(simgrid_versions::add_host(*zone, device.name, {kHostSpeed})->seal());
    auto* point = hosts.back()->get_netpoint();
    const sg4::LinkInRoute up(add_link(device.name + "-up"));
    const sg4::LinkInRoute down(add_link(device.name + "-down"));
    simgrid_versions::add_route(*zone, point, nullptr, {up});
    simgrid_versions::add_route(*zone, nullptr, point, {down});
  }
  zone->seal();
  return hosts;
}

SimulationResult run_minimal(const Workload& work, std::size_t requests) {
  const auto job = [&] {
    const ExecutablePlan plan(work.plan, work.graph, work.cluster, {});
    sg4::Engine& engine = create_engine(NetworkModel::kCm02);
    Minimal minimal(plan, star(work.cluster), requests);
    SimulationResult result;
    result.makespan_s = minimal.run(engine);
    return result;
  };
  return run_in_child(job, 600);
}

void compare(int devices, int layers, int requests, int runs) {
  const Workload work = make_workload(devices, layers);
  SimulationOptions options;
  options.arrivals_s.assign(static_cast<std::size_t>(requests), 0);
  options.closed_loop = true;
  options.max_in_flight = kInFlight;
  Measured ours;
  Measured reference;
  for (int i = 0; i < runs; ++i) {
    double before_s = children_s();
    const SimulationResult minimal = run_minimal(work, options.arrivals_s.size());
    reference.count(children_s() - before_s, minimal);
    before_s = children_s();
    const SimulationResult full = simulate(work.plan, work.graph, work.cluster, {}, options);
    ours.count(children_s() - before_s, full);
  }
  const double error = std::abs(ours.makespan_s / reference.makespan_s - 1);
  fmt::print("{:7} {:6} {:8} {:10} {:9.3f} {:9.3f} {:6.2f} {:9.0f} {:9.0f}  {:.1e}\n", devices,
             layers, requests, ours.activities, reference.least_s, ours.least_s,
             ours.least_s / reference.least_s,
             1e-3 * static_cast<double>(ours.activities) / reference.least_s,
             1e-3 * static_cast<double>(ours.activities) / ours.least_s, error);
  std::fflush(stdout);
  if (error > 1e-9) {
    fmt::print(stderr, "the two simulate different things\n");
    std::exit(1);
  }
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) {
  fmt::print("{:>7} {:>6} {:>8} {:>10} {:>9} {:>9} {:>6} {:>9} {:>9}  {}\n", "devices", "layers",
             "requests", "activities", "minimal s", "ours s", "ratio", "k/s", "ours k/s",
             "makespans differ by");
  if (argc == 5) {
    edgeflow::compare(std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]),
                      std::atoi(argv[4]));
    return 0;
  }
  for (const int devices : {4, 16, 64, 256}) edgeflow::compare(devices, 100, 1, 5);
  for (const int devices : {4, 16, 64, 256}) edgeflow::compare(devices, 1000, 1, 3);
  for (const int requests : {10, 100, 1000}) edgeflow::compare(4, 100, requests, 3);
  for (const int requests : {10, 100}) edgeflow::compare(16, 100, requests, 3);
}
