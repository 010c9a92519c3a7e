#include "experiments/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "experiments/table.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxRows = 100;

/// A cell of runs.csv in other units, "-" if it is empty.
std::string figure(const std::string& cell, double scale, int digits) {
  if (cell.empty()) return "-";
  return fmt::format("{:.{}f}", std::strtod(cell.c_str(), nullptr) * scale, digits);
}

/// The axes with a column of their own, by position: not the strategy, which has one anyway, nor
/// lists and maps ("#0") where a label names them.
std::vector<std::size_t> shown_axes(std::span<const Record> records) {
  const auto& axes = records.front().axes;
  const bool has_label = std::any_of(
      axes.begin(), axes.end(), [](const auto& axis) { return axis.first.starts_with("label."); });
  std::vector<std::size_t> shown;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const std::string& key = axes[a].first;
    if (key == "strategy" || key.starts_with("strategy.")) continue;
    const bool unnamed = std::all_of(records.begin(), records.end(), [&](const Record& record) {
      return record.axes[a].second.starts_with('#');
    });
    if (!has_label || !unnamed) shown.push_back(a);
  }
  return shown;
}

/// "cluster.network.bandwidth" -> "bandwidth".
std::string short_name(const std::string& axis) { return axis.substr(axis.rfind('.') + 1); }

}  // namespace

std::string summary(std::span<const Record> records) {
  std::vector<std::string> header;
  std::string alignment;
  const auto repeated = [](const Record& record) { return record.at("repetition") != "0"; };
  const bool repetitions = std::any_of(records.begin(), records.end(), repeated);
  const std::vector<std::size_t> axes = shown_axes(records);
  for (const std::size_t a : axes) {
    header.push_back(short_name(records.front().axes[a].first));
    alignment += 'l';
  }
  if (repetitions) {
    header.emplace_back("repetition");
    alignment += 'r';
  }
  for (const char* name : {"strategy", "status", "latency ms", "predicted ms", "speedup",
                           "moved MB", "energy J", "peak MiB"}) {
    header.emplace_back(name);
  }
  alignment += "llrrrrrr";
  std::vector<std::vector<std::string>> rows{header};
  for (const Record& record : records.first(std::min(records.size(), kMaxRows))) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const std::size_t a : axes) row.push_back(record.axes[a].second);
    if (repetitions) row.push_back(record.at("repetition"));
    const std::string& options = record.at("strategy_options");
    row.push_back(options.empty() ? record.at("strategy")
                                  : fmt::format("{} ({})", record.at("strategy"), options));
    row.push_back(record.at("status"));
    row.push_back(figure(record.at("latency_s"), 1e3, 1));
    row.push_back(figure(record.at("predicted_latency_s"), 1e3, 1));
    row.push_back(figure(record.at("speedup_over_baseline"), 1, 2));
    row.push_back(figure(record.at("bytes_moved"), 1e-6, 2));
    row.push_back(figure(record.at("energy_J"), 1, 2));
    row.push_back(figure(record.at("peak_memory_bytes"), 1.0 / (1024 * 1024), 1));
  }
  std::string text = aligned(rows, alignment);
  if (records.size() > kMaxRows) {
    text += fmt::format("... and {} more, see runs.csv\n", records.size() - kMaxRows);
  }
  return text;
}

std::string headline(const Network& network) {
  if (network.bandwidth_Bps == 0) {
    return fmt::format("{} of {} links", to_string(network.type), network.links.size());
  }
  return fmt::format("{} at {:g} Mbit/s", to_string(network.type), network.bandwidth_Bps * 8e-6);
}

std::string headline(const Scenario& scenario) {
  std::vector<std::string> devices;
  std::map<std::string, int> counts;
  for (const Device& device : scenario.cluster->devices()) {
    const std::string& type = device.type.empty() ? device.name : device.type;
    if (counts[type]++ == 0) devices.push_back(type);
  }
  for (std::string& device : devices) device = fmt::format("{} {}", counts[device], device);
  return fmt::format("{}: {} on {}, {}, {} request{}", scenario.name, scenario.model->graph.name(),
                     fmt::join(devices, ", "), headline(scenario.cluster->network()),
                     scenario.requests.count, scenario.requests.count == 1 ? "" : "s");
}

}  // namespace edgeflow
