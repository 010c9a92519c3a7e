#include "experiments/results/run_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "partition/prices/estimate.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/number.hpp"

namespace edgeflow {
namespace {

std::string utilisation(double busy_s, double makespan_s) {
  return makespan_s > 0 ? cell(busy_s / makespan_s) : "";
}

struct RequestRow {
  const RequestRecord& record;
  const Workload& workload;

  double latency_s() const { return record.finish_s - record.arrival_s; }
  std::string missed() const {
    const double deadline_s = workload.requests.deadline_s;
    return deadline_s == 0 ? "" : latency_s() > deadline_s ? "1" : "0";
  }
};

constexpr Column<RequestRow> kRequestColumns[] = {
    {{"request", "", "number of the request in its stream, from 0"},
     [](const RequestRow& r) { return std::to_string(r.record.request); }},
    {{"arrival_s", "s", "when it arrived"},
     [](const RequestRow& r) { return cell(r.record.arrival_s); }},
    {{"finish_s", "s", "when all its results were at the sink"},
     [](const RequestRow& r) { return cell(r.record.finish_s); }},
    {{"latency_s", "s", "finish_s - arrival_s = compute_s + transfer_s + queue_s + wait_s"},
     [](const RequestRow& r) { return cell(r.latency_s()); }},
    {{"compute_s", "s", "time on its critical path that units compute"},
     [](const RequestRow& r) { return cell(r.record.compute_s); }},
    {{"transfer_s", "s",
      "time on its critical path from when units are done until their messages are there: on their "
      "way, and for their CPU time on both sides or waiting for that"},
     [](const RequestRow& r) { return cell(r.record.transfer_s); }},
    {{"queue_s", "s", "time on its critical path that ready units wait for a busy device"},
     [](const RequestRow& r) { return cell(r.record.queue_s); }},
    {{"wait_s", "s",
      "time that it was held back because enough requests were in flight or no plan was there, "
      "and what failures made of its time before"},
     [](const RequestRow& r) { return cell(r.record.wait_s); }},
    {{"warm_up", "", "1 if it is in no statistics because it is one of the first, else 0"},
     [](const RequestRow& r) -> std::string {
       return r.record.request < r.workload.requests.warm_up ? "1" : "0";
     }},
    {{"missed", "", "1 if latency_s is beyond the deadline, else 0; empty without one"},
     [](const RequestRow& r) { return r.missed(); }},
    {{"energy_J", "J", "charged to it, as sim/engine/energy.hpp defines"},
     [](const RequestRow& r) { return cell(r.record.energy_J); }},
    {{"stream", "", "name of its stream; empty if there are none"},
     [](const RequestRow& r) { return r.workload.name; }},
    {{"plan", "", "that it was done by: 0 is plan.yaml, n is plan@n.yaml"},
     [](const RequestRow& r) { return std::to_string(number(r.record.plan)); }},
    {{"aborted", "", "how often failures threw it back to its start"},
     [](const RequestRow& r) { return std::to_string(r.record.aborted); }},
};

struct DeviceRow {
  const DeviceRecord& record;
  const Device& device;
  double makespan_s;
};

constexpr Column<DeviceRow> kDeviceColumns[] = {
    {{"device", "", "name of the device"}, [](const DeviceRow& r) { return r.device.name; }},
    {{"type", "", "its name in the catalogue; empty if it is written into the cluster"},
     [](const DeviceRow& r) { return r.device.type; }},
    {{"busy_s", "s", "time that it computed or worked for messages"},
     [](const DeviceRow& r) { return cell(r.record.busy_s); }},
    {{"sent_bytes", "B", "payload that it sent"},
     [](const DeviceRow& r) { return cell(r.record.sent_bytes); }},
    {{"received_bytes", "B", "payload that it received"},
     [](const DeviceRow& r) { return cell(r.record.received_bytes); }},
    {{"peak_memory_bytes", "B", "most of its weights + live activations over time"},
     [](const DeviceRow& r) { return cell(r.record.peak_memory_bytes); }},
    {{"memory_bytes", "B", "that it has; empty if without limit"},
     [](const DeviceRow& r) { return cell(r.device.memory_bytes); }},
    {{"energy_J", "J", "that it drew until the makespan; empty if its power is not known"},
     [](const DeviceRow& r) { return cell(r.record.energy_J); }},
    {{"utilisation", "", "busy_s / makespan"},
     [](const DeviceRow& r) { return utilisation(r.record.busy_s, r.makespan_s); }},
    {{"transmit_s", "s", "time that its interface sent, if nothing else shared the links"},
     [](const DeviceRow& r) { return cell(r.record.transmit_s); }},
    {{"receive_s", "s", "time that its interface received, likewise"},
     [](const DeviceRow& r) { return cell(r.record.receive_s); }},
};

struct LinkRow {
  const LinkRecord& record;
  const Link& link;
  double makespan_s;
};

constexpr Column<LinkRow> kLinkColumns[] = {
    {{"link", "", "name of the link"}, [](const LinkRow& r) { return r.link.name; }},
    {{"bandwidth_Bps", "B/s", "its bandwidth at t = 0"},
     [](const LinkRow& r) { return cell(r.link.bandwidth_Bps); }},
    {{"bytes", "B", "payload times crossings that it carried"},
     [](const LinkRow& r) { return cell(r.record.bytes); }},
    {{"busy_s", "s", "bytes / the bandwidth that it had: the time it would be busy if always full"},
     [](const LinkRow& r) { return cell(r.record.busy_s); }},
    {{"utilisation", "", "busy_s / makespan"},
     [](const LinkRow& r) { return utilisation(r.record.busy_s, r.makespan_s); }},
    {{"energy_J", "J", "idle power * makespan + (busy - idle) * busy_s"},
     [](const LinkRow& r) { return cell(r.record.energy_J); }},
    {{"background_bytes", "B", "of others' traffic times crossings; in no other figure"},
     [](const LinkRow& r) { return cell(r.record.background_bytes); }},
};

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
  ChangeCause cause;
};

struct PlanRow {
  const Workload& workload;
  const Period& period;
  std::string devices, estimated_latency_s;
  std::int64_t requests = 0;
  double latencies_s = 0;
};

constexpr Column<PlanRow> kPlanColumns[] = {
    {{"stream", "", "name of the stream; empty if there are none"},
     [](const PlanRow& r) { return r.workload.name; }},
    {{"from_s", "s", "since when it had the plan"},
     [](const PlanRow& r) { return cell(r.period.from_s); }},
    {{"until_s", "s", "until when"}, [](const PlanRow& r) { return cell(r.period.until_s); }},
    {{"plan", "", "0 is plan.yaml, n is plan@n.yaml; empty: there was none"},
     [](const PlanRow& r) {
       return r.period.plan == kNoPlan ? "" : std::to_string(number(r.period.plan));
     }},
    {{"because", "",
      "the failures and repairs that the change was for, or weights that are loaded"},
     [](const PlanRow& r) { return r.period.cause.because; }},
    {{"devices", "", "that compute by the plan, parted by blanks"},
     [](const PlanRow& r) { return r.devices; }},
    {{"estimated_latency_s", "s", "what the estimator says of a request that is alone"},
     [](const PlanRow& r) { return r.estimated_latency_s; }},
    {{"requests", "", "that were done in the period"},
     [](const PlanRow& r) { return std::to_string(r.requests); }},
    {{"latency_s", "s", "their mean latency, with the gap where they met it"},
     [](const PlanRow& r) {
       return r.requests > 0 ? cell(r.latencies_s / static_cast<double>(r.requests)) : "";
     }},
    {{"load_bytes", "byte", "weights that its devices did not have and got before"},
     [](const PlanRow& r) { return cell(r.period.cause.load.bytes); }},
    {{"load_s", "s", "what that took, after planning"},
     [](const PlanRow& r) { return cell(r.period.cause.load.time_s); }},
};

std::vector<Period> periods_of(const StreamPlans& plans, double makespan_s) {
  std::vector<Period> periods{{0, makespan_s, PlanId{0}, {}}};
  for (std::size_t c = 0; c < plans.changes.size(); ++c) {
    periods.back().until_s = std::min(plans.changes[c].at_s, makespan_s);
    periods.push_back({plans.changes[c].at_s, makespan_s, plans.changes[c].plan, plans.causes[c]});
  }
  std::erase_if(periods, [](const Period& period) { return period.until_s <= period.from_s; });
  return periods;
}

struct DrawRow {
  std::size_t number;
  const Draw& draw;
  double latency_s;

