// required_input against what each operator really reads, element by element.

#include "workloads/operators/operators.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/support/random_problem.hpp"
#include "tests/support/reference_executor.hpp"
#include "workloads/operators/attributes.hpp"

namespace edgeflow {
namespace {

using reference::Block;
using reference::Cell;
using reference::Executor;
using reference::Random;
using reference::Reads;

Region box_of(const Cell& cell) {
  return {{cell[0], cell[0] + 1}, {cell[1], cell[1] + 1}, {cell[2], cell[2] + 1}};
}

Region hull_of(const std::vector<Cell>& cells) {
  Region box;
  for (const Cell& cell : cells) box = hull(box, box_of(cell));
  return box;
}

Region random_part(Random& random, const Region& box) {
  Region part;
  for (Axis axis : kAxes) {
    // Single indices, ends and whole ranges are the interesting ones.
    const std::int64_t begin = random.chance(30) ? 0 : random.between(0, box[axis].end - 1);
    const std::int64_t end = random.chance(40)   ? begin + 1
                             : random.chance(40) ? box[axis].end
                                                 : random.between(begin + 1, box[axis].end);
    part[axis] = {begin, end};
  }
  return part;
}

/// What computing `out` reads of each input.
std::vector<Reads> reads_of(const Executor& executor, LayerId id, const Region& out) {
  const auto& inputs = executor.graph().layer(id).inputs;
  std::vector<Reads> reads(inputs.size());
  std::vector<Reads*> records;
  std::vector<const Block*> blocks;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    reads[k].keep_all = true;
    records.push_back(&reads[k]);
    blocks.push_back(&executor.whole(inputs[k]));
  }
  executor.layer(id).compute(out, blocks, records);
  return reads;
}

/// The box that an operator is said to need. What windows touch of the padding counts, so that it
/// is the hull of all windows, clipped to the input.
Region wanted_box(const Reads& reads, const Tensor& tensor) {
  if (reads.window.empty()) return hull_of(reads.all);
  const Region touched = hull_of(reads.window);  // dimensions [C,H,W], wherever they lie in the box
  Region wanted = tensor.box;
  for (std::size_t i = 0; i < 3; ++i) {
    const Range range = intersect(touched[kAxes[i]], {0, tensor.dims[i]});
    if (range.empty()) return {};
    Axis axis{};
    if (tensor.dims[i] > 1 && tensor.axis_of(i, axis)) wanted[axis] = range;
  }
  return wanted;
}

/// True if every dimension lies along its usual axis, and no other dimension along the same.
bool is_plain(const Tensor& tensor) {
  for (std::size_t i = 0; i < tensor.dims.size(); ++i) {
    if (tensor.dims[i] == 1) continue;
    Axis axis{};
    if (!tensor.axis_of(i, axis) || axis != default_axis(i, tensor.dims.size())) return false;
  }
  return true;
}

/// False for operators of which it is not known, or depends, which elements they take.
bool exact_ranges(const Layer& layer) {
  const Attributes& a = layer.attributes;
  return layer.op != Op::kGather && layer.op != Op::kOpaque &&
         !(layer.op == Op::kPad && a.reflect) &&
         !(layer.op == Op::kResize && a.interpolation != "bilinear");
}

/// True if what a box of the output needs is a box, too, up to holes between windows.
bool is_plain(const Layer& layer) {
  if (!exact_ranges(layer)) return false;
  bool widest = layer.op != Op::kElementwise;  // some input has the output's dims
  for (const Tensor& tensor : layer.input_tensors) {
    if (!is_plain(tensor) || tensor.dims.size() != layer.input_tensors[0].dims.size()) return false;
    widest = widest || tensor.dims == layer.output.dims;
  }
  return widest && (layer.op == Op::kTranspose || is_plain(layer.output));
}

/// A graph of one layer on an input of these dims.
Graph one_layer(LayerSpec spec, const std::vector<std::int64_t>& dims) {
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = dims;
  spec.name = "layer";
  spec.inputs = {"input"};
  return Graph("one layer", "", {input, spec});
}

/// What the layer makes of these inputs.
std::vector<float> outputs_of(const Graph& graph, const std::vector<float>& values) {
  const Executor executor(graph);
  Block in(graph.layers()[0].output.box);
  std::size_t next = 0;
  reference::for_each_cell(in.box(), [&](const Cell& cell) { in.set(cell, values[next++]); });
  const std::vector<const Block*> blocks{&in};
  const std::vector<Reads*> records{nullptr};
  const Layer& layer = graph.layers()[1];
  const Block out = executor.layer(LayerId{1}).compute(layer.output.box, blocks, records);
  std::vector<float> result;
  reference::for_each_cell(out.box(), [&](const Cell& cell) { result.push_back(out.at(cell)); });
  return result;
}

}  // namespace

