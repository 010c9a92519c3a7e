// What a new user meets: names typed as people say them, all mistakes of a file at once, lists and
// devices for people and for programs.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/support/program.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::json;
using test::edgeflow;
using test::Outcome;
using test::Scratch;

/// A scenario of one device, with `more` keys.
std::string scenario(const std::string& device, const std::string& more) {
  return "schema: 1\nname: mine\nmodel: alexnet\n"
         "cluster:\n  network: {type: switch, bandwidth: 1Gbps}\n  devices:\n    - " +
         device + "\n" + more;
}

std::string errors_of(const Scratch& scratch, const std::string& command) {
  const Outcome outcome = edgeflow(scratch, command);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  return outcome.err;
}

Json listed(const Scratch& scratch, const std::string& what) {
  const Outcome outcome = edgeflow(scratch, "list " + what + " --json");
  REQUIRE(outcome.exit_code == 0);
  return Json::parse(outcome.out);
}

}  // namespace

TEST_CASE("a name in other case and separators, or said in full, is found") {
  constexpr std::array<std::string_view, 4> kNames{"rpi5", "resnet50", "mobilenet_v2",
                                                   "jetson-nano"};
  for (const auto& [typed, meant] : {std::pair("pi5", "rpi5"),
                                     {"raspberry-pi-5", "rpi5"},
                                     {"Raspberry Pi 5", "rpi5"},
                                     {"ResNet-50", "resnet50"},
                                     {"MobileNetV2", "mobilenet_v2"},
                                     {"jetson_nano", "jetson-nano"}}) {
    CHECK(nearest_name(typed, kNames) == std::optional<std::string>(meant));
  }
  CHECK_FALSE(nearest_name("tpu", kNames));
  CHECK_FALSE(nearest_name("-", kNames));
}

TEST_CASE("an unknown name is answered by what holds it, or by where to look") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: jetson}", "strategy: single\n"));
  const std::string some = errors_of(scratch, "run a.yaml");
  CHECK(some.find("jetson-agx-orin, jetson-agx-xavier, jetson-nano") != std::string::npos);
  CHECK(some.find("rpi4") == std::string::npos);
  scratch.write("b.yaml", scenario("{type: toaster}", "strategy: single\n"));
  CHECK(errors_of(scratch, "run b.yaml").find("that 'edgeflow list devices' shows") !=
        std::string::npos);
}

TEST_CASE("a word for a kind of strategy is answered by those of the kind") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: rpi4}", "strategy: chain\n"));
  CHECK(errors_of(scratch, "run a.yaml").find("did you mean aofl or cutpoint or neurosurgeon?") !=
        std::string::npos);
}

TEST_CASE("all mistakes of a file are said at once, each with its place") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: rpi4, memory: 4Gb, cuont: 2}",
                                   "strategy: single\nseed: many\nrequests: {count: 0}\n"));
  const std::string expected =
      "a.yaml:7:33: at cluster.devices[0]: unknown key \"cuont\" (did you mean \"count\"?)\n"
      "a.yaml:7:28: at cluster.devices[0].memory: got \"4Gb\", expected a size such as 4GiB\n";
  const std::string said = errors_of(scratch, "run a.yaml");
  CHECK(said.find(expected) != std::string::npos);
  CHECK(said.find("a.yaml:9:7: at seed: got \"many\"") != std::string::npos);
  CHECK(said.find("a.yaml:10:19: at requests.count: got \"0\"") != std::string::npos);
  CHECK(std::count(said.begin(), said.end(), '\n') == 4);
  CHECK(errors_of(scratch, "validate a.yaml") == said);
}

TEST_CASE("what is missing only because it was wrong is not a second mistake") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: rpi4}", "strategy: singel\n"));
  const std::string said = errors_of(scratch, "run a.yaml");
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
  CHECK(said.find("did you mean \"single\"?") != std::string::npos);
}

TEST_CASE("a key that is missing is said beside what is wrong") {
  const Scratch scratch;
  scratch.write("a.yaml",
                "schema: 1\nname: mine\nmodel: alexnet\nstrategy: single\nrequests: {cuont: 3}\n");
  const std::string said = errors_of(scratch, "run a.yaml");
  CHECK(said.find("unknown key \"cuont\"") != std::string::npos);
  CHECK(said.find("missing key \"cluster\"") != std::string::npos);
}

