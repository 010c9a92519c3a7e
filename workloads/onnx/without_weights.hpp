#pragma once
// An ONNX file less the data of its large tensors, which no shape depends on: a file of hundreds of
// megabytes takes no more memory or time than its graph.

#include <google/protobuf/io/zero_copy_stream.h>

#include <optional>
#include <string>

namespace edgeflow::onnx_reader {

/// The serialized model in `in`, where data of tensors is left out if it has more than
/// kMaxEvaluated elements; it is skipped, not read. Nothing if it is no message, or cut off.
std::optional<std::string> without_weights(google::protobuf::io::ZeroCopyInputStream& in);

}  // namespace edgeflow::onnx_reader
