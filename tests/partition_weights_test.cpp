// Weights divided among devices: output channels (LOP), partial sums (LIP), and both fused.

#include <doctest/doctest.h>

#include "partition/plans/validate.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "tests/support/reference_executor.hpp"
#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using namespace baselines;
using reference::Executor;

Cluster equal_devices(int count) {
  std::vector<Device> devices;
  for (int d = 0; d < count; ++d) devices.push_back(device("d" + std::to_string(d), 1));
  return {"equal", std::move(devices), NetworkType::kSwitch, 1, 0, kFirst, kFirst};
}

double sent_elements(const Plan& plan) {
  double elements = 0;
  for (const Message& message : messages_of(plan, {})) {
    elements += static_cast<double>(message.elements);
  }
  return elements;
}

LayerSpec channels_of(std::string name, std::string input, std::int64_t start, std::int64_t stop) {
  LayerSpec spec{std::move(name), Op::kSlice, {}, {std::move(input)}};
  spec.attributes.start = start;
  spec.attributes.stop = stop;
  return spec;
}

/// first (6 -> 6 channels on 2x2 pixels), then the sum of two layers of 3 of its channels each.
Graph summed() {
  LayerSpec sum{"sum", Op::kElementwise, {}, {"left", "right"}};
  sum.attributes.function = "add";
  return Graph("summed", "made up",
               {pixels({6, 2, 2}), pointwise("first", "input", 6),
                channels_of("low", "first", 0, 3), channels_of("high", "first", 3, 6),
                pointwise("left", "low", 4), pointwise("right", "high", 4), sum});
}

}  // namespace

TEST_CASE("divided weights move whole inputs and parts of outputs, but not what a device has") {
  // M = 6 * 4 elements in, K = 9 * 4 and 12 * 4 out, 3 devices, the first deals out:
  // M (N - 1) + K1 (N - 1) / N, then (K1 - K1 / N) (N - 1) + K2 (N - 1) / N.
  const Graph graph("chain", "made up",
                    {pixels({6, 2, 2}), pointwise("a", "input", 9), pointwise("b", "a", 12)});
  const Cluster cluster = equal_devices(3);
  const Plan plan = plan_by("deeperthings", {graph, cluster, {}}, {{"from", "a"}});
  CHECK(validate(plan, graph, cluster).empty());
  CHECK(sent_elements(plan) == (24 * 2 + 36 * 2 / 3) + (36 - 12) * 2 + 48 * 2 / 3);
  // A third of the weights (6 * 9 + 9 and 9 * 12 + 12) on each device.
  for (std::int64_t weights : weight_elements(plan, graph, cluster)) CHECK(weights == 61);

  // From b on: a runs on the hub, and nobody has anything of b's input.
  const Plan late = plan_by("deeperthings", {graph, cluster, {}}, {{"from", "b"}});
  CHECK(sent_elements(late) == 36 * 2 + 48 * 2 / 3);
}

TEST_CASE("partial sums of divided channels move no channel") {
  // M = 24 in, K = 16 out, 2 devices: M (N - 1) for the first layer, K (N - 1) for the second.
  const Graph graph = summed();
  const Cluster cluster = equal_devices(2);
  const Problem problem{graph, cluster, {}};
  const Plan fused = plan_by("deeperthings", problem, {{"from", "first"}});
  CHECK(validate(fused, graph, cluster).empty());
  CHECK(Executor(graph).difference(fused, cluster) == "");
  CHECK(sent_elements(fused) == 24 + 16);

  // The first layer on the hub: M (N - 1) / N of its output, and partial outputs.
  const Plan sums = plan_by("deeperthings", problem, {{"from", "left"}});
  CHECK(Executor(graph).difference(sums, cluster) == "");
  CHECK(sent_elements(sums) == 12 + 16);

  // With a hub that computes nothing, all of it travels: M N, K N.
  const Plan served = plan_by("deeperthings", {graph, equal_devices(3), {}},
                              {{"from", "first"}, {"hub_computes", "no"}});
  CHECK(sent_elements(served) == 48 + 32);
}

