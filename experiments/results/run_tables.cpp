#include "experiments/results/run_tables.hpp"

#include <algorithm>

#include "partition/prices/estimate.hpp"
#include "workloads/input/csv.hpp"

namespace edgeflow {
namespace {

std::string utilisation(double busy_s, const Run& run) {
  return run.result.makespan_s > 0 ? cell(busy_s / run.result.makespan_s) : "";
}

/// Names of the devices that compute, by blanks.
std::string computing_devices(const ExecutablePlan& plan) {
  std::string names;
  for (const DeviceId id : plan.computing_devices()) {
    names += (names.empty() ? "" : " ") + plan.cluster.device(id).name;
  }
  return names;
}

/// From one change of plan to the next.
struct Period {
  double from_s;
  double until_s;
  PlanId plan;
  std::string because;
};

std::vector<Period> periods_of(const StreamPlans& plans, double makespan_s) {
  std::vector<Period> periods{{0, makespan_s, PlanId{0}, ""}};
  for (std::size_t c = 0; c < plans.changes.size(); ++c) {
    periods.back().until_s = std::min(plans.changes[c].at_s, makespan_s);
    periods.push_back({plans.changes[c].at_s, makespan_s, plans.changes[c].plan, plans.because[c]});
  }
  std::erase_if(periods, [](const Period& period) { return period.until_s <= period.from_s; });
  return periods;
}

}  // namespace

std::string requests_csv(const SimulationResult& result, const Scenario& scenario) {
  std::string text =
      csv_row({"request", "arrival_s", "finish_s", "latency_s", "compute_s", "transfer_s",
               "queue_s", "wait_s", "warm_up", "missed", "energy_J", "stream", "plan", "aborted"});
  for (const RequestRecord& r : result.requests) {
    const Scenario& stream = scenario.all_streams()[index(r.stream)];
    const Requests& requests = stream.requests;
    const double latency_s = r.finish_s - r.arrival_s;
    const bool limited = requests.deadline_s > 0;
    text += csv_row({std::to_string(r.request), cell(r.arrival_s), cell(r.finish_s),
                     cell(latency_s), cell(r.compute_s), cell(r.transfer_s), cell(r.queue_s),
                     cell(r.wait_s), r.request < requests.warm_up ? "1" : "0",
                     !limited                          ? ""
                     : latency_s > requests.deadline_s ? "1"
                                                       : "0",
                     cell(r.energy_J), scenario.streams.empty() ? "" : stream.name,
                     std::to_string(number(r.plan)), std::to_string(r.aborted)});
  }
  return text;
}

std::string devices_csv(const Run& run, const Scenario& scenario) {
  std::string text =
      csv_row({"device", "type", "busy_s", "sent_bytes", "received_bytes", "peak_memory_bytes",
               "memory_bytes", "energy_J", "utilisation", "transmit_s", "receive_s"});
  for (std::size_t d = 0; d < run.result.devices.size(); ++d) {
    const DeviceRecord& r = run.result.devices[d];
    const Device& device = scenario.cluster->devices()[d];
    text += csv_row({device.name, device.type, cell(r.busy_s), cell(r.sent_bytes),
                     cell(r.received_bytes), cell(r.peak_memory_bytes), cell(device.memory_bytes),
                     cell(r.energy_J), utilisation(r.busy_s, run), cell(r.transmit_s),
                     cell(r.receive_s)});
  }
  return text;
}

std::string links_csv(const Run& run, const Scenario& scenario) {
  std::string text = csv_row(
      {"link", "bandwidth_Bps", "bytes", "busy_s", "utilisation", "energy_J", "background_bytes"});
  for (std::size_t l = 0; l < run.result.links.size(); ++l) {
    const LinkRecord& r = run.result.links[l];
    const Link& link = scenario.cluster->network().links[l];
    text += csv_row({link.name, cell(link.bandwidth_Bps), cell(r.bytes), cell(r.busy_s),
                     utilisation(r.busy_s, run), cell(r.energy_J), cell(r.background_bytes)});
  }
  return text;
}

std::string plans_csv(const Run& run, const Scenario& scenario) {
  std::string text = csv_row({"stream", "from_s", "until_s", "plan", "because", "devices",
                              "predicted_latency_s", "requests", "latency_s"});
  const auto streams = scenario.all_streams();
  for (std::size_t s = 0; s < streams.size(); ++s) {
    const StreamPlans& plans = run.plans[s];
    for (const Period& period : periods_of(plans, run.result.makespan_s)) {
      double latencies_s = 0;
      std::int64_t done = 0;
      for (const RequestRecord& request : run.result.requests) {
        const bool in_it = request.finish_s > period.from_s && request.finish_s <= period.until_s;
        if (index(request.stream) != s || !in_it) continue;
        latencies_s += request.finish_s - request.arrival_s;
        ++done;
      }
      std::string plan, devices, predicted_s;
      if (period.plan != kNoPlan) {
        const ExecutablePlan& executable = *plans.made[index(period.plan)].executable;
        plan = std::to_string(number(period.plan));
        devices = computing_devices(executable);
        predicted_s = cell(estimate(executable, Sharing::kMaxMin).latency_s);
      }
      text += csv_row({scenario.streams.empty() ? "" : streams[s].name, cell(period.from_s),
                       cell(period.until_s), plan, period.because, devices, predicted_s,
                       std::to_string(done),
                       done > 0 ? cell(latencies_s / static_cast<double>(done)) : ""});
    }
  }
  return text;
}

}  // namespace edgeflow
