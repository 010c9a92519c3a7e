#include "platforms/device.hpp"

#include <algorithm>
#include <cassert>

#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

constexpr int kMaxThreads = 1024;
constexpr double kMaxFactor = 100;
constexpr std::size_t kMaxNameLength = 64;
constexpr double kBytesPerElement = 4;  // as fitted, see ComputeProfile

ComputeProfile read_compute(const Yaml& yaml) {
  yaml.expect_keys({"framework", "threads", "mac_rate", "byte_rate", "overhead", "task_overhead",
                    "winograd_factor", "winograd_byte_factor", "spatial_factor", "matrix_factor",
                    "fully_connected_factor", "layer_time", "message_overhead",
                    "serialization_rate", "source"});
  ComputeProfile profile;
  profile.framework = yaml.at("framework").as_string();
  profile.threads = static_cast<int>(yaml.at("threads").as_integer(1, kMaxThreads));
  (void)yaml.at("mac_rate");
  read_rates(yaml, profile);
  profile.source = yaml.at("source").as_string();
  return profile;
}

std::vector<ComputeProfile> read_compute_list(const Yaml& list) {
  std::vector<ComputeProfile> profiles;
  for (const Yaml& item : list.items()) {
    const ComputeProfile profile = read_compute(item);
    const bool twice =
        std::any_of(profiles.begin(), profiles.end(), [&](const ComputeProfile& other) {
          return other.framework == profile.framework && other.threads == profile.threads;
        });
    if (twice) {
      item.fail(in_quotes(profile.framework) + " with " + std::to_string(profile.threads) +
                " threads stands here twice");
    }
    profiles.push_back(profile);
  }
  if (profiles.empty()) list.fail("is empty, expected at least one compute profile");
  return profiles;
}

/// The measured time of the layer that `work` is a part of.
std::optional<double> layer_time_s(const ComputeProfile& profile, const Work& work) {
  if (!profile.layer_times || work.layer == nullptr) return std::nullopt;
  return measured_time_s(*profile.layer_times, *work.layer);
}

/// k of the cost formula.
double mac_factor(const ComputeProfile& profile, MacKind kind) {
  switch (kind) {
    case MacKind::kDense3x3:
      return profile.winograd_factor;
    case MacKind::kSpatial:
      return profile.spatial_factor;
    case MacKind::kMatrix:
      return profile.matrix_factor;
    case MacKind::kFullyConnected:
      return profile.fully_connected_factor;
    case MacKind::kNone:
    case MacKind::kGeneral:
      return 1;
  }
  return 1;
}

}  // namespace

std::string read_name(const Yaml& name) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";
  std::string text = name.as_string();
  if (text.find_first_not_of(kPlain) != std::string::npos || text.size() > kMaxNameLength) {
    name.fail_expected("a name of letters, digits and any of -_.+");
  }
  return text;
}

void read_rates(const Yaml& map, ComputeProfile& profile) {
  if (const auto rate = map.find("mac_rate")) {
    profile.mac_rate = rate->as_quantity(Quantity::kMacRate);
  }
  if (const auto rate = map.find("byte_rate")) {
    profile.byte_rate_Bps = rate->as_quantity(Quantity::kByteRate);
  }
  if (const auto overhead = map.find("overhead")) {
    profile.overhead_s = overhead->as_quantity(Quantity::kDuration, /*zero_ok=*/true);
  }
  if (const auto overhead = map.find("task_overhead")) {
    profile.task_overhead_s = overhead->as_quantity(Quantity::kDuration, /*zero_ok=*/true);
  }
  for (const auto& [key, factor] : {std::pair{"winograd_factor", &profile.winograd_factor},
                                    {"winograd_byte_factor", &profile.winograd_byte_factor},
                                    {"spatial_factor", &profile.spatial_factor},
                                    {"matrix_factor", &profile.matrix_factor},
                                    {"fully_connected_factor", &profile.fully_connected_factor}}) {
    if (const auto value = map.find(key)) *factor = value->as_number(0, kMaxFactor);
  }
  if (const auto times = map.find("layer_time")) {
    profile.layer_times = read_layer_times(*times, profile);
  }
  if (const auto overhead = map.find("message_overhead")) {
    profile.message_overhead_s = overhead->as_quantity(Quantity::kDuration, /*zero_ok=*/true);
  }
  if (const auto rate = map.find("serialization_rate")) {
    profile.serialization_rate_Bps = rate->as_quantity(Quantity::kByteRate);
  }
}