  std::string computing() const {
    std::string text;
    for (const auto& [device, factor] : draw.computing) {
      text += fmt::format("{}{}={}", text.empty() ? "" : ";", device, number_text(factor));
    }
    return text;
  }
};

constexpr Column<DrawRow> kDrawColumns[] = {
    {{"draw", "", "from 0"}, [](const DrawRow& r) { return std::to_string(r.number); }},
    {{"latency_s", "s",
      "of the run's plans on the cluster as drawn; empty if that run does not end ok"},
     [](const DrawRow& r) { return std::isfinite(r.latency_s) ? cell(r.latency_s) : ""; }},
    {{"computing", "", "what times of computing are multiplied by: type=factor;..."},
     [](const DrawRow& r) { return r.computing(); }},
    {{"messages", "", "what times of messages on devices are multiplied by"},
     [](const DrawRow& r) { return cell(r.draw.messages); }},
    {{"bandwidth", "", "what bandwidths are multiplied by"},
     [](const DrawRow& r) { return cell(r.draw.bandwidth); }},
};

}  // namespace

std::string requests_csv(const SimulationResult& result, const Scenario& scenario) {
  const std::span<const Column<RequestRow>> columns(kRequestColumns);
  std::string text = header(columns);
  for (const RequestRecord& record : result.requests) {
    text += line(columns, {record, scenario.workloads[index(record.stream)]});
  }
  return text;
}

