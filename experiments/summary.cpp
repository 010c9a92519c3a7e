#include "experiments/summary.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "experiments/table.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxRows = 100;

std::string figure(std::optional<double> value, double scale, int digits) {
  if (!value || !std::isfinite(*value)) return "-";
  return fmt::format("{:.{}f}", *value * scale, digits);
}

bool shown_already(const std::string& axis) {
  return axis == "strategy" || axis.starts_with("strategy.");
}

/// "cluster.network.bandwidth" -> "bandwidth".
std::string short_name(const std::string& axis) { return axis.substr(axis.rfind('.') + 1); }

}  // namespace

std::string summary(std::span<const RunReport> reports) {
  std::vector<std::string> header;
  std::string alignment;
  for (const auto& [key, value] : reports.front().axes) {
    if (shown_already(key)) continue;
    header.push_back(short_name(key));
    alignment += 'l';
  }
  for (const char* name : {"strategy", "status", "latency ms", "predicted ms", "speedup",
                           "moved MB", "energy J", "peak MiB"}) {
    header.emplace_back(name);
  }
  alignment += "llrrrrrr";
  std::vector<std::vector<std::string>> rows{header};
  for (const RunReport& report : reports.first(std::min(reports.size(), kMaxRows))) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const auto& [key, value] : report.axes) {
      if (!shown_already(key)) row.push_back(value);
    }
    row.push_back(report.strategy_options.empty()
                      ? report.strategy
                      : fmt::format("{} ({})", report.strategy, report.strategy_options));
    row.emplace_back(to_string(report.status));
    row.push_back(figure(report.latency_s, 1e3, 1));
    row.push_back(figure(report.predicted_latency_s, 1e3, 1));
    row.push_back(figure(report.speedup_over_baseline, 1, 2));
    row.push_back(figure(report.bytes_moved, 1e-6, 2));
    row.push_back(figure(report.energy_J, 1, 2));
    row.push_back(figure(report.peak_memory_bytes, 1.0 / (1024 * 1024), 1));
  }
  std::string text = aligned(rows, alignment);
  if (reports.size() > kMaxRows) {
    text += fmt::format("... and {} more, see runs.csv\n", reports.size() - kMaxRows);
  }
  return text;
}

std::string headline(const Scenario& scenario) {
  const Network& network = scenario.cluster->network();
  std::vector<std::string> devices;
  std::map<std::string, int> counts;
  for (const Device& device : scenario.cluster->devices()) {
    const std::string& type = device.type.empty() ? device.name : device.type;
    if (counts[type]++ == 0) devices.push_back(type);
  }
  for (std::string& device : devices) device = fmt::format("{} {}", counts[device], device);
  return fmt::format("{}: {} on {}, {} at {:g} Mbit/s, {} request{}", scenario.name,
                     scenario.model->graph.name(), fmt::join(devices, ", "),
                     network.type == NetworkType::kWifi ? "wifi" : "switch",
                     network.bandwidth_Bps * 8e-6, scenario.requests.count,
                     scenario.requests.count == 1 ? "" : "s");
}

}  // namespace edgeflow
