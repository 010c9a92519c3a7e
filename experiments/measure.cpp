#include "experiments/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "partition/bound.hpp"
#include "partition/estimate.hpp"

namespace edgeflow {
namespace {

/// Rounding of sums of a few thousand terms.
constexpr double kTolerance = 1e-9;

template <typename Records, typename Value>
double sum(const Records& records, Value value) {
  return std::accumulate(records.begin(), records.end(), 0.0,
                         [&](double total, const auto& record) { return total + value(record); });
}

bool equal(double a, double b) { return std::abs(a - b) <= kTolerance * std::max(a, b); }

void measure_requests(const SimulationResult& result, RunReport& report) {
  const std::vector<RequestRecord>& requests = result.requests;
  const auto count = static_cast<double>(requests.size());
  std::vector<double> latencies_s;
  double first_s = requests.front().arrival_s;
  double last_s = 0;
  for (const RequestRecord& request : requests) {
    latencies_s.push_back(request.finish_s - request.arrival_s);
    first_s = std::min(first_s, request.arrival_s);
    last_s = std::max(last_s, request.finish_s);
  }
  std::sort(latencies_s.begin(), latencies_s.end());
  report.latency_s = std::accumulate(latencies_s.begin(), latencies_s.end(), 0.0) / count;
  report.latency_p50_s = percentile(latencies_s, 50);
  report.latency_p95_s = percentile(latencies_s, 95);
  report.latency_p99_s = percentile(latencies_s, 99);
  report.latency_max_s = latencies_s.back();
  if (last_s > first_s) report.throughput_rps = count / (last_s - first_s);
  report.compute_s = sum(requests, [](const auto& r) { return r.compute_s; }) / count;
  report.transfer_s = sum(requests, [](const auto& r) { return r.transfer_s; }) / count;
  report.queue_s = sum(requests, [](const auto& r) { return r.queue_s; }) / count;
  report.wait_s = sum(requests, [](const auto& r) { return r.wait_s; }) / count;
}

void measure_devices(const SimulationResult& result, RunReport& report) {
  report.bytes_moved = sum(result.devices, [](const auto& d) { return d.sent_bytes; });
  report.energy_J = sum(result.devices, [](const auto& d) { return d.energy_J; });
  double peak_bytes = 0;
  for (const DeviceRecord& device : result.devices) {
    peak_bytes = std::max(peak_bytes, device.peak_memory_bytes);
  }
  report.peak_memory_bytes = peak_bytes;
}

/// What a correct simulator cannot have produced; empty if nothing.
std::string contradiction(const Plan& plan, const SimulationResult& result,
                          const Scenario& scenario, const RunReport& report) {
  const auto messages = messages_of(plan, scenario.element_size());
  const double planned = sum(messages, [](const Message& m) { return m.bytes; }) *
                         static_cast<double>(result.requests.size());
  const double received = sum(result.devices, [](const auto& d) { return d.received_bytes; });
  if (!equal(*report.bytes_moved, planned) || !equal(received, planned)) {
    return fmt::format("bug: {} bytes planned, {} sent, {} received", planned, *report.bytes_moved,
                       received);
  }
  for (const RequestRecord& request : result.requests) {
    const double latency_s = request.finish_s - request.arrival_s;
    if (latency_s < *report.lower_bound_s * (1 - kTolerance)) {
      return fmt::format("bug: a latency of {} s is below the lower bound of {} s", latency_s,
                         *report.lower_bound_s);
    }
  }
  return "";
}

}  // namespace

double percentile(std::span<const double> ascending, int percent) {
  const std::size_t rank =
      (ascending.size() * static_cast<std::size_t>(percent) + 99) / 100;  // from 1
  return ascending[std::max<std::size_t>(rank, 1) - 1];
}

void measure_plan(const Plan& plan, const Scenario& scenario, RunReport& report) {
  const Graph& graph = scenario.model->graph;
  const Cluster& cluster = *scenario.cluster;
  report.predicted_latency_s =
      estimate(plan, graph, cluster, scenario.element_size(), scenario.effects, Sharing::kMaxMin)
          .latency_s;
  report.lower_bound_s = lower_bound_s(graph, cluster, scenario.effects);
  report.redundant_macs_ratio = redundant_macs_ratio(plan, graph);
  report.units = static_cast<double>(plan.units.size());
  report.messages = static_cast<double>(messages_of(plan, scenario.element_size()).size());
  std::set<DeviceId> used;
  for (const ExecutionUnit& unit : plan.units) {
    if (unit.kind == UnitKind::kCompute) used.insert(unit.device);
  }
  report.devices_used = static_cast<double>(used.size());
}

void measure_result(const Plan& plan, const SimulationResult& result, const Scenario& scenario,
                    RunReport& report) {
  report.status = result.status;
  report.message = result.message;
  report.sim_wall_s = result.wall_s;
  report.sim_cpu_s = result.cpu_s;
  report.max_rss_kB = static_cast<double>(result.max_rss_kB);
  if (result.status != Status::kOk) return;
  measure_requests(result, report);
  measure_devices(result, report);
  // The prediction is for a request that has the cluster to itself.
  if (scenario.requests.process == ArrivalProcess::kClosed && *report.latency_s > 0) {
    report.prediction_error = *report.predicted_latency_s / *report.latency_s - 1;
  }
  if (*report.lower_bound_s > 0) {
    report.optimality_gap = *report.latency_s / *report.lower_bound_s - 1;
  }
  const std::string bug = contradiction(plan, result, scenario, report);
  if (bug.empty()) return;
  report.status = Status::kFailed;
  report.message = bug;
}

}  // namespace edgeflow
