// ONNX operators that move elements about.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/onnx/importer.hpp"

namespace edgeflow::onnx_reader {
namespace {

/// The dimension of the layer that dimension `axis` of the shape is.
std::int64_t layer_dim(const Activation& x, std::size_t axis) {
  return static_cast<std::int64_t>(axis) -
         (x.dropped >= 0 && x.dropped < static_cast<int>(axis) ? 1 : 0);
}

/// `x` such that its layer has dimension `axis`.
Activation with_axis(Importer& in, const Activation& x, std::size_t axis,
                     const std::string& suffix = "/view") {
  if (x.dropped != static_cast<int>(axis)) return x;
  const bool first = axis != 0 && x.shape[0] == 1 && x.shape.size() > 1;
  return in.with_dropped(x, first ? 0 : -1, suffix);
}

Activation sliced(Importer& in, const Activation& x, const SliceRange& range,
                  const std::string& suffix) {
  const Activation from = with_axis(in, x, range.axis, suffix + "/view");
  if (range.size() == 0) {
    in.fail(fmt::format("it selects nothing of dimension {} of [{}]", range.axis,
                        fmt::join(x.shape, ",")));
  }
  Attributes a;
  a.dim = layer_dim(from, range.axis);
  a.start = range.start;
  a.stop = range.start + (range.size() - 1) * range.step + 1;
  a.step = range.size() == 1 ? 1 : range.step;
  Dims shape = from.shape;
  shape[range.axis] = range.size();
  return in.as(in.add(Op::kSlice, a, {&from}, suffix), shape, from.dropped, x.type);
}

void slice(Importer& in) {
  Activation x = in.activation(0);
  std::string suffix;
  for (const SliceRange& range : slice_ranges(in.node(), x.shape, in.constants())) {
    if (range.step < 0) return in.unknown("its step is negative");
    if (range.start == 0 && range.stop == x.shape[range.axis] && range.step == 1) continue;
    x = sliced(in, x, range, suffix);
    suffix = fmt::format("/{}", range.axis);
  }
  in.set(0, x);
}

void split(Importer& in) {
  const Activation x = in.activation(0);
  const std::size_t axis = to_axis(in.node().integer("axis", 0), x.shape.size());
  const Dims sizes = split_sizes(in.node(), x.shape[axis], in.constants());
  std::int64_t first = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const SliceRange range{axis, first, first + sizes[i], 1};
    first += sizes[i];
    if (!in.wants(i)) continue;
    in.set(i, sizes.size() == 1 ? x : sliced(in, x, range, i == 0 ? "" : fmt::format(":{}", i)));
  }
}

/// What is joined so far: activations, with constants before the first and after the last.
struct Joining {
  std::vector<Activation> parts;
  Attributes a;
  std::size_t axis = 0;

  Activation join(Importer& in, const std::string& suffix) {
    int dropped = parts[0].dropped;
    for (const Activation& part : parts) {
      const bool fits = dropped >= 0 && dropped != static_cast<int>(axis) &&
                        part.shape[static_cast<std::size_t>(dropped)] == 1;
      if (!fits) dropped = -1;
    }
    if (dropped < 0 && axis != 0 && parts[0].shape[0] == 1) dropped = 0;
    std::vector<const Activation*> inputs;
    Dims shape = parts[0].shape;
    shape[axis] = a.before + a.after;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      shape[axis] += parts[i].shape[axis];
      parts[i] = in.with_dropped(parts[i], dropped, fmt::format("/view{}{}", i, suffix));
    }
    for (const Activation& part : parts) inputs.push_back(&part);
    a.dim = layer_dim(parts[0], axis);
    return in.as(in.add(Op::kConcat, a, inputs, suffix), shape, dropped, parts[0].type);
  }
};

void concat(Importer& in) {
  Joining joining;
  std::size_t rank = 0;
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    const Dims& dims = in.is_constant(i) ? in.constant(i).dims : in.activation(i).shape;
    if (i > 0 && dims.size() != rank) in.fail("its inputs have different numbers of dimensions");
    rank = dims.size();
  }
  joining.axis = to_axis(in.node().integer("axis", 0), rank);
  for (std::size_t i = 0; i < in.inputs(); ++i) {
    if (in.is_constant(i)) {
      const std::int64_t extent = in.constant(i).dims[joining.axis];
      (joining.parts.empty() ? joining.a.before : joining.a.after) += extent;
      joining.a.params += in.new_parameters(in.constant(i));
      continue;
    }
    if (joining.a.after > 0) {  // constants in the middle end a layer of their own
      const Activation so_far = joining.join(in, fmt::format("/{}", i));
      joining = {{so_far}, {}, joining.axis};
    }
    joining.parts.push_back(in.activation(i));
  }
  if (joining.parts.size() == 1 && joining.a.before + joining.a.after == 0) {
    return in.set(0, joining.parts[0]);
  }
  in.set(0, joining.join(in, ""));
}

void embedding(Importer& in) {
  const Constant& table = in.constant(0);
  const Activation ids = in.activation(1);
  if (table.dims.size() != 2 || in.node().integer("axis", 0) != 0) {
    return in.unknown("only rows of a table [N,F] can be looked up");
  }
  Attributes a;
  a.count = table.dims[0];
  a.out_channels = table.dims[1];
  a.tied = !in.claim(table);
  Dims shape = ids.shape;
  shape.push_back(table.dims[1]);
  // A single id is a vector of one for its layer.
  const bool one = ids.dims().size() + (ids.dropped >= 0 ? 1 : 0) > ids.shape.size();
  const std::size_t layer = in.add(Op::kEmbedding, a, {&ids});
  if (!one) return in.set(0, in.as(layer, shape, ids.dropped));
  const Activation row = in.as(layer, {1, table.dims[1]}, -1);
  in.set(0, in.viewed(row, shape, "/view"));
}

