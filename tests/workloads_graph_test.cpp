// Graphs: who consumes what, which layers are folded, where a model can be cut.

#include "workloads/graph/graph.hpp"

#include <doctest/doctest.h>

namespace edgeflow {
namespace {

LayerSpec input(std::vector<std::int64_t> dims) {
  LayerSpec spec{"input", Op::kInput, {}, {}};
  spec.attributes.dims = std::move(dims);
  return spec;
}

/// A 1x1 convolution.
LayerSpec conv(std::string name, std::string from, std::int64_t channels, bool bias = true) {
  LayerSpec spec{std::move(name), Op::kConv, {}, {std::move(from)}};
  spec.attributes.out_channels = channels;
  spec.attributes.bias = bias;
  return spec;
}

LayerSpec layer(Op op, std::string name, std::vector<std::string> from) {
  LayerSpec spec{std::move(name), op, {}, std::move(from)};
  if (op == Op::kActivation) spec.attributes.function = "relu";
  if (op == Op::kElementwise) spec.attributes.function = "add";
  return spec;
}

/// "conv+norm relu": layers, each with what was folded into it.
std::string names(const Graph& graph) {
  std::string text;
  for (const Layer& it : graph.layers()) {
    text += (text.empty() ? "" : " ") + it.name;
    for (const std::string& folded : it.folded) text += "+" + folded;
  }
  return text;
}

std::vector<std::string> cuts(const Graph& graph) {
  std::vector<std::string> result;
  for (const LayerId id : cut_points(graph)) result.push_back(graph.layer(id).name);
  return result;
}

}  // namespace

TEST_CASE("a layer that takes a tensor twice is one consumer of it") {
  const Graph graph("square", "",
                    {input({2, 4, 4}), layer(Op::kElementwise, "sum", {"input", "input"})});
  CHECK(graph.consumers(graph.input()).size() == 1);
}

TEST_CASE("layers are folded into the one before them only if nobody else consumes that") {
  const Graph chain(
      "chain", "",
      {input({2, 4, 4}), conv("conv", "input", 3), layer(Op::kBatchNorm, "norm", {"conv"}),
       layer(Op::kActivation, "relu", {"norm"}), conv("last", "relu", 5)});
  CHECK(names(fold(chain)) == "input conv+norm+relu last");
  const Graph shared(
      "shared", "",
      {input({2, 4, 4}), conv("conv", "input", 3), layer(Op::kActivation, "relu", {"conv"}),
       layer(Op::kElementwise, "sum", {"conv", "relu"})});
  CHECK(names(fold(shared)) == "input conv relu sum");
}

TEST_CASE("a folded batch-norm leaves a bias, where there is none yet") {
  for (const bool bias : {true, false}) {
    const Graph graph("norm", "",
                      {input({2, 4, 4}), conv("conv", "input", 3, bias),
                       layer(Op::kBatchNorm, "norm", {"conv"})});
    const Graph folded = fold(graph);
    CHECK(names(folded) == "input conv+norm");
    CHECK(folded.layers()[1].params == 2 * 3 + 3);
    CHECK(folded.layers()[1].attributes.bias);
  }
}

TEST_CASE("a tensor is alive until its last consumer has run") {
  // a (3 channels) is needed by b (1) and, after c (2), by the sum of a and d (3).
  const Graph graph("skip", "",
                    {input({1, 4, 4}), conv("a", "input", 3), conv("b", "a", 1), conv("c", "b", 2),
                     conv("d", "c", 3), layer(Op::kElementwise, "sum", {"a", "d"})});
  const Frontier widest = widest_frontier(graph);
  // Channels alive while each runs: 1, 1+3, 3+1, 3+1+2, 3+2+3, 3+3+3.
  CHECK(widest.elements == 9 * 16);
  CHECK(widest.largest == LayerId{5});
  CHECK(widest.tensors == 3);
}

TEST_CASE("a cut point lies on all paths to all results, and is no result") {
  const Graph one("one", "",
                  {input({1, 4, 4}), conv("a", "input", 2), conv("b", "a", 2), conv("c", "b", 2)});
  CHECK(cuts(one) == std::vector<std::string>{"a", "b"});
  // b leads to one of two results only.
  const Graph two("two", "",
                  {input({1, 4, 4}), conv("a", "input", 2), conv("b", "a", 2), conv("c", "b", 2),
                   conv("d", "a", 2)});
  CHECK(cuts(two) == std::vector<std::string>{"a"});
}

}  // namespace edgeflow
