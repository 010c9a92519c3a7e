#include "platforms/device.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

constexpr int kMaxThreads = 1024;
constexpr double kMaxFactor = 100;
constexpr std::size_t kMaxNameLength = 64;
constexpr double kBytesPerElement = 4;  // as fitted, see ComputeProfile

constexpr auto kBytes = Quantity::kByteRate;
constexpr auto kTime = Quantity::kDuration;
constexpr std::optional<Quantity> kFactor;
using Profile = ComputeProfile;

// key, name, heading, member, unit, resolved, meaning
constexpr std::array kRates{
    Rate{"mac_rate", "mac_rate", "MAC rate", &Profile::mac_rate, Quantity::kMacRate, true,
         "multiply-accumulates per second, P of the cost formula"},
    Rate{"byte_rate", "byte_rate_Bps", "byte rate", &Profile::byte_rate_Bps, kBytes, false,
         "bytes of tensors and weights per second, B; without one bytes cost nothing"},
    Rate{"overhead", "overhead_s", "overhead", &Profile::overhead_s, kTime, true,
         "of each layer, o"},
    Rate{"task_overhead", "task_overhead_s", "task overhead", &Profile::task_overhead_s, kTime,
         true, "of each task, such as a fused tile"},
    Rate{"winograd_factor", "winograd_factor", "winograd k", &Profile::winograd_factor, kFactor,
         true, "k of dense 3x3 stride-1 convolutions"},
    Rate{"winograd_byte_factor", "winograd_byte_factor", "winograd w",
         &Profile::winograd_byte_factor, kFactor, true, "w of the same"},
    Rate{"spatial_factor", "spatial_factor", "spatial k", &Profile::spatial_factor, kFactor, true,
         "k of other dense convolutions larger than 1x1"},
    Rate{"matrix_factor", "matrix_factor", "matrix k", &Profile::matrix_factor, kFactor, true,
         "k of matrix products: linear on several vectors, attention"},
    Rate{"fully_connected_factor", "fully_connected_factor", "fully connected k",
         &Profile::fully_connected_factor, kFactor, true, "k of linear layers on one vector"},
    Rate{"message_overhead", "message_overhead_s", "message overhead", &Profile::message_overhead_s,
         kTime, false, "CPU time of each message, on each side"},
    Rate{"serialization_rate", "serialization_rate_Bps", "serialization rate",
         &Profile::serialization_rate_Bps, kBytes, false,
         "bytes of messages per second of CPU time, on each side"},
};

// key, name, member, needed, meaning
constexpr std::array kPowers{
    Power{"idle", "idle_W", &PowerDraw::idle_W, true, "all the time"},
    Power{"busy", "busy_W", &PowerDraw::busy_W, true, "while it computes"},
    Power{"transmit", "transmit_W", &PowerDraw::transmit_W, false,
          "while it does nothing but send"},
    Power{"receive", "receive_W", &PowerDraw::receive_W, false,
          "while it does nothing but receive"},
};

bool is_of_messages(const Rate& rate) {
  return rate.member == &Profile::message_overhead_s ||
         rate.member == &Profile::serialization_rate_Bps;
}

FitError read_error(const Yaml& yaml) {
  yaml.expect_keys({"median", "p90", "points"});
  FitError error;
  error.median = yaml.at("median").as_quantity(Quantity::kShare, /*zero_ok=*/true);
  error.p90 = yaml.at("p90").as_quantity(Quantity::kShare, /*zero_ok=*/true);
  error.points = yaml.at("points").as_integer(1);
  if (error.p90 < error.median) yaml.at("p90").fail("is less than the median");
  return error;
}

/// `messaging`: of entries that name none.
ComputeProfile read_compute(const Yaml& yaml, const std::optional<Messaging>& messaging) {
  std::vector<std::string_view> keys{"framework", "threads", "precision", "precision_inferred"};
  for (const Rate& rate : kRates) keys.push_back(rate.key);
  keys.insert(keys.end(), {"messaging", "sends", "layer_time", "error", "source"});
  yaml.expect_keys(keys);
  ComputeProfile profile;
  profile.framework = yaml.at("framework").as_string();
  profile.threads = static_cast<int>(yaml.at("threads").as_integer(1, kMaxThreads));
  if (const auto precision = yaml.find("precision")) profile.precision = read_precision(*precision);
  if (const auto inferred = yaml.find("precision_inferred")) {
    profile.precision_inferred = inferred->as_bool();
    if (!profile.precision) inferred->fail("there is no precision beside it");
  }
  (void)yaml.at("mac_rate");
  const auto own = yaml.find("messaging");
  if (own || messaging) set_messaging(own ? messaging_at(*own) : *messaging, profile);
  read_rates(yaml, profile);
  if (const auto error = yaml.find("error")) profile.error = read_error(*error);
  profile.source = yaml.at("source").as_string();
  return profile;
}

