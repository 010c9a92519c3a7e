#include "experiments/results/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "partition/prices/demand.hpp"
#include "partition/prices/estimate.hpp"

namespace edgeflow {
namespace {

/// Rounding of sums of a few thousand terms.
constexpr double kTolerance = 1e-9;

template <typename Records, typename Value>
double sum(const Records& records, Value value) {
  return std::accumulate(records.begin(), records.end(), 0.0,
                         [&](double total, const auto& record) { return total + value(record); });
}

template <typename Container>
std::int64_t count_of(const Container& container) {
  return static_cast<std::int64_t>(container.size());
}

// Of an instant: differences of instants are as exact as these, after thousands of sums.
constexpr double kRounding = 1e-12;

bool equal(double a, double b) { return std::abs(a - b) <= kTolerance * std::max(a, b); }

double latency_of(const RequestRecord& request) { return request.finish_s - request.arrival_s; }

double mean_energy_J(std::span<const RequestRecord> requests) {
  return sum(requests, [](const auto& r) { return r.energy_J; }) /
         static_cast<double>(requests.size());
}

/// The share of MACs that is computed more than once.
double redundant_ratio(double macs, double needed_macs) {
  return needed_macs > 0 ? macs / needed_macs - 1 : 0;
}

/// The requests of a stream, and what was asked of them.
struct StreamRequests {
  std::span<const RequestRecord> all;
  const Requests* asked;
  double in_flight_s;  // integrated over time

