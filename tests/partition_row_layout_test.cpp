// Which layers are cut by rows, and where the others stand.

#include "partition/layerwise/row_layout.hpp"

#include <doctest/doctest.h>

#include "partition/layerwise/split_rows.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using namespace baselines;

const std::vector<double> kEqual{1, 1};

Cluster two_devices(DeviceId sink = kFirst) {
  const std::vector<Device> devices{device("first", 1), device("second", 2)};
  return Cluster("two", devices, NetworkType::kSwitch, 1e6, 0, kFirst, sink);
}

/// Two halves of a tensor, swapped by rows: each half of the output needs the other half.
Graph swapped(bool more_behind) {
  LayerSpec upper{"upper", Op::kSlice, {}, {"a"}};
  upper.attributes.dim = 1;
  upper.attributes.stop = 4;
  LayerSpec lower = upper;
  lower.name = "lower";
  lower.attributes.start = 4;
  lower.attributes.stop = 8;
  LayerSpec joined{"joined", Op::kConcat, {}, {"lower", "upper"}};
  joined.attributes.dim = 1;
  std::vector<LayerSpec> specs{pixels({1, 8, 5}), pointwise("a", "input", 2), upper, lower, joined};
  if (more_behind) specs.push_back(pointwise("b", "joined", 3));
  return Graph("swapped", "made up", specs);
}

}  // namespace

TEST_CASE("a join of what lies alike is cut, and so is one that feeds a layer that is cut") {
  const Graph graph("skip", "made up",
                    {pixels({2, 8, 10}),
                     pointwise("a", "input", 2),
                     pointwise("b", "a", 2),
                     {"sum", Op::kElementwise, {}, {"a", "b"}},
                     pointwise("c", "sum", 2)});
  const Cluster cluster = two_devices();
  const RowLayout layout = row_layout({graph, cluster, {}}, kEqual);
  CHECK(layout[0] == kFirst);
  for (std::size_t l = 1; l < layout.size(); ++l) CHECK_FALSE(layout[l].has_value());
}

TEST_CASE("a join whose parts need what lies elsewhere stands where the result is wanted") {
  // Cut, all of it moves, and half of it again to the sink.
  for (const DeviceId sink : {kFirst, kSecond}) {
    const Graph graph = swapped(/*more_behind=*/false);
    const Cluster cluster = two_devices(sink);
    const RowLayout layout = row_layout({graph, cluster, {}}, kEqual);
    REQUIRE(layout[4].has_value());
    CHECK(*layout[4] == sink);
  }
}

TEST_CASE("a layer with MACs that rows do not divide stands on the fastest device") {
  LayerSpec flat{"flat", Op::kReshape, {}, {"a"}};
  flat.attributes.dims = {80};
  LayerSpec linear{"linear", Op::kLinear, {}, {"flat"}};
  linear.attributes.out_channels = 7;
  const Graph graph("classifier", "made up",
                    {pixels({1, 8, 5}), pointwise("a", "input", 2), flat, linear});
  const Cluster cluster = two_devices();
  const RowLayout layout = row_layout({graph, cluster, {}}, kEqual);
  CHECK_FALSE(layout[1].has_value());
  CHECK(layout[3] == kSecond);
}

TEST_CASE("YOLOv5s moves its heads' tokens once: to the sink") {
  // 19200, 4800 and 1200 tokens of 85 features; three quarters of them lie elsewhere.
  const Graph graph = fold(load_model("yolov5s", "."));
  const std::vector<Device> devices{device("a", 1e9), device("b", 1e9), device("c", 1e9),
                                    device("d", 1e9)};
  const Cluster cluster("four", devices, NetworkType::kSwitch, 12.5e6, 5e-4, kFirst, kFirst);
  const Problem problem{graph, cluster, {}};
  const Plan plan =
      build_plan(graph, cluster, split_rows(problem, std::vector<double>{1, 1, 1, 1}), "test");
  double head_bytes = 0;
  for (const Message& message : messages_of(plan, {})) {
    const std::string& from = graph.layer(plan.unit(message.from).layer).name;
    if (from.find("concat") != std::string::npos && from.starts_with("model.24")) {
      head_bytes += message.bytes;
    }
  }
  CHECK(head_bytes == doctest::Approx(25200 * 85 * 4 * 0.75));
}

}  // namespace edgeflow