std::vector<ComputeProfile> read_compute_list(const Yaml& list,
                                              const std::optional<Messaging>& messaging) {
  std::vector<ComputeProfile> profiles;
  for (const Yaml& item : list.items()) {
    const ComputeProfile profile = read_compute(item, messaging);
    const bool twice =
        std::any_of(profiles.begin(), profiles.end(), [&](const ComputeProfile& other) {
          return other.framework == profile.framework && other.threads == profile.threads &&
                 other.precision == profile.precision;
        });
    if (twice) {
      const std::string in =
          profile.precision ? " in " + std::string(to_string(*profile.precision)) : "";
      item.fail(in_quotes(profile.framework) + " with " + std::to_string(profile.threads) +
                " threads" + in + " stands here twice");
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

std::vector<Precision> read_precisions(const Yaml& yaml) {
  if (!yaml.is_list()) yaml.fail_expected("a list such as [int8]");
  std::vector<Precision> precisions;
  for (const Yaml& item : yaml.items()) precisions.push_back(read_precision(item));
  if (precisions.empty()) yaml.fail("is empty, expected at least one of fp32, fp16, int8");
  return precisions;
}

std::string describe(const ComputeProfile& profile) {
  std::string text = profile.framework.empty() ? "" : profile.framework + ", ";
  text += std::to_string(profile.threads) + (profile.threads == 1 ? " thread" : " threads");
  if (profile.precision) text += ", " + std::string(to_string(*profile.precision));
  return text;
}

bool assumes_rates(const ComputeProfile& profile, Precision precision) {
  if (!profile.precision) return !is_floating(precision);
  return *profile.precision != precision;
}

std::span<const Rate> rates() { return kRates; }

std::span<const Power> powers() { return kPowers; }

bool same_rates(const ComputeProfile& a, const ComputeProfile& b) {
  const bool equal =
      std::all_of(kRates.begin(), kRates.end(),
                  [&](const Rate& rate) { return a.*rate.member == b.*rate.member; }) &&
      a.sends == b.sends;
  if (!equal || a.layer_times == b.layer_times) return equal;
  return a.layer_times && b.layer_times && *a.layer_times == *b.layer_times;
}

DeviceProfile::DeviceProfile() {
  for (const Power& power : kPowers) {
    this->*power.member = std::numeric_limits<double>::quiet_NaN();
  }
}

void set_messaging(const Messaging& messaging, ComputeProfile& profile) {
  profile.messaging = messaging.name;
  profile.message_overhead_s = messaging.message_overhead_s;
  profile.serialization_rate_Bps = messaging.serialization_rate_Bps;
  profile.sends = messaging.sends;
  profile.message_error = messaging.error;
}

Messaging messaging_at(const Yaml& yaml) {
  return loaded_for(yaml,
                    [&] { return load_messaging(yaml.as_string(), yaml.document().folder()); });
}

void read_rates(const Yaml& map, ComputeProfile& profile) {
  for (const Rate& rate : kRates) {
    const auto value = map.find(rate.key);
    if (!value) continue;
    const bool zero_ok = rate.unit == Quantity::kDuration;
    profile.*rate.member =
        rate.unit ? value->as_quantity(*rate.unit, zero_ok) : value->as_number(0, kMaxFactor);
    if (is_of_messages(rate)) profile.message_error.reset();
  }
  if (const auto sends = map.find("sends")) {
    profile.sends = static_cast<Sends>(sends->as_choice(kSends));
  }
  if (const auto times = map.find("layer_time")) {
    profile.layer_times = read_layer_times(*times, profile);
  }
}

PowerDraw read_power(const Yaml& yaml) {
  PowerDraw draw;
  for (const Power& power : kPowers) {
    const auto value = power.needed ? std::optional(yaml.at(power.key)) : yaml.find(power.key);
    const double watts =
        value ? value->as_quantity(Quantity::kPower, /*zero_ok=*/true) : draw.idle_W;
    if (watts < draw.idle_W) value->fail("is less than the idle power");
    draw.*power.member = watts;
  }
  return draw;
}

DeviceProfile read_device(const Document& document) {
  const Yaml root = document.root();
  root.expect_keys({"schema", "name", "description", "memory", "power", "network", "precisions",
                    "messaging", "compute"});
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
    std::vector<std::string_view> keys;
    for (const Power& state : kPowers) keys.push_back(state.key);
    keys.emplace_back("source");
    power->expect_keys(keys);
    static_cast<PowerDraw&>(profile) = read_power(*power);
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
  if (const auto precisions = root.find("precisions")) {
    profile.precisions = read_precisions(*precisions);
  }
  std::optional<Messaging> messaging;
  if (const auto named = root.find("messaging")) messaging = messaging_at(*named);
  profile.compute = read_compute_list(root.at("compute"), messaging);
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
