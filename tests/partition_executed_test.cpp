// Plans that others executed: given blocks, grids, shares, queues, barriers and tokens.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <limits>

#include "partition/blocks/grid.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/layers.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "tests/support/input_error.hpp"
#include "tests/support/reference_executor.hpp"

namespace edgeflow {
namespace {

using namespace baselines;
using reference::Executor;
using reference::Random;

LayerSpec conv3x3(std::string name, std::string input, std::int64_t channels) {
  LayerSpec spec = pointwise(std::move(name), std::move(input), channels);
  spec.attributes.kernel = {3, 3};
  spec.attributes.pad = {1, 1, 1, 1};
  return spec;
}

LayerSpec pool2x2(std::string name, std::string input) {
  LayerSpec spec{std::move(name), Op::kMaxPool, {}, {std::move(input)}};
  spec.attributes.kernel = {2, 2};
  spec.attributes.stride = {2, 2};
  return spec;
}

/// A pointwise layer on 4x4 pixels: 2x2 tiles of 4 MAC without halos.
Graph four_tiles() {
  return Graph("tiles", "made up", {pixels({1, 4, 4}), pointwise("conv", "input", 1)});
}

/// By tile: the device that computes its last unit.
std::vector<std::size_t> takers(const Plan& plan, int layer) {
  std::vector<std::size_t> result;
  for (const ExecutionUnit& unit : plan.units) {
    if (unit.kind != UnitKind::kCompute || unit.layer != LayerId{layer}) continue;
    result.push_back(index(unit.device));
  }
  return result;
}

double sent_bytes(const Plan& plan) {
  double bytes = 0;
  for (const Message& message : messages_of(plan, {})) bytes += message.bytes;
  return bytes;
}

}  // namespace

TEST_CASE("a device that is free takes the next tile") {
  // Tiles of 4 MAC: 1 s on `quick`, 3 s on `slow`; transfers take next to no time. quick takes tile
  // 0, slow tile 1, quick is free at 1 s and 2 s and takes 2 and 3: all done at 3 s.
  const Graph graph = four_tiles();
  const Cluster cluster("three", {device("hub", 1e9), device("quick", 4), device("slow", 4.0 / 3)},
                        NetworkType::kSwitch, 1e15, 0, kFirst, kFirst);
  Options options{
      {"grid", "2x2"}, {"layers", "1"}, {"dealing", "work_queue"}, {"hub_computes", "no"}};
  const Plan plan = plan_by("deepthings", {graph, cluster, {}}, options);
  CHECK(validate(plan, graph, cluster).empty());
  CHECK(takers(plan, 1) == std::vector<std::size_t>{1, 2, 1, 1});
  CHECK(latency_s(plan, {graph, cluster, {}}) == doctest::Approx(3).epsilon(1e-9));

  // One tile in line: both take two at the start, and slow is done with its second at 6 s.
  options["ahead"] = "1";
  const Plan greedy = plan_by("deepthings", {graph, cluster, {}}, options);
  CHECK(takers(greedy, 1) == std::vector<std::size_t>{1, 2, 1, 2});
  CHECK(latency_s(greedy, {graph, cluster, {}}) == doctest::Approx(6).epsilon(1e-9));
}

TEST_CASE("tiles in line hide the transfer of the next, a queue without does not") {
  // One worker, 4 tiles of 1 s; a tile's input and output take 16 bytes at 32 byte/s, 0.5 s each.
  // Without line: each 0.5 s in, 1 s, and the next input leaves when the tile is done, in the other
  // direction than the output: 4 * 1.5 s + 0.5 s. With one in line: 0.5 s, 4 * 1 s, 0.5 s.
  const Graph graph = four_tiles();
  const Cluster cluster("two", {device("hub", 1e9), device("worker", 4)}, NetworkType::kSwitch, 32,
                        0, kFirst, kFirst);
  Options options{
      {"grid", "2x2"}, {"layers", "1"}, {"dealing", "work_queue"}, {"hub_computes", "no"}};
  const Problem problem{graph, cluster, {}};
  CHECK(latency_s(plan_by("deepthings", problem, options), problem) ==
        doctest::Approx(6.5).epsilon(1e-12));
  options["ahead"] = "1";
  const Plan plan = plan_by("deepthings", problem, options);
  CHECK(estimate(plan, graph, cluster, {}, {}, Sharing::kMaxMin).latency_s ==
        doctest::Approx(0.5 + 4 + 0.5).epsilon(1e-12));
}

TEST_CASE("the hub of a queue serves one device after the other") {
  // Three workers, 4 tiles of 1 s, inputs and outputs of 16 bytes at 16 byte/s, 1 s each. Shared by
  // three, the hub's link would bring the first three inputs at 3 s; they come at 1, 2 and 3 s. The
  // first worker is done at 2 s and asks for the fourth, which leaves when the third is there: 4 s,
  // computed at 5 s, back at 6 s.
  const Graph graph = four_tiles();
  const Cluster cluster("four",
                        {device("hub", 1e9), device("a", 4), device("b", 4), device("c", 4)},
                        NetworkType::kSwitch, 16, 0, kFirst, kFirst);
  const Plan plan = plan_by(
      "deepthings", {graph, cluster, {}},
      {{"grid", "2x2"}, {"layers", "1"}, {"dealing", "work_queue"}, {"hub_computes", "no"}});
  CHECK(takers(plan, 1) == std::vector<std::size_t>{1, 2, 3, 1});
  CHECK(estimate(plan, graph, cluster, {}, {}, Sharing::kMaxMin).latency_s ==
        doctest::Approx(6).epsilon(1e-12));
}

TEST_CASE("every tile pays the device's task overhead once, and ablation leaves it out") {
  const Graph graph("deep", "made up",
                    {pixels({1, 4, 4}), pointwise("a", "input", 1), pointwise("b", "a", 1)});
  Device worker = device("worker", 4);
  worker.compute.task_overhead_s = 10;
  const Cluster cluster("two", {device("hub", 1e9), worker}, NetworkType::kSwitch, 1e15, 0, kFirst,
                        kFirst);
  const Problem problem{graph, cluster, {}};
  const Options options{
      {"grid", "2x2"}, {"layers", "2"}, {"dealing", "work_queue"}, {"hub_computes", "no"}};
  const Plan plan = plan_by("deepthings", problem, options);
  // 4 tiles of two layers of 1 s.
  CHECK(latency_s(plan, problem) == doctest::Approx(4 * (10 + 2)).epsilon(1e-9));
  const Effects bare{.overheads = false};
  CHECK(estimate(plan, graph, cluster, {}, bare).latency_s == doctest::Approx(8).epsilon(1e-9));
}

TEST_CASE("a barrier separates scatter, compute and gather") {
  // Wi-Fi at 64 byte/s crossed twice: 32 byte/s. 12 rows of 4 pixels, one pointwise layer: the hub
  // computes 4 rows in 1 s, the others 4 rows in 2 s and 4 s. Inputs of 2 * 64 bytes: 4 s; the
  // outputs likewise. With barriers 4 + 4 + 4 s. Without, the quicker worker's output (2 s alone)
  // leaves at 6 s and is there at 8 s, as the other one starts its own: 10 s.
  const Graph graph("rows", "made up", {pixels({1, 12, 4}), pointwise("conv", "input", 1)});
  const Cluster cluster("three", {device("hub", 16), device("quick", 8), device("slow", 4)},
                        NetworkType::kWifi, 64, 0, kFirst, kFirst);
  const Problem problem{graph, cluster, {}};
  Options options{{"blocks", "conv"}, {"grid", "3x1"}};
  const auto fair_s = [&] {
    const Plan plan = plan_by("aofl", problem, options);
    CHECK(validate(plan, graph, cluster).empty());
    return estimate(plan, graph, cluster, {}, {}, Sharing::kMaxMin).latency_s;
  };
  CHECK(fair_s() == doctest::Approx(10).epsilon(1e-12));
  options["barrier"] = "yes";
  CHECK(fair_s() == doctest::Approx(12).epsilon(1e-12));
  // First come first served, the slow one first: it has its input after 2 s, but waits for the other.
  const Cluster slow_first("three", {device("hub", 16), device("slow", 4), device("quick", 8)},
                           NetworkType::kWifi, 64, 0, kFirst, kFirst);
  const Plan plan = plan_by("aofl", {graph, slow_first, {}}, options);
  CHECK(estimate(plan, graph, slow_first, {}).latency_s == doctest::Approx(12).epsilon(1e-12));
}

TEST_CASE("given blocks are divided as given, the rest runs on the hub") {
  const Graph graph("chain", "made up",
                    {pixels({1, 8, 8}), conv3x3("a", "input", 2), pool2x2("p", "a"),
                     conv3x3("b", "p", 2), conv3x3("c", "b", 1)});
  const Cluster cluster("three", {device("hub", 1), device("one", 1), device("two", 1)},
                        NetworkType::kSwitch, 1e9, 0, kFirst, kFirst);
  const Problem problem{graph, cluster, {}};
  const Plan plan = plan_by("aofl", problem, {{"blocks", "p b"}, {"shares", "0 1 3"}});
  CHECK(validate(plan, graph, cluster).empty());
  CHECK(takers(plan, 1) == std::vector<std::size_t>{1, 2});
  CHECK(takers(plan, 2) == std::vector<std::size_t>{1, 2});
  CHECK(takers(plan, 4) == std::vector<std::size_t>{0});
  for (const ExecutionUnit& unit : plan.units) {
    // Rows 1 : 3 of the pool's 4; halos only inside of the block.
    if (unit.kind != UnitKind::kCompute || unit.device != kSecond) continue;
    if (unit.layer == LayerId{2}) CHECK(unit.output.row == Range{0, 1});
    if (unit.layer == LayerId{1}) CHECK(unit.output.row == Range{0, 2});
  }

  // Everyone gets the 256 bytes of the whole input, nobody more than once, and the hub nothing.
  const Plan copies =
      plan_by("aofl", problem, {{"blocks", "a"}, {"input", "whole"}, {"hub_computes", "no"}});
  double to_workers = 0;
  for (const Message& message : messages_of(copies, {})) {
    if (message.to != kFirst) to_workers += message.bytes;
  }
  CHECK(to_workers == 2 * 8 * 8 * 4);
}

TEST_CASE("idle devices take no part") {
  const Graph graph = four_tiles();
  const Cluster cluster("four", {device("hub", 1), device("a", 1), device("b", 1), device("c", 1)},
                        NetworkType::kSwitch, 1e9, 0, kFirst, kFirst);
  const Problem problem{graph, cluster, {}};
  Options options{{"grid", "2x2"}, {"layers", "1"}, {"idle", "c a"}};
  CHECK(takers(plan_by("deepthings", problem, options), 1) == std::vector<std::size_t>{0, 2, 0, 2});
  options["idle"] = "hub a b c";
  CHECK_THROWS_AS(plan_by("deepthings", problem, options), OptionError);
  options["idle"] = "d";
  CHECK_THROWS_AS(plan_by("deepthings", problem, options), OptionError);
}

TEST_CASE("balanced strips are for devices whose shares are not given") {
  // 8 rows in 3 strips through two 3x3 convolutions: the inner strip has two halos and owns less.
  const Graph graph("chain", "made up",
                    {pixels({1, 8, 8}), conv3x3("a", "input", 2), conv3x3("b", "a", 2)});
  const Cluster cluster("three", {device("hub", 1), device("one", 1), device("two", 1)},
                        NetworkType::kSwitch, 1e9, 0, kFirst, kFirst);
  Options options{{"blocks", "b"}, {"sizes", "balanced"}};
  std::vector<std::int64_t> rows;
  for (const ExecutionUnit& unit : plan_by("aofl", {graph, cluster, {}}, options).units) {
    if (unit.kind == UnitKind::kCompute && unit.layer == LayerId{2}) {
      rows.push_back(unit.output.row.size());
    }
  }
  CHECK(rows == std::vector<std::int64_t>{3, 2, 3});
  options["shares"] = "1 1 1";
  CHECK_THROWS_AS(plan_by("aofl", {graph, cluster, {}}, options), OptionError);
}

TEST_CASE("the squarest grid of n tiles has as many rows as divide n without exceeding columns") {
  const std::vector<std::array<std::int64_t, 2>> grids{{1, 1}, {1, 2}, {1, 3}, {2, 2}, {1, 5},
                                                       {2, 3}, {1, 7}, {2, 4}, {3, 3}};
  for (std::size_t i = 0; i < grids.size(); ++i) {
    const Grid grid = squarest_grid(static_cast<std::int64_t>(i) + 1);
    CHECK(grid.rows == grids[i][0]);
    CHECK(grid.columns == grids[i][1]);
  }
}

TEST_CASE("even tiles are as high as the rows allow and as wide as the columns") {
  // 7 rows in 2 are 4 and 3, 10 columns in 3 are 4, 4 and 2.
  const Region whole = whole_region(3, 7, 10);
  const std::vector<Region> tiles = even_tiles(whole, {2, 3});
  REQUIRE(tiles.size() == 6);
  CHECK(tiles[0] == Region{{0, 3}, {0, 4}, {0, 4}});
  CHECK(tiles[2] == Region{{0, 3}, {0, 4}, {8, 10}});
  CHECK(tiles[4] == Region{{0, 3}, {4, 7}, {4, 8}});
  CHECK(even_tiles(whole, {8, 1})[7].empty());
}

TEST_CASE("balanced tiles have the least largest time of all grids") {
  Random random(61);
  int better = 0;
  for (int round = 0; round < 30; ++round) {
    const Graph graph = random_chain(random, 4);
    const Cluster cluster("one", {device("only", 1)}, NetworkType::kSwitch, 1, 0, kFirst, kFirst);
    const Problem problem{graph, cluster, {}};
    const Block block{1, graph.size()};
    const Region whole = graph.layers().back().output.box;
    if (whole.row.size() < 3) continue;
    // The time of a strip of the last layer, all it needs included: that of a plan with this tile.
    const auto time_s = [&](const Region& part) {
      double sum_s = 0;
      Region own = part;
      for (std::size_t l = graph.size(); l-- > 1;) {
        sum_s += compute_s(problem, graph.layers()[l], own, kFirst);
        own = required_input(graph.layers()[l], 0, own);
      }
      return sum_s;
    };
    const auto largest_s = [&](std::int64_t a, std::int64_t b) {
      const auto strip = [&](std::int64_t begin, std::int64_t end) {
        return time_s({whole.channel, {begin, end}, whole.column});
      };
      return std::max({strip(0, a), strip(a, b), strip(b, whole.row.end)});
    };
    double least_s = std::numeric_limits<double>::infinity();
    for (std::int64_t a = 1; a < whole.row.end; ++a) {
      for (std::int64_t b = a + 1; b < whole.row.end; ++b) {
        least_s = std::min(least_s, largest_s(a, b));
      }
    }
    const std::vector<Region> tiles = balanced_tiles(problem, block, {3, 1});
    REQUIRE(tiles.size() == 3);
    CHECK(uncovered(whole, tiles).empty());
    CHECK(largest_s(tiles[0].row.end, tiles[1].row.end) == doctest::Approx(least_s).epsilon(1e-12));
    const std::vector<Region> even = even_tiles(whole, {3, 1});
    if (!even[2].empty() && least_s < largest_s(even[0].row.end, even[1].row.end)) ++better;
  }
  CHECK(better > 3);
}

TEST_CASE("modnn with halos moves the bytes that DeepThings counts for it") {
  // Zhao, Barijough and Gerstlauer, TCAD 2018, figure 12 (digitised): MiB for 1 to 6 devices, all
  // traffic through the gateway: the frame to it and from it, halos twice, the output.
  const std::vector<double> published{9.88, 10.93, 12.86, 13.91, 17.04, 19.57};
  std::vector<LayerSpec> specs{pixels({3, 608, 608})};
  for (int filters : {32, 0, 64, 0, 128, -64, 128, 0, 256, -128, 256, 0, 512, -256, 512, -256}) {
    const std::string name = "layer" + std::to_string(specs.size());
    const std::string input = specs.back().name;
    specs.push_back(filters == 0  ? pool2x2(name, input)
                    : filters > 0 ? conv3x3(name, input, filters)
                                  : pointwise(name, input, -filters));
  }
  const Graph graph("yolov2-16", "Redmon and Farhadi, CVPR 2017", specs);
  std::vector<Device> devices{device("gateway", 1)};
  for (double MiB : published) {
    devices.push_back(device("pi" + std::to_string(devices.size()), 1));
    const Cluster cluster("pis", devices, NetworkType::kWifi, 1, 0, kSecond, kFirst);
    const Plan plan = plan_by(
        "modnn", {graph, cluster, {}},
        {{"strips", "even"}, {"exchange", "halo"}, {"hub", "gateway"}, {"hub_computes", "no"}});
    INFO(devices.size() << " devices");
    CHECK(sent_bytes(plan) / (1 << 20) == doctest::Approx(MiB).epsilon(0.002));
  }
}

TEST_CASE("executed plans are valid and compute the model") {
  const std::vector<std::pair<std::string, Options>> ways{
      {"aofl", {{"blocks", "each"}, {"grid", "1x2"}, {"barrier", "yes"}}},
      {"aofl", {{"blocks", "each"}, {"grid", "2x1"}, {"sizes", "balanced"}, {"input", "whole"}}},
      {"aofl", {{"blocks", "each"}, {"barrier", "yes"}, {"hub_computes", "no"}}},
      {"aofl", {{"blocks", "each"}, {"sizes", "balanced"}, {"hub_computes", "no"}}},
      {"deeperthings", {{"hub_computes", "no"}}},
      {"modnn", {{"strips", "even"}, {"exchange", "halo"}}},
      {"modnn", {{"exchange", "halo"}, {"hub_computes", "no"}}},
      {"deepthings", {{"grid", "2x2"}, {"dealing", "work_queue"}}},
      {"deepthings", {{"grid", "2x3"}, {"dealing", "work_queue"}, {"ahead", "2"}}},
      {"deepthings", {{"grid", "2x2"}, {"hub_computes", "no"}}},
  };
  Random random(62);
  int served = 0;
  for (int round = 0; round < 40; ++round) {
    const Graph graph = random_graph(random, {.max_layers = 12, .max_extent = 12});
    const Cluster cluster = random_cluster(random);
    if (cluster.size() < 2) continue;
    const Executor executor(graph);
    const auto hub =
        static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(cluster.size()) - 1));
    for (auto [strategy, options] : ways) {
      const bool needs_two = options.contains("grid") && strategy == "aofl";
      if (needs_two && cluster.size() < 3) continue;
      options["hub"] = cluster.devices()[hub].name;
      INFO("round " << round << ", " << strategy << ", hub " << hub);
      Plan plan;
      try {
        plan = plan_by(strategy, {graph, cluster, {}}, options);
      } catch (const Infeasible&) {  // says so
        continue;
      }
      for (const Violation& violation : validate(plan, graph, cluster)) {
        FAIL_CHECK("unit " << violation.unit << ": " << violation.message);
      }
      CHECK(executor.difference(plan, cluster) == "");
      const Document document(write_plan(plan, graph, cluster), "plan.yaml");
      CHECK(read_plan(document, graph, cluster).units == plan.units);
      ++served;
    }
  }
  CHECK(served > 150);
}

