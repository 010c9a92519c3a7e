#include "workloads/onnx/reader.hpp"

#include <fmt/format.h>

#include <charconv>

#include "workloads/onnx/importer.hpp"

namespace edgeflow {

std::pair<std::string, Dims> parse_input_dims(std::string_view text) {
  const auto equals = text.rfind('=');
  std::pair<std::string, Dims> result;
  if (equals != std::string_view::npos) result.first = text.substr(0, equals);
  std::string_view rest = equals == std::string_view::npos ? text : text.substr(equals + 1);
  constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;
  bool good = equals != 0;
  while (good) {
    std::int64_t dim = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), dim);
    good = error == std::errc() && dim >= 1 && dim <= kMaxExtent;
    result.second.push_back(dim);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.empty()) break;
    good = good && rest.front() == 'x';
    rest.remove_prefix(1);
  }
  if (!good || result.second.size() > kMaxRank) {
    throw InputError({}, "", fmt::format("got {}", in_quotes(text)),
                     "expected the dims of an input, such as 1x3x640x640 or name=1x3x640x640");
  }
  return result;
}

Graph read_onnx_bytes(std::string_view bytes, const std::string& name, const OnnxOptions& options,
                      std::vector<std::string>* warnings) {
  onnx_reader::Importer importer(onnx_reader::parse_model(bytes, name), name, options, warnings);
  return importer.read(std::filesystem::path(name).stem().string());
}

Graph read_onnx(const std::filesystem::path& file, const OnnxOptions& options,
                std::vector<std::string>* warnings) {
  onnx_reader::Importer importer(onnx_reader::parse_model_file(file.string()), file.string(),
                                 options, warnings);
  return importer.read(file.stem().string());
}

}  // namespace edgeflow
