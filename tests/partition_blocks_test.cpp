// Strategies with a hub: layer by layer, fused blocks, fused tiles.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "partition/blocks/blocks.hpp"
#include "partition/plans/validate.hpp"
#include "tests/support/baselines_fixture.hpp"

namespace edgeflow {
namespace {

using namespace baselines;
using reference::Random;

/// Least estimate over all ways to cut a chain into blocks and to place each, from segment `i` on.
/// `place(block, hub)` lists the ways.
template <typename Place>
double least_latency_s(const Problem& problem, std::vector<PlacedBlock>& blocks, std::size_t i,
                       std::size_t longest, DeviceId hub, Place place) {
  const std::vector<Block> all = segments(problem.graph);
  if (i == all.size()) return latency_s(plan_of_blocks(problem, blocks, "some"), problem);
  double least_s = std::numeric_limits<double>::infinity();
  for (std::size_t j = i + 1; j <= std::min(all.size(), i + longest); ++j) {
    for (const PlacedBlock& placed : place(Block{all[i].first, all[j - 1].end}, hub)) {
      blocks.push_back(placed);
      least_s = std::min(least_s, least_latency_s(problem, blocks, j, longest, placed.hub, place));
      blocks.pop_back();
    }
  }
  return least_s;
}

/// YOLOv2's layers 0 to 15 (Redmon and Farhadi, CVPR 2017): filters, 0 for a 2x2 pool of stride 2;
/// kernels 3x3 and 1x1 as signs.
Graph yolov2_first_layers() {
  constexpr std::array<int, 16> kLayers{32,  0,    64,  0, 128, -64,  128, 0,
                                        256, -128, 256, 0, 512, -256, 512, -256};
  std::vector<LayerSpec> specs{pixels({3, 608, 608})};
  for (int filters : kLayers) {
    LayerSpec spec =
        pointwise("layer" + std::to_string(specs.size()), specs.back().name, std::abs(filters));
    if (filters == 0) {
      spec.op = Op::kMaxPool;
      spec.attributes.kernel = {2, 2};
      spec.attributes.stride = {2, 2};
    } else if (filters > 0) {
      spec.attributes.kernel = {3, 3};
      spec.attributes.pad = {1, 1, 1, 1};
    }
    specs.push_back(spec);
  }
  return Graph("yolov2-16", "Redmon and Farhadi, CVPR 2017", specs);
}

}  // namespace

TEST_CASE("aofl's blocks are the best of all ways to fuse a chain and to divide its blocks") {
  Random random(43);
  int fused = 0;
  for (int round = 0; round < 40; ++round) {
    const Graph graph = random_chain(random, 5);
    const Cluster cluster = random_cluster(random);
    if (cluster.size() > 4) continue;
    const Problem problem{graph, cluster, {}};
    BlockTimes times(problem);
    for (const char* variant : {"layerwise", "ofl", "aofl"}) {
      const bool adapt = std::string_view(variant) == "aofl";
      const auto place = [&](const Block& block, DeviceId hub) {
        std::vector<PlacedBlock> ways{{block, hub, {}}};
        for (const BlockDivision& division : divisions(times, block, hub, adapt)) {
          ways.push_back({block, hub, division.weights});
        }
        return ways;
      };
      std::vector<PlacedBlock> blocks;
      const std::size_t longest = std::string_view(variant) == "layerwise" ? 1 : graph.size();
      const double least_s = least_latency_s(problem, blocks, 0, longest, cluster.source(), place);
      const Plan plan = plan_by("aofl", problem, {{"variant", variant}});
      INFO("round " << round << ", " << cluster.size() << " devices, " << variant);
      CHECK(latency_s(plan, problem) == doctest::Approx(least_s).epsilon(1e-9));
      const ExecutablePlan executable(plan, graph, cluster, {});
      fused += executable.macs > executable.model_macs() ? 1 : 0;
    }
  }
  CHECK(fused > 5);
}

TEST_CASE("cutpoint's places are the best of all for a chain") {
  Random random(44);
  for (int round = 0; round < 30; ++round) {
    const Graph graph = random_chain(random, 4);
    const Cluster cluster = random_cluster(random);
    if (cluster.size() > 3) continue;
    const Problem problem{graph, cluster, {}};
    BlockTimes times(problem);
    const auto place = [&](const Block& block, DeviceId hub) {
      std::vector<PlacedBlock> ways;
      for (std::size_t d = 0; d < cluster.size(); ++d) {
        if (block.end - block.first == 1) ways.push_back({block, device_at(d), {}});
      }
      for (const BlockDivision& division : divisions(times, block, hub, true)) {
        ways.push_back({block, hub, division.weights});
      }
      return ways;
    };
    std::vector<PlacedBlock> blocks;
    const double least_s =
        least_latency_s(problem, blocks, 0, graph.size(), cluster.source(), place);
    INFO("round " << round << ", " << cluster.size() << " devices");
    CHECK(latency_s(plan_by("cutpoint", problem), problem) ==
          doctest::Approx(least_s).epsilon(1e-9));
  }
}

TEST_CASE("a block takes what it takes, whatever was asked before") {
  Random random(45);
  int blocks = 0;
  for (int round = 0; round < 60; ++round) {
    const Graph graph = random_graph(random, {.max_layers = 20});
    const Cluster cluster = random_cluster(random);
    const Problem problem{graph, cluster, {}};
    const std::vector<Block> all = segments(graph);
    const auto any = [&](std::size_t count) {
      return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(count) - 1));
    };
    BlockTimes times(problem);
    for (int query = 0; query < 40; ++query) {
      const std::size_t i = any(all.size());
      const std::size_t j = i + any(all.size() - i);
      const Block block{all[i].first, all[j].end};
      const DeviceId hub = device_at(any(cluster.size()));
      std::vector<double> weights(cluster.size(), 1);
      for (double& weight : weights) weight = static_cast<double>(random.between(0, 3));
      weights[any(weights.size())] = 2;
      BlockTimes fresh(problem);
      const BlockTime expected = fresh.divided(block, hub, weights);
      const BlockTime time = times.divided(block, hub, weights);
      INFO("round " << round << ", query " << query);
      CHECK(time.time_s == expected.time_s);
      CHECK(time.busy_s == expected.busy_s);
      blocks += time.time_s > 0 ? 1 : 0;
    }
  }
  CHECK(blocks > 1000);
}

