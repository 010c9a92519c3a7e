// Which part of each layer every plan computes, and the bound on times that follows, by hand.

#include <doctest/doctest.h>

#include "partition/prices/bound.hpp"
#include "tests/support/baselines_fixture.hpp"

namespace edgeflow {
namespace {

using namespace baselines;

LayerSpec rows(std::string name, std::string input, std::int64_t start, std::int64_t stop) {
  LayerSpec spec{std::move(name), Op::kSlice, {}, {std::move(input)}};
  spec.attributes.dim = 1;
  spec.attributes.start = start;
  spec.attributes.stop = stop;
  return spec;
}

/// A convolution of 8 rows, of which two results take the first `first` and the others.
Graph two_slices(std::int64_t first) {
  return Graph("slices", "made up",
               {pixels({1, 8, 6}), pointwise("a", "input", 2), rows("top", "a", 0, first),
                rows("bottom", "a", first, 8)});
}

Cluster devices(std::vector<double> mac_rates, double byte_rate_Bps = 1e30) {
  std::vector<Device> list;
  for (double mac_rate : mac_rates) {
    list.push_back(device("d" + std::to_string(list.size()), mac_rate));
    list.back().compute.byte_rate_Bps = byte_rate_Bps;
    list.back().compute.overhead_s = 0.25;
  }
  return Cluster("made up", list, NetworkType::kSwitch, 1000, 0, kFirst, kFirst);
}

}  // namespace

TEST_CASE("rows and columns that a stride skips are not needed") {
  LayerSpec skip = pointwise("skip", "input", 1);
  skip.attributes.stride = {4, 2};
  const Graph graph("skip", "made up", {pixels({1, 8, 6}), skip});
  // Rows 0 and 4 of 8, columns 0, 2 and 4 of 6.
  CHECK(needed_shares(graph) == std::vector<double>{2 / 8.0 * (3 / 6.0), 1});
}

TEST_CASE("of several consumers' needs the largest one counts, wherever it stands") {
  CHECK(needed_shares(two_slices(2))[1] == 6 / 8.0);
  CHECK(needed_shares(two_slices(6))[1] == 6 / 8.0);
}

TEST_CASE("one device takes the needed part of each layer, and need not read all of its input") {
  // a has 48 * 2 MACs, 96 outputs and 2 weights and biases each; the slices of 12 and 84 outputs...
  // at 4 bytes per element; all layers have an overhead of 0.25 s.
  const Graph graph = two_slices(1);
  const double a_s = 96 / 16.0 + 4 * (96 + 4) / 32.0 + 0.25;
  const double slices_s = 4 * (2 * 6 + 2 * 7 * 6) / 32.0 + 2 * 0.25;
  CHECK(lower_bound_s(graph, devices({16}, 32)) == doctest::Approx(7 / 8.0 * a_s + slices_s));
}

TEST_CASE("several devices share the work by their speeds, and only while units queue") {
  // The convolution alone costs time: 96 MACs at 16 and 32 MAC/s; the slices only overheads.
  const Graph graph("one", "made up", {pixels({1, 8, 6}), pointwise("a", "input", 2)});
  const Effects free{.overheads = false};
  CHECK(lower_bound_s(graph, devices({16, 32}), free) == doctest::Approx(96.0 / (16 + 32)));
  const Effects side_by_side{.queueing = false};
  CHECK(lower_bound_s(graph, devices({16, 32}), side_by_side) == 0);
}

namespace {

/// Devices of 100 MAC/s, the first of which has the input and wants the result, on links of
/// 100 B/s; of the first device's links, `first_up` and `first_down`.
Cluster links(std::size_t count, double first_up_Bps, double first_down_Bps) {
  std::vector<Device> list;
  std::vector<std::string> names;
  std::vector<Port> ports(count, {100, 100, 0, 0});
  ports[0] = {first_up_Bps, first_down_Bps, 0, 0};
  for (std::size_t d = 0; d < count; ++d) {
    names.push_back("d" + std::to_string(d));
    list.push_back(device(names.back(), 100));
  }
  return Cluster("made up", list, make_switch(names, ports), kFirst, kFirst);
}

/// 640 MACs from 320 to 160 elements.
Graph one_layer() {
  return Graph("one", "made up", {pixels({4, 8, 10}), pointwise("a", "input", 2)});
}

double lp_bound_s(const Graph& graph, const Cluster& cluster, const ElementSize& size) {
  return lp_lower_bound_s(graph, cluster, size, {});
}

}  // namespace

TEST_CASE("the bound sends inputs up and brings results down, each with elements of its size") {
  // The share y elsewhere costs 6.4 (1-y) s here, and 320 y elements of 8 B up or 160 y of 4 B down.
  const ElementSize size{.activation_bytes = 4, .input_bytes = 8};
  // At 100 B/s up: 25.6 y = 6.4 (1-y) where y = 1/5.
  CHECK(lp_bound_s(one_layer(), links(2, 100, 1e9), size) == doctest::Approx(5.12).epsilon(1e-5));
  // At 10 B/s down: 64 y = 6.4 (1-y) where y = 1/11; the other device's link still takes 100 B/s.
  CHECK(lp_bound_s(one_layer(), links(2, 1e9, 10), size) ==
        doctest::Approx(64 / 11.0).epsilon(1e-5));
  // Among three, only the source's link carries all of it.
  CHECK(lp_bound_s(one_layer(), links(3, 100, 1e9), size) == doctest::Approx(5.12).epsilon(1e-5));
}

TEST_CASE("the bound sends no more than the needed part of a layer") {
  // Half of the rows are needed: 6.4 (1/2 - y) s here, 25.6 y s up where y = 1/10.
  const Graph graph("half", "made up",
                    {pixels({4, 8, 10}), pointwise("a", "input", 2), rows("top", "a", 0, 4)});
  CHECK(lp_bound_s(graph, links(3, 100, 1e9), {.activation_bytes = 4, .input_bytes = 8}) ==
        doctest::Approx(2.56).epsilon(1e-5));
}

}  // namespace edgeflow
