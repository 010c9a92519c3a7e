// Reads clusters; the format is in cluster.hpp.

#include <cmath>
#include <map>
#include <optional>

#include "platforms/cluster.hpp"
#include "platforms/network_yaml.hpp"
#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

/// The profile that `framework` and `threads` choose, the first one by default.
ComputeProfile choose_compute(const Yaml& yaml, const DeviceProfile& profile) {
  const auto framework = yaml.find("framework");
  const auto threads = yaml.find("threads");
  std::string known;
  for (const ComputeProfile& compute : profile.compute) {
    if ((!framework || framework->as_string() == compute.framework) &&
        (!threads || threads->as_integer(1) == compute.threads)) {
      return compute;
    }
    if (!known.empty()) known += ", ";
    known += compute.framework + " with " + std::to_string(compute.threads);
  }
  (threads ? *threads : *framework)
      .fail(profile.name + " has no such compute profile", "framework and threads: " + known);
}

Yaml network_of(const Yaml& cluster) {
  cluster.expect_keys(
      {"schema", "name", "description", "network", "messaging", "devices", "source", "sink"});
  if (cluster.path().empty()) (void)cluster.at("schema");
  return cluster.at("network");
}

class ClusterReader {
 public:
  ClusterReader(const Yaml& yaml, PlatformFileReader read_platform_file)
      : yaml_(yaml), network_(network_of(yaml), read_platform_file) {}

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
    std::vector<std::string_view> keys{"type",    "name",   "count", "framework",
                                       "threads", "memory", "power", "scheduling"};
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
    if (const auto type = entry.find("type")) {
      profile = catalogue(*type);
      device.type = profile.name;
      device.compute = choose_compute(entry, profile);
    } else {
      if (!entry.find("name")) entry.fail("missing key \"type\", or \"name\" and \"mac_rate\"");
      (void)entry.at("mac_rate");
      if (const auto framework = entry.find("framework")) {
        device.compute.framework = framework->as_string();
      }
      if (const auto threads = entry.find("threads")) {
        device.compute.threads = static_cast<int>(threads->as_integer(1, 1024));
      }
    }
    if (const auto messaging = entry.find("messaging")) {
      set_messaging(messaging_at(*messaging), device.compute);
    } else if (messaging_) {
      set_messaging(*messaging_, device.compute);
    }
    read_rates(entry, device.compute);
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
  std::vector<Device> devices_;
  std::map<std::string, DeviceId> ids_;
  std::map<std::string, std::int64_t> numbers_;  // next number by base name
  std::map<std::string, DeviceProfile> catalogue_;
};

}  // namespace

Cluster read_cluster(const Yaml& yaml, const std::string& default_name,
                     PlatformFileReader read_platform_file) {
  if (yaml.is_scalar() && !yaml.path().empty()) {
    return loaded_for(yaml, [&] {
      return load_cluster(yaml.as_string(), yaml.document().folder(), read_platform_file);
    });
  }
  return ClusterReader(yaml, read_platform_file).read(default_name);
}

Cluster load_cluster(const std::string& name, const std::filesystem::path& folder,
                     PlatformFileReader read_platform_file) {
  const std::filesystem::path file = find_file(name, "platforms/clusters", folder);
  const Document document(file);
  return read_cluster(document.root(), file.stem().string(), read_platform_file);
}

}  // namespace edgeflow