TEST_CASE("the reference computes the examples of PyTorch's manual") {
  SUBCASE("torch.nn.Upsample: bilinear, align_corners=False") {
    LayerSpec spec{"", Op::kUpsample, {}, {}};
    spec.attributes.bilinear = true;
    CHECK(outputs_of(one_layer(spec, {1, 2, 2}), {1, 2, 3, 4}) ==
          std::vector<float>{1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5,  //
                             2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4});
  }
  SUBCASE("torch.nn.Upsample: nearest") {
    LayerSpec spec{"", Op::kUpsample, {}, {}};
    CHECK(outputs_of(one_layer(spec, {1, 2, 2}), {1, 2, 3, 4}) ==
          std::vector<float>{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4});
  }
  SUBCASE("torch.nn.AvgPool1d: kernel 3, stride 2") {
    LayerSpec spec{"", Op::kAvgPool, {}, {}};
    spec.attributes.kernel = {1, 3};
    spec.attributes.stride = {1, 2};
    CHECK(outputs_of(one_layer(spec, {1, 1, 7}), {1, 2, 3, 4, 5, 6, 7}) ==
          std::vector<float>{2, 4, 6});
  }
  SUBCASE("torch.nn.ZeroPad2d: 1 left, 1 right, 2 top, no bottom") {
    LayerSpec spec{"", Op::kPad, {}, {}};
    spec.attributes.pad = {2, 1, 0, 1};
    CHECK(outputs_of(one_layer(spec, {1, 2, 2}), {1, 2, 3, 4}) ==
          std::vector<float>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0});
  }
}

TEST_CASE("the required input holds what an operator reads, and is its hull on plain tensors") {
  std::map<Op, int> seen;
  std::map<Op, int> exact;
  Random random(11);
  for (int round = 0; round < 1500; ++round) {
    const Graph graph = random_graph(random, {.max_layers = 8, .max_extent = 7});
    const Executor executor(graph);
    for (std::size_t l = 1; l < graph.size(); ++l) {
      const LayerId id{static_cast<std::int32_t>(l)};
      const Layer& layer = graph.layer(id);
      const Region out = random_part(random, layer.output.box);
      const std::vector<Reads> reads = reads_of(executor, id, out);
      for (std::size_t k = 0; k < reads.size(); ++k) {
        const Region& box = layer.input_tensors[k].box;
        const Region need = required_input(layer, k, out);
        const Region wanted = wanted_box(reads[k], layer.input_tensors[k]);
        INFO("round " << round << ", layer " << l << ": " << operator_of(layer.op).name << " of "
                      << to_string(box) << ", input " << k << " for " << to_string(out)
                      << ": needs " << to_string(need) << ", reads " << to_string(wanted));
        REQUIRE(reads[k].missing.empty());
        ++seen[layer.op];
        CHECK(box.contains(need));
        CHECK(need.contains(hull_of(reads[k].all)));
        if (!is_plain(layer)) continue;
        if (wanted.empty()) {
          CHECK(need.empty());
        } else {
          CHECK(need == wanted);
          ++exact[layer.op];
        }
      }
    }
  }
  for (const Operator& op : operator_table()) {  // that each was put to the test
    INFO(op.name);
    CHECK(seen[op.op] >= (op.op == Op::kInput ? 0 : 50));
    const bool never = op.op == Op::kInput || op.op == Op::kGather || op.op == Op::kOpaque;
    CHECK(exact[op.op] >= (never ? 0 : 20));
  }
}

TEST_CASE("in ceil mode the last window starts in the input or in the padding before it") {
  // 6 + 1 of padding, kernel 2, stride 3: floor(5/3) + 1 = 2 windows, and a third one from position
  // 6 of the padded map on. With the padding before, that is the last element; behind, it is none.
  LayerSpec pool{"", Op::kMaxPool, {}, {}};
  pool.attributes.kernel = {2, 2};
  pool.attributes.stride = {3, 3};
  pool.attributes.pad = {1, 0, 0, 1};  // top, left, bottom, right
  CHECK(one_layer(pool, {1, 6, 6}).layers()[1].output.dims == std::vector<std::int64_t>{1, 2, 2});
  pool.attributes.ceil_mode = true;
  CHECK(one_layer(pool, {1, 6, 6}).layers()[1].output.dims == std::vector<std::int64_t>{1, 3, 2});
}