void read_power(const Yaml& power, DeviceProfile& profile) {
  profile.idle_W = power.at("idle").as_quantity(Quantity::kPower, /*zero_ok=*/true);
  const Yaml busy = power.at("busy");
  profile.busy_W = busy.as_quantity(Quantity::kPower, /*zero_ok=*/true);
  if (profile.busy_W < profile.idle_W) busy.fail("is less than the idle power");
  const auto read = [&](std::string_view key) {
    const auto value = power.find(key);
    if (!value) return profile.idle_W;
    const double watts = value->as_quantity(Quantity::kPower, /*zero_ok=*/true);
    if (watts < profile.idle_W) value->fail("is less than the idle power");
    return watts;
  };
  profile.transmit_W = read("transmit");
  profile.receive_W = read("receive");
}

DeviceProfile read_device(const Document& document) {
  const Yaml root = document.root();
  root.expect_keys({"schema", "name", "description", "memory", "power", "network", "compute"});
  (void)root.at("schema").as_integer(1, 1);
  DeviceProfile profile;
  profile.name = read_name(root.at("name"));
  if (const auto description = root.find("description")) {
    profile.description = description->as_string();
  }
  if (const auto memory = root.find("memory")) {
    memory->expect_keys({"size", "source"});
    profile.memory_bytes = memory->at("size").as_quantity(Quantity::kSize);
    (void)memory->at("source").as_string();
  }
  if (const auto power = root.find("power")) {
    power->expect_keys({"idle", "busy", "transmit", "receive", "source"});
    read_power(*power, profile);
    (void)power->at("source").as_string();
  }
  if (const auto network = root.find("network")) {
    network->expect_keys({"wired", "wifi", "source"});
    if (const auto rate = network->find("wired")) {
      profile.wired_Bps = rate->as_quantity(Quantity::kBandwidth);
    }
    if (const auto rate = network->find("wifi")) {
      profile.wifi_Bps = rate->as_quantity(Quantity::kBandwidth);
    }
    (void)network->at("source").as_string();
  }
  profile.compute = read_compute_list(root.at("compute"));
  return profile;
}

DeviceProfile load_device(const std::string& name, const std::filesystem::path& folder) {
  const Document document(find_file(name, "platforms/devices", folder));
  return read_device(document);
}

double compute_time_s(const ComputeProfile& profile, const Work& work, bool with_overhead) {
  assert(profile.mac_rate > 0);
  if (work.view) return 0;
  if (const auto measured_s = layer_time_s(profile, work)) {
    const double least_s = std::min(profile.overhead_s, *measured_s);
    const double share =
        static_cast<double>(work.out_elements) / static_cast<double>(work.layer->output.volume());
    return share * (*measured_s - least_s) + (with_overhead ? least_s : 0);
  }
  const auto macs = static_cast<double>(work.macs);
  const auto elements = static_cast<double>(work.in_elements + work.out_elements);
  const auto weights = static_cast<double>(work.weight_elements);
  return mac_factor(profile, work.kind) * macs / profile.mac_rate +
         input_element_time_s(profile, work) * elements +
         kBytesPerElement * weights / profile.byte_rate_Bps +
         (with_overhead ? profile.overhead_s : 0);
}

double input_element_time_s(const ComputeProfile& profile, const Work& work) {
  if (layer_time_s(profile, work)) return 0;
  const double factor = work.kind == MacKind::kDense3x3 ? profile.winograd_byte_factor : 1;
  return factor * kBytesPerElement / profile.byte_rate_Bps;
}

double message_cpu_time_s(const ComputeProfile& profile, double bytes, bool with_overhead) {
  return (with_overhead ? profile.message_overhead_s : 0) + bytes / profile.serialization_rate_Bps;
}

}  // namespace edgeflow
