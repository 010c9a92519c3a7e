// Estimate and simulation are two implementations of one execution model.

#include <doctest/doctest.h>

#include <random>
#include <utility>

#include "partition/plans/builder.hpp"
#include "partition/prices/estimate.hpp"
#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

/// 3x3 convolutions in two branches that are added, on 24 x 4 pixels.
Graph branches() {
  const auto conv = [](std::string name, std::string input) {
    LayerSpec spec{std::move(name), Op::kConv, {}, {std::move(input)}};
    spec.attributes.kernel = {3, 3};
    spec.attributes.pad = {1, 1, 1, 1};
    spec.attributes.out_channels = 4;
    return spec;
  };
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {3, 24, 4};
  LayerSpec add{"add", Op::kElementwise, {}, {"left2", "right1"}};
  add.attributes.function = "add";
  return Graph("branches", "made up",
               {input, conv("stem", "input"), conv("left1", "stem"), conv("right1", "stem"),
                conv("left2", "left1"), add, conv("head", "add")});
}

/// Every layer cut at random rows over all devices, some parts empty.
Plan random_plan(const Graph& graph, const Cluster& where, std::mt19937_64& random) {
  Assignment assignment;
  for (const Layer& layer : graph.layers()) {
    std::vector<std::int64_t> boundaries{0, layer.output.box.row.end};
    while (boundaries.size() < where.size() + 1) {
      boundaries.push_back(static_cast<std::int64_t>(
          random() % static_cast<std::uint64_t>(layer.output.box.row.end + 1)));
    }
    std::ranges::sort(boundaries);
    assignment.push_back(cut(layer.output.box, Axis::kRow, boundaries));
  }
  return build_plan(graph, where, assignment, "random");
}

/// Units wait for others at random as well.
Plan with_tokens(Plan plan, std::mt19937_64& random) {
  for (std::size_t u = 1; u < plan.units.size(); ++u) {
    const auto other = id_at<UnitId>(random() % u);
    auto& needs = plan.units[u].requirements;
    const auto same = [&](const Requirement& need) { return need.provider == other; };
    if (random() % 2 == 0 || needs.empty() || std::ranges::any_of(needs, same)) continue;
    needs.push_back({other, {}});
    plan.units[index(other)].forwarding.push_back({id_at<UnitId>(u), {}});
  }
  return plan;
}

/// One network of each type in turn.
Cluster any_network(int round, const std::vector<Device>& list) {
  std::vector<std::string> names;
  std::vector<Port> ports;
  for (const Device& device : list) {
    names.push_back(device.name);
    const auto n = static_cast<double>(names.size());
    ports.push_back({2e3, 1e3 * n, 0.01 * n, static_cast<std::int32_t>(names.size() % 2)});
  }
  const auto on = [&](const Network& network) {
    return Cluster("bench", list, network, DeviceId{0}, DeviceId{0});
  };
  switch (round % 6) {
    case 0:
      return cluster(list, NetworkType::kSwitch, 2e3, 0.01);
    case 1:
      return on(make_wifi(list.size(), 2e3, 0.01));
    case 2:
      return on(make_hub(list.size(), 2e3, 0.01));
    case 3:
      return on(make_mesh(names, 2e3, 0.01));
    case 4:
      return on(make_switch(names, ports,
                            {{"here", {3e3, 2e3, 0.02, 0}}, {"there", {1e3, 5e3, 0.05, 0}}}));
    default: {
      std::vector<double> rates_Bps(list.size(), 2e3);
      rates_Bps.back() = 700;
      return on(make_wifi(list.size(), 2e3, 0.01, rates_Bps, 1));
    }
  }
}

std::vector<Device> unequal_devices(std::mt19937_64& random) {
  auto list = devices(2 + random() % 4);
  for (Device& device : list) {
    device.compute.mac_rate = 1e3 * static_cast<double>(1 + random() % 9);
    device.compute.overhead_s = 0.01 * static_cast<double>(random() % 3);
    device.compute.message_overhead_s = 0.01 * static_cast<double>(random() % 3);
    if (random() % 2 == 0) {
      device.compute.serialization_rate_Bps = 1e3 * static_cast<double>(1 + random() % 9);
    }
    device.compute.sends = static_cast<Sends>(random() % 3);
  }
  return list;
}

}  // namespace

TEST_CASE("without contention the simulation takes what the estimate says") {
  std::mt19937_64 random(20220502);
  const Graph graph = branches();
  for (int round = 0; round < 24; ++round) {
    const Cluster where = any_network(round, unequal_devices(random));
    const Plan plan = random_plan(graph, where, random);
    SimulationOptions options;
    options.effects.contention = false;
    options.effects.latency = round % 3 != 1;
    options.effects.overheads = round % 5 != 1;
    options.effects.queueing = round % 7 != 1;
    const ElementSize size{4, 1};
    const auto result = simulate_ok(plan, graph, where, options, size);
    const Estimate predicted = estimate(plan, graph, where, size, options.effects);
    CAPTURE(round);
    CHECK(latency_of(result) == doctest::Approx(predicted.latency_s).epsilon(1e-9));
    REQUIRE(result.units.size() == predicted.units.size());
    for (const UnitRecord& unit : result.units) {
      CAPTURE(unit.unit);
      const UnitTimes& times = predicted.units[unit.unit];
      CHECK(unit.ready_s == doctest::Approx(times.ready_s).epsilon(1e-9));
      CHECK(unit.start_s == doctest::Approx(times.start_s).epsilon(1e-9));
      CHECK(unit.finish_s == doctest::Approx(times.finish_s).epsilon(1e-9));
    }
  }
}