TEST_CASE(
    "transposed convolutions have an output and MACs of their own formula, by side and axis") {
  LayerSpec up{"", Op::kConvTranspose, {}, {}};
  up.attributes.out_channels = 6;
  up.attributes.groups = 2;
  up.attributes.kernel = {4, 3};
  up.attributes.stride = {3, 2};
  up.attributes.dilation = {1, 2};
  up.attributes.pad = {2, 0, 1, 3};  // top, left, bottom, right
  up.attributes.output_pad = {1, 0};
  const Graph graph = one_layer(up, {4, 5, 7});
  // (n-1) s - p - p' + e (k-1) + output padding + 1.
  CHECK(graph.layers()[1].output.dims ==
        std::vector<std::int64_t>{6, 4 * 3 - 2 - 1 + 3 + 1 + 1, 6 * 2 - 0 - 3 + 2 * 2 + 0 + 1});
  // Each of the 4 * 5 * 7 inputs goes into a window of 4 * 3 of its group's 3 channels.
  CHECK(work(graph.layers()[1], graph.layers()[1].output.box).macs == 4 * 5 * 7 * 4 * 3 * 3);
}

TEST_CASE("a map that was turned is flattened in another order than its box has") {
  // [3,4,2] is the map [2,3,4] with the channels last; as [1,24] these run fastest.
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {2, 3, 4};
  LayerSpec turn{"turn", Op::kTranspose, {}, {"input"}};
  turn.attributes.dims = {1, 2, 0};
  LayerSpec flat{"flat", Op::kReshape, {}, {"turn"}};
  flat.attributes.dims = {1, 24};
  LayerSpec twice{"twice", Op::kConcat, {}, {"flat", "flat"}};
  const Graph graph("turned", "", {input, turn, flat, twice});
  // The first four are both channels of the first two pixels.
  CHECK(required_input(graph.layers()[3], 0, {{0, 4}, {0, 1}, {0, 1}})
            .contains(Region{{0, 2}, {0, 1}, {0, 2}}));
}

TEST_CASE("a product's input of fewer dimensions takes its own from the last ones") {
  // [2,3,5,4] times [3,4,6], the input turned and cut to be both: channel 5 of the result is the
  // second of two, the third of three.
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {2, 3, 5, 4};
  LayerSpec half{"half", Op::kSlice, {}, {"input"}};
  half.attributes.stop = 1;
  LayerSpec view{"view", Op::kReshape, {}, {"half"}};
  view.attributes.dims = {3, 5, 4};
  LayerSpec turn{"turn", Op::kTranspose, {}, {"view"}};
  turn.attributes.dims = {0, 2, 1};
  LayerSpec product{"product", Op::kMatMul, {}, {"input", "turn"}};
  const Graph graph("product", "", {input, half, view, turn, product});
  const Layer& layer = graph.layers()[4];
  REQUIRE(layer.output.dims == std::vector<std::int64_t>{2, 3, 5, 5});
  const Region need = required_input(layer, 1, {{5, 6}, {1, 2}, {3, 4}});
  CHECK(need.channel == Range{2, 3});
}

TEST_CASE("a part of a flattened map needs the box that its elements lie in") {
  // [1,24] is the map [2,3,4] in the order channel, row, column; the first dimension has one index.
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {2, 3, 4};
  LayerSpec flat{"flat", Op::kReshape, {}, {"input"}};
  flat.attributes.dims = {1, 24};
  LayerSpec twice{"twice", Op::kConcat, {}, {"flat", "flat"}};
  const Graph graph("flat", "", {input, flat, twice});
  const Layer& layer = graph.layers()[2];
  REQUIRE(layer.output.box == whole_region(24, 2, 1));
  const auto need = [&](std::int64_t begin, std::int64_t end) {
    return required_input(layer, 0, {{begin, end}, {0, 1}, {0, 1}});
  };
  CHECK(need(0, 4) == Region{{0, 1}, {0, 1}, {0, 4}});
  CHECK(need(5, 7) == Region{{0, 1}, {1, 2}, {1, 3}});
  CHECK(need(13, 22) == Region{{1, 2}, {0, 3}, {0, 4}});
  CHECK(required_input(layer, 1, {{0, 4}, {0, 1}, {0, 1}}).empty());
}

TEST_CASE("every operator has a row, and every attribute a row and an operator") {
  std::set<std::string_view> used;
  for (std::size_t op = 0; op < operator_table().size(); ++op) {
    const Operator& row = operator_table()[op];
    CAPTURE(op);
    CHECK(static_cast<std::size_t>(row.op) == op);
    REQUIRE((row.infer != nullptr));
    CHECK((row.required_input != nullptr));
    used.insert(row.attributes.begin(), row.attributes.end());
  }
  std::set<std::string_view> known;
  for (const Attribute& attribute : attribute_table()) known.insert(attribute.key);
  CHECK(known == used);
  CHECK(known.size() == attribute_table().size());
}

}  // namespace edgeflow
