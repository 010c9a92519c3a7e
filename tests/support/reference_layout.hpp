#pragma once
// Where each element of a tensor lies in its box, worked out element by element from what
// workloads/operators/layer.hpp says of tensors, without the shape inference of
// workloads/operators.

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "workloads/operators/layer.hpp"

namespace edgeflow::reference {

/// Place in a box: channel, row, column.
using Cell = std::array<std::int64_t, 3>;

inline bool contains(const Region& box, const Cell& cell) {
  return box.channel.begin <= cell[0] && cell[0] < box.channel.end && box.row.begin <= cell[1] &&
         cell[1] < box.row.end && box.column.begin <= cell[2] && cell[2] < box.column.end;
}

/// Calls `visit` with every cell of the box, columns fastest.
void for_each_cell(const Region& box, const std::function<void(const Cell&)>& visit);

/// Index along each dimension of a tensor.
using Index = std::vector<std::int64_t>;
std::int64_t flat_index(const std::vector<std::int64_t>& dims, const Index& index);
Index unflatten(const std::vector<std::int64_t>& dims, std::int64_t flat);

/// The dims of a tensor and the cell of each of its elements, by flat (row-major) index.
struct Layout {
  std::vector<std::int64_t> dims;
  std::vector<Cell> cells;
};

/// [F] -> (F,1,1), [T,F] -> (F,T,1), [C,H,W] -> (C,H,W), more: the last two are rows and columns.
Layout default_layout(const std::vector<std::int64_t>& dims);

/// Layout of what the layer's own operator returns, before anything that is folded into it.
Layout output_layout(const Layer& layer, std::span<const Layout* const> inputs);

/// Dims to which all of these broadcast.
std::vector<std::int64_t> broadcast_dims(std::span<const Layout* const> inputs);

}  // namespace edgeflow::reference