TEST_CASE("a block of the whole model takes what the estimator says of its plan") {
  Random random(46);
  int several = 0;
  for (int round = 0; round < 300; ++round) {
    const Graph graph = random_graph(random, {.max_layers = 12});
    const Cluster cluster = random_cluster(random);
    const Problem problem{graph, cluster, {}};
    int results = 0;
    for (std::size_t l = 0; l < graph.size(); ++l) results += graph.consumers(layer_at(l)).empty();
    if (results > 1) continue;  // may be sent while the block still computes
    const Block block{1, graph.size()};
    std::vector<double> weights;
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      weights.push_back(static_cast<double>(random.between(1, 4)));
    }
    const std::vector<PlacedBlock> placed{{block, cluster.source(), weights}};
    const Plan plan = plan_of_blocks(problem, placed, "some");
    INFO("round " << round);
    CHECK(BlockTimes(problem).divided(block, cluster.source(), weights).time_s ==
          doctest::Approx(latency_s(plan, problem)).epsilon(1e-9));
    several += cluster.size() > 1 ? 1 : 0;
  }
  CHECK(several > 30);
}

TEST_CASE("messages of a block wait for the processors that handle them") {
  // A hub and a worker, 4 rows of 5 pixels each. Sending and receiving take 0.5 s each, the link
  // 20 B/s, computing 1 s on the hub and 2 s on the worker. The hub sends until 0.5 s, the worker
  // receives from 0.5 + 80/20 s to 5 s, computes to 7 s and sends to 7.5 s; then 80/20 s and 0.5 s.
  auto hub = device("hub", 20);
  auto worker = device("worker", 10);
  for (Device* d : {&hub, &worker}) d->compute.message_overhead_s = 0.5;
  const Cluster cluster("two", {hub, worker}, NetworkType::kSwitch, 20, 0, kFirst, kFirst);
  const Graph graph("one", "made up", {pixels({1, 8, 5}), pointwise("conv", "input", 1)});
  const Problem problem{graph, cluster, {}};
  const std::vector<double> halves{1, 1};
  const BlockTime time = BlockTimes(problem).divided({1, 2}, kFirst, halves);
  CHECK(time.time_s == doctest::Approx(12));
  CHECK(time.busy_s[1] == doctest::Approx(12));  // 4 halves of a second, 8 s of link, 2 s of work
  const std::vector<PlacedBlock> placed{{{1, 2}, kFirst, halves}};
  CHECK(latency_s(plan_of_blocks(problem, placed, "some"), problem) == doctest::Approx(12));
}

