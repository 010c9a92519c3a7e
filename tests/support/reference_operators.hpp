#pragma once
// The operators on real numbers, element by element, from their ONNX and PyTorch definitions and
// independent of workloads/operators*.cpp.
//
// An operator sees its inputs through `Block`s that may lack elements: what it reads is recorded,
// and reading what is not there yields NaN. Weights and constants are made up from the layer's
// name. Sums run over channel, then kernel row, then kernel column, so that an element has the same
// bits whichever box it is computed in.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/support/reference_layout.hpp"

namespace edgeflow::reference {

/// The elements of a box of a tensor, as far as they are there; the others are NaN.
class Block {
 public:
  Block() = default;
  explicit Block(const Region& box);  // nothing is there

  const Region& box() const { return box_; }
  bool has(const Cell& cell) const { return contains(box_, cell) && present_[place(cell)] != 0; }
  float at(const Cell& cell) const { return values_[place(cell)]; }  // the cell is in the box
  void set(const Cell& cell, float value) {
    values_[place(cell)] = value;
    present_[place(cell)] = 1;
  }
  /// Takes over what `from` has of `region`; false if that is not all of it.
  bool copy(const Block& from, const Region& region);
  bool complete() const;
  /// Equal boxes and equal bits, nothing missing on either side.
  bool same_bits(const Block& other) const;

 private:
  std::size_t place(const Cell& cell) const {
    return static_cast<std::size_t>(
        ((cell[0] - box_.channel.begin) * box_.row.size() + cell[1] - box_.row.begin) *
            box_.column.size() +
        cell[2] - box_.column.begin);
  }

  Region box_;
  std::vector<float> values_;
  std::vector<char> present_;
};

/// What an operator looked at.
struct Reads {
  bool keep_all = false;
  std::vector<Cell> all;      // if keep_all, in the order of reading
  std::vector<Cell> window;   // if keep_all, places [C,H,W] that windows touched, padding included
  std::vector<Cell> missing;  // those that were not there
};

/// An input as an operator sees it.
struct Input {
  const Layout* layout = nullptr;
  const Block* block = nullptr;
  Reads* reads = nullptr;

  float at(const Index& index) const { return flat(flat_index(layout->dims, index)); }
  float flat(std::int64_t place) const;
  /// Element of a feature map, or nothing where that is padding.
  std::optional<float> window(const Cell& place) const;
};

/// A layer made ready to run: layouts, weights.
class RunnableLayer {
 public:
  RunnableLayer(const Layer& layer, std::span<const Layout* const> inputs);

  const Layer& layer() const { return *layer_; }
  /// As consumers see the output: after folding.
  const Layout& layout() const { return seen_; }
  /// Computes the elements of `out`, from blocks and to records that are in the order of
  /// layer().inputs.
  Block compute(const Region& out, std::span<const Block* const> blocks,
                std::span<Reads* const> reads) const;

 private:
  float element(const Index& at, std::span<const Input> in) const;
  float conv(const Index& at, const Input& in) const;
  float conv_transpose(const Index& at, const Input& in) const;
  float pool(const Index& at, const Input& in) const;
  float adaptive_pool(const Index& at, const Input& in) const;
  float linear(const Index& at, const Input& in) const;
  float elementwise(const Index& at, std::span<const Input> in) const;
  float concat(const Index& at, std::span<const Input> in) const;
  float slice(const Index& at, const Input& in) const;
  float pad(const Index& at, const Input& in) const;
  float upsample(const Index& at, const Input& in) const;
  float transpose(const Index& at, const Input& in) const;
  float softmax(const Index& at, const Input& in) const;
  // reference_operators_tokens.cpp
  float matmul(const Index& at, std::span<const Input> in) const;
  float norm(const Index& at, std::size_t first_dim, const Input& in) const;
  float local_norm(const Index& at, const Input& in) const;
  float embedding(const Index& at, const Input& in) const;
  float reduce(const Index& at, const Input& in) const;
  float gather(const Index& at, const Input& in) const;
  float resize(const Index& at, const Input& in) const;
  float opaque(const Index& at, std::span<const Input> in) const;
  float folded(float value, std::int64_t channel) const;

  const Layer* layer_;
  std::vector<const Layout*> inputs_;
  Layout own_;                      // of the operator's own output
  Layout seen_;                     // the same cells under the dims that folding leaves
  std::vector<std::int64_t> flat_;  // inverse of cells: by place in the box, the flat index
  std::vector<float> weights_;
  std::uint64_t key_;  // of the layer's made-up numbers
};

/// Made-up number in [-1, 1), the same for the same arguments.
float made_up(std::uint64_t key, std::int64_t place);
std::uint64_t key_of(const std::string& name);

}  // namespace edgeflow::reference
