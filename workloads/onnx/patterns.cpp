// Layers that exporters write as many nodes. A pattern is recognised by its structure: which
// constant is multiplied or added does not matter to regions, work or bytes.

#include <algorithm>

#include "workloads/onnx/importer.hpp"

namespace edgeflow::onnx_reader {
namespace {

class Merger {
 public:
  Merger(std::vector<Item>& items, const std::vector<std::size_t>& results)
      : items_(items), consumers_(items.size()) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      for (std::size_t input : items[i].inputs) consumers_[input].push_back(i);
    }
    for (std::size_t result : results) consumers_[result].push_back(items.size());
  }

  void run() {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].inputs.empty()) continue;
      if (merge_view(i) || merge_padding(i) || merge_bias(i) || merge_gate(i) ||
          merge_hard_swish(i))
        continue;
      if (!merge_gelu(i)) merge_layer_norm(i);
    }
  }

 private:
  const Attributes& attributes(std::size_t i) const { return items_[i].spec.attributes; }
  bool is(std::size_t i, Op op) const { return items_[i].spec.op == op; }
  bool is_function(std::size_t i, Op op, const char* function) const {
    return is(i, op) && attributes(i).function == function;
  }
  bool is_activation(std::size_t i, const char* function) const {
    return is_function(i, Op::kActivation, function);
  }
  /// Of one tensor and a constant.
  bool with_constant(std::size_t i, const char* function) const {
    return is_function(i, Op::kElementwise, function) && items_[i].inputs.size() == 1;
  }
  bool scales(std::size_t i) const { return with_constant(i, "mul") || with_constant(i, "div"); }
  std::size_t input(std::size_t i) const { return items_[i].inputs[0]; }
  /// Nobody else looks at `i`.
  bool only_for(std::size_t i, std::size_t consumer) const {
    return std::all_of(consumers_[i].begin(), consumers_[i].end(),
                       [&](std::size_t one) { return one == consumer; });
  }
  /// The only consumer of `i`, if it is a layer.
  bool next(std::size_t i, std::size_t& consumer) const {
    if (consumers_[i].size() != 1 || consumers_[i][0] == items_.size()) return false;
    consumer = consumers_[i][0];
    return true;
  }
  /// Two inputs, one of which is `one`: the other.
  bool other_input(std::size_t i, std::size_t one, std::size_t& other) const {
    const auto& inputs = items_[i].inputs;
    if (inputs.size() != 2 || (inputs[0] != one && inputs[1] != one)) return false;
    other = inputs[0] == one ? inputs[1] : inputs[0];
    return true;
  }

  /// Makes layer `i` what stands for the pattern that ends in it.
  void replace(std::size_t i, Op op, Attributes merged, std::vector<std::size_t> inputs) {
    for (std::size_t from : items_[i].inputs) {
      auto& list = consumers_[from];
      list.erase(std::remove(list.begin(), list.end(), i), list.end());
    }
    items_[i].spec.op = op;
    items_[i].spec.attributes = std::move(merged);
    items_[i].inputs = std::move(inputs);
    for (std::size_t from : items_[i].inputs) consumers_[from].push_back(i);
  }
  void become(std::size_t i, const char* function, std::size_t x) {
    Attributes a;
    a.function = function;
    replace(i, Op::kActivation, a, {x});
  }

  /// A view of a view is a view of what that one looks at.
  bool merge_view(std::size_t i) {
    if (!is(i, Op::kReshape) || !is(input(i), Op::kReshape) || !only_for(input(i), i)) return false;
    replace(i, Op::kReshape, attributes(i), {input(input(i))});
    return true;
  }

  /// Zeros around the input of an average: exporters pad apart where the zeros count.
  bool merge_padding(std::size_t i) {
    if (!is(i, Op::kAvgPool) || !is(input(i), Op::kPad) || !only_for(input(i), i)) return false;
    Attributes a = attributes(i);
    const auto& pad = attributes(input(i)).pad;
    if (attributes(input(i)).reflect || a.ceil_mode || a.pad != Attributes{}.pad) return false;
    for (std::size_t k = 0; k < pad.size(); ++k) {
      if (pad[k] >= a.kernel[k % 2]) return false;  // some windows would be all padding
    }
    a.pad = pad;
    replace(i, Op::kAvgPool, a, {input(input(i))});
    return true;
  }

  /// A matrix product or convolution, then a constant per output feature or channel.
  bool merge_bias(std::size_t i) {
    if (!with_constant(i, "add")) return false;
    const std::size_t from = input(i);
    const bool linear = is(from, Op::kLinear);
    if ((!linear && !is(from, Op::kConv) && !is(from, Op::kConvTranspose)) ||
        attributes(from).bias || !only_for(from, i)) {
      return false;
    }
    const std::int64_t channels = attributes(from).out_channels;
    const Dims wanted = linear ? Dims{channels} : Dims{channels, 1, 1};
    if (items_[i].constant_dims != wanted || items_[i].output.dims != items_[from].output.dims) {
      return false;
    }
    Attributes a = attributes(from);
    a.bias = true;
    replace(i, items_[from].spec.op, a, items_[from].inputs);
    std::swap(items_[i].spec.name, items_[from].spec.name);
    return true;
  }

  /// x sigmoid(x), x sigmoid(c x), x hardsigmoid(x), x tanh(softplus(x)).
  bool merge_gate(std::size_t i) {
    if (!is_function(i, Op::kElementwise, "mul") || items_[i].inputs.size() != 2) return false;
    for (std::size_t gate : items_[i].inputs) {
      std::size_t x = 0;
      if (!other_input(i, gate, x) || x == gate || !is(gate, Op::kActivation) ||
          !only_for(gate, i)) {
        continue;
      }
      const std::size_t inner = input(gate);
      if (is_activation(gate, "sigmoid") && inner == x) {
        become(i, "silu", x);
      } else if (is_activation(gate, "sigmoid") && scales(inner) && input(inner) == x &&
                 only_for(inner, gate)) {
        become(i, "gelu", x);
      } else if (is_activation(gate, "hardsigmoid") && inner == x) {
        become(i, "hardswish", x);
      } else if (is_activation(gate, "tanh") && is_activation(inner, "softplus") &&
                 input(inner) == x && only_for(inner, gate)) {
        become(i, "mish", x);
      } else {
        continue;
      }
      return true;
    }
    return false;
  }

  /// x relu6(x + 3) / 6, divided before or after the product.
  bool merge_hard_swish(std::size_t i) {
    const std::size_t product = scales(i) && only_for(input(i), i) ? input(i) : i;
    if (!is_function(product, Op::kElementwise, "mul") || items_[product].inputs.size() != 2) {
      return false;
    }
    for (std::size_t side : items_[product].inputs) {
      std::size_t x = 0;
      if (!other_input(product, side, x)) continue;
      std::size_t clipped = side;
      if (product == i && (!scales(side) || !only_for(side, i))) continue;
      if (product == i) clipped = input(side);
      if (!(is_activation(clipped, "relu6") || is_activation(clipped, "hardtanh")) ||
          !only_for(clipped, product == i ? side : product)) {
        continue;
      }
      const std::size_t sum = input(clipped);
      if (!with_constant(sum, "add") || input(sum) != x || !only_for(sum, clipped)) continue;
      become(i, "hardswish", x);
      return true;
    }
    return false;
  }

  /// True if `i` is computed from `x` alone by sums, products and powers that nobody else uses.
  bool is_polynomial_of(std::size_t i, std::size_t x, std::size_t consumer, int depth = 0) const {
    if (i == x) return true;
    if (depth > 6 || !is(i, Op::kElementwise)) return false;
    for (std::size_t one : consumers_[i]) {
      if (one != consumer && depth == 0) return false;
    }
    return std::all_of(items_[i].inputs.begin(), items_[i].inputs.end(),
                       [&](std::size_t from) { return is_polynomial_of(from, x, i, depth + 1); });
  }

  /// 0.5 x (1 + erf(x / sqrt(2))), or with tanh of a polynomial; 0.5 before or after.
  bool merge_gelu(std::size_t i) {
    for (const bool scaled_after : {true, false}) {
      if (scaled_after && (!scales(i) || !only_for(input(i), i))) continue;
      const std::size_t product = scaled_after ? input(i) : i;
      if (!is_function(product, Op::kElementwise, "mul") || items_[product].inputs.size() != 2) {
        continue;
      }
      for (std::size_t sum : items_[product].inputs) {
        std::size_t x = 0;
        if (!with_constant(sum, "add") || !only_for(sum, product) ||
            !other_input(product, sum, x)) {
          continue;
        }
        const std::size_t curve = input(sum);
        if (!(is_activation(curve, "erf") || is_activation(curve, "tanh")) ||
            !only_for(curve, sum)) {
          continue;
        }
        if (!scaled_after && (!scales(x) || !only_for(x, product))) continue;
        if (!scaled_after) x = input(x);
        if (!is_polynomial_of(input(curve), x, curve)) continue;
        become(i, "gelu", x);
        return true;
      }
    }
    return false;
  }

  bool is_square(std::size_t i, std::size_t of) const {
    if (with_constant(i, "pow")) return input(i) == of;
    return is_function(i, Op::kElementwise, "mul") &&
           items_[i].inputs == std::vector<std::size_t>{of, of};
  }

  /// x - mean(x) over the same dimensions as `over`.
  bool is_centred(std::size_t i, const Attributes& over, std::size_t& x) const {
    if (!is_function(i, Op::kElementwise, "sub") || items_[i].inputs.size() != 2) return false;
    const std::size_t mean = items_[i].inputs[1];
    x = input(i);
    return is_function(mean, Op::kReduce, "reduce_mean") && attributes(mean) == over &&
           input(mean) == x;
  }

  /// (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), or without the means; then a scale and
  /// a shift per feature.
  void merge_layer_norm(std::size_t i) {
    if (!is_function(i, Op::kElementwise, "div") || items_[i].inputs.size() != 2) return;
    const std::size_t top = items_[i].inputs[0], root = items_[i].inputs[1];
    if (!is_activation(root, "sqrt") || !with_constant(input(root), "add")) return;
    const std::size_t variance = input(input(root));
    if (!is_function(variance, Op::kReduce, "reduce_mean") || !attributes(variance).keep_dims) {
      return;
    }
    const Attributes over = attributes(variance);
    const std::size_t square = input(variance);
    std::size_t x = top, again = top;
    if (is_centred(top, over, x)) {
      const bool centred = is(square, Op::kElementwise) && !items_[square].inputs.empty() &&
                           is_centred(input(square), over, again) && again == x &&
                           is_square(square, input(square));
      if (!centred) return;
    } else if (!is_square(square, top)) {
      return;
    }
    Dims dims = over.dims;
    std::sort(dims.begin(), dims.end());
    const Dims& shape = items_[x].output.dims;
    for (std::size_t k = 0; k < dims.size(); ++k) {
      if (dims[k] != static_cast<std::int64_t>(shape.size() - dims.size() + k)) return;
    }
    Attributes a;
    a.dim = dims[0];
    a.affine = false;
    const Dims weights(shape.begin() + dims[0], shape.end());
    std::size_t last = i, follower = 0;
    if (next(last, follower) && with_constant(follower, "mul") &&
        items_[follower].constant_dims == weights) {
      a.affine = true;
      a.bias = false;
      last = follower;
      if (next(last, follower) && with_constant(follower, "add") &&
          items_[follower].constant_dims == weights) {
        a.bias = true;
        last = follower;
      }
    }
    replace(last, Op::kLayerNorm, a, {x});
  }

  std::vector<Item>& items_;
  std::vector<std::vector<std::size_t>> consumers_;  // items_.size(): the model's results
};

}  // namespace

void merge_patterns(std::vector<Item>& items, const std::vector<std::size_t>& results) {
  Merger(items, results).run();
}

}  // namespace edgeflow::onnx_reader