TEST_CASE("fused tiles of YOLOv2's first 16 layers move the bytes of DeepThings") {
  // Zhao, Barijough and Gerstlauer, TCAD 2018: 13.79, 16.23 and 18.98 MiB for 3x3, 4x4 and 5x5
  // tiles: the 608x608x3 frame to the gateway, tile inputs and tile outputs at 4 bytes.
  const Graph graph = yolov2_first_layers();
  const std::vector<std::pair<std::string, double>> published{
      {"3x3", 13.79}, {"4x4", 16.23}, {"5x5", 18.98}};
  const auto only = device("only", 1e9);
  const Cluster cluster("one", {only}, NetworkType::kSwitch, 1, 0, kFirst, kFirst);
  for (const auto& [grid, MiB] : published) {
    const Plan plan =
        plan_by("deepthings", {graph, cluster, {}}, {{"grid", grid}, {"layers", "16"}});
    std::int64_t elements = 608 * 608 * 3;
    for (const ExecutionUnit& unit : plan.units) {
      if (unit.kind != UnitKind::kCompute) continue;
      if (index(unit.layer) == 1) {
        for (const Requirement& r : unit.requirements) elements += r.region.volume();
      }
      if (index(unit.layer) == 16) elements += unit.output.volume();
    }
    INFO("grid " << grid);
    CHECK(static_cast<double>(elements) * 4 / (1 << 20) == doctest::Approx(MiB).epsilon(0.005));
  }
}

TEST_CASE("tiles with unread rows between them still cover every layer") {
  // 1x1 kernels of stride 2 read every other row: between two tiles a row is left that none needs.
  LayerSpec skip = pointwise("skip", "conv", 1);
  skip.attributes.stride = {2, 2};
  const Graph graph("skip", "made up", {pixels({1, 17, 8}), pointwise("conv", "input", 1), skip});
  const TileRegions regions = fuse(graph, {1, 3}, 3, [](const Layer& layer) {
    std::vector<Region> parts;
    for (const Share& share :
         cut(layer.output.box, Axis::kRow, std::vector<std::int64_t>{0, 3, 6, 9})) {
      parts.push_back(share.region);
    }
    return parts;
  });
  CHECK(uncovered(graph.layers()[1].output.box, regions[0]).empty());
}

TEST_CASE("a tile of nothing but padding is not queued, other depths are") {
  // A 1x1 kernel padded by 2: the first two output rows and the last two see none of the input.
  LayerSpec padded = pointwise("padded", "conv", 1);
  padded.attributes.pad = {2, 2, 2, 2};
  const Graph graph("padded", "made up",
                    {pixels({1, 4, 8}), pointwise("conv", "input", 1), padded});
  const Cluster cluster("two", {device("hub", 100), device("worker", 200)}, NetworkType::kSwitch,
                        1000, 0, kFirst, kFirst);
  const Problem problem{graph, cluster, {}};
  Options options{{"grid", "4x1"}, {"dealing", "work_queue"}};
  CHECK(validate(plan_by("deepthings", problem, options), graph, cluster, 1).empty());
  options["layers"] = "2";
  CHECK_THROWS_AS((void)plan_by("deepthings", problem, options), Infeasible);
}

TEST_CASE("modnn sends strips with halo from the hub and brings strips back, layer by layer") {
  // 12 x 4 pixels, two 3x3 convolutions of one channel padded by 1; speeds 1:2, so rows 4 and 8.
  // Per layer the hub sends rows 3..12 (9 rows of 4 pixels, 4 bytes each) and gets 8 rows back.
  LayerSpec first = pointwise("c1", "input", 1);
  first.attributes.kernel = {3, 3};
  first.attributes.pad = {1, 1, 1, 1};
  LayerSpec second = first;
  second.name = "c2";
  second.inputs = {"c1"};
  const Graph graph("two", "made up", {pixels({1, 12, 4}), first, second});
  const Cluster cluster("two", {device("hub", 100), device("worker", 200)}, NetworkType::kSwitch,
                        1000, 0, kFirst, kFirst);
  std::vector<double> sent, back;
  const auto exchange = [&](const Options& options) {
    sent.clear();
    back.clear();
    for (const Message& message :
         messages_of(plan_by("modnn", {graph, cluster, {}}, options), {})) {
      (message.to == kSecond ? sent : back).push_back(message.bytes);
    }
  };
  exchange({{"exchange", "gather"}});
  CHECK(sent == std::vector<double>{9 * 4 * 4, 9 * 4 * 4});
  CHECK(back == std::vector<double>{8 * 4 * 4, 8 * 4 * 4});
  // Strips that stay: a row each way before the second layer, and the result.
  exchange({});
  CHECK(sent == std::vector<double>{9 * 4 * 4, 4 * 4});
  CHECK(back == std::vector<double>{4 * 4, 8 * 4 * 4});
}

}  // namespace edgeflow
