// Scenarios: reading, changing single values, arrivals, hashes.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "experiments/scenario/resolve.hpp"
#include "experiments/scenario/scenario.hpp"
#include "tests/support/scratch.hpp"
#include "tests/support/small_scenario.hpp"

namespace edgeflow {
namespace {

using test::hash;
using test::kSmall;
using test::mistake;
using test::read;
using test::Scratch;

std::vector<double> arrivals_of(const Scenario& scenario) {
  return scenario.workloads[0].arrivals_s(scenario.seed);
}

}  // namespace

TEST_CASE("a scenario of five keys is one fp32 request with all effects") {
  const Scenario scenario = read(kSmall);
  CHECK(scenario.name == "small");
  CHECK(scenario.workloads[0].model->graph.name() == "squeezenet1_1");
  CHECK(scenario.cluster->size() == 2);
  CHECK(scenario.cluster->name() == "small");
  REQUIRE(scenario.strategies.size() == 1);
  CHECK(scenario.strategies[0].name == "single");
  CHECK(scenario.workloads[0].element_size().activation_bytes == 4);
  CHECK(scenario.workloads[0].element_size().input_bytes == 4);
  CHECK(scenario.workloads[0].arrivals_s(scenario.seed) == std::vector<double>{0});
  CHECK(scenario.network_model == NetworkModel::kCm02);
  CHECK(scenario.effects.contention);
  CHECK(scenario.effects.latency);
  CHECK(scenario.effects.overheads);
  CHECK(scenario.effects.queueing);
}

TEST_CASE("effects are left out one by one") {
  const Scenario scenario =
      read(kSmall + "simulation: {network_model: lv08, ablate: [latency, queueing]}\n");
  CHECK(scenario.network_model == NetworkModel::kLv08);
  CHECK(scenario.effects.contention);
  CHECK_FALSE(scenario.effects.latency);
  CHECK(scenario.effects.overheads);
  CHECK_FALSE(scenario.effects.queueing);
}

TEST_CASE("several strategies keep their order and options") {
  std::string text = kSmall;
  text.replace(text.find("strategy: single"), 16,
               "strategies: [even, {name: single, options: {device: rpi4-1}}, single]");
  const Scenario scenario = read(text);
  REQUIRE(scenario.strategies.size() == 3);
  CHECK(scenario.strategies[0].name == "even");
  CHECK(options_text(scenario.strategies[1]) == "device=rpi4-1");
  CHECK(options_text(scenario.strategies[2]).empty());
}

TEST_CASE("periodic requests arrive at multiples of the period, closed ones when they can") {
  const std::string count = "requests: {count: 3, arrivals: ";
  CHECK(arrivals_of(read(kSmall + count + "{process: periodic, rate: 4/s}}\n")) ==
        std::vector<double>{0, 0.25, 0.5});
  CHECK(arrivals_of(read(kSmall + count + "{process: closed}}\n")) == std::vector<double>{0, 0, 0});
}

TEST_CASE("random arrivals depend on the seed, and on nothing else of the scenario") {
  const std::string poisson = "requests: {count: 50, arrivals: {process: poisson, rate: 2/s}}\n";
  const auto arrivals = [&](const std::vector<std::string>& changes) {
    return arrivals_of(read(kSmall + poisson, changes));
  };
  CHECK(arrivals({"seed=1"}) != arrivals({"seed=2"}));
  CHECK(arrivals({"seed=1", "strategy=even"}) == arrivals({"seed=1", "model=alexnet"}));
  const std::vector<double> dates_s = arrivals({});
  CHECK(std::is_sorted(dates_s.begin(), dates_s.end()));
  CHECK(dates_s.front() > 0);
}

TEST_CASE("single values can be changed") {
  // 300 Mbit/s are 37.5e6 byte/s.
  CHECK(read(kSmall, {"cluster.network.bandwidth=300Mbps"}).cluster->network().bandwidth_Bps ==
        37.5e6);
  CHECK(read(kSmall, {"cluster.devices[0].count=3"}).cluster->size() == 3);
  CHECK(read(kSmall, {"strategy.options.device=rpi4-1"}).strategies[0].options.at("device") ==
        "rpi4-1");
  CHECK(read(kSmall, {"requests.count=5"}).workloads[0].requests.count == 5);
}

TEST_CASE("a mistake in a changed value names the change") {
  CHECK(mistake(kSmall, {"cluster.network.bandwidth=300"}) ==
        "--set cluster.network.bandwidth=300: at cluster.network.bandwidth: got \"300\", expected "
        "a bandwidth such as 100Mbps");
  CHECK(mistake(kSmall, {"cluster.netwrk.bandwidth=300"})
            .starts_with("--set cluster.netwrk.bandwidth=300: at cluster: unknown key \"netwrk\" "
                         "(did you mean"));
  CHECK(mistake(kSmall, {"bandwidth"}) ==
        "--set bandwidth: expected key.path=value, such as cluster.network.bandwidth=10Mbps");
}

TEST_CASE("a cluster that is named can be changed like one that is written out") {
  std::string text = kSmall;
  const std::size_t begin = text.find("cluster:");
  text.replace(begin, text.find("strategy:") - begin, "cluster: pi4x3-nano\n");
  const Scenario scenario = read(text, {"cluster.network.bandwidth=300Mbps"});
  CHECK(scenario.cluster->name() == "pi4x3-nano");
  CHECK(scenario.cluster->size() == 4);
  CHECK(scenario.cluster->network().bandwidth_Bps == 37.5e6);
}

TEST_CASE("a strategy takes the place of several") {
  std::string text = kSmall;
  text.replace(text.find("strategy: single"), 16, "strategies: [single, even]");
  CHECK(read(text).strategies.size() == 2);
  const Scenario changed = read(text, {"strategy=even"});
  REQUIRE(changed.strategies.size() == 1);
  CHECK(changed.strategies[0].name == "even");
  CHECK(read(text, {"strategy.name=single", "strategy.options.device=rpi4-1"})
            .strategies[0]
            .options.at("device") == "rpi4-1");
  CHECK(mistake(text, {"strategy.options.device=rpi4-1"}).find("whose option is it") !=
        std::string::npos);
}

TEST_CASE("models are found relative to where they are named") {
  const Scratch scratch;
  const std::string tiny =
      "schema: 1\nname: tiny\nlayers:\n"
      "  - {name: input, op: input, dims: [1, 3, 4, 4]}\n"
      "  - {name: conv, op: conv, inputs: [input], out_channels: 2}\n";
  scratch.write("models/tiny.yaml", tiny);
  std::string text = kSmall;
  text.replace(text.find("squeezenet1_1"), 13, "models/tiny.yaml");
  ModelCache cache;
  const Document document(scratch.write("scenario.yaml", text));
  const Scenario scenario = read_scenario(document.root(), cache);
  CHECK(scenario.workloads[0].model->graph.name() == "tiny");

  // Its contents count, not its place.
  scratch.write("other/models/tiny.yaml", tiny);
  const Document other(scratch.write("other/scenario.yaml", text));
  CHECK(hash(read_scenario(other.root(), cache)) == hash(scenario));
}

TEST_CASE("a resolved scenario is read as the scenario that it was made from") {
  const std::string rich = kSmall +
                           "requests: {count: 4, arrivals: {process: poisson, rate: 0.3/s}}\n"
                           "simulation: {ablate: [latency]}\n"
                           "precision: fp16\ninput_precision: uint8\nseed: 9\n";
  for (const char* cluster : {"pi4x3-nano", "pi4x4-wifi", "pi3-pi4-pi5"}) {
    const Scenario scenario =
        read(rich, {std::string("cluster=") + cluster, "strategy.options.device=best"});
    const std::string text = resolved_text(scenario, scenario.strategies.front());
    const Scenario again = read(text);
    CHECK(resolved_text(again, again.strategies.front()) == text);
    CHECK(hash(again) == hash(scenario));
    CHECK(again.workloads[0].precision() == Precision::kFp16);
    CHECK(again.workloads[0].input_precision() == Precision::kUint8);
    CHECK(again.workloads[0].arrivals_s(again.seed) ==
          scenario.workloads[0].arrivals_s(scenario.seed));
  }
}

TEST_CASE("a resolved scenario keeps what messages cost, wherever the profile is") {
  const Scratch scratch;
  scratch.write("mine.yaml",
                "schema: 1\nname: gloo\nserialization_rate: 9MB/s\nsends: overlap\nsource: s\n");
  const std::string head = "schema: 1\nname: s\nmodel: squeezenet1_1\nstrategy: single\ncluster:\n";
  const Scenario scenario =
      read(head +
           "  network: {type: switch, bandwidth: 20Mbps}\n  messaging: gloo\n  devices:\n"
           "    - {name: a, mac_rate: 5GMAC/s}\n"
           "    - {name: b, mac_rate: 5GMAC/s, messaging: " +
           (scratch.folder() / "mine.yaml").string() +
           "}\n    - {name: c, mac_rate: 5GMAC/s, message_overhead: 0s}\n"
           "    - {name: d, mac_rate: 5GMAC/s, messaging: none}\n");
  const Scenario again = read(resolved_text(scenario, scenario.strategies.front()));
  CHECK(scenario.cluster->devices()[0].compute.sends == Sends::kBlock);
  CHECK(scenario.cluster->devices()[1].compute.sends == Sends::kOverlap);
  for (std::size_t d = 0; d < 4; ++d) {
    CAPTURE(d);
    CHECK(same_rates(again.cluster->devices()[d].compute, scenario.cluster->devices()[d].compute));
  }
  CHECK(hash(again) == hash(scenario));
}

TEST_CASE("a resolved scenario keeps both sides of every pair apart") {
  const std::string head = "schema: 1\nname: s\nmodel: squeezenet1_1\nstrategy: single\ncluster:\n";
  const std::string devices =
      "  devices:\n"
      "    - {name: a, mac_rate: 5GMAC/s, power: {idle: 1W, busy: 9W, transmit: 2W, receive: 3W}}\n"
      "    - {name: b, mac_rate: 5GMAC/s, byte_rate: 3GB/s, serialization_rate: 2GB/s,\n"
      "       overhead: 1ms, task_overhead: 2ms, message_overhead: 3ms";
  const std::string ends = "}\n  source: a\n  sink: b\n";
  const Scenario scenario = read(head + "  network: {type: switch, up: 20Mbps, down: 100Mbps}\n" +
                                 devices + ", up: 8Mbps, down: 16Mbps" + ends);
  const std::string text = resolved_text(scenario, scenario.strategies.front());
  const Document document(text, "resolved");
  const Yaml cluster = document.root().at("cluster");
  const auto value = [&](int device, const std::string& key) {
    Yaml entry = cluster.at("devices").items()[static_cast<std::size_t>(device)];
    if (key.starts_with("power.")) return entry.at("power").at(key.substr(6)).as_string();
    return entry.at(key).as_string();
  };
  CHECK(value(0, "up") == "2500000B/s");
  CHECK(value(0, "down") == "12500000B/s");
  CHECK(value(1, "up") == "1e+06B/s");
  CHECK(value(1, "down") == "2e+06B/s");
  CHECK(value(0, "power.idle") == "1W");
  CHECK(value(0, "power.busy") == "9W");
  CHECK(value(0, "power.transmit") == "2W");
  CHECK(value(0, "power.receive") == "3W");
  CHECK(value(1, "byte_rate") == "3e+09B/s");
  CHECK(value(1, "serialization_rate") == "2e+09B/s");
  CHECK(value(1, "overhead") == "0.001s");
  CHECK(value(1, "task_overhead") == "0.002s");
  CHECK(value(1, "message_overhead") == "0.003s");
  CHECK(cluster.at("source").as_string() == "a");
  CHECK(cluster.at("sink").as_string() == "b");

  // A port's latency that is the network's, of which half would be its own otherwise.
  const std::string far = head + "  network: {type: switch, bandwidth: 20Mbps, latency: 2ms}\n" +
                          devices + ", latency: 2ms" + ends;
  const Scenario once_far = read(far);
  const Scenario far_again = read(resolved_text(once_far, once_far.strategies.front()));
  CHECK(far_again.cluster->route(DeviceId{0}, DeviceId{1}).latency_s ==
        doctest::Approx(0.003).epsilon(1e-12));

  for (const char* network :
       {"{type: mesh, bandwidth: 1Mbps, links: [{between: [a, b], up: 8Mbps, down: 16Mbps}]}",
        "{type: graph, links: [{between: [a, b], up: 8Mbps, down: 16Mbps}]}"}) {
    const Scenario once = read(head + "  network: " + network + "\n" + devices + ends);
    const Scenario again = read(resolved_text(once, once.strategies.front()));
    CHECK(again.cluster->route_bandwidth_Bps(DeviceId{0}, DeviceId{1}) == 1e6);
    CHECK(again.cluster->route_bandwidth_Bps(DeviceId{1}, DeviceId{0}) == 2e6);
    CHECK(hash(again) == hash(once));
  }
}

TEST_CASE("every effect is ablated by its name, alone, and resolved so") {
  for (const Effect& effect : kEffects) {
    const std::string name(effect.name);
    const Scenario scenario = read(kSmall + "simulation: {ablate: [" + name + "]}\n");
    for (const Effect& other : kEffects) {
      CHECK(scenario.effects.*other.member == (other.name != effect.name));
    }
    const Document document(resolved_text(scenario, scenario.strategies.front()), "resolved");
    const auto left_out = document.root().at("simulation").at("ablate").items();
    REQUIRE(left_out.size() == 1);
    CHECK(left_out[0].as_string() == name);
  }
}

TEST_CASE("devices have the scenario's scheduling or their own, and are resolved so") {
  std::string text = kSmall;
  text.replace(text.find("{type: rpi4, count: 2}"), 22,
               "{type: rpi4}, {type: rpi4, scheduling: first_ready}");
  const auto schedulings = [](const Scenario& scenario) {
    std::vector<Scheduling> result;
    for (const Device& device : scenario.workloads[0].cluster->devices()) {
      result.push_back(device.scheduling());
    }
    return result;
  };
  using List = std::vector<Scheduling>;
  CHECK(schedulings(read(text)) == List{Scheduling::kOldestRequest, Scheduling::kFirstReady});
  const Scenario once = read(text + "simulation: {scheduling: exclusive}\n");
  CHECK(schedulings(once) == List{Scheduling::kExclusive, Scheduling::kFirstReady});
  const Scenario again = read(resolved_text(once, once.strategies.front()));
  CHECK(schedulings(again) == schedulings(once));
  CHECK(hash(again) == hash(once));
  CHECK(hash(read(text)) != hash(once));
}

TEST_CASE("disturbances keep their ends and their repairs in a resolved scenario") {
  const std::string disturbed = kSmall +
                                "disturbances:\n"
                                "  background: [{from: rpi4-1, to: rpi4-0, rate: 10Mbps}]\n"
                                "  failures: [{device: rpi4-1, at: 1s, repair: 3s}]\n";
  const Scenario once = read(disturbed);
  for (const Scenario& scenario : {once, read(resolved_text(once, once.strategies.front()))}) {
    const Disturbances& disturbances = scenario.disturbances;
    REQUIRE(disturbances.background.size() == 1);
    CHECK(disturbances.background[0].from == 1);
    CHECK(disturbances.background[0].to == 0);
    REQUIRE(disturbances.failures.size() == 1);
    CHECK(disturbances.failures[0].at_s == 1);
    CHECK(disturbances.failures[0].repair_s == 3);
  }
}

TEST_CASE("the program of an external strategy is part of the hash") {
  const test::Scratch scratch;
  const auto hash_of = [&](const std::string& program) {
    scratch.write_program("plan.sh", program);
    std::string text = kSmall;
    text.replace(text.find("strategy: single"), std::string::npos,
                 "strategy: {name: external, command: [./plan.sh]}\n");
    const Document document(text, (scratch.folder() / "small.yaml").string());
    ModelCache cache;
    return hash(read_scenario(document.root(), cache));
  };
  const std::string one = hash_of("#!/bin/sh\necho 1\n");
  CHECK(hash_of("#!/bin/sh\necho 2\n") != one);
  CHECK(hash_of("#!/bin/sh\necho 1\n") == one);
}

TEST_CASE("whatever changes results changes the hash") {
  const std::string base = hash(read(kSmall));
  for (const char* change :
       {"model=alexnet", "strategy=even", "strategy.options.device=rpi4-0", "seed=1",
        "precision=fp16", "requests.count=2", "simulation.ablate=[latency]",
        "simulation.network_model=lv08", "cluster.network.bandwidth=99Mbps",
        "cluster.network.latency=1ms", "cluster.messaging=gloo", "cluster.devices[0].sends=overlap",
        "cluster.devices[0].memory=1GiB", "cluster.devices[0].overhead=1ms",
        "cluster.sink=rpi4-1"}) {
    CAPTURE(change);
    CHECK(hash(read(kSmall, {change})) != base);
  }
  CHECK(hash(read(kSmall + "precision: fp32\nseed: 0\n")) == base);
}

}  // namespace edgeflow
