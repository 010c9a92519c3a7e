// Scenarios: reading, changing single values, arrivals, hashes.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "experiments/scenario/resolve.hpp"
#include "experiments/scenario/scenario.hpp"
#include "tests/support/scratch.hpp"
#include "workloads/input/random.hpp"

namespace edgeflow {
namespace {

using test::Scratch;

const std::string kSmall =
    "schema: 1\n"
    "name: small\n"
    "model: squeezenet1_1\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 100Mbps, latency: 0.5ms}\n"
    "  devices: [{type: rpi4, count: 2}]\n"
    "strategy: single\n";

Scenario read(const std::string& text, const std::vector<std::string>& changes = {}) {
  Document document(text, "small.yaml");
  for (const std::string& change : changes) override_scenario(document, change);
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

std::vector<double> arrivals_of(const Scenario& scenario) {
  return scenario.workloads[0].arrivals_s(scenario.seed);
}

std::string mistake(const std::string& text, const std::vector<std::string>& changes = {}) {
  try {
    (void)read(text, changes);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no mistake";
}

std::string hash(const Scenario& scenario) {
  return config_hash(scenario, scenario.strategies.front());
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

TEST_CASE("elements have the size of their precision, the input's of its own") {
  const auto bytes = [](const char* keys) {
    return read(kSmall + keys).workloads[0].element_size();
  };
  CHECK(bytes("precision: fp16\n").activation_bytes == 2);
  CHECK(bytes("precision: fp16\n").input_bytes == 2);
  CHECK(bytes("precision: int8\n").activation_bytes == 1);
  CHECK(bytes("input_precision: uint8\n").activation_bytes == 4);
  CHECK(bytes("input_precision: uint8\n").input_bytes == 1);
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

TEST_CASE("exponential gaps have the mean 1/rate") {
  Random random(7, "test");
  double sum = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) sum += random.exponential(4);
  // The mean of n gaps has a standard deviation of 0.25/sqrt(n); four of them are allowed.
  CHECK(std::abs(sum / kCount - 0.25) < 4 * 0.25 / std::sqrt(kCount));
}

TEST_CASE("streams of one seed differ by name") {
  CHECK(Random(1, "a").uniform() != Random(1, "b").uniform());
  CHECK(Random(1, "a").uniform() == Random(1, "a").uniform());
}

TEST_CASE("the portable logarithm is the logarithm") {
  for (double x = 1e-16; x < 1e16; x *= 1.37) {
    CHECK(portable_log(x) == doctest::Approx(std::log(x)).epsilon(1e-14));
  }
  CHECK(portable_log(1) == 0);
}

TEST_CASE("the portable exponential is the exponential") {
  for (double x = -700; x < 700; x += 0.37) {
    CHECK(portable_exp(x) == doctest::Approx(std::exp(x)).epsilon(1e-14));
  }
  CHECK(portable_exp(0) == 1);
}

TEST_CASE("normal quantiles are those of the normal distribution") {
  for (double p = 1e-300; p < 1e-3; p *= 1.7) {  // erfc is exact far out on this side
    CHECK(std::erfc(-normal_quantile(p) / std::sqrt(2)) / 2 == doctest::Approx(p).epsilon(1e-11));
  }
  for (double p = 1e-3; p < 1; p += 1e-3) {
    CHECK(std::erfc(-normal_quantile(p) / std::sqrt(2)) / 2 == doctest::Approx(p).epsilon(1e-14));
  }
  CHECK(normal_quantile(0.5) == 0);
  CHECK(normal_quantile(0.25) == -normal_quantile(0.75));
  CHECK(normal_quantile(0.999) == doctest::Approx(3.090232306167813).epsilon(1e-15));
}

TEST_CASE("FNV-1a gives the published test vectors") {
  // http://www.isthe.com/chongo/src/fnv/test_fnv.c
  CHECK(fnv1a("") == 0xcbf29ce484222325U);
  CHECK(fnv1a("a") == 0xaf63dc4c8601ec8cU);
  CHECK(fnv1a("foobar") == 0x85944171f73967e8U);
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

namespace {

/// A board whose rates in int8 and fp16 differ from those that nobody stated, with one thread only
/// in fp32; and one that computes in int8 alone.
const std::string kBoards =
    "schema: 1\n"
    "name: boards\n"
    "model: squeezenet1_1\n"
    "strategy: single\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 100Mbps}\n"
    "  devices: [{type: board.yaml, name: a, count: 2}, {name: b, mac_rate: 7GMAC/s}]\n";

/// Reads kBoards with more keys; scratch has the board.
Scenario read_boards(const Scratch& scratch, const std::string& more,
                     const std::vector<std::string>& changes = {}) {
  scratch.write("board.yaml",
                "schema: 1\nname: board\ncompute:\n"
                "  - {framework: f, threads: 4, mac_rate: 10GMAC/s, source: s}\n"
                "  - {framework: f, threads: 1, mac_rate: 3GMAC/s, precision: fp32, source: s}\n"
                "  - {framework: f, threads: 4, mac_rate: 20GMAC/s, precision: int8, source: s}\n"
                "  - {framework: g, threads: 4, mac_rate: 90GMAC/s, precision: fp16, source: s}\n");
  Document document(scratch.write("boards.yaml", kBoards + more));
  for (const std::string& change : changes) override_scenario(document, change);
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

std::vector<double> giga_macs(const Workload& workload) {
  std::vector<double> rates;
  for (const Device& device : workload.cluster->devices()) {
    rates.push_back(device.compute.mac_rate * 1e-9);
  }
  return rates;
}

using Rates = std::vector<double>;
using Notes = std::vector<std::string>;

}  // namespace

TEST_CASE("devices compute at their rates in the scenario's precision, else at their usual ones") {
  const Scratch scratch;
  const Scenario usual = read_boards(scratch, "");
  CHECK(giga_macs(usual.workloads[0]) == Rates{10, 10, 7});
  CHECK(usual.assumed_rates() == 0);  // nobody says what they were measured in: floating point
  CHECK(usual.notes().empty());
  const Scenario half = read_boards(scratch, "precision: fp16\n");  // framework f has no such entry
  CHECK(giga_macs(half.workloads[0]) == Rates{10, 10, 7});
  CHECK(half.assumed_rates() == 0);
  const Scenario bytes = read_boards(scratch, "precision: int8\n");
  CHECK(giga_macs(bytes.workloads[0]) == Rates{20, 20, 7});
  CHECK(giga_macs(bytes.workloads[0]) == [&] {
    Workload whole = bytes.workloads[0];
    whole.cluster = bytes.cluster;
    return giga_macs(whole);
  }());
  CHECK(bytes.assumed_rates() == 1);  // b's
  CHECK(bytes.notes() ==
        Notes{"rates of b (1 thread) are assumed to hold in int8: nobody says what "
              "they were measured in"});
  for (const Scenario* scenario : {&usual, &half, &bytes}) {
    const std::string text = resolved_text(*scenario, scenario->strategies.front());
    const Scenario again = read(text);
    CHECK(giga_macs(again.workloads[0]) == giga_macs(scenario->workloads[0]));
    CHECK(again.assumed_rates() == scenario->assumed_rates());
    CHECK(resolved_text(again, again.strategies.front()) == text);
  }
}

TEST_CASE("rates measured in another precision are assumed, and said once per board") {
  const Scratch scratch;
  const Scenario scenario = read_boards(scratch, "precision: fp16\nthreads: 1\n");
  CHECK(giga_macs(scenario.workloads[0]) == Rates{3, 3, 7});
  CHECK(scenario.workloads[0].assumed_rates() == 2);
  CHECK(scenario.notes() == Notes{"rates of board (f, 1 thread, fp32) are assumed to hold in fp16: "
                                  "they were measured in another precision"});
}

TEST_CASE("the scenario's threads are those of devices that say none of their own") {
  const Scratch scratch;
  const auto threads = [&](const std::vector<std::string>& changes) {
    const Scenario scenario = read_boards(scratch, "threads: 1\n", changes);
    std::vector<int> found;
    for (const Device& device : scenario.cluster->devices())
      found.push_back(device.compute.threads);
    return found;
  };
  CHECK(threads({}) == std::vector<int>{1, 1, 1});
  CHECK(threads({"threads=4"}) == std::vector<int>{4, 4, 1});  // b's is as written: none
  CHECK(threads({"cluster.devices[0].threads=4"}) == std::vector<int>{4, 4, 1});
  const auto error = [&](const char* more) -> std::string {
    try {
      (void)read_boards(scratch, more);
    } catch (const InputError& caught) {
      const std::string text = caught.what();
      return text.substr(text.find("boards.yaml:"));
    }
    return "no mistake";
  };
  CHECK(error("threads: 2\n") ==
        "boards.yaml:8:10: at threads: board has no such compute profile (framework and threads: f "
        "with 4, f with 1 in fp32, f with 4 in int8, g with 4 in fp16)");
  CHECK(error("threads: 0\n") ==
        "boards.yaml:8:10: at threads: got \"0\", expected an integer from 1 to 1024");
}

TEST_CASE(
    "a precision that a device does not compute in is refused, unless the device has its own") {
  const std::string fp32 = mistake(
      kSmall, {"cluster.devices=[{name: tpu, mac_rate: 9GMAC/s, precisions: [int8, fp16]}]"});
  CHECK(fp32 ==
        "small.yaml:5:3: at cluster: device \"tpu\" computes in int8 and fp16 only, not in fp32 "
        "(precision: int8 for "
        "all, or for the device alone in the cluster, or leave it out)");
  const std::string devices = "cluster.devices=[{type: rpi4, precisions: [int8], precision: int8}]";
  const Scenario own = read(kSmall, {devices});
  CHECK(own.cluster->devices()[0].compute.precision == Precision::kInt8);
  CHECK(own.assumed_rates() == 1);  // they are not those of fp32
  CHECK(
      mistake(kSmall + "precision: fp16\n",
              {"cluster.devices=[{type: rpi4, precisions: [int8]}]"}) ==
      "small.yaml:8:12: at precision: device \"rpi4-0\" (rpi4) computes in int8 only, not in fp16 "
      "(precision: int8 for all, or for the device alone in the cluster, or leave it out)");
  const Scenario again = read(resolved_text(own, own.strategies.front()));
  CHECK(hash(again) == hash(own));
}

TEST_CASE(
    "a quantized model brings its precision, which the scenario may replace and then says so") {
  const Scratch scratch;
  const std::string tiny =
      "schema: 1\nname: tiny\nprecision: int8\nlayers: [{name: i, op: input, dims: [1, 3, 4, 4]}, "
      "{name: c, op: conv, inputs: [i], out_channels: 2}]\n";
  scratch.write("tiny.yaml", tiny);
  const Scenario own =
      read_boards(scratch, "", {"model=" + scratch.write("tiny.yaml", tiny).string()});
  CHECK(own.workloads[0].precision() == Precision::kInt8);
  CHECK(own.workloads[0].element_size().input_bytes == 1);
  CHECK(giga_macs(own.workloads[0]) == Rates{20, 20, 7});
  const Scenario other = read_boards(scratch, "precision: fp32\n",
                                     {"model=" + scratch.write("tiny.yaml", tiny).string()});
  CHECK(other.workloads[0].precision() == Precision::kFp32);
  CHECK(giga_macs(other.workloads[0]) == Rates{10, 10, 7});
  CHECK(other.notes() ==
        Notes{"tiny is a model in int8, and taken to be in fp32 as the scenario says"});
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
        "cluster.network.latency=1ms", "cluster.devices[0].memory=1GiB",
        "cluster.devices[0].overhead=1ms", "cluster.sink=rpi4-1"}) {
    CAPTURE(change);
    CHECK(hash(read(kSmall, {change})) != base);
  }
  CHECK(hash(read(kSmall + "precision: fp32\nseed: 0\n")) == base);
}

}  // namespace edgeflow
