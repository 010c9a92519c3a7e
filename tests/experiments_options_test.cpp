// Mistakes in options of strategies are found where they are written, when the scenario is read.

#include <doctest/doctest.h>

#include "experiments/jobs/sweep.hpp"
#include "experiments/scenario/resolve.hpp"
#include "tests/support/input_error.hpp"
#include "tests/support/paths.hpp"

namespace edgeflow {
namespace {

Scenario read(const std::string& more) {
  const Document document(
      "schema: 1\n"
      "name: options\n"
      "model: alexnet\n"
      "cluster: {network: {type: switch, bandwidth: 100Mbps}, devices: [{type: rpi4, count: "
      "2}]}\n" +
          more,
      test::data_folder() + "/cli/test.yaml");
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

/// The error of a scenario, without its folder.
std::string mistake(const std::string& more) {
  const std::string text = test::error_of([&] { (void)read(more); });
  const auto at = text.find("test.yaml");
  return at == std::string::npos ? text : text.substr(at);
}

TEST_CASE("a wrong value of any option is refused at its place") {
  for (const StrategyInfo& strategy : strategies()) {
    if (strategy.name == "external") continue;  // its options may stand beside its name
    for (const OptionInfo& option : strategy.options) {
      const std::string more = "strategy:\n  name: " + std::string(strategy.name) +
                               "\n  options:\n    " + std::string(option.key) + ": nowhere\n";
      const std::string column = std::to_string(4 + option.key.size() + 2 + 1);
      const std::string place =
          "test.yaml:8:" + column + ": at strategy.options." + std::string(option.key) + ": ";
      const std::string text = mistake(more);
      CAPTURE(text);
      CHECK(text.starts_with(place));
      CHECK(text.find(values_text(option)) != std::string::npos);
    }
  }
}

TEST_CASE("booleans are read as YAML writes them, and lists as lists") {
  CHECK(mistake("strategy: {name: edgeflow, options: {lookahead: true}}\n") == "no error");
  CHECK(mistake("strategy: {name: aofl, options: {blocks: each, barrier: false}}\n") == "no error");
  CHECK(mistake("strategy: {name: edgeflow, options: {lookahead: TRUE!}}\n") ==
        "test.yaml:5:49: at strategy.options.lookahead: got \"TRUE!\", expected yes or no (did you "
        "mean \"true\"?)");
  const Scenario scenario =
      read("strategy: {name: aofl, options: {blocks: each, shares: [1, 2.5]}}\n");
  CHECK(options_text(scenario.strategies[0]) == "blocks=each shares=1 2.5");
  CHECK(mistake("strategy: {name: modnn, options: {idle: []}}\n") ==
        "test.yaml:5:41: at strategy.options.idle: is empty, expected none, or names of devices");
  CHECK(mistake("strategy: {name: modnn, options: {hub: [a]}}\n") ==
        "test.yaml:5:40: at strategy.options.hub: got a list, expected a text");
}

TEST_CASE("what is written stays as it is written") {
  const Scenario scenario = read("strategy: {name: edgeflow, options: {lookahead: true}}\n");
  CHECK(options_text(scenario.strategies[0]) == "lookahead=true");
  CHECK(resolved_text(scenario, scenario.strategies[0]).find("lookahead: true") !=
        std::string::npos);
}

TEST_CASE("a mistake is found however long the strategies before it would plan") {
  CHECK(mistake("strategies:\n"
                "  - {name: edgeflow-joint, options: {effort: 1e12}}\n"
                "  - {name: edgeflow-joint, options: {effort: 1e12, latency_limit: soon}}\n") ==
        "test.yaml:7:67: at strategies[1].options.latency_limit: got \"soon\", expected none, or "
        "seconds such as 0.5 or 500ms");
}

TEST_CASE("options are checked on the model and the cluster of each stream") {
  const std::string streams =
      "strategy: {name: deepthings, options: {layers: 20}}\n"
      "streams:\n"
      "  - {name: a, model: vgg16}\n";
  CHECK(mistake(streams) == "no error");
  // AlexNet has fewer layers than VGG-16.
  CHECK(mistake(streams + "  - {name: b, model: alexnet}\n")
            .starts_with("test.yaml:5:48: at strategy.options.layers: got \"20\", expected auto, "
                         "or a whole number from 1 to "));
}

}  // namespace
}  // namespace edgeflow