TEST_CASE("a key with a typo is not missing as well") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: rpi4}", "stratgies: [single]\n"));
  const std::string said = errors_of(scratch, "run a.yaml");
  CHECK(said.find("unknown key \"stratgies\" (did you mean \"strategies\"?)") != std::string::npos);
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
}

TEST_CASE("a key that looks like a path is one mistake") {
  const Scratch scratch;
  scratch.write("a.yaml",
                scenario("{type: rpi4}", "strategy: single\ncluster.network.bandwidth: 1Gbps\n"));
  const std::string said = errors_of(scratch, "run a.yaml");
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
  CHECK(said.find("unknown key \"cluster.network.bandwidth\"") != std::string::npos);
}

TEST_CASE("mistakes behind one in a list have the numbers that stand in the file") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: rpi4}",
                                   "strategies: [chain, single, chain, {name: even, label: 3, "
                                   "optoins: {}}]\nseed: x\n"));
  const std::string said = errors_of(scratch, "run a.yaml");
  for (const char* part : {"at strategies[0]: there is no", "at strategies[2]: there is no",
                           "at strategies[3]: unknown key \"optoins\"", "at seed: got \"x\""}) {
    CHECK_MESSAGE(said.find(part) != std::string::npos, part);
  }
  CHECK(std::count(said.begin(), said.end(), '\n') == 4);
}

TEST_CASE("what follows from a mistake is left out with it, and what is beside it is still read") {
  const Scratch scratch;
  scratch.write("a.yaml",
                scenario("{type: raspberry-pi-5, name: a}",
                         "  source: a\nstrategies: [single, chain]\n"
                         "requests: {count: 5, arrivals: {process: poisson, rate: 2}}\n"));
  const std::string said = errors_of(scratch, "run a.yaml");
  for (const char* part : {"at requests.arrivals.rate: got \"2\"", "at strategies[1]: there is no",
                           "at cluster.devices[0].type: there is no"}) {
    CHECK_MESSAGE(said.find(part) != std::string::npos, part);
  }
  CHECK(std::count(said.begin(), said.end(), '\n') == 3);
}

TEST_CASE("a list without the item that was wrong is not a mistake") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: pi5}", "strategies: [chain]\n"));
  const std::string said = errors_of(scratch, "run a.yaml");
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
  CHECK(said.find("at strategies[0]: there is no strategy") != std::string::npos);
}

TEST_CASE("a value is taken out of its map or list, and the rest keeps its places") {
  Document document("a: [1, 2]\nb: {c: 3, d: 4}\n", "x.yaml");
  CHECK_FALSE(document.remove("a[2]"));
  CHECK_FALSE(document.remove("b.e"));
  CHECK(document.remove("a[0]"));
  CHECK(document.remove("b.c"));
  CHECK(document.canonical_text() == Document("a: [2]\nb: {d: 4}\n", "").canonical_text());
  CHECK(document.root().at("b").at("d").position().line == 2);
}

TEST_CASE("every list is there for programs, with as many rows as things") {
  const Scratch scratch;
  for (const char* what : {"strategies", "models", "devices", "clusters", "columns", "rates",
                           "messaging", "networks", "effects", "operators"}) {
    CAPTURE(what);
    const Json list = listed(scratch, what);
    REQUIRE(list.is_array());
    CHECK(list.size() > 2);
    for (const Json& item : list) CHECK(item.is_object());
  }
  CHECK(listed(scratch, "models").size() == catalogue_names("workloads/models").size());
  const Json devices = listed(scratch, "devices");
  const auto pi =
      std::ranges::find_if(devices, [](const Json& device) { return device["device"] == "rpi4"; });
  REQUIRE(pi != devices.end());
  CHECK((*pi)["GiB"] == 4);        // platforms/devices/rpi4.yaml
  CHECK((*pi)["busy W"] == 5);     // likewise
  CHECK((*pi)["threads"] == 4);    // its first entry
  CHECK((*(pi + 1))["GiB"] == 4);  // its second says all, too
}

TEST_CASE("a device is shown with its source, and as JSON in SI units") {
  const Scratch scratch;
  const std::string text = edgeflow(scratch, "inspect rpi4").out;
  CHECK(text.find("Raspberry Pi 4 Model B") != std::string::npos);
  CHECK(text.find("github.com/Tencent/ncnn") != std::string::npos);
  const Json json = Json::parse(edgeflow(scratch, "inspect rpi4 --json").out);
  CHECK(json["memory_bytes"] == 4.0 * 1024 * 1024 * 1024);
  CHECK(json["wired_Bps"] == 939e6 / 8);
  CHECK(json["compute"][0]["mac_rate"] == 15.54e9);
  CHECK(errors_of(scratch, "inspect rpi4 --xml").find("a device is shown as text or by --json") !=
        std::string::npos);
}

