// Plans by hand: what the builder takes from whom, and what no plan may do.

#include <doctest/doctest.h>

#include "partition/plans/placement.hpp"
#include "partition/plans/validate.hpp"
#include "tests/support/baselines_fixture.hpp"

namespace edgeflow {
namespace {

using namespace baselines;

constexpr DeviceId kThird{2};

/// A 1x1 convolution of 6 rows, and one of 3x3 that needs all of it.
Graph two_layers() {
  LayerSpec b = pointwise("b", "a", 2);
  b.attributes.kernel = {3, 3};
  b.attributes.pad = {1, 1, 1, 1};
  return Graph("two", "made up", {pixels({1, 6, 4}), pointwise("a", "input", 3), b});
}

/// The input is on the first device, the second one wants the result.
Cluster three_devices() {
  return Cluster("three", {device("first", 1), device("second", 1), device("third", 1)},
                 NetworkType::kSwitch, 1, 0, kFirst, kSecond);
}

Share rows(const Graph& graph, std::size_t layer, DeviceId device, std::int64_t begin,
           std::int64_t end) {
  Region part = graph.layers()[layer].output.box;
  part.row = {begin, end};
  return {device, part};
}

/// "1:r0:2 3:r4:6": providers with the rows that they give.
std::string taken(const ExecutionUnit& unit) {
  std::string text;
  for (const Requirement& r : unit.requirements) {
    text += (text.empty() ? "" : " ") + std::to_string(index(r.provider)) + ":r" +
            std::to_string(r.region.row.begin) + ":" + std::to_string(r.region.row.end);
  }
  return text;
}

/// A valid plan: a on the first two devices, b on the third.
Plan some_plan(const Graph& graph, const Cluster& cluster) {
  return build_plan(graph, cluster,
                    {{},
                     {rows(graph, 1, kFirst, 0, 4), rows(graph, 1, kSecond, 4, 6)},
                     on_one_device(graph.layers()[2], kThird)},
                    "some");
}

/// Whether something is said of `unit` that begins with `text`.
bool complains(const Plan& plan, int unit, const std::string& text) {
  const auto violations = validate(plan, two_layers(), three_devices());
  return std::any_of(violations.begin(), violations.end(), [&](const Violation& violation) {
    return violation.unit == unit && violation.message.starts_with(text);
  });
}

}  // namespace

TEST_CASE("a unit takes from its own device first, from the others in order, each row once") {
  const Graph graph = two_layers();
  const Plan plan = build_plan(
      graph, three_devices(),
      {{},
       {rows(graph, 1, kFirst, 0, 2), rows(graph, 1, kSecond, 1, 4), rows(graph, 1, kFirst, 3, 6)},
       on_one_device(graph.layers()[2], kSecond)},
      "some");
  REQUIRE(plan.units.size() == 6);
  CHECK(taken(plan.units[4]) == "2:r1:4 1:r0:1 3:r4:6");
}

TEST_CASE("of a layer with a hub, all that is not a device's own comes from the hub") {
  const Graph graph = two_layers();
  const auto plan = [&](bool keep_parts) {
    return build_plan(graph, three_devices(),
                      {{},
                       {rows(graph, 1, kFirst, 0, 2), rows(graph, 1, kSecond, 2, 4),
                        rows(graph, 1, kThird, 4, 6)},
                       on_one_device(graph.layers()[2], kSecond)},
                      "some", {std::nullopt, kFirst}, {}, keep_parts);
  };
  // Units: the input, three parts, the hub's relay, b.
  CHECK(taken(plan(true).units[5]) == "2:r2:4 4:r0:2 4:r4:6");
  CHECK(taken(plan(false).units[5]) == "4:r0:6");
}

TEST_CASE("inputs that are the same tensor are asked for once") {
  const Graph graph("square", "made up",
                    {pixels({1, 6, 4}),
                     pointwise("a", "input", 3),
                     {"square", Op::kElementwise, {}, {"a", "a"}}});
  const Plan plan = build_plan(
      graph, three_devices(),
      {{}, on_one_device(graph.layers()[1], kFirst), on_one_device(graph.layers()[2], kFirst)},
      "some");
  CHECK(taken(plan.units[2]) == "1:r0:6");
}

TEST_CASE("rows that proportions leave over go to the largest remainders") {
  using Boundaries = std::vector<std::int64_t>;
  const auto cut_in = [](std::int64_t extent, std::vector<double> weights) {
    return proportional_boundaries(extent, weights);
  };
  // 10/7, 20/7, 40/7: one, two and five, with 3/7, 6/7 and 5/7 left.
  CHECK(cut_in(10, {1, 2, 4}) == Boundaries{0, 1, 4, 10});
  CHECK(cut_in(10, {1, 1, 1}) == Boundaries{0, 4, 7, 10});  // of equal ones to the first
  CHECK(cut_in(2, {0, 1, 0}) == Boundaries{0, 0, 2, 2});
}

TEST_CASE("each mistake in a plan is told of the unit that makes it") {
  const Graph graph = two_layers();
  const Cluster cluster = three_devices();
  // Units: the input, two parts of a, b, the result's relay.
  const Plan good = some_plan(graph, cluster);
  REQUIRE(good.units.size() == 5);
  REQUIRE(validate(good, graph, cluster).empty());
  Plan plan = good;
  SUBCASE("units need what stands before them, not themselves") {
    plan.units[4].requirements[0].provider = UnitId{4};
    CHECK(complains(plan, 4, "it needs unit 4, which does not stand before it"));
  }
  SUBCASE("the input is on the source") {
    plan.units[0].device = kSecond;
    CHECK(complains(plan, 0, "an input unit holds the model's input on the source device"));
  }
  SUBCASE("the result ends at the sink, not at the source") {
    plan.units[4].device = kFirst;
    CHECK(complains(plan, -1, "c0:2 r0:6 w0:4 of the result \"b\" does not reach second"));
  }
  SUBCASE("what is needed is sent") {
    plan.units[2].forwarding.clear();
    CHECK(complains(plan, 2, "it does not send what unit 3 needs of it"));
  }
  SUBCASE("what is sent is needed") {
    plan.units[1].forwarding.push_back(plan.units[1].forwarding[0]);
    CHECK(complains(plan, 1, "it sends unit 3 what that does not need"));
  }
  SUBCASE("all of the input is needed") {
    plan.units[3].requirements[1].region.row.begin = 5;
    CHECK(complains(plan, 3, "it lacks c0:3 r4:5 w0:4 of \"a\""));
  }
  SUBCASE("a provider gives no more than it has") {
    plan.units[3].requirements[0].region.row.end = 5;
    CHECK(complains(plan, 3, "it needs c0:3 r0:5 w0:4 of unit 1, which has only c0:3 r0:4 w0:4"));
  }
  SUBCASE("a unit asks for no more than it needs") {
    plan.units[3].output.row.end = 3;
    CHECK(complains(plan, 3, "it asks unit 2 for c0:3 r4:6 w0:4 of \"a\", more than it needs"));
  }
  SUBCASE("an output lies in its tensor") {
    plan.units[2].output.row.end = 7;
    CHECK(complains(plan, 2, "its output c0:3 r4:7 w0:4 exceeds the tensor c0:3 r0:6 w0:4"));
  }
  SUBCASE("a token is all that is needed of a unit") {
    plan.units[3].requirements.push_back({UnitId{2}, {}});
    CHECK(complains(plan, 3, "a token of unit 2 is"));
  }
}

TEST_CASE("memory holds all weights and the largest unit, to the byte") {
  // a: 16 in, 128 out, 16 weights; b: 128 in, 16 out, 9 weights; c: 16 in, 16 out, 2 weights.
  const Graph graph("three", "made up",
                    {pixels({1, 4, 4}), pointwise("a", "input", 8), pointwise("b", "a", 1),
                     pointwise("c", "b", 1)});
  const auto shortage = [&](double memory_bytes) {
    std::vector<Device> devices{device("only", 1)};
    devices[0].memory_bytes = memory_bytes;
    const Cluster cluster("one", devices, NetworkType::kSwitch, 1, 0, kFirst, kFirst);
    const std::vector<DeviceId> all(graph.size(), kFirst);
    const Plan plan = plan_of_placement({graph, cluster, {2, 1}}, all, "some");
    return memory_shortage(plan, graph, cluster, {2, 1}).has_value();
  };
  CHECK_FALSE(shortage(2 * (16 + 9 + 2 + 16 + 128)));
  CHECK(shortage(2 * (16 + 9 + 2 + 16 + 128) - 1));
}

}  // namespace edgeflow
