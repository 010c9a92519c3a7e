#include "platforms/layer_times.hpp"

#include <algorithm>
#include <vector>

#include "platforms/device.hpp"
#include "workloads/input/csv.hpp"

namespace edgeflow {
namespace {

constexpr double kMaxMs = 1e9;

class TimesReader {
 public:
  TimesReader(const std::filesystem::path& file, const ComputeProfile& profile)
      : table_(file), profile_(profile) {}

  LayerTimes read() {
    if (table_.columns() == 0) {
      throw InputError({table_.position().file}, "",
                       "is empty, expected the columns model, layer, ms");
    }
    for (const char* name : {"model", "layer", "ms"}) {
      if (!table_.column(name)) fail("there is no column " + in_quotes(name));
    }
    while (table_.next()) read_row();
    return std::move(times_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw InputError(table_.position(), "", message);
  }
  [[noreturn]] void fail(std::size_t cell, const std::string& message) const {
    throw InputError(table_.position(cell), "", message);
  }

  void read_row() {
    if (table_.cells() != table_.columns()) {
      fail("has " + std::to_string(table_.cells()) + " cells, expected " +
           std::to_string(table_.columns()));
    }
    const auto differs = [&](std::string_view name, const std::string& wanted) {
      const auto at = table_.column(name);
      return at && table_.text(*at) != wanted;
    };
    if (const auto at = table_.column("device")) {
      const std::string& device = table_.text(*at);
      if (device_.empty()) device_ = device;
      if (device_ != device) {
        fail(*at, "device is " + in_quotes(device) + ", expected " + in_quotes(device_) +
                      " as above: one file per device");
      }
    }
    if (differs("framework", profile_.framework)) return;
    if (differs("threads", std::to_string(profile_.threads))) return;
    const std::size_t place = *table_.column("layer");
    const std::string& layer = table_.text(place);
    if (layer.empty()) return;  // the time of a whole model
    const std::string& model = table_.text(*table_.column("model"));
    const LayerTimes::Time time{read_ms(*table_.column("ms")) * 1e-3, table_.position(place)};
    if (!times_.models[model].emplace(layer, time).second) {
      fail(place,
           "layer " + in_quotes(layer) + " of model " + in_quotes(model) + " stands here twice");
    }
  }

  double read_ms(std::size_t cell) const {
    const std::string& text = table_.text(cell);
    const auto ms = parse_number(text);
    if (!ms || !(*ms > 0) || *ms > kMaxMs) {
      fail(cell, "ms is " + in_quotes(text) + ", expected a number over 0, at most 1e9");
    }
    return *ms;
  }

  CsvReader table_;
  const ComputeProfile& profile_;
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
  try {
    const std::filesystem::path file = yaml.document().folder() / yaml.as_string();
    return std::make_shared<const LayerTimes>(TimesReader(file, profile).read());
  } catch (const InputError& error) {
    if (!error.position().file.empty()) throw;
    yaml.fail(error.message());
  }
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
