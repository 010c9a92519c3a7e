#include "experiments/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

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

double sum_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

bool equal(double a, double b) { return std::abs(a - b) <= kTolerance * std::max(a, b); }

double latency_of(const RequestRecord& request) { return request.finish_s - request.arrival_s; }

/// Without the first requests, which find the cluster idle.
std::span<const RequestRecord> counted(const SimulationResult& result, const Requests& requests) {
  return std::span(result.requests).subspan(static_cast<std::size_t>(requests.warm_up));
}

void measure_latency(std::span<const RequestRecord> requests, RunReport& report) {
  const auto count = static_cast<double>(requests.size());
  std::vector<double> latencies_s;
  for (const RequestRecord& request : requests) latencies_s.push_back(latency_of(request));
  std::sort(latencies_s.begin(), latencies_s.end());
  report.latency_s = std::accumulate(latencies_s.begin(), latencies_s.end(), 0.0) / count;
  report.latency_p50_s = percentile(latencies_s, 50);
  report.latency_p95_s = percentile(latencies_s, 95);
  report.latency_p99_s = percentile(latencies_s, 99);
  report.latency_max_s = latencies_s.back();
  report.compute_s = sum(requests, [](const auto& r) { return r.compute_s; }) / count;
  report.transfer_s = sum(requests, [](const auto& r) { return r.transfer_s; }) / count;
  report.queue_s = sum(requests, [](const auto& r) { return r.queue_s; }) / count;
  report.wait_s = sum(requests, [](const auto& r) { return r.wait_s; }) / count;
}

double last_finish_s(std::span<const RequestRecord> requests) {
  double last_s = 0;
  for (const RequestRecord& request : requests) last_s = std::max(last_s, request.finish_s);
  return last_s;
}

void measure_rates(const SimulationResult& result, const Requests& requests, RunReport& report) {
  const auto measured = counted(result, requests);
  report.requests = static_cast<double>(measured.size());
  const double first_s = result.requests.front().arrival_s;
  const double last_s = last_finish_s(result.requests);
  const double start_s =
      requests.warm_up == 0
          ? first_s
          : last_finish_s(
                std::span(result.requests).first(static_cast<std::size_t>(requests.warm_up)));
  if (last_s > start_s) report.throughput_rps = *report.requests / (last_s - start_s);
  if (last_s > first_s) report.mean_in_flight = sum_of(result.in_flight_s) / (last_s - first_s);
  if (requests.deadline_s > 0) {
    report.deadline_miss_ratio =
        sum(measured,
            [&](const auto& r) { return latency_of(r) > requests.deadline_s ? 1.0 : 0; }) /
        *report.requests;
  }
}

/// Requests that have arrived by `now_s` but are not done.
double in_flight(const SimulationResult& result, double now_s) {
  return sum(result.requests, [&](const RequestRecord& request) {
    return request.arrival_s <= now_s && request.finish_s > now_s ? 1.0 : 0.0;
  });
}

/// Whether the cluster keeps up with requests that do not wait for it.
void measure_overload(const SimulationResult& result, RunReport& report) {
  const auto& requests = result.requests;
  const double first_s = requests.front().arrival_s;
  const double last_s = requests.back().arrival_s;
  if (last_s <= first_s) return;
  double busiest_s = 0;
  for (const DeviceRecord& device : result.devices) busiest_s = std::max(busiest_s, device.busy_s);
  for (const LinkRecord& link : result.links) busiest_s = std::max(busiest_s, link.busy_s);
  // Over the second half of the arrivals: the first one fills the cluster.
  const std::size_t half = requests.size() / 2;
  const double half_s = requests[half].arrival_s;
  const auto count = static_cast<double>(requests.size());
  report.offered_load = busiest_s / (last_s - first_s) * (count - 1) / count;
  if (last_s <= half_s) return;
  const double growth = in_flight(result, last_s) - in_flight(result, half_s);
  report.queue_growth_rps = growth / (last_s - half_s);
  // By chance it grows by the root of the number of arrivals.
  report.overloaded = growth > 2 * std::sqrt(static_cast<double>(requests.size() - half)) ? 1 : 0;
}

void measure_devices(const SimulationResult& result, RunReport& report) {
  report.bytes_moved = sum(result.devices, [](const auto& d) { return d.sent_bytes; });
  report.energy_J = sum(result.devices, [](const auto& d) { return d.energy_J; });
  report.link_energy_J = sum(result.links, [](const auto& l) { return l.energy_J; });
  report.energy_per_request_J = sum(result.requests, [](const auto& r) { return r.energy_J; }) /
                                static_cast<double>(result.requests.size());
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
    const double latency_s = latency_of(request);
    if (latency_s < *report.lower_bound_s * (1 - kTolerance)) {
      return fmt::format("bug: a latency of {} s is below the lower bound of {} s", latency_s,
                         *report.lower_bound_s);
    }
  }
  // Little's law, counted in two ways: while the simulation ran, and from its records.
  const double latencies_s = sum(result.requests, latency_of);
  const double in_flight_s = sum_of(result.in_flight_s);
  if (!equal(latencies_s, in_flight_s)) {
    return fmt::format("bug: latencies sum to {} s, requests in flight to {} s", latencies_s,
                       in_flight_s);
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
  report.lower_bound_s = scenario.lower_bound_s();
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
  const Requests& requests = scenario.requests;
  measure_latency(counted(result, requests), report);
  measure_rates(result, requests, report);
  if (!requests.closed()) measure_overload(result, report);
  measure_devices(result, report);
  // The prediction is for a request that has the cluster to itself.
  if (requests.closed() && requests.concurrency == 1 && *report.latency_s > 0) {
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
