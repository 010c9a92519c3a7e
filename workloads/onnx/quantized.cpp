// Operators that compute in 8 bits, as the ones that they are besides their scales.
//
// Those of ONNX itself and, QGemm and QLinear* but Conv and MatMul, of ONNX Runtime's domain
// (github.com/microsoft/onnxruntime, docs/ContribOperators.md).

#include <algorithm>
#include <array>
#include <string_view>

#include "workloads/onnx/importer.hpp"

namespace edgeflow::onnx_reader {
namespace {

constexpr std::string_view kRuntime = "com.microsoft";
constexpr std::size_t kNone = 99;

struct Quantized {
  std::string_view op, domain, plain;
  std::array<std::size_t, 3> inputs;  // that are no scales or zero points; kNone: no more
};

constexpr Quantized kTable[] = {
    {"QLinearConv", "", "Conv", {0, 3, 8}},
    {"QLinearMatMul", "", "MatMul", {0, 3, kNone}},
    {"QGemm", kRuntime, "Gemm", {0, 3, 6}},
    {"QLinearAdd", kRuntime, "Add", {0, 3, kNone}},
    {"QLinearMul", kRuntime, "Mul", {0, 3, kNone}},
    {"QLinearSigmoid", kRuntime, "Sigmoid", {0, kNone, kNone}},
    {"QLinearLeakyRelu", kRuntime, "LeakyRelu", {0, kNone, kNone}},
    {"QLinearAveragePool", kRuntime, "AveragePool", {0, kNone, kNone}},
    {"QLinearGlobalAveragePool", kRuntime, "GlobalAveragePool", {0, kNone, kNone}},
};

}  // namespace

bool take_out_scales(Node& node) {
  std::vector<std::string> inputs;
  std::string_view plain;
  if (node.op == "QLinearConcat" && node.domain == kRuntime) {
    plain = "Concat";  // (scale, zero point, then each input with its own)
    for (std::size_t i = 2; i < node.inputs.size(); i += 3) inputs.push_back(node.inputs[i]);
  }
  for (const Quantized& row : kTable) {
    if (node.op != row.op || node.domain != row.domain) continue;
    if (node.integer("channels_last", 0) != 0) return false;
    plain = row.plain;
    for (const std::size_t i : row.inputs) {
      if (i < node.inputs.size()) inputs.push_back(node.inputs[i]);
    }
  }
  if (plain.empty()) return false;
  node.op = plain;
  node.domain.clear();
  node.inputs = std::move(inputs);
  return true;
}

}  // namespace edgeflow::onnx_reader