  std::span<const RequestRecord> warm_up() const { return all.first(index(asked->warm_up)); }
  /// Without the first requests, which find the cluster idle.
  std::span<const RequestRecord> counted() const { return all.subspan(index(asked->warm_up)); }
};

std::vector<StreamRequests> requests_by_stream(const SimulationResult& result,
                                               const Scenario& scenario) {
  std::vector<StreamRequests> streams;
  std::size_t first = 0;
  for (const Workload& stream : scenario.workloads) {
    const std::size_t count = index(stream.requests.count);
    streams.push_back({std::span(result.requests).subspan(first, count), &stream.requests,
                       result.in_flight_s.at(streams.size())});
    first += count;
  }
  return streams;
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

double first_arrival_s(std::span<const RequestRecord> requests) {
  return requests.front().arrival_s;
}

/// Completions per second. The cluster has as much begun at the end of the time that counts as at
/// its beginning, which is when as many requests are done as the warm-up has: work that was begun
/// before is not taken for work of that time. In a run too short for that, all completions count,
/// from the first arrival.
std::optional<double> throughput_rps(const StreamRequests& stream) {
  std::vector<double> finishes_s;
  for (const RequestRecord& request : stream.all) finishes_s.push_back(request.finish_s);
  std::sort(finishes_s.begin(), finishes_s.end());
  std::size_t from = stream.warm_up().size();  // completions until the beginning
  double begin_s = first_arrival_s(stream.all);
  std::size_t to = finishes_s.size();
  if (from > 0) {
    const double warm_s = finishes_s[from - 1];
    const auto begun = std::ranges::count_if(stream.all, [&](const RequestRecord& request) {
      return request.arrival_s + request.wait_s < warm_s && request.finish_s > warm_s;
    });
    if (from + index(begun) < to) {
      to -= index(begun);
      begin_s = warm_s;
    } else {
      from = 0;
    }
  }
  const double end_s = finishes_s[to - 1];
  if (end_s <= begin_s) return std::nullopt;
  return static_cast<double>(to - from) / (end_s - begin_s);
}

void measure_rates(const StreamRequests& stream, RunReport& report) {
  report.requests = count_of(stream.counted());
  report.throughput_rps = throughput_rps(stream);
  const double first_s = first_arrival_s(stream.all);
  const double last_s = last_finish_s(stream.all);
  if (last_s > first_s) report.mean_in_flight = stream.in_flight_s / (last_s - first_s);
  const double deadline_s = stream.asked->deadline_s;
  if (deadline_s == 0) return;
  report.deadline_miss_ratio =
      sum(stream.counted(), [&](const auto& r) { return latency_of(r) > deadline_s ? 1.0 : 0; }) /
      static_cast<double>(*report.requests);
}

/// Requests that have arrived by `now_s` but are not done.
double in_flight(std::span<const RequestRecord> requests, double now_s) {
  return sum(requests, [&](const RequestRecord& request) {
    return request.arrival_s <= now_s && request.finish_s > now_s ? 1.0 : 0.0;
  });
}

/// Whether the cluster keeps up with requests that do not wait for it.
void measure_overload(std::span<const RequestRecord> requests, RunReport& report) {
  // Over the second half of the arrivals: the first one fills the cluster.
  const std::size_t half = requests.size() / 2;
  const double half_s = requests[half].arrival_s;
  const double last_s = requests.back().arrival_s;
  if (last_s <= half_s) return;
  const double growth = in_flight(requests, last_s) - in_flight(requests, half_s);
  report.queue_growth_rps = growth / (last_s - half_s);
  // By chance it grows by the root of the number of arrivals.
  report.overloaded = growth > 2 * std::sqrt(static_cast<double>(requests.size() - half));
}

/// What concerns one stream only.
void measure_stream(const Scenario& scenario, const StreamRequests& stream, RunReport& report) {
  measure_latency(stream.counted(), report);
  measure_rates(stream, report);
  if (!stream.asked->closed()) measure_overload(stream.all, report);
  report.energy_per_request_J = mean_energy_J(stream.counted());
  // The estimate is for a request that has the cluster to itself.
  const bool alone = !scenario.has_streams() && stream.asked->concurrency == 1;
  if (stream.asked->closed() && alone && *report.latency_s > 0) {
    report.estimate_gap = *report.estimated_latency_s / *report.latency_s - 1;
  }
  if (*report.lower_bound_s > 0) {
    report.optimality_gap = *report.latency_s / *report.lower_bound_s - 1;
  }
}

/// The figures of all streams together, from those of each.
void measure_together(std::span<const StreamRequests> streams, RunReport& report) {
  std::vector<RequestRecord> counted;
  std::vector<RequestRecord> all;
  double limited = 0;
  double missed = 0;
  double in_flight_s = 0;
  const auto add = [](auto& total, const auto& part) {
    if (part) total = total.value_or(0) + *part;
  };
  for (std::size_t s = 0; s < streams.size(); ++s) {
    const RunReport& stream = report.streams[s];
    counted.insert(counted.end(), streams[s].counted().begin(), streams[s].counted().end());
    all.insert(all.end(), streams[s].all.begin(), streams[s].all.end());
    in_flight_s += streams[s].in_flight_s;
    add(report.requests, stream.requests);
    add(report.throughput_rps, stream.throughput_rps);
    add(report.queue_growth_rps, stream.queue_growth_rps);
    if (stream.overloaded) {
      report.overloaded = report.overloaded.value_or(false) || *stream.overloaded;
    }
    if (!stream.deadline_miss_ratio) continue;
    const auto requests = static_cast<double>(*stream.requests);
    limited += requests;
    missed += *stream.deadline_miss_ratio * requests;
  }
  if (limited > 0) report.deadline_miss_ratio = missed / limited;
  measure_latency(counted, report);
  double first_s = first_arrival_s(all);
  for (const StreamRequests& stream : streams) {
    first_s = std::min(first_s, first_arrival_s(stream.all));
  }
  const double last_s = last_finish_s(all);
  if (last_s > first_s) report.mean_in_flight = in_flight_s / (last_s - first_s);
  report.energy_per_request_J = mean_energy_J(counted);
}

void measure_devices(const SimulationResult& result, RunReport& report) {
  report.bytes_moved = sum(result.devices, [](const auto& d) { return d.sent_bytes; });
  report.energy_J = sum(result.devices, [](const auto& d) { return d.energy_J; });
  report.link_energy_J = sum(result.links, [](const auto& l) { return l.energy_J; });
  double peak_bytes = 0;
  for (const DeviceRecord& device : result.devices) {
    peak_bytes = std::max(peak_bytes, device.peak_memory_bytes);
  }
  report.peak_memory_bytes = peak_bytes;
}

/// What a correct simulator cannot have produced; empty if nothing.
std::string contradiction(const Plans& plans, const SimulationResult& result,
                          const Scenario& scenario, const RunReport& report) {
  const auto requests = requests_by_stream(result, scenario);
  double planned = 0;
  for (std::size_t s = 0; s < requests.size(); ++s) {
    IdVector<PlanId, double> bytes;  // of a request
    for (const MadePlan& made : plans[s].made) bytes.push_back(made.executable->message_bytes());
    planned +=
        sum(requests[s].all, [&](const RequestRecord& request) { return bytes[request.plan]; });
  }
  planned += result.lost_bytes;
  const double received = sum(result.devices, [](const auto& d) { return d.received_bytes; });
  if (!equal(*report.bytes_moved, planned) || !equal(received, planned)) {
    return fmt::format("bug: {} bytes planned, {} sent, {} received", planned, *report.bytes_moved,
                       received);
  }
  for (std::size_t s = 0; s < requests.size(); ++s) {
    const double bound_s =
        !scenario.has_streams() ? *report.lower_bound_s : *report.streams[s].lower_bound_s;
    for (const RequestRecord& request : requests[s].all) {
      const double latency_s = latency_of(request);
      if (latency_s < bound_s * (1 - kTolerance) - kRounding * request.finish_s) {
        return fmt::format("bug: {}a latency of {} s is below the lower bound of {} s",
                           scenario.workloads[s].label(), latency_s, bound_s);
      }
    }
    // Little's law, counted in two ways: while the simulation ran, and from its records.
    const double latencies_s = sum(requests[s].all, latency_of);
    const double rounding_s =
        kRounding * sum(requests[s].all, [](const auto& r) { return r.finish_s; });
    if (!equal(latencies_s, requests[s].in_flight_s) &&
        std::abs(latencies_s - requests[s].in_flight_s) > rounding_s) {
      return fmt::format("bug: {}latencies sum to {} s, requests in flight to {} s",
                         scenario.workloads[s].label(), latencies_s, requests[s].in_flight_s);
    }
  }
  return "";
}

/// A latency that none of a stream's plans can beat. Devices that fail only raise it; new routes
/// may lower it, where it counts links.
double lower_bound_s(const StreamPlans& plans, const Scenario& scenario, const Workload& workload) {
  double bound_s = scenario.lower_bound_s(workload, *workload.cluster);
  if (scenario.bound == BoundKind::kSimple) return bound_s;
  for (const MadePlan& made : plans.made) {
    if (made.cluster == plans.made.front().cluster) continue;
    bound_s = std::min(bound_s, scenario.lower_bound_s(workload, *made.left));
  }
  return bound_s;
}

/// What failures cost a stream until the makespan.
void measure_replans(const StreamPlans& plans, std::span<const RequestRecord> requests,
                     double makespan_s, RunReport& report) {
  // The estimate is of the first plan, and of a request that nothing throws back.
  const bool changed = !plans.changes.empty() && plans.changes.front().at_s < makespan_s;
  if (changed) report.estimate_gap.reset();
  report.replans = std::count_if(plans.begun_s.begin(), plans.begun_s.end(),
                                 [&](double begun_s) { return begun_s <= makespan_s; });
  report.outage_s = 0;
  for (std::size_t c = 0; c < plans.changes.size(); ++c) {
    if (plans.changes[c].plan != kNoPlan) continue;
    const bool last = c + 1 == plans.changes.size();
    const double end_s = last ? makespan_s : std::min(plans.changes[c + 1].at_s, makespan_s);
    *report.outage_s += std::max(end_s - plans.changes[c].at_s, 0.0);
  }
  report.aborted = 0;
  for (const RequestRecord& request : requests) *report.aborted += request.aborted;
}

void measure_plan(const StreamPlans& plans, const Scenario& scenario, const Workload& workload,
                  RunReport& report) {
  const ExecutablePlan& plan = plans.first();
  report.estimated_latency_s = estimate(plan, Sharing::kMaxMin).latency_s;
  report.lower_bound_s = lower_bound_s(plans, scenario, workload);
  report.redundant_macs_ratio = redundant_ratio(plan.macs, plan.model_macs());
  report.units = count_of(plan.units);
  report.messages = count_of(plan.messages);
  report.devices_used = count_of(plan.computing_devices());
  const double period_s = demand(plan).period_s();
  if (period_s > 0) report.capacity_rps = 1 / period_s;
}

}  // namespace

double mean_latency_s(const SimulationResult& result, const Scenario& scenario) {
  double total_s = 0;
  std::size_t count = 0;
  for (const StreamRequests& stream : requests_by_stream(result, scenario)) {
    total_s += sum(stream.counted(), latency_of);
    count += stream.counted().size();
  }
  return total_s / static_cast<double>(count);
}

Interval interval_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto finite = [](double value) {
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  };
  return {finite(percentile(values, 5)), finite(percentile(values, 95))};
}

double percentile(std::span<const double> ascending, int percent) {
  const std::size_t rank = (ascending.size() * index(percent) + 99) / 100;  // from 1
  return ascending[std::max<std::size_t>(rank, 1) - 1];
}

void measure_plans(const Plans& plans, const Scenario& scenario, RunReport& report) {
  if (!scenario.has_streams()) {
    return measure_plan(plans.front(), scenario, scenario.workloads.front(), report);
  }
  report.units = 0;
  report.messages = 0;
  double macs = 0;
  double needed_macs = 0;
  std::set<DeviceId> used;
  for (std::size_t s = 0; s < plans.size(); ++s) {
    measure_plan(plans[s], scenario, scenario.workloads[s], report.streams[s]);
    *report.units += *report.streams[s].units;
    *report.messages += *report.streams[s].messages;
    macs += plans[s].first().macs;
    needed_macs += plans[s].first().model_macs();
    const std::vector<DeviceId> computing = plans[s].first().computing_devices();
    used.insert(computing.begin(), computing.end());
  }
  report.redundant_macs_ratio = redundant_ratio(macs, needed_macs);
  report.devices_used = count_of(used);
}

void measure_result(const Plans& plans, const SimulationResult& result, const Scenario& scenario,
                    RunReport& report) {
  report.status = result.status;
  report.message = result.message;
  report.sim_wall_s = result.process.wall_s;
  report.sim_cpu_s = result.process.cpu_s;
  report.max_rss_kB = result.process.max_rss_kB;
  if (result.offered.load > 0) report.offered_load = result.offered.load;
  if (result.status == Status::kOverloaded) report.overloaded = true;
  if (result.status != Status::kOk) return;
  const auto requests = requests_by_stream(result, scenario);
  if (!scenario.has_streams()) {
    measure_stream(scenario, requests.front(), report);
  } else {
    for (std::size_t s = 0; s < requests.size(); ++s) {
      measure_stream(scenario, requests[s], report.streams[s]);
    }
    measure_together(requests, report);
  }
  if (scenario.plans_change()) {
    for (std::size_t s = 0; s < requests.size(); ++s) {
      RunReport& stream = !scenario.has_streams() ? report : report.streams[s];
      measure_replans(plans[s], requests[s].all, result.makespan_s, stream);
      if (!scenario.has_streams()) break;
      report.replans = report.replans.value_or(0) + *stream.replans;
      report.outage_s = std::max(report.outage_s.value_or(0), *stream.outage_s);
      report.aborted = report.aborted.value_or(0) + *stream.aborted;
    }
  }
  measure_devices(result, report);
  const std::string bug = contradiction(plans, result, scenario, report);
  if (bug.empty()) return;
  report.status = Status::kFailed;
  report.message = bug;
}

}  // namespace edgeflow