TEST_CASE("a token is empty, alone between two units, and a message of its own") {
  const Graph graph = four_tiles();
  const Cluster cluster("two", {device("hub", 1), device("worker", 1)}, NetworkType::kSwitch, 1, 0,
                        kFirst, kFirst);
  Plan plan = plan_by(
      "deepthings", {graph, cluster, {}},
      {{"grid", "2x1"}, {"layers", "1"}, {"dealing", "work_queue"}, {"hub_computes", "no"}});
  int empty = 0;
  for (const Message& message : messages_of(plan, {})) {
    CHECK((message.bytes == 0) == (message.elements == 0));
    empty += message.bytes == 0 ? 1 : 0;
  }
  CHECK(empty == 1);  // the worker asks for its second tile
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    for (Requirement& r : plan.units[u].requirements) {
      if (!r.region.empty()) continue;
      Plan broken = plan;
      broken.units[u].requirements.push_back(r);  // the same token twice
      CHECK_FALSE(validate(broken, graph, cluster).empty());
      broken = plan;
      broken.units[0].starts_task = true;  // the input computes nothing
      CHECK_FALSE(validate(broken, graph, cluster).empty());
    }
  }
}

TEST_CASE("options of executed plans that make no sense are refused") {
  const Graph graph("two", "made up",
                    {pixels({1, 4, 4}), pointwise("a", "input", 1), pointwise("b", "a", 1)});
  const Cluster cluster("two", {device("hub", 1), device("worker", 1)}, NetworkType::kSwitch, 1, 0,
                        kFirst, kFirst);
  const Problem problem{graph, cluster, {}};
  const std::vector<std::pair<std::string, Options>> wrong{
      {"aofl", {{"blocks", "b a"}}},
      {"aofl", {{"blocks", "c"}}},
      {"aofl", {{"grid", "1x2"}}},  // without blocks
      {"aofl", {{"blocks", "each"}, {"grid", "1x3"}}},
      {"aofl", {{"blocks", "each"}, {"grid", "two"}}},
      {"aofl", {{"blocks", "each"}, {"sizes", "odd"}}},
      {"aofl", {{"blocks", "each"}, {"shares", "1"}}},
      {"aofl", {{"blocks", "each"}, {"shares", "0 0"}}},
      {"aofl", {{"blocks", "each"}, {"shares", "1 -1"}}},
      {"aofl", {{"blocks", "each"}, {"shares", "1 1 1"}}},
      {"aofl", {{"blocks", "each"}, {"input", "half"}}},
      {"aofl", {{"blocks", "each"}, {"barrier", "maybe"}}},
      {"aofl", {{"blocks", "each"}, {"hub", "nobody"}}},
      {"deepthings", {{"dealing", "poker"}}},
      {"deepthings", {{"ahead", "-1"}}},
      {"deepthings", {{"hub", "nobody"}}},
      {"modnn", {{"strips", "odd"}}},
      {"modnn", {{"exchange", "all"}}},
  };
  for (const auto& [strategy, options] : wrong) {
    INFO(strategy << " " << options.begin()->first << " " << options.rbegin()->second);
    CHECK_THROWS_AS(plan_by(strategy, problem, options), OptionError);
  }
}

}  // namespace edgeflow
