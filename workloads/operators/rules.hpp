#pragma once
// The functions that rows of the operator table point to, by family; see operators.hpp.

#include <initializer_list>

#include "workloads/operators/operators.hpp"

namespace edgeflow::rules {

// Shared pieces.
/// True if the tensor is a feature map [C,H,W] in the box (C,H,W).
bool is_feature_map(const Tensor& tensor);
/// True if `dims` equal up to broadcasting run along the same axes in both boxes.
bool same_axes(const Tensor& input, const Tensor& output);
Region whole_input(const Layer& layer, std::size_t input, const Region& out);
Region same_region(const Layer& layer, std::size_t input, const Region& out);
std::int64_t no_macs(const Layer& layer);
/// Counts `params` here, or elsewhere if the layer is tied to an earlier one.
void set_params(Layer& layer, std::int64_t params);
/// Throws std::invalid_argument if the product exceeds 2^56, so that sums over layers fit.
void require_countable(std::initializer_list<std::int64_t> factors);

// Convolution and pooling (operators_spatial.cpp).
void infer_conv(Layer& layer);
void infer_conv_transpose(Layer& layer);
void infer_pool(Layer& layer);
void infer_adaptive_pool(Layer& layer);
void infer_upsample(Layer& layer);
void infer_resize(Layer& layer);
void infer_pad(Layer& layer);
Region window_input(const Layer& layer, std::size_t input, const Region& out);
Region conv_transpose_input(const Layer& layer, std::size_t input, const Region& out);
Region adaptive_pool_input(const Layer& layer, std::size_t input, const Region& out);
Region upsample_input(const Layer& layer, std::size_t input, const Region& out);
Region resize_input(const Layer& layer, std::size_t input, const Region& out);
Region pad_input(const Layer& layer, std::size_t input, const Region& out);
std::int64_t conv_macs(const Layer& layer);
std::int64_t conv_transpose_macs(const Layer& layer);

// Linear layers, products, normalisation, embeddings, reductions (operators_tokens.cpp).
void infer_linear(Layer& layer);
void infer_matmul(Layer& layer);
void infer_layer_norm(Layer& layer);
void infer_instance_norm(Layer& layer);
void infer_embedding(Layer& layer);
void infer_reduce(Layer& layer);
void infer_gather(Layer& layer);
void infer_opaque(Layer& layer);
Region linear_input(const Layer& layer, std::size_t input, const Region& out);
Region matmul_input(const Layer& layer, std::size_t input, const Region& out);
Region layer_norm_input(const Layer& layer, std::size_t input, const Region& out);
Region instance_norm_input(const Layer& layer, std::size_t input, const Region& out);
Region local_norm_input(const Layer& layer, std::size_t input, const Region& out);
Region embedding_input(const Layer& layer, std::size_t input, const Region& out);
Region reduce_input(const Layer& layer, std::size_t input, const Region& out);
Region gather_input(const Layer& layer, std::size_t input, const Region& out);
std::int64_t linear_macs(const Layer& layer);
std::int64_t matmul_macs(const Layer& layer);
/// The box axis that a linear layer's output features run along.
Axis linear_feature_axis(const Layer& layer);
/// The box axis that the features of an embedding run along.
Axis embedding_feature_axis(const Layer& layer);

// Everything else (operators_data.cpp).
void infer_input(Layer& layer);
void infer_batch_norm(Layer& layer);
void infer_same(Layer& layer);
void infer_elementwise(Layer& layer);
void infer_concat(Layer& layer);
void infer_slice(Layer& layer);
void infer_reshape(Layer& layer);
void infer_transpose(Layer& layer);
void infer_softmax(Layer& layer);
Region elementwise_input(const Layer& layer, std::size_t input, const Region& out);
Region concat_input(const Layer& layer, std::size_t input, const Region& out);
Region slice_input(const Layer& layer, std::size_t input, const Region& out);
Region transpose_input(const Layer& layer, std::size_t input, const Region& out);
Region softmax_input(const Layer& layer, std::size_t input, const Region& out);

}  // namespace edgeflow::rules
