#include "platforms/layer_times.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <vector>

#include "platforms/device.hpp"

namespace edgeflow {
namespace {

constexpr double kMaxMs = 1e9;

/// Cells of a line without quotes; of a line with quotes, those that are not quoted stay right.
std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char letter : line) {
    if (letter == '"') {
      quoted = !quoted;
    } else if (letter == ',' && !quoted) {
      cells.emplace_back();
    } else if (letter != '\r') {
      cells.back() += letter;
    }
  }
  return cells;
}

class TimesReader {
 public:
  TimesReader(std::string file, const ComputeProfile& profile)
      : file_(std::move(file)), profile_(profile) {}

  LayerTimes read(std::istream& in) {
    std::string line;
    while (std::getline(in, line)) {
      ++line_;
      if (line.empty() || line == "\r" || line.front() == '#') continue;
      if (columns_.empty()) {
        read_header(split(line));
      } else {
        read_row(split(line));
      }
    }
    if (columns_.empty()) fail("is empty, expected the columns model, layer, ms");
    return std::move(times_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw InputError({file_, line_, 0}, "", message);
  }

  void read_header(const std::vector<std::string>& cells) {
    columns_ = cells;
    for (const char* name : {"model", "layer", "ms"}) {
      if (!column(name)) fail("there is no column " + in_quotes(name));
    }
  }

  std::optional<std::size_t> column(std::string_view name) const {
    const auto found = std::find(columns_.begin(), columns_.end(), name);
    if (found == columns_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - columns_.begin());
  }

  void read_row(const std::vector<std::string>& cells) {
    if (cells.size() != columns_.size()) {
      fail("has " + std::to_string(cells.size()) + " cells, expected " +
           std::to_string(columns_.size()));
    }
    const auto differs = [&](std::string_view name, const std::string& wanted) {
      const auto at = column(name);
      return at && cells[*at] != wanted;
    };
    if (const auto at = column("device")) {
      if (device_.empty()) device_ = cells[*at];
      if (device_ != cells[*at]) {
        fail("device is " + in_quotes(cells[*at]) + ", expected " + in_quotes(device_) +
             " as above: one file per device");
      }
    }
    if (differs("framework", profile_.framework)) return;
    if (differs("threads", std::to_string(profile_.threads))) return;
    const std::string& layer = cells[*column("layer")];
    if (layer.empty()) return;  // the time of a whole model
    const std::string& model = cells[*column("model")];
    const LayerTimes::Time time{read_ms(cells[*column("ms")]) * 1e-3, {file_, line_, 0}};
    if (!times_.models[model].emplace(layer, time).second) {
      fail("layer " + in_quotes(layer) + " of model " + in_quotes(model) + " stands here twice");
    }
  }

  double read_ms(const std::string& text) const {
    double ms = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, ms);
    if (error != std::errc() || stop != end || !(ms > 0) || ms > kMaxMs) {
      fail("ms is " + in_quotes(text) + ", expected a number over 0, at most 1e9");
    }
    return ms;
  }

  std::string file_;
  const ComputeProfile& profile_;
  int line_ = 0;
  std::vector<std::string> columns_;
  std::string device_;
  LayerTimes times_;
};

LayerTimes read_map(const Yaml& yaml) {
  LayerTimes times;
  for (const auto& [model, layers] : yaml.entries()) {
    if (!layers.is_map()) layers.fail_expected("a map such as {conv1: 3.2ms}");
    for (const auto& [layer, time] : layers.entries()) {
      times.models[model][layer] = {time.as_quantity(Quantity::kDuration), time.position()};
    }
  }
  return times;
}

}  // namespace

std::shared_ptr<const LayerTimes> read_layer_times(const Yaml& yaml,
                                                   const ComputeProfile& profile) {
  if (yaml.is_map()) return std::make_shared<const LayerTimes>(read_map(yaml));
  if (!yaml.is_scalar()) {
    yaml.fail_expected("a CSV file or a map such as {resnet18: {conv1: 3.2ms}}");
  }
  const std::filesystem::path file = yaml.document().folder() / yaml.as_string();
  std::ifstream in(file);
  if (!in || std::filesystem::is_directory(file)) {
    yaml.fail("there is no file " + in_quotes(file.string()));
  }
  return std::make_shared<const LayerTimes>(TimesReader(file.string(), profile).read(in));
}

std::optional<double> measured_time_s(const LayerTimes& times, const Layer& layer) {
  const auto model = times.models.find(layer.model);
  if (model == times.models.end()) return std::nullopt;
  const auto own = model->second.find(layer.name);
  if (own == model->second.end()) return std::nullopt;
  double time_s = own->second.time_s;
  for (const std::string& name : layer.folded) {
    const auto part = model->second.find(name);
    if (part != model->second.end()) time_s += part->second.time_s;
  }
  return time_s;
}

void check_layer_times(const LayerTimes& times, const Graph& graph) {
  const auto model = times.models.find(graph.name());
  if (model == times.models.end()) return;
  std::vector<std::string_view> names;
  for (const Layer& layer : graph.layers()) {
    names.push_back(layer.name);
    names.insert(names.end(), layer.folded.begin(), layer.folded.end());
  }
  for (const auto& [layer, time] : model->second) {
    if (std::find(names.begin(), names.end(), layer) != names.end()) continue;
    const auto near = nearest_name(layer, names);
    throw InputError(time.position, "",
                     "model " + in_quotes(graph.name()) + " has no layer " + in_quotes(layer),
                     near ? "did you mean " + in_quotes(*near) + "?"
                          : "edgeflow inspect " + graph.name() + " lists them");
  }
}

}  // namespace edgeflow
