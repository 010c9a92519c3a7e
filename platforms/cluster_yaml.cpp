// Reads clusters; the format is in cluster.hpp.

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "platforms/cluster.hpp"
#include "platforms/network_yaml.hpp"
#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

/// Rates that say how fast a device is, so that they were measured in some precision.
constexpr std::string_view kSpeedKeys[] = {"mac_rate", "byte_rate", "layer_time"};

bool has_own_speed(const Yaml& entry) {
  return std::any_of(std::begin(kSpeedKeys), std::end(kSpeedKeys),
                     [&](std::string_view key) { return entry.find(key).has_value(); });
}

/// What a device's entry says of its compute profile.
struct Asked {
  std::optional<Yaml> framework, threads, precision;

  Asked(const Yaml& entry, const std::optional<Yaml>& usual_threads)
      : framework(entry.find("framework")),
        threads(entry.find("threads")),
        precision(entry.find("precision")) {
    if (!threads) threads = usual_threads;
  }
  bool is_alike(const ComputeProfile& profile) const {
    return (!framework || framework->as_string() == profile.framework) &&
           (!threads || threads->as_integer(1) == profile.threads);
  }
  bool is(const ComputeProfile& profile) const {
    return is_alike(profile) && (!precision || read_precision(*precision) == profile.precision);
  }
};

/// The profile that is asked for, the first one by default, and after it those of its framework and
/// threads in other precisions. A speed of the device's own may be of a precision that its type has
/// not.
std::vector<ComputeProfile> choose_compute(const Yaml& entry, const Asked& asked,
                                           const DeviceProfile& type) {
  const ComputeProfile* alike = nullptr;  // in any precision
  const ComputeProfile* chosen = nullptr;
  std::string known;
  for (const ComputeProfile& profile : type.compute) {
    if (alike == nullptr && asked.is_alike(profile)) alike = &profile;
    if (chosen == nullptr && asked.is(profile)) chosen = &profile;
    if (!known.empty()) known += ", ";
    known += profile.framework + " with " + std::to_string(profile.threads);
    if (profile.precision) known += " in " + std::string(to_string(*profile.precision));
  }
  if (has_own_speed(entry) && chosen == nullptr) chosen = alike;
  if (chosen == nullptr) {
    const std::optional<Yaml>& key = alike != nullptr ? asked.precision
                                     : asked.threads  ? asked.threads
                                                      : asked.framework;
    key->fail(type.name + " has no such compute profile", "framework and threads: " + known);
  }
  std::vector<ComputeProfile> profiles{*chosen};
  for (const ComputeProfile& profile : type.compute) {
    if (&profile == chosen || profile.framework != chosen->framework) continue;
    if (profile.threads == chosen->threads) profiles.push_back(profile);
  }
  return profiles;
}

/// The profile of `precision`, by default a copy of the first one.
ComputeProfile& profile_in(Precision precision, std::vector<ComputeProfile>& profiles) {
  for (ComputeProfile& profile : profiles) {
    if (profile.precision == precision) return profile;
  }
  ComputeProfile& added = profiles.emplace_back(ComputeProfile(profiles.front()));
  added.precision = precision;
  return added;
}

/// Changes rates that are not those measured any more.
void replace_rates(const Yaml& map, ComputeProfile& profile) {
  read_rates(map, profile);
  if (!has_own_speed(map)) return;
  profile.precision_inferred = false;
  profile.error.reset();
}

/// What a device's entry says of its profiles, the first of which is what it computes with unless
/// the scenario's precision has another.
void read_own_rates(const Yaml& entry, const Asked& asked, std::vector<ComputeProfile>& profiles) {
  const bool own_speed = has_own_speed(entry);
  if (own_speed || asked.precision) profiles.resize(1);
  for (ComputeProfile& profile : profiles) replace_rates(entry, profile);
  if (own_speed) profiles.front().precision.reset();
  if (asked.precision) profiles.front().precision = read_precision(*asked.precision);
  const auto rates_in = entry.find("rates_in");
  if (!rates_in) return;
  if (!rates_in->is_map()) {
    rates_in->fail_expected("rates by precision such as {int8: {mac_rate: 40GMAC/s}}");
  }
  rates_in->expect_keys(kComputePrecisions);
  std::vector<std::string_view> keys;
  for (const Rate& rate : rates()) keys.push_back(rate.key);
  keys.emplace_back("layer_time");
  for (std::size_t p = 0; p < kComputePrecisions.size(); ++p) {
    const auto map = rates_in->find(kComputePrecisions[p]);
    if (!map) continue;
    map->expect_keys(keys);
    replace_rates(*map, profile_in(static_cast<Precision>(p), profiles));
  }
}

