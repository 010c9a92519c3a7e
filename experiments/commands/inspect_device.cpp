#include "experiments/commands/inspect_device.hpp"

#include <fmt/format.h>

#include <cmath>

#include "experiments/commands/inspect.hpp"
#include "workloads/input/text_table.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

/// Of the fit, in shares; null if it is not known.
Json error_json(const std::optional<FitError>& error) {
  if (!error) return nullptr;
  return {{"median", error->median}, {"p90", error->p90}, {"points", error->points}};
}

Json device_json(const DeviceProfile& profile) {
  Json json{{"name", profile.name},
            {"description", profile.description},
            {"memory_bytes", number_json(profile.memory_bytes)},
            {"wired_Bps", number_json(profile.wired_Bps)},
            {"wifi_Bps", number_json(profile.wifi_Bps)}};
  for (const Power& power : powers()) {
    json[std::string(power.name)] = number_json(profile.*power.member);
  }
  json["precisions"] = Json::array();  // empty: all
  for (const Precision precision : profile.precisions) {
    json["precisions"].push_back(to_string(precision));
  }
  json["compute"] = Json::array();
  for (const ComputeProfile& compute : profile.compute)
    json["compute"].push_back(compute_json(compute));
  return json;
}

/// "18 % (56.4 %) of 27": median and 90th percentile of how far the fit is off, each network left out.
std::string error_text(const std::optional<FitError>& error) {
  if (!error) return "-";
  return fmt::format("{:.3g} % ({:.3g} %) of {}", error->median * 100, error->p90 * 100,
                     error->points);
}

std::string compute_table(const DeviceProfile& profile) {
  std::vector<std::vector<std::string>> rows{{"framework", "threads", "precision"}};
  for (const Rate& rate : rates()) rows[0].emplace_back(rate.heading);
  rows[0].insert(rows[0].end(), {"messaging", "fit off by"});
  for (const ComputeProfile& compute : profile.compute) {
    std::vector<std::string>& row = rows.emplace_back();
    row = {compute.framework, std::to_string(compute.threads),
           compute.precision ? std::string(to_string(*compute.precision)) : "-"};
    for (const Rate& rate : rates()) row.push_back(rate_text(rate, compute.*rate.member));
    row.push_back(compute.messaging.empty() ? "-" : compute.messaging);
    row.push_back(error_text(compute.error));
  }
  return aligned(rows, "lrl" + std::string(rates().size(), 'r') + "ll");
}

std::string sources(const DeviceProfile& profile) {
  std::string text;
  for (const ComputeProfile& compute : profile.compute) {
    if (!compute.source.empty())
      text += fmt::format("  {}: {}\n", describe(compute), compute.source);
  }
  return text.empty() ? "" : "\nsources\n" + text;
}

}  // namespace

Json number_json(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string or_dash(double value, double scale, const char* unit) {
  return std::isfinite(value) ? fmt::format("{:g} {}", value * scale, unit) : "-";
}

std::string rate_text(const Rate& rate, double value) {
  if (!rate.unit) return fmt::format("{:g}", value);
  if (*rate.unit == Quantity::kDuration) return or_dash(value, 1e6, "us");
  return or_dash(value, 1e-9, *rate.unit == Quantity::kMacRate ? "GMAC/s" : "GB/s");
}

Json compute_json(const ComputeProfile& compute) {
  Json json;
  json["framework"] = compute.framework;
  json["threads"] = compute.threads;
  json["precision"] = compute.precision ? Json(to_string(*compute.precision)) : Json();
  json["precision_inferred"] = compute.precision_inferred;
  json["error"] = error_json(compute.error);
  for (const Rate& rate : rates()) {
    json[std::string(rate.name)] = number_json(compute.*rate.member);
  }
  if (compute.layer_times) {
    for (const auto& [model, layers] : compute.layer_times->models) {
      for (const auto& [layer, time] : layers) json["layer_time_s"][model][layer] = time.time_s;
    }
  }
  json["messaging"] = compute.messaging;
  json["sends"] = to_string(compute.sends);
  json["source"] = compute.source;
  return json;
}

std::string inspect_device(const DeviceProfile& profile, InspectFormat format) {
  if (format == InspectFormat::kJson) return device_json(profile).dump(2) + "\n";
  std::string text = fmt::format(
      "{}: {}\n\nmemory    {}\nwired     {}\nwifi      {}\n", profile.name, profile.description,
      or_dash(profile.memory_bytes, 1.0 / (1 << 30), "GiB"),
      or_dash(profile.wired_Bps, 8e-6, "Mbit/s"), or_dash(profile.wifi_Bps, 8e-6, "Mbit/s"));
  for (const Power& power : powers()) {
    text += fmt::format("{:8}  {}\n", power.key, or_dash(profile.*power.member, 1, "W"));
  }
  return text + "\n" + compute_table(profile) + sources(profile);
}

}  // namespace edgeflow
