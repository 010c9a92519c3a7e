// libFuzzer: whatever the bytes are, reading them gives a graph or an InputError.

#include <cstdint>
#include <cstdlib>

#include "workloads/input/error.hpp"
#include "workloads/model_yaml.hpp"
#include "workloads/onnx/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  // A first byte of 0xFF, which no seed starts with, switches to opaque layers.
  const bool opaque = size > 0 && data[0] == 0xFF;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + (opaque ? 1 : 0),
                               size - (opaque ? 1 : 0));
  OnnxOptions options;
  options.opaque = opaque;
  try {
    const Graph graph = read_onnx_bytes(bytes, "fuzz.onnx", options);
    // What can be read can be analysed, cut, written and read again.
    const Totals sum = totals(graph);
    cut_points(fold(graph));
    for (const Layer& layer : graph.layers()) {
      Region part = layer.output.box;
      for (Axis axis : kAxes) part[axis].end = (part[axis].end + 1) / 2;
      for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
        const Region need = required_input(layer, i, part);
        if (!layer.input_tensors[i].box.contains(need)) std::abort();
      }
    }
    const std::string text = write_model(graph);
    const Document document(text, "fuzz.yaml");
    if (totals(read_model(document)).macs != sum.macs) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
