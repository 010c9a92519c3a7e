#include "experiments/scenario/weight_loading.hpp"

#include <array>
#include <string>
#include <string_view>

#include "workloads/input/number.hpp"
#include "workloads/input/quantity.hpp"

namespace edgeflow {
namespace {

/// In files, by value.
constexpr std::array<std::string_view, 2> kFrom{"source", "disk"};

}  // namespace

WeightLoading read_weight_loading(const Yaml& yaml) {
  yaml.expect_keys({"from", "rate", "at_start"});
  WeightLoading loading;
  loading.store.from = static_cast<WeightsFrom>(yaml.at("from").as_choice(kFrom));
  const auto rate = yaml.find("rate");
  if (loading.store.from == WeightsFrom::kDisk) {
    loading.store.disk_Bps = yaml.at("rate").as_quantity(Quantity::kByteRate);
  } else if (rate) {
    rate->fail("is of disks, and weights are from the source");
  }
  if (const auto at_start = yaml.find("at_start")) loading.at_start = at_start->as_bool();
  return loading;
}

YamlTree weight_loading_node(const WeightLoading& loading) {
  YamlTree node;
  node["from"] = std::string(kFrom[static_cast<std::size_t>(loading.store.from)]);
  if (loading.store.from == WeightsFrom::kDisk)
    node["rate"] = with_unit(loading.store.disk_Bps, "B/s");
  node["at_start"] = std::string(loading.at_start ? "true" : "false");
  return node;
}

}  // namespace edgeflow