TEST_CASE("a scenario's cluster is shown as if it had a file") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: rpi4, count: 2}", "strategy: single\n"));
  const Json json = Json::parse(edgeflow(scratch, "inspect a.yaml --json").out);
  CHECK(json["devices"].size() == 2);
  CHECK(json["source"] == "rpi4-0");
}

TEST_CASE("energy that is not known names the boards without power data") {
  const Scratch scratch;
  scratch.write("a.yaml", scenario("{type: rpi4}\n    - {type: rk3588}", "strategy: single\n"));
  const std::string note = "energy is not known: there are no power data of rk3588\n";
  CHECK(edgeflow(scratch, "run a.yaml").out.find(note) != std::string::npos);
  CHECK(edgeflow(scratch,
                 "run a.yaml --force --set 'cluster.devices[1].power="
                 "{idle: 1W, busy: 2W}'")
            .out.find("energy is not known") == std::string::npos);
}

TEST_CASE("an explanation's critical path is the latency, its links carry what devices send") {
  const Scratch scratch;
  const std::string command = "explain yolo_on_four_boards --json --set strategy=proportional";
  const Json json = Json::parse(edgeflow(scratch, command).out);
  double waits_s = 0;
  double computing_s = 0;
  for (const Json& unit : json["critical_path"]) {
    waits_s += unit["wait_s"].get<double>();
    computing_s += unit["finish_s"].get<double>() - unit["start_s"].get<double>();
  }
  const double latency_s = json["estimated_latency_s"];
  CHECK(waits_s == doctest::Approx(json["critical_waiting_s"].get<double>()).epsilon(1e-12));
  CHECK(computing_s == doctest::Approx(json["critical_computing_s"].get<double>()).epsilon(1e-12));
  CHECK(waits_s + computing_s == doctest::Approx(latency_s).epsilon(1e-12));
  double sent = 0;
  double received = 0;
  double carried = 0;
  for (const Json& device : json["devices"]) {
    sent += device["sent_bytes"].get<double>();
    received += device["received_bytes"].get<double>();
    CHECK(device["computing_s"].get<double>() + device["messages_s"].get<double>() <= latency_s);
  }
  for (const Json& link : json["links"]) carried += link["bytes"].get<double>();
  CHECK(sent == json["bytes_moved"]);
  CHECK(received == json["bytes_moved"]);
  CHECK(carried == 2 * sent);  // a switch: up from the sender, down to the receiver
  // 300 Mbit/s are 37.5 MB/s.
  CHECK(json["links"][0]["busy_s"].get<double>() ==
        doctest::Approx(json["links"][0]["bytes"].get<double>() / 37.5e6).epsilon(1e-12));
}

TEST_CASE("what two plans differ by is said in five lines, whoever made them") {
  const Scratch scratch;
  const auto latency_s = [&](const std::string& strategy) {
    return Json::parse(
               edgeflow(scratch, "explain yolo_on_four_boards --json --set strategy=" + strategy)
                   .out)["estimated_latency_s"]
        .get<double>();
  };
  const double gain = 1 - latency_s("proportional") / latency_s("single");
  const Outcome outcome =
      edgeflow(scratch, "explain yolo_on_four_boards --diff single proportional");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.starts_with(fmt::format(
      "proportional is {:.1f} % faster than single, mostly by less computing: ", 100 * gain)));
  CHECK(std::ranges::count(outcome.out, '\n') == 5);

  CHECK(edgeflow(scratch, "plan yolo_on_four_boards --set strategy=single -o one.yaml").exit_code ==
        0);
  const Outcome same = edgeflow(scratch, "explain yolo_on_four_boards --diff single one.yaml");
  CHECK(same.out.starts_with("one.yaml is as fast as single: "));
  CHECK(errors_of(scratch, "explain yolo_on_four_boards --diff single nothing.yaml")
            .find("nothing.yaml") != std::string::npos);
  scratch.write("streams.yaml",
                scenario("{type: rpi4}", "strategy: single\nstreams: [{name: a}, {name: b}]\n"));
  CHECK(errors_of(scratch, "explain streams.yaml --diff single even")
            .find("two plans of one stream are compared") != std::string::npos);
}

}  // namespace edgeflow
