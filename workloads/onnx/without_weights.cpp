#include "workloads/onnx/without_weights.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>
#include <onnx/onnx_pb.h>

#include <limits>

#include "workloads/onnx/file.hpp"

namespace edgeflow::onnx_reader {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

/// The messages on the way to the data of tensors.
enum class Message { kModel, kGraph, kNode, kAttribute, kTensor, kOther };

Message message_in(Message outer, int field) {
  switch (outer) {
    case Message::kModel:
      return field == onnx::ModelProto::kGraphFieldNumber ? Message::kGraph : Message::kOther;
    case Message::kGraph:
      if (field == onnx::GraphProto::kInitializerFieldNumber) return Message::kTensor;
      return field == onnx::GraphProto::kNodeFieldNumber ? Message::kNode : Message::kOther;
    case Message::kNode:
      return field == onnx::NodeProto::kAttributeFieldNumber ? Message::kAttribute
                                                             : Message::kOther;
    case Message::kAttribute:
      return field == onnx::AttributeProto::kTFieldNumber ? Message::kTensor : Message::kOther;
    case Message::kTensor:
    case Message::kOther:
      return Message::kOther;
  }
  return Message::kOther;
}

// An element has 10 bytes at most (a varint), so what is evaluated is never left out.
constexpr std::uint32_t kMaxBytes = 10 * kMaxEvaluated;

bool copy(CodedInputStream& in, Message message, std::string& result) {
  StringOutputStream stream(&result);
  CodedOutputStream out(&stream);
  while (const std::uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag, &out)) return false;  // copies it
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const Message inner = message_in(message, WireFormatLite::GetTagFieldNumber(tag));
    std::string content;
    if (size > std::uint32_t{std::numeric_limits<int>::max()}) return false;
    const int length = static_cast<int>(size);
    if (inner != Message::kOther) {
      const auto outer_limit = in.PushLimit(length);
      if (!copy(in, inner, content)) return false;
      in.PopLimit(outer_limit);
    } else if (message == Message::kTensor && size > kMaxBytes) {
      if (!in.Skip(length)) return false;
      continue;
    } else if (!in.ReadString(&content, length)) {
      return false;
    }
    out.WriteTag(tag);
    out.WriteVarint32(static_cast<std::uint32_t>(content.size()));
    out.WriteString(content);
  }
  return in.ConsumedEntireMessage();
}

}  // namespace

std::optional<std::string> without_weights(google::protobuf::io::ZeroCopyInputStream& in) {
  CodedInputStream coded(&in);
  std::string result;
  if (!copy(coded, Message::kModel, result)) return std::nullopt;
  return result;
}

}  // namespace edgeflow::onnx_reader
