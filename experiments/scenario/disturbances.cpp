#include "experiments/scenario/disturbances.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "experiments/scenario/scenario.hpp"
#include "experiments/scenario/times.hpp"
#include "experiments/scenario/traces.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/home.hpp"

namespace edgeflow {
namespace {

/// In the order of JitterDistribution.
constexpr std::array<std::string_view, 5> kDistributions{"none", "exponential", "uniform",
                                                         "lognormal", "empirical"};
/// In the order of FailurePolicy.
constexpr std::array<std::string_view, 2> kPolicies{"fail", "replan"};

/// What disturbances call the devices and links of a cluster.
struct Names {
  std::vector<std::string> devices;
  std::vector<std::string> links;
};

Names names_of(const Cluster& cluster) {
  Names names;
  for (const Device& device : cluster.devices()) names.devices.push_back(device.name);
  for (const Link& link : cluster.network().links) names.links.push_back(link.name);
  return names;
}

void read_bandwidth(const Yaml& yaml, const Names& names, Disturbances& disturbances) {
  disturbances.bandwidths = read_traces(yaml.at("bandwidth"), kBandwidths, names.links);
}

void write_bandwidth(const Disturbances& disturbances, const Names& names, YamlTree& node) {
  if (disturbances.bandwidths.empty()) return;
  node["bandwidth"] = traces_node(disturbances.bandwidths, kBandwidths, names.links,
                                  [](double value) { return with_unit(value, "B/s"); });
}

void read_speed(const Yaml& yaml, const Names& names, Disturbances& disturbances) {
  disturbances.speeds = read_traces(yaml.at("speed"), kSpeeds, names.devices);
}

void write_speed(const Disturbances& disturbances, const Names& names, YamlTree& node) {
  if (disturbances.speeds.empty()) return;
  node["speed"] = traces_node(disturbances.speeds, kSpeeds, names.devices, share_text);
}

BackgroundTraffic read_background(const Yaml& yaml, const Names& names) {
  yaml.expect_keys({"from", "to", "rate", "size"});
  BackgroundTraffic traffic;
  traffic.from = static_cast<std::int32_t>(find_name(yaml.at("from"), names.devices, "device"));
  traffic.to = static_cast<std::int32_t>(find_name(yaml.at("to"), names.devices, "device"));
  if (traffic.from == traffic.to) yaml.at("to").fail("is where the traffic comes from");
  if (const auto size = yaml.find("size")) {
    traffic.size_bytes = size->as_quantity(Quantity::kSize);
    traffic.messages_per_s = yaml.at("rate").as_quantity(Quantity::kFrequency);
  } else if (const auto rate = yaml.find("rate")) {
    traffic.rate_Bps = rate->as_quantity(Quantity::kBandwidth);
  }
  return traffic;
}

void read_all_background(const Yaml& yaml, const Names& names, Disturbances& disturbances) {
  for (const Yaml& item : yaml.at("background").items()) {
    disturbances.background.push_back(read_background(item, names));
  }
}

void write_background(const Disturbances& disturbances, const Names& names, YamlTree& node) {
  for (const BackgroundTraffic& traffic : disturbances.background) {
    YamlTree item;
    item["from"] = names.devices[std::size_t(traffic.from)];
    item["to"] = names.devices[std::size_t(traffic.to)];
    if (traffic.size_bytes > 0) {
      item["size"] = with_unit(traffic.size_bytes, "B");
      item["rate"] = with_unit(traffic.messages_per_s, "/s");
    } else if (traffic.rate_Bps > 0) {
      item["rate"] = with_unit(traffic.rate_Bps, "B/s");
    }
    node["background"].push_back(item);
  }
}

/// What a probability must be in the next row of a table of quantiles; empty if it is.
std::string expected_probability(double probability, std::span<const Jitter::Quantile> before) {
  if (before.empty()) return probability == 0 ? "" : "0 in the first row";
  if (probability <= before.back().probability) return "more than in the row before";
  return probability > 1 ? "at most 1" : "";
}

/// The numbers in the columns probability and latency_s.
std::vector<Jitter::Quantile> read_quantiles_file(const Yaml& yaml) {
  const std::string name = yaml.as_string();
  const bool shipped = name.find_first_of("./") == std::string::npos;
  CsvReader table = loaded_for(yaml, [&] {
    return CsvReader(shipped ? home_folder() / "platforms/measured" / (name + ".csv")
                             : folder_of(yaml) / name);
  });
  const auto probability = table.column("probability");
  const auto latency = table.column("latency_s");
  if (!probability || !latency) {
    throw InputError(table.position(), "",
                     "expected a table with columns probability and latency_s");
  }
  std::vector<Jitter::Quantile> quantiles;
  while (table.next()) {
    const std::string& text = table.text(*probability);
    const auto value = parse_number(text);
    const std::string expected = value ? expected_probability(*value, quantiles) : "a number";
    if (!expected.empty()) {
      throw InputError(table.position(*probability), "probability",
                       fmt::format("got {}, expected {}", in_quotes(text), expected));
    }
    const double least_s = quantiles.empty() ? 0 : quantiles.back().latency_s;
    quantiles.push_back({*value, read_instant(table, *latency, "latency_s", least_s)});
  }
  return quantiles;
}

std::vector<Jitter::Quantile> read_quantiles_list(const Yaml& yaml) {
  std::vector<Jitter::Quantile> quantiles;
  for (const Yaml& item : yaml.items()) {
    item.expect_keys({"probability", "latency"});
    const Yaml probability = item.at("probability");
    const Yaml latency = item.at("latency");
    const Jitter::Quantile next{probability.as_number(0, 1), read_instant(latency)};
    const std::string expected = expected_probability(next.probability, quantiles);
    if (!expected.empty()) probability.fail_expected(expected);
    if (!quantiles.empty() && next.latency_s < quantiles.back().latency_s) {
      latency.fail_expected("no less than in the row before");
    }
    quantiles.push_back(next);
  }
  return quantiles;
}

std::vector<Jitter::Quantile> read_quantiles(const Yaml& yaml) {
  std::vector<Jitter::Quantile> quantiles =
      yaml.is_list() ? read_quantiles_list(yaml) : read_quantiles_file(yaml);
  if (quantiles.size() < 2 || quantiles.back().probability != 1) {
    yaml.fail("must go from probability 0 to probability 1");
  }
  return quantiles;
}

void read_jitter(const Yaml& root, const Names& /*names*/, Disturbances& disturbances) {
  const Yaml yaml = root.at("jitter");
  yaml.expect_keys({"distribution", "mean", "p999", "quantiles"});
  const Yaml distribution = yaml.at("distribution");
  const std::span known(kDistributions);
  const std::string name = distribution.is_scalar() ? distribution.as_string() : "";
  const auto found = std::find(known.begin() + 1, known.end(), name);
  if (found == known.end()) {
    const auto near = nearest_name(name, known.subspan(1));
    distribution.fail_expected(fmt::format("one of {}", fmt::join(known.subspan(1), ", ")),
                               near ? fmt::format("did you mean \"{}\"?", *near) : "");
  }
  Jitter& jitter = disturbances.jitter;
  jitter.distribution = static_cast<JitterDistribution>(found - known.begin());
  const bool empirical = jitter.distribution == JitterDistribution::kEmpirical;
  const bool lognormal = jitter.distribution == JitterDistribution::kLognormal;
  for (const auto& [key, has] : {std::pair("mean", !empirical), std::pair("p999", lognormal),
                                 std::pair("quantiles", empirical)}) {
    const auto given = yaml.find(key);
    if (given && !has) given->fail(fmt::format("the distribution \"{}\" has none", name));
  }
  if (empirical) {
    jitter.quantiles = read_quantiles(yaml.at("quantiles"));
    return;
  }
  jitter.mean_s = yaml.at("mean").as_quantity(Quantity::kDuration);
  if (!lognormal) return;
  const Yaml p999 = yaml.at("p999");
  jitter.p999_s = p999.as_quantity(Quantity::kDuration);
  if (jitter.p999_s <= jitter.mean_s || jitter.p999_s > kMostP999 * jitter.mean_s) {
    p999.fail_expected(fmt::format("more than the mean and at most {:g} times it", kMostP999),
                       "no log-normal distribution has such a mean and 99.9 % quantile");
  }
}

void write_jitter(const Disturbances& disturbances, const Names& /*names*/, YamlTree& node) {
  const Jitter& jitter = disturbances.jitter;
  if (jitter.distribution == JitterDistribution::kNone) return;
  node["jitter"]["distribution"] = std::string(kDistributions[std::size_t(jitter.distribution)]);
  if (jitter.mean_s > 0) node["jitter"]["mean"] = with_unit(jitter.mean_s, "s");
  if (jitter.p999_s > 0) node["jitter"]["p999"] = with_unit(jitter.p999_s, "s");
  for (const Jitter::Quantile& quantile : jitter.quantiles) {
    YamlTree item;
    item["probability"] = number_text(quantile.probability);
    item["latency"] = with_unit(quantile.latency_s, "s");
    node["jitter"]["quantiles"].push_back(item);
  }
}

Failure read_failure(const Yaml& yaml, const Names& names) {
  yaml.expect_keys({"device", "link", "at", "repair"});
  const auto device = yaml.find("device");
  const auto link = yaml.find("link");
  if (device && link) link->fail("give \"device\" or \"link\", not both");
  Failure failure;
  if (link) {
    failure.link = static_cast<std::int32_t>(find_name(*link, names.links, "link"));
  } else {
    failure.device =
        static_cast<std::int32_t>(find_name(yaml.at("device"), names.devices, "device"));
  }
  failure.at_s = read_instant(yaml.at("at"));
  if (const auto repair = yaml.find("repair")) {
    failure.repair_s = read_instant(*repair);
    if (failure.repair_s <= failure.at_s) repair->fail_expected("a time after the failure");
  }
  return failure;
}

void add_failure(const Yaml& yaml, const Failure& failure, std::vector<Failure>& failures) {
  for (const Failure& other : failures) {
    if (other.device == failure.device && other.link == failure.link &&
        failure.at_s < other.repair_s && other.at_s < failure.repair_s) {
      yaml.fail("fails while it has failed already");
    }
  }
  failures.push_back(failure);
}

void read_failures(const Yaml& yaml, const Names& names, Disturbances& disturbances) {
  for (const Yaml& item : yaml.at("failures").items()) {
    add_failure(item, read_failure(item, names), disturbances.failures);
  }
}

void write_failures(const Disturbances& disturbances, const Names& names, YamlTree& node) {
  for (const Failure& failure : disturbances.failures) {
    YamlTree item;
    if (failure.link < 0) {
      item["device"] = names.devices[std::size_t(failure.device)];
    } else {
      item["link"] = names.links[std::size_t(failure.link)];
    }
    item["at"] = with_unit(failure.at_s, "s");
    if (std::isfinite(failure.repair_s)) item["repair"] = with_unit(failure.repair_s, "s");
    node["failures"].push_back(item);
  }
}

void read_policy(const Yaml& yaml, Disturbances& disturbances) {
  const auto policy = yaml.find("policy");
  const auto time = yaml.find("planning_time");
  if (policy) {
    const std::string name = policy->is_scalar() ? policy->as_string() : "";
    const auto found = std::find(kPolicies.begin(), kPolicies.end(), name);
    if (found == kPolicies.end()) {
      const auto near = nearest_name(name, kPolicies);
      policy->fail_expected("fail or replan",
                            near ? fmt::format("did you mean \"{}\"?", *near) : "");
    }
    disturbances.policy = static_cast<FailurePolicy>(found - kPolicies.begin());
    if (!yaml.find("failures")) policy->fail("is for failures, and there are none");
  }
  if (time && !policy) time->fail("is for \"policy: replan\", which is not there");
  const double time_s = time ? time->as_quantity(Quantity::kDuration, /*zero_ok=*/true) : 0;
  if (disturbances.policy != FailurePolicy::kReplan) return;
  if (!time) {
    yaml.fail("missing key \"planning_time\"",
              "how long planning takes in simulated time, 0s if none");
  }
  disturbances.planning_time_s = time_s;
}

void write_policy(const Disturbances& disturbances, YamlTree& node) {
  if (disturbances.policy != FailurePolicy::kReplan || disturbances.failures.empty()) return;
  node["policy"] = std::string(kPolicies[std::size_t(disturbances.policy)]);
  node["planning_time"] = with_unit(disturbances.planning_time_s, "s");
}

/// One key of `disturbances:`.
struct Kind {
  std::string_view key;
  /// Adds what the map `yaml` says under the key, which is there.
  void (*read)(const Yaml& yaml, const Names& names, Disturbances& disturbances);
  /// Adds the key to `node` if there is any of it.
  void (*write)(const Disturbances& disturbances, const Names& names, YamlTree& node);
};

constexpr std::array kKinds{
    Kind{"bandwidth", read_bandwidth, write_bandwidth}, Kind{"speed", read_speed, write_speed},
    Kind{"background", read_all_background, write_background},
    Kind{"jitter", read_jitter, write_jitter}, Kind{"failures", read_failures, write_failures}};

}  // namespace

Disturbances read_disturbances(const Yaml& yaml, const Cluster& cluster) {
  std::vector<std::string_view> keys;
  for (const Kind& kind : kKinds) keys.push_back(kind.key);
  if (!yaml.is_map()) {
    yaml.fail_expected(fmt::format("a map of {} and {}",
                                   fmt::join(keys.begin(), keys.end() - 1, ", "), keys.back()));
  }
  keys.insert(keys.end(), {"policy", "planning_time"});  // what becomes of failures
  yaml.expect_keys(keys);
  const Names names = names_of(cluster);
  Disturbances disturbances;
  for (const Kind& kind : kKinds) {
    if (yaml.find(kind.key)) kind.read(yaml, names, disturbances);
  }
  read_policy(yaml, disturbances);
  return disturbances;
}

YamlTree disturbances_node(const Disturbances& disturbances, const Cluster& cluster) {
  const Names names = names_of(cluster);
  YamlTree node;
  for (const Kind& kind : kKinds) kind.write(disturbances, names, node);
  write_policy(disturbances, node);
  return node;
}

Cluster with_traces(const Cluster& cluster, const Disturbances& disturbances, bool best) {
  Network network = cluster.network();
  for (const Trace& trace : disturbances.bandwidths) {
    for (const int link : trace.of) {
      double& bandwidth_Bps = network.links[std::size_t(link)].bandwidth_Bps;
      for (const auto& step : trace.steps) {
        if (step.at_s == 0) bandwidth_Bps = step.value;
        if (best) bandwidth_Bps = std::max(bandwidth_Bps, step.value);
      }
    }
  }
  return {cluster.name(),
          {cluster.devices().begin(), cluster.devices().end()},
          std::move(network),
          cluster.source(),
          cluster.sink()};
}

}  // namespace edgeflow