Yaml network_of(const Yaml& cluster) {
  cluster.expect_keys(
      {"schema", "name", "description", "network", "messaging", "devices", "source", "sink"});
  if (cluster.path().empty()) (void)cluster.at("schema");
  return cluster.at("network");
}

class ClusterReader {
 public:
  ClusterReader(const Yaml& yaml, PlatformFileReader read_platform_file,
                const std::optional<Yaml>& threads)
      : yaml_(yaml), network_(network_of(yaml), read_platform_file), threads_(threads) {}

  Cluster read(const std::string& default_name) {
    if (const auto schema = yaml_.find("schema")) (void)schema->as_integer(1, 1);
    if (const auto description = yaml_.find("description")) (void)description->as_string();
    const auto name = yaml_.find("name");
    const std::string cluster_name = name ? read_name(*name) : default_name;
    if (const auto messaging = yaml_.find("messaging")) messaging_ = messaging_at(*messaging);
    const Yaml devices = yaml_.at("devices");
    for (const Yaml& entry : devices.items()) add_entry(entry);
    if (devices_.empty()) devices.fail("is empty, expected at least one device");
    const DeviceId source = find_device("source", DeviceId{0});
    const DeviceId sink = find_device("sink", source);
    std::vector<std::string> names;
    for (const Device& device : devices_) names.push_back(device.name);
    return {cluster_name, devices_, network_.build(names), source, sink};
  }

 private:
  /// One entry of `devices:`, which may stand for several.
  void add_entry(const Yaml& entry) {
    std::vector<std::string_view> keys{"type",    "name",      "count",     "framework",
                                       "threads", "precision", "rates_in",  "precisions",
                                       "memory",  "power",     "scheduling"};
    keys.insert(keys.end(), std::begin(kPortKeys), std::end(kPortKeys));
    for (const Rate& rate : rates()) keys.push_back(rate.key);
    keys.insert(keys.end(), {"messaging", "sends", "layer_time"});
    entry.expect_keys(keys);
    const auto name = entry.find("name");
    const auto count = entry.find("count");
    Device device = read_device_entry(entry);
    const std::string base = name ? read_name(*name) : device.name;
    const std::int64_t copies = count ? count->as_integer(1, kMaxClusterDevices) : 1;
    for (std::int64_t i = 0; i < copies; ++i) {
      const bool numbered = count || !name;
      device.name = numbered ? base + "-" + std::to_string(numbers_[base]++) : base;
      add(entry, device);
    }
    network_.add_devices(entry, static_cast<std::size_t>(copies), measured_bandwidth_Bps(entry));
  }

  /// What the device's type was measured to reach, if `bandwidth` is `wired` or `wifi`.
  std::optional<double> measured_bandwidth_Bps(const Yaml& entry) {
    const auto bandwidth = entry.find("bandwidth");
    const auto type = entry.find("type");
    if (!bandwidth || !type) return std::nullopt;
    const std::string text = bandwidth->as_string();
    if (text != "wired" && text != "wifi") return std::nullopt;
    const DeviceProfile& profile = catalogue(*type);
    const double rate_Bps = text == "wired" ? profile.wired_Bps : profile.wifi_Bps;
    if (std::isnan(rate_Bps)) {
      bandwidth->fail(profile.name + " has no measured " + text + " rate",
                      "write one such as 100Mbps");
    }
    return rate_Bps;
  }

  void add(const Yaml& entry, const Device& device) {
    if (!ids_.emplace(device.name, DeviceId{static_cast<std::int32_t>(devices_.size())}).second) {
      entry.fail("two devices are called " + in_quotes(device.name));
    }
    if (static_cast<std::int64_t>(devices_.size()) >= kMaxClusterDevices) {
      entry.fail("more than " + std::to_string(kMaxClusterDevices) + " devices");
    }
    devices_.push_back(device);
  }