TEST_CASE("fused late layers of YOLOv2 save the traffic that was published") {
  // Stahl et al.: 14.8 % of the bytes of divided outputs alone on 6 devices (SAMOS 2019, pairs
  // fused as they come), 28.8 % (IJPP 2021, with the pairs and sums of least traffic). As closed
  // form for N = 6, in elements: sum over layers of M (N - 1) + K (N - 1) / N, less M / N (N - 1)
  // where the layer before was divided (conv19 to conv24 and conv30).
  const auto folder = home_folder() / "experiments" / "validation";
  const Cluster cluster = equal_devices(6);
  const auto elements_of = [&](const std::string& file) {
    const Graph graph = load_model(file, folder);
    return sent_elements(plan_by("deeperthings", {graph, cluster, {}}, {{"from", "conv16"}}));
  };
  const double outputs = elements_of("models/yolov2_late.yaml");
  const double fused = elements_of("samos/fused_6.yaml");
  const double least = elements_of("samos/least_bytes_6.yaml");
  struct Conv {
    double pixels, in, out;
    bool kept;
  };
  constexpr double kSmall = 19.0 * 19, kLarge = 38.0 * 38;
  double expected = 0;
  for (const Conv& conv : std::vector<Conv>{{kLarge, 256, 512, false},     // conv16
                                            {kSmall, 512, 1024, false},    // conv18
                                            {kSmall, 1024, 512, true},     // conv19
                                            {kSmall, 512, 1024, true},     // conv20
                                            {kSmall, 1024, 512, true},     // conv21
                                            {kSmall, 512, 1024, true},     // conv22
                                            {kSmall, 1024, 1024, true},    // conv23
                                            {kSmall, 1024, 1024, true},    // conv24
                                            {kLarge, 512, 64, false},      // conv26
                                            {kSmall, 1280, 1024, false},   // conv29
                                            {kSmall, 1024, 425, true}}) {  // conv30
    const double share = conv.kept ? 5.0 / 6 : 1;
    expected += conv.pixels * (conv.in * share * 5 + conv.out * 5 / 6);
  }
  // Channels do not divide by 6, so that the parts of the devices differ a little.
  CHECK(outputs == doctest::Approx(expected).epsilon(1e-3));
  CHECK(1 - fused / outputs == doctest::Approx(0.148).epsilon(0.02));
  CHECK(1 - least / outputs == doctest::Approx(0.288).epsilon(0.005));
}

TEST_CASE("layers with more weights than input and output are divided, others stay whole") {
  // 8 * 4 + 4 = 36 weights and 48 elements, then 4 * 32 + 32 = 160 and 144, then 33 and 132.
  const Graph graph("chain", "made up",
                    {pixels({8, 2, 2}), pointwise("few", "input", 4), pointwise("many", "few", 32),
                     pointwise("last", "many", 1)});
  const auto elsewhere = [](const Graph& model, int count) {
    std::vector<std::string> names;  // of layers with a unit on another device than the hub
    const Plan plan = plan_by("deeperthings", {model, equal_devices(count), {}});
    for (const ExecutionUnit& unit : plan.units) {
      const std::string& name = model.layer(unit.layer).name;
      if (unit.device != kFirst && (names.empty() || names.back() != name)) names.push_back(name);
    }
    return names;
  };
  CHECK(elsewhere(graph, 2) == std::vector<std::string>{"many"});
  const std::vector<std::string> yolo = elsewhere(fold(load_model("yolov2", "")), 3);
  REQUIRE(!yolo.empty());
  CHECK(yolo.front() == "model.12.conv");  // 512 * 256 * 9 + 512 > (256 + 512) * 38 * 38
}

TEST_CASE("a layer that the model does not have cannot be the first") {
  const Graph graph = summed();
  const Cluster cluster = equal_devices(2);
  CHECK_THROWS_AS(plan_by("deeperthings", {graph, cluster, {}}, {{"from", "second"}}), OptionError);
}

}  // namespace edgeflow