void gather(Importer& in) {
  if (in.is_constant(0)) return embedding(in);
  const Activation x = in.activation(0);
  const std::size_t axis = to_axis(in.node().integer("axis", 0), x.shape.size());
  if (!in.is_constant(1)) return in.whole(false);
  const Constant& places = in.constant(1);
  Dims shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), places.dims.begin(), places.dims.end());
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end());
  const std::int64_t count = places.size();
  if (count == 0) in.fail("it selects nothing");
  bool run = places.known;
  std::int64_t first = 0;
  for (std::size_t i = 0; run && i < places.values.size(); ++i) {
    std::int64_t place = to_integer(places.values[i]);
    if (place < 0) place += x.shape[axis];
    if (place < 0 || place >= x.shape[axis])
      in.fail(fmt::format("index {} is out of range", place));
    if (i == 0) first = place;
    run = place == first + static_cast<std::int64_t>(i);
  }
  Activation picked = x;
  if (run && count == x.shape[axis]) {  // all of it
  } else if (run) {
    picked = sliced(in, x, {axis, first, first + count, 1}, "");
  } else {
    const Activation from = with_axis(in, x, axis);
    Attributes a;
    a.dim = layer_dim(from, axis);
    a.count = count;
    Dims dims = from.shape;
    dims[axis] = count;
    picked = in.as(in.add(Op::kGather, a, {&from}), dims, from.dropped);
  }
  in.set(0, in.viewed(picked, shape, "/view"));
}

void transpose(Importer& in) {
  const Activation x = in.activation(0);
  const std::size_t rank = x.shape.size();
  const Dims permutation = permutation_of(in.node(), rank);
  Activation result = x;
  Attributes a;
  for (std::size_t i = 0; i < rank; ++i) {
    const auto from = static_cast<std::size_t>(permutation[i]);
    result.shape[i] = x.shape[from];
    if (x.dropped == static_cast<int>(from)) {
      result.dropped = static_cast<int>(i);
    } else {
      a.dims.push_back(layer_dim(x, from));
    }
  }
  if (std::is_sorted(a.dims.begin(), a.dims.end())) return in.set(0, result);
  in.set(0, in.as(in.add(Op::kTranspose, a, {&x}), result.shape, result.dropped, x.type));
}

void reshape(Importer& in) {
  const Activation x = in.activation(0);
  const Node& node = in.node();
  Dims shape;
  if (node.op == "Reshape") {
    const Dims target = in.constant(1).integers();
    shape = reshaped(x.shape, target, node.integer("allowzero", 0) != 0);
  } else if (node.op == "Flatten") {
    shape = flattened(x.shape, node.integer("axis", 1));
  } else if (node.op == "Squeeze") {
    shape = squeezed(x.shape, list_of(node, "axes", in.constants(), 1));
  } else {
    shape = unsqueezed(x.shape, list_of(node, "axes", in.constants(), 1).value_or(Dims{}));
  }
  in.set(0, in.viewed(x, shape));
}

void expand(Importer& in) {
  const Activation x = in.activation(0);
  if (in.is_constant(1) && in.constant(1).known) {
    Dims shape = in.constant(1).integers();
    if (in.node().op == "Expand") {
      shape = broadcast(x.shape, shape);
    } else if (shape.size() == x.shape.size()) {
      for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = volume_of({shape[i], x.shape[i]});
    }
    if (volume_of(shape) == volume_of(x.shape)) return in.set(0, in.viewed(x, shape));
  }
  in.whole(false);
}

void same(Importer& in) {
  Activation x = in.activation(0);
  if (in.node().op == "Dropout" && in.wants(1)) return in.unknown("its mask is not supported");
  if (in.node().op == "Cast") x.type = static_cast<int>(in.node().integer("to", x.type));
  in.set(0, x);
}

/// Operators without arithmetic whose output depends on its inputs in ways that no box describes.
void anywhere(Importer& in) { in.whole(false); }

}  // namespace

Translation moving_translation(const std::string& op) {
  static const std::unordered_map<std::string_view, Translation> kTable{
      {"Concat", concat},
      {"Split", split},
      {"Slice", slice},
      {"Gather", gather},
      {"Transpose", transpose},
      {"Reshape", reshape},
      {"Flatten", reshape},
      {"Squeeze", reshape},
      {"Unsqueeze", reshape},
      {"Expand", expand},
      {"Tile", expand},
      {"Identity", same},
      {"Dropout", same},
      {"Cast", same},
      {"CastLike", same},
      {"QuantizeLinear", same},
      {"DequantizeLinear", same},
      {"ScatterND", anywhere},
      {"ScatterElements", anywhere},
      {"Scatter", anywhere},
      {"GatherElements", anywhere},
      {"GatherND", anywhere},
      {"GridSample", anywhere},
      {"OneHot", anywhere},
      {"TopK", anywhere},
      {"CumSum", anywhere},
      {"Trilu", anywhere},
  };
  const auto found = kTable.find(op);
  return found == kTable.end() ? nullptr : found->second;
}

}  // namespace edgeflow::onnx_reader