std::string devices_csv(const Run& run, const Scenario& scenario) {
  const std::span<const Column<DeviceRow>> columns(kDeviceColumns);
  std::string text = header(columns);
  for (std::size_t d = 0; d < run.result.devices.size(); ++d) {
    text += line(columns,
                 {run.result.devices[d], scenario.cluster->devices()[d], run.result.makespan_s});
  }
  return text;
}

std::string links_csv(const Run& run, const Scenario& scenario) {
  const std::span<const Column<LinkRow>> columns(kLinkColumns);
  std::string text = header(columns);
  for (std::size_t l = 0; l < run.result.links.size(); ++l) {
    text += line(columns, {run.result.links[l], scenario.cluster->network().links[l],
                           run.result.makespan_s});
  }
  return text;
}

std::string plans_csv(const Run& run, const Scenario& scenario) {
  const std::span<const Column<PlanRow>> columns(kPlanColumns);
  std::string text = header(columns);
  for (std::size_t w = 0; w < scenario.workloads.size(); ++w) {
    const Workload& workload = scenario.workloads[w];
    for (const Period& period : periods_of(run.plans[w], run.result.makespan_s)) {
      PlanRow row{workload, period, {}, {}};
      for (const RequestRecord& request : run.result.requests) {
        const bool in_it = request.finish_s > period.from_s && request.finish_s <= period.until_s;
        if (index(request.stream) != w || !in_it) continue;
        row.latencies_s += request.finish_s - request.arrival_s;
        ++row.requests;
      }
      if (period.plan != kNoPlan) {
        const ExecutablePlan& plan = *run.plans[w].made[index(period.plan)].executable;
        row.devices = computing_devices(plan);
        row.estimated_latency_s = cell(estimate(plan, Sharing::kMaxMin).latency_s);
      }
      text += line(columns, row);
    }
  }
  return text;
}

std::string draws_csv(const RunReport& report, const Scenario& scenario) {
  const std::span<const Column<DrawRow>> columns(kDrawColumns);
  std::string text = header(columns);
  const std::vector<Draw> draws = draws_of(scenario.uncertainty, scenario.seed);
  for (std::size_t d = 0; d < report.draws_s.size(); ++d) {
    text += line(columns, {d, draws[d], report.draws_s[d]});
  }
  return text;
}

std::vector<TableInfo> run_tables() {
  return {{"requests.csv", "request", infos(std::span<const Column<RequestRow>>(kRequestColumns))},
          {"plans.csv", "period of a stream with the policy replan",
           infos(std::span<const Column<PlanRow>>(kPlanColumns))},
          {"devices.csv", "device", infos(std::span<const Column<DeviceRow>>(kDeviceColumns))},
          {"links.csv", "link", infos(std::span<const Column<LinkRow>>(kLinkColumns))},
          {"draws.csv", "draw of the scenario's uncertainty",
           infos(std::span<const Column<DrawRow>>(kDrawColumns))}};
}

}  // namespace edgeflow
