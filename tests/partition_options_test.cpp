// Options of strategies: the tables, and how values are read from them.

#include <doctest/doctest.h>

#include "tests/support/baselines_fixture.hpp"
#include "tests/support/input_error.hpp"

namespace edgeflow {
namespace {

using baselines::device;
using baselines::kFirst;
using baselines::pixels;
using baselines::plan_by;
using baselines::pointwise;

/// "key: message (hint)"; "no error" if the options are fine.
std::string mistake(std::string_view strategy, const Problem& problem, const Options& options) {
  try {
    (void)read_options(*find_strategy(strategy), problem, options);
  } catch (const OptionError& error) {
    const std::string hint = error.hint().empty() ? "" : " (" + error.hint() + ")";
    return error.key() + ": " + error.what() + hint;
  }
  return "no error";
}

/// Three layers on two devices.
struct Small {
  Graph graph{"small",
              "made up",
              {pixels({4, 8, 8}), pointwise("conv1", "input", 4), pointwise("conv2", "conv1", 4)}};
  Cluster cluster{
      "two", {device("hub", 10), device("worker", 20)}, NetworkType::kSwitch, 1000, 0, kFirst,
      kFirst};
  Problem problem{graph, cluster, {}};
};

TEST_CASE(
    "a strategy is not added without a name, without a function, or under a name that there is") {
  const std::size_t before = strategies().size();
  StrategyInfo mine = *find_strategy("even");
  CHECK(test::error_of([&] { add_strategy(mine); }) ==
        "there is a strategy \"even\" already (give yours another name)");
  mine.name = "";
  CHECK(test::error_of([&] { add_strategy(mine); }) == "a strategy has no name");
  mine.name = "mine";
  mine.plan = nullptr;
  CHECK(test::error_of([&] { add_strategy(mine); }) ==
        "strategy \"mine\" has no function that plans");
  CHECK(strategies().size() == before);
}

TEST_CASE("every option has a default that is a value of its own, and is explained") {
  const Small small;
  std::size_t options = 0;
  for (const StrategyInfo& strategy : strategies()) {
    const OptionValues values = read_options(strategy, small.problem, {});
    for (const OptionInfo& option : strategy.options) {
      CAPTURE(strategy.name);
      CAPTURE(option.key);
      CHECK(values.is_default(option.key));
      CHECK_FALSE(option.meaning.empty());
      CHECK_FALSE(values_text(option).empty());
      ++options;
    }
  }
  CHECK(options > 30);
}

TEST_CASE("no option of any strategy takes what is not its value") {
  const Small small;
  for (const StrategyInfo& strategy : strategies()) {
    for (const OptionInfo& option : strategy.options) {
      const std::string key(option.key);
      const bool device = option.type == OptionType::kDevice || option.type == OptionType::kDevices;
      const bool layer = option.type == OptionType::kLayer || option.type == OptionType::kLayers;
      const std::string expected = "expected " + values_text(option);
      CAPTURE(strategy.name);
      CHECK(mistake(strategy.name, small.problem, {{key, "?!"}}) ==
            key + ": " +
                (device  ? "the cluster has no device \"?!\" (" + expected + ")"
                 : layer ? "the model has no layer \"?!\" (" + expected + ")"
                         : "got \"?!\", " + expected));
    }
  }
}

TEST_CASE("a wrong value of each type is answered with what was expected") {
  const Small small;
  const auto answer = [&](std::string_view strategy, const char* key, const char* value) {
    return mistake(strategy, small.problem, {{key, value}});
  };
  CHECK(answer("edgeflow", "solver", "exakt") ==
        "solver: got \"exakt\", expected lp or exact (did you mean \"exact\"?)");
  CHECK(answer("aofl", "variant", "none") ==
        "variant: got \"none\", expected aofl, ofl, efl or layerwise");
  CHECK(answer("edgeflow", "lookahead", "1") == "lookahead: got \"1\", expected yes or no");
  CHECK(answer("edgeflow", "lookahead", "flase") ==
        "lookahead: got \"flase\", expected yes or no (did you mean \"false\"?)");
  CHECK(answer("neurosurgeon", "cuts", "1001") ==
        "cuts: got \"1001\", expected a whole number from 0 to 1000");
  CHECK(answer("neurosurgeon", "cuts", "1.5") ==
        "cuts: got \"1.5\", expected a whole number from 0 to 1000");
  CHECK(answer("edgeflow-joint", "effort", "-1") ==
        "effort: got \"-1\", expected auto, or a whole number from 0");
  CHECK(answer("edgeflow-joint", "latency_limit", "5 apples") ==
        "latency_limit: got \"5 apples\", expected none, or seconds such as 0.5 or 500ms");
  CHECK(answer("external", "time_limit", "0s") ==
        "time_limit: got \"0s\", expected a duration such as 0.5ms");
  CHECK(answer("external", "command", "[\"\"]") ==
        "command: got \"[\"\"]\", expected a list of words such as [./my_strategy.py]");
  CHECK(answer("deepthings", "grid", "3x33") ==
        "grid: got \"3x33\", expected rows x columns such as 2x3, each from 1 to 32");
  CHECK(answer("aofl", "grid", "2") ==
        "grid: got \"2\", expected rows, square, or rows x columns such as 2x3, each from 1 to 32");
  CHECK(answer("single", "device", "wroker") ==
        "device: the cluster has no device \"wroker\" (did you mean \"worker\"?)");
  CHECK(answer("modnn", "idle", "worker nobody") ==
        "idle: the cluster has no device \"nobody\" (expected none, or names of devices)");
  CHECK(answer("deeperthings", "from", "conv3") ==
        "from: the model has no layer \"conv3\" (did you mean \"conv1\"?)");
  CHECK(answer("aofl", "blocks", "conv1 end") ==
        "blocks: the model has no layer \"end\" (expected auto, each, or names of layers)");
  CHECK(answer("aofl", "shares", "1 2 3") ==
        "shares: got \"1 2 3\", expected auto, or a number for each device, not all 0");
  CHECK(answer("even", "speed", "1") == "speed: strategy \"even\" has no option \"speed\"");
}

TEST_CASE("options that the problem or each other rule out are found without planning") {
  const Small small;
  CHECK(mistake("deepthings", small.problem, {{"layers", "2"}}) == "no error");
  CHECK(mistake("deepthings", small.problem, {{"layers", "3"}}) ==
        "layers: got \"3\", expected auto, or a whole number from 1 to 2, the layers of the model");
  CHECK(mistake("modnn", small.problem, {{"hub_computes", "no"}, {"idle", "worker"}}) ==
        "hub_computes: no other device is there");
  CHECK(mistake("deeperthings", small.problem, {{"idle", "hub worker"}}) ==
        "idle: no other device is there");
  CHECK(mistake("aofl", small.problem, {{"hub", "worker"}}) ==
        "hub: it divides given blocks, but blocks is auto");
  CHECK(mistake("aofl", small.problem, {{"barrier", "false"}}) == "no error");  // the default
  CHECK(mistake("aofl", small.problem, {{"blocks", "conv2 conv1"}}) ==
        "blocks: \"conv1\" is not a cut point behind the blocks before (expected auto, each, or "
        "the names of the blocks' last layers)");
  CHECK(mistake("aofl", small.problem,
                {{"blocks", "each"}, {"sizes", "balanced"}, {"shares", "1 1"}}) ==
        "sizes: they are balanced, but shares gives the rows of each device");
  CHECK(mistake("aofl", small.problem, {{"blocks", "each"}, {"grid", "2x2"}}) ==
        "grid: 4 tiles for 2 devices that compute");
}

TEST_CASE("values are of their types, words are words") {
  const Small small;
  const auto joint = read_options(*find_strategy("edgeflow-joint"), small.problem,
                                  {{"effort", "1e3"}, {"latency_limit", "20ms"}});
  CHECK(joint.get<std::int64_t>("effort") == 1000);
  CHECK(joint.get<double>("latency_limit") == doctest::Approx(0.02));
  CHECK(joint.word("time_limit") == "none");
  CHECK(joint.get_or("time_limit", 7.0) == 7.0);
  CHECK_FALSE(joint.is_default("effort"));
  const auto aofl = read_options(
      *find_strategy("aofl"), small.problem,
      {{"blocks", "conv1 conv2"}, {"grid", "2x1"}, {"shares", "0 2.5"}, {"hub", "worker"}});
  CHECK(aofl.get<std::vector<LayerId>>("blocks") == std::vector{LayerId{1}, LayerId{2}});
  CHECK(aofl.get<Grid>("grid") == Grid{2, 1});
  CHECK(aofl.get<std::vector<double>>("shares") == std::vector{0.0, 2.5});
  CHECK(aofl.get<DeviceId>("hub") == DeviceId{1});
  CHECK(aofl.word("hub").empty());
}

TEST_CASE("yes and true, no and false are the same everywhere") {
  // Convolutions with halos on a slow network: both options change the plan.
  std::vector<LayerSpec> specs{pixels({3, 16, 16})};
  for (const char* name : {"a", "b", "c"}) {
    LayerSpec spec = pointwise(name, specs.back().name, 8);
    spec.attributes.kernel = {3, 3};
    spec.attributes.pad = {1, 1, 1, 1};
    specs.push_back(spec);
  }
  const Graph graph("chain", "made up", specs);
  const Cluster cluster("three", {device("x", 2e5), device("y", 1e5), device("z", 1e5)},
                        NetworkType::kSwitch, 2e4, 1e-3, kFirst, kFirst);
  const Problem problem{graph, cluster, {}};
  const auto units = [&](const char* strategy, Options options, const char* key,
                         const char* value) {
    options[key] = value;
    return plan_by(strategy, problem, options).units;
  };
  const std::vector<std::tuple<const char*, Options, const char*>> flags{
      {"edgeflow", {}, "lookahead"}, {"aofl", {{"blocks", "each"}}, "barrier"}};
  for (const auto& [strategy, options, key] : flags) {
    CAPTURE(key);
    CHECK(units(strategy, options, key, "true") == units(strategy, options, key, "yes"));
    CHECK(units(strategy, options, key, "false") == units(strategy, options, key, "no"));
    CHECK(units(strategy, options, key, "true") != units(strategy, options, key, "false"));
  }
}

TEST_CASE("reading options plans nothing, and no strategy plans with wrong ones") {
  static int plans = 0;
  static constexpr std::array kOptions{OptionInfo{
      .key = "rounds", .type = OptionType::kWhole, .default_value = "1", .meaning = "how many"}};
  const StrategyInfo counting{.name = "counting",
                              .summary = "",
                              .paper = "",
                              .objective = "",
                              .options = kOptions,
                              .plan = [](const Problem&, const OptionValues&) -> Plan {
                                ++plans;
                                throw Infeasible("counted");
                              }};
  const Small small;
  CHECK(read_options(counting, small.problem, {{"rounds", "3"}}).get<std::int64_t>("rounds") == 3);
  CHECK_THROWS_AS(make_plan(counting, small.problem, {{"rounds", "x"}}), OptionError);
  CHECK(plans == 0);
  CHECK_THROWS_AS(make_plan(counting, small.problem, {}), Infeasible);
  CHECK(plans == 1);
}

}  // namespace
}  // namespace edgeflow
