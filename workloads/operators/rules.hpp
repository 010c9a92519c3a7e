#pragma once
// What the files of the operator table share; see operators.hpp.

#include <initializer_list>
#include <span>

#include "workloads/operators/operators.hpp"

namespace edgeflow::rules {

// Rows by family.
std::span<const Operator> spatial_operators();      // spatial.cpp
std::span<const Operator> token_operators();        // tokens.cpp
std::span<const Operator> elementwise_operators();  // elementwise.cpp
std::span<const Operator> moving_operators();       // moving.cpp

/// True if the tensor is a feature map [C,H,W] in the box (C,H,W).
bool is_feature_map(const Tensor& tensor);
/// `dim` of the layer. Throws std::invalid_argument if the first input has no such dimension.
std::size_t require_dim(const Layer& layer);
/// Throws std::invalid_argument if the product exceeds 2^56, so that sums over layers fit.
void require_countable(std::initializer_list<std::int64_t> factors);
/// Counts `params` here, or elsewhere if the layer is tied to an earlier one.
void set_params(Layer& layer, std::int64_t params);

// Functions that rows of several families have.
/// The output is like the first input.
void infer_same(Layer& layer);
Region same_region(const Layer& layer, std::size_t input, const Region& out);
Region whole_input(const Layer& layer, std::size_t input, const Region& out);

/// The box axis that a linear layer's output features run along.
Axis linear_feature_axis(const Layer& layer);

}  // namespace edgeflow::rules