TEST_CASE("without contention ties are broken as in the estimate") {
  // Equal devices and equal shares make everything happen at once.
  const Graph graph = branches();
  const Cluster where = cluster(devices(4), NetworkType::kSwitch, 2e3, 0.01);
  Assignment assignment;
  for (const Layer& layer : graph.layers()) {
    assignment.push_back(
        cut(layer.output.box, Axis::kRow, std::vector<std::int64_t>{0, 6, 12, 18, 24}));
  }
  const Plan plan = build_plan(graph, where, assignment, "even");
  SimulationOptions options;
  options.effects.contention = false;
  const auto result = simulate_ok(plan, graph, where, options);
  const Estimate predicted = estimate(plan, graph, where, {}, options.effects);
  for (const UnitRecord& unit : result.units) {
    CAPTURE(unit.unit);
    CHECK(unit.start_s == doctest::Approx(predicted.units[unit.unit].start_s).epsilon(1e-9));
  }
}

TEST_CASE("ties of units that wait for tokens are broken as in the estimate") {
  // Equal rows on equal devices, and often no latency: much happens at once.
  std::mt19937_64 random(20270301);
  const Graph graph = branches();
  for (int round = 0; round < 60; ++round) {
    auto list = devices(3);
    for (Device& device : list) {
      device.compute.mac_rate = 1e3;
      if (round % 4 == 3) device.compute.message_overhead_s = 0.01;
      device.compute.sends = static_cast<Sends>(round / 4 % 3);
    }
    const Cluster where = cluster(list, NetworkType::kSwitch, 2e3, round % 3 == 2 ? 0.01 : 0);
    Assignment assignment;
    for (const Layer& layer : graph.layers()) {
      assignment.push_back(
          cut(layer.output.box, Axis::kRow, std::vector<std::int64_t>{0, 8, 16, 24}));
    }
    const Plan plan = with_tokens(build_plan(graph, where, assignment, "even"), random);
    SimulationOptions options;
    options.effects.contention = round % 2 == 0;
    const auto result = simulate_ok(plan, graph, where, options);
    const Estimate predicted = estimate(plan, graph, where, {}, options.effects, Sharing::kMaxMin);
    CAPTURE(round);
    REQUIRE(result.units.size() == predicted.units.size());
    for (const UnitRecord& unit : result.units) {
      CAPTURE(unit.unit);
      CHECK(unit.ready_s == doctest::Approx(predicted.units[unit.unit].ready_s).epsilon(1e-9));
      CHECK(unit.start_s == doctest::Approx(predicted.units[unit.unit].start_s).epsilon(1e-9));
    }
  }
}

TEST_CASE("with contention the simulation takes what the estimate with fair sharing says") {
  std::mt19937_64 random(20261125);
  const Graph graph = branches();
  for (int round = 0; round < 48; ++round) {
    const Cluster where = any_network(round, unequal_devices(random));
    const Plan plan = random_plan(graph, where, random);
    const auto result = simulate_ok(plan, graph, where, {}, {4, 1});
    const Estimate predicted = estimate(plan, graph, where, {4, 1}, {}, Sharing::kMaxMin);
    CAPTURE(round);
    CHECK(latency_of(result) == doctest::Approx(predicted.latency_s).epsilon(1e-9));
  }
}

TEST_CASE("with contention, bytes and critical paths add up for any plan") {
  std::mt19937_64 random(7);
  const Graph graph = branches();
  for (int round = 0; round < 8; ++round) {
    const Cluster where = any_network(round, unequal_devices(random));
    const Plan plan = random_plan(graph, where, random);
    SimulationOptions options;
    options.arrivals_s = {0, 0, 0.2, 0.9};
    const auto result = simulate_ok(plan, graph, where, options);
    double plan_bytes = 0;
    for (const Message& message : messages_of(plan, {})) plan_bytes += message.bytes;
    double sent_bytes = 0;
    double received_bytes = 0;
    for (const DeviceRecord& device : result.devices) {
      sent_bytes += device.sent_bytes;
      received_bytes += device.received_bytes;
    }
    CHECK(sent_bytes == 4 * plan_bytes);
    CHECK(received_bytes == 4 * plan_bytes);
    CHECK(result.units.size() == 4 * plan.units.size());
    for (std::size_t i = 0; i < 4; ++i) {
      const RequestRecord& request = result.requests[i];
      CHECK(request.compute_s + request.transfer_s + request.queue_s ==
            doctest::Approx(latency_of(result, i)).epsilon(1e-9));
    }
  }
}