  /// The device of an entry, called like its type so far.
  Device read_device_entry(const Yaml& entry) {
    DeviceProfile profile;
    Device device;
    std::vector<ComputeProfile> profiles;
    const auto type = entry.find("type");
    const Asked asked(entry, type ? threads_ : std::nullopt);
    if (type) {
      profile = catalogue(*type);
      device.type = profile.name;
      profiles = choose_compute(entry, asked, profile);
    } else {
      if (!entry.find("name")) entry.fail("missing key \"type\", or \"name\" and \"mac_rate\"");
      (void)entry.at("mac_rate");
      ComputeProfile& compute = profiles.emplace_back();
      if (asked.framework) compute.framework = asked.framework->as_string();
      if (asked.threads) compute.threads = static_cast<int>(asked.threads->as_integer(1, 1024));
    }
    const auto messaging = entry.find("messaging");
    const auto costs = messaging ? std::optional(messaging_at(*messaging)) : messaging_;
    for (ComputeProfile& compute : profiles) {
      if (costs) set_messaging(*costs, compute);
    }
    read_own_rates(entry, asked, profiles);
    device.compute = profiles.front();
    if (profiles.size() > 1) device.in_precisions = std::move(profiles);
    if (asked.precision) device.own_precision = read_precision(*asked.precision);
    if (const auto precisions = entry.find("precisions")) {
      profile.precisions = read_precisions(*precisions);
    }
    device.precisions = profile.precisions;
    if (const auto memory = entry.find("memory")) {
      profile.memory_bytes = memory->as_quantity(Quantity::kSize);
    }
    if (const auto power = entry.find("power")) {
      std::vector<std::string_view> keys;
      for (const Power& state : powers()) keys.push_back(state.key);
      power->expect_keys(keys);
      static_cast<PowerDraw&>(profile) = read_power(*power);
    }
    if (const auto scheduling = entry.find("scheduling")) {
      device.own_scheduling = static_cast<Scheduling>(scheduling->as_choice(kSchedulings));
    }
    device.name = device.type;
    device.memory_bytes = profile.memory_bytes;
    static_cast<PowerDraw&>(device) = profile;
    return device;
  }

  const DeviceProfile& catalogue(const Yaml& type) {
    const std::string name = type.as_string();
    const auto known = catalogue_.find(name);
    if (known != catalogue_.end()) return known->second;
    return catalogue_
        .emplace(name,
                 loaded_for(type, [&] { return load_device(name, yaml_.document().folder()); }))
        .first->second;
  }

  DeviceId find_device(std::string_view key, DeviceId default_device) const {
    const auto yaml = yaml_.find(key);
    if (!yaml) return default_device;
    const auto found = ids_.find(yaml->as_string());
    if (found != ids_.end()) return found->second;
    std::vector<std::string_view> names;
    for (const Device& device : devices_) names.push_back(device.name);
    const auto near = nearest_name(yaml->as_string(), names);
    yaml->fail_expected("the name of a device", near ? "did you mean " + in_quotes(*near) + "?"
                                                     : "such as " + in_quotes(names.front()));
  }

  Yaml yaml_;
  NetworkReader network_;
  std::optional<Messaging> messaging_;  // of devices that name none
  std::optional<Yaml> threads_;
  std::vector<Device> devices_;
  std::map<std::string, DeviceId> ids_;
  std::map<std::string, std::int64_t> numbers_;  // next number by base name
  std::map<std::string, DeviceProfile> catalogue_;
};

}  // namespace

Cluster read_cluster(const Yaml& yaml, const std::string& default_name,
                     PlatformFileReader read_platform_file, const std::optional<Yaml>& threads) {
  if (yaml.is_scalar() && !yaml.path().empty()) {
    return loaded_for(yaml, [&] {
      return load_cluster(yaml.as_string(), yaml.document().folder(), read_platform_file, threads);
    });
  }
  return ClusterReader(yaml, read_platform_file, threads).read(default_name);
}

Cluster load_cluster(const std::string& name, const std::filesystem::path& folder,
                     PlatformFileReader read_platform_file, const std::optional<Yaml>& threads) {
  const std::filesystem::path file = find_file(name, "platforms/clusters", folder);
  const Document document(file);
  return read_cluster(document.root(), file.stem().string(), read_platform_file, threads);
}

}  // namespace edgeflow
