#include "experiments/results/sweep_tables.hpp"

#include <algorithm>

#include "workloads/input/csv.hpp"

namespace edgeflow {
namespace {

using R = RunReport;

constexpr Column<RunReport> kColumns[] = {
    {{"index", "", "position of the run in its sweep, from 0"},
     [](const R& r) { return std::to_string(r.index); }},
    {{"run_id", "",
      "index and the first 8 digits of config_hash; name of its folder, if it has one"},
     [](const R& r) { return r.run_id; }},
    {{"name", "", "name of the sweep, or of the scenario"}, [](const R& r) { return r.name; }},
    {{"model", "", "name of the model; of streams: each name once, joined by +"},
     [](const R& r) { return r.model; }},
    {{"cluster", "", "name of the cluster; of the sweep or scenario if it has none"},
     [](const R& r) { return r.cluster; }},
    {{"strategy", "",
      "name of the strategy, or the one that a plan file names; of streams: the scenario's, "
      "or if each has its own all of them, joined by +"},
     [](const R& r) { return r.strategy; }},
    {{"strategy_options", "", "options that were given, key=value; the sweep's axes follow"},
     [](const R& r) { return r.strategy_options; }},
    {{"seed", "",
      "seed of all random numbers: the scenario's for repetition 0, derived from it for "
      "others"},
     [](const R& r) { return std::to_string(r.seed); }},
    {{"devices", "", "devices in the cluster"},
     [](const R& r) { return std::to_string(r.devices); }},
    {{"status", "",
      "ok, infeasible, out_of_memory, overloaded, deadlock, timeout, failed or crashed"},
     [](const R& r) { return std::string(to_string(r.status)); }},
    {{"latency_s", "s", "mean over requests of finish - arrival"},
     [](const R& r) { return cell(r.latency_s); }},
    {{"latency_p50_s", "s", "median latency: the least value that 50 % of requests do not exceed"},
     [](const R& r) { return cell(r.latency_p50_s); }},
    {{"latency_p95_s", "s", "the least value that 95 % of requests do not exceed"},
     [](const R& r) { return cell(r.latency_p95_s); }},
    {{"latency_p99_s", "s", "the least value that 99 % of requests do not exceed"},
     [](const R& r) { return cell(r.latency_p99_s); }},
    {{"latency_max_s", "s", "the largest latency"},
     [](const R& r) { return cell(r.latency_max_s); }},
    {{"throughput_rps", "1/s",
      "completions / time; with a warm-up, from the time when as many are done until as much is "
      "begun but not done as then: capacity_rps is not exceeded but by what of that is further on"},
     [](const R& r) { return cell(r.throughput_rps); }},
    {{"estimated_latency_s", "s", "what the estimator says for one request on the idle cluster"},
     [](const R& r) { return cell(r.estimated_latency_s); }},
    {{"estimate_gap", "",
      "estimated_latency_s / latency_s - 1, of two models: no accuracy; empty unless each request "
      "has the cluster to itself (arrivals are closed, one at a time, no streams) and no failure "
      "ends "
      "the plan that is estimated"},
     [](const R& r) { return cell(r.estimate_gap); }},
    {{"lower_bound_s", "s",
      "latency that no plan can beat: work over speed of all devices together; with bound: "
      "lp also bytes over links"},
     [](const R& r) { return cell(r.lower_bound_s); }},
    {{"optimality_gap", "", "latency_s / lower_bound_s - 1"},
     [](const R& r) { return cell(r.optimality_gap); }},
    {{"speedup_over_baseline", "",
      "latency_s of the baseline's run with the same axes and repetition / latency_s; the "
      "baseline is the sweep's, or the scenario's first strategy"},
     [](const R& r) { return cell(r.speedup_over_baseline); }},
    {{"compute_s", "s", "mean time on the critical path that units compute"},
     [](const R& r) { return cell(r.compute_s); }},
    {{"transfer_s", "s",
      "mean time on the critical path from when units are done until their messages are there: on "
      "their way, and for their CPU time on both sides or waiting for that"},
     [](const R& r) { return cell(r.transfer_s); }},
    {{"queue_s", "s", "mean time on the critical path that ready units wait for a busy device"},
     [](const R& r) { return cell(r.queue_s); }},
    {{"wait_s", "s",
      "mean time that requests are held back because max_in_flight are in flight or a plan "
      "is not there, and what failures made of their time before"},
     [](const R& r) { return cell(r.wait_s); }},
    {{"bytes_moved", "B",
      "payload sent between devices, all requests together, also what was lost in failures"},
     [](const R& r) { return cell(r.bytes_moved); }},
    {{"redundant_macs_ratio", "",
      "MACs of all units / MACs of the model - 1; of streams: sums over their plans and models"},
     [](const R& r) { return cell(r.redundant_macs_ratio); }},
    {{"energy_J", "J",
      "sum over devices of idle power * makespan + (busy - idle) * busy time + (transmit - "
      "idle) * sending time + (receive - idle) * receiving time; empty if a device's power "
      "is not known"},
     [](const R& r) { return cell(r.energy_J); }},
    {{"peak_memory_bytes", "B", "largest over devices and time: weights + live activations"},
     [](const R& r) { return cell(r.peak_memory_bytes); }},
    {{"units", "", "execution units of the plan"}, [](const R& r) { return count_cell(r.units); }},
    {{"messages", "", "messages of one request between devices"},
     [](const R& r) { return count_cell(r.messages); }},
    {{"devices_used", "", "devices that compute at least one unit"},
     [](const R& r) { return count_cell(r.devices_used); }},
    {{"config_hash", "", "64-bit FNV-1a of the resolved scenario, strategy and model"},
     [](const R& r) { return r.config_hash; }},
    {{"message", "", "why the status is not ok"}, [](const R& r) { return r.message; }},
    {{"repetition", "", "of the point of the sweep, from 0; strategies share its random numbers"},
     [](const R& r) { return std::to_string(r.repetition); }},
    {{"requests", "", "requests that latencies and rates are of: all but the warm-up"},
     [](const R& r) { return count_cell(r.requests); }},
    {{"deadline_miss_ratio", "", "share of requests with a latency beyond requests.deadline"},
     [](const R& r) { return cell(r.deadline_miss_ratio); }},
    {{"mean_in_flight", "",
      "requests that have arrived but are not done, averaged from first arrival to last "
      "finish"},
     [](const R& r) { return cell(r.mean_in_flight); }},
    {{"offered_load", "",
      "of the busiest device or link, arrival rate * busy time per request, summed over "
      "streams: nothing keeps up beyond 1; known before the simulation; empty if arrivals "
      "are closed"},
     [](const R& r) { return cell(r.offered_load); }},
    {{"queue_growth_rps", "1/s",
      "(requests in flight at the last arrival - at the one half-way) / time between; empty "
      "if arrivals are closed"},
     [](const R& r) { return cell(r.queue_growth_rps); }},
    {{"overloaded", "",
      "1 if requests in flight grew by more than 2 sqrt(arrivals) over the second half of "
      "arrivals: latencies then say how long the run was, not how fast the cluster is"},
     [](const R& r) { return flag_cell(r.overloaded); }},
    {{"link_energy_J", "J",
      "sum over links of idle power * makespan + (busy - idle) * bytes / bandwidth"},
     [](const R& r) { return cell(r.link_energy_J); }},
    {{"energy_per_request_J", "J",
      "mean over requests, but for the warm-up, of what their units and messages drew on devices "
      "and links on top of idling, and of all that is drawn while idle an equal part per request"},
     [](const R& r) { return cell(r.energy_per_request_J); }},
    {{"replans", "",
      "times that planning anew began, because of failures and repairs, summed over "
      "streams; empty without the policy replan, as in the next two"},
     [](const R& r) { return count_cell(r.replans); }},
    {{"outage_s", "s", "time without a plan until the last finish; of streams, the longest"},
     [](const R& r) { return cell(r.outage_s); }},
    {{"aborted", "", "times that requests were thrown back to their start by failures"},
     [](const R& r) { return count_cell(r.aborted); }},
    {{"capacity_rps", "1/s",
      "of the busiest device or link, 1 / time per request, by the plan alone: no stream of "
      "requests "
      "is served faster; empty where several streams share the cluster"},
     [](const R& r) { return cell(r.capacity_rps); }},
    {{"assumed_rate", "",
      "devices of the cluster whose compute rates are assumed: measured in another precision than "
      "the scenario's or stream's, or, where that is int8, in one that nobody states; streams "
      "together count a device once"},
     [](const R& r) { return std::to_string(r.assumed_rate); }},
    {{"draws", "",
      "of the scenario's uncertainty: clusters within their errors, the same for all strategies, "
      "on "
      "each of which the run's plan runs again; empty without, as in the next five"},
     [](const R& r) { return r.draws > 0 ? std::to_string(r.draws) : std::string(); }},
    {{"latency_low_s", "s", "the least latency_s that 5 % of draws do not exceed"},
     [](const R& r) { return cell(r.latency_low_s); }},
    {{"latency_high_s", "s",
      "the least latency_s that 95 % of draws do not exceed; empty if it has no end"},
     [](const R& r) { return cell(r.latency_high_s); }},
    {{"speedup_low", "", "of speedup_over_baseline draw by draw, likewise 5 %"},
     [](const R& r) { return cell(r.speedup_low); }},
    {{"speedup_high", "", "of speedup_over_baseline draw by draw, likewise 95 %"},
     [](const R& r) { return cell(r.speedup_high); }},
    {{"fastest_share", "",
      "share of draws in which no run with the same baseline (if there is none: of the same "
      "repetition and axes but the strategy's) is faster by more than 1e-9 of it: those that tie "
      "are "
      "all the fastest"},
     [](const R& r) { return cell(r.fastest_share); }},
    {{"label", "",
      "what figures and tables call the strategy: the label that it is given, else its name with "
      "its "
      "options in parentheses"},
     [](const R& r) { return r.label; }},
    {{kSchema.name, "", kSchema.meaning}, [](const R&) { return std::string(kTableSchema); }},
};

constexpr std::string_view kStream = "stream";
constexpr std::string_view kStreamColumns[] = {kStream,
                                               "model",
                                               "strategy",
                                               "strategy_options",
                                               "requests",
                                               "latency_s",
                                               "latency_p50_s",
                                               "latency_p95_s",
                                               "latency_p99_s",
                                               "latency_max_s",
                                               "throughput_rps",
                                               "deadline_miss_ratio",
                                               "compute_s",
                                               "transfer_s",
                                               "queue_s",
                                               "wait_s",
                                               "mean_in_flight",
                                               "queue_growth_rps",
                                               "overloaded",
                                               "energy_per_request_J",
                                               "estimated_latency_s",
                                               "lower_bound_s",
                                               "optimality_gap",
                                               "redundant_macs_ratio",
                                               "units",
                                               "messages",
                                               "devices_used",
                                               "replans",
                                               "outage_s",
                                               "aborted",
                                               "capacity_rps",
                                               "assumed_rate",
                                               "label"};

constexpr Column<RunReport> kTimingColumns[] = {
    {{"index", "", "of the run"}, [](const R& r) { return std::to_string(r.index); }},
    {{"run_id", "", "of the run"}, [](const R& r) { return r.run_id; }},
    {{"plan_wall_s", "s", "wall-clock time of planning, which the runs of a task share"},
     [](const R& r) { return cell(r.plan_wall_s); }},
    {{"sim_wall_s", "s", "wall-clock time of the simulation"},
     [](const R& r) { return cell(r.sim_wall_s); }},
    {{"max_rss_kB", "kB", "most memory of the simulation's process"},
     [](const R& r) { return count_cell(r.max_rss_kB); }},
    {{"plan_cpu_s", "s", "processor time of planning, of all threads"},
     [](const R& r) { return cell(r.plan_cpu_s); }},
    {{"sim_cpu_s", "s", "processor time of the simulation's process"},
     [](const R& r) { return cell(r.sim_cpu_s); }},
};

constexpr std::span<const Column<RunReport>> kRuns(kColumns);

}  // namespace

std::span<const Column<RunReport>> columns() { return kColumns; }

std::string runs_header(std::span<const std::string> axes, std::span<const std::string> units) {
  return header_with_axes(infos(kRuns), axes, units);
}

std::string runs_row(const Record& record, std::span<const std::string> units) {
  static const std::vector<ColumnInfo> kInfos = infos(kRuns);
  return line_with_axes(kInfos, record.cells, record.axes, units);
}

std::span<const std::string_view> stream_columns() { return kStreamColumns; }

std::size_t stream_column(std::string_view name) {
  const auto* found = std::find(std::begin(kStreamColumns), std::end(kStreamColumns), name);
  return static_cast<std::size_t>(found - std::begin(kStreamColumns));
}

std::vector<std::string> stream_cells(const RunReport& stream) {
  std::vector<std::string> cells;
  for (const std::string_view name : kStreamColumns) {
    const auto* column = std::find_if(std::begin(kColumns), std::end(kColumns), [&](const auto& c) {
      return c.info.name == (name == kStream ? "name" : name);
    });
    cells.push_back(column->cell(stream));
  }
  return cells;
}

std::string streams_header() {
  std::vector<std::string> cells{"index", "run_id"};
  cells.insert(cells.end(), std::begin(kStreamColumns), std::end(kStreamColumns));
  return csv_row(cells);
}

std::string streams_rows(const Record& record) {
  std::string text;
  for (const auto& stream : record.streams) {
    std::vector<std::string> cells{record.at("index"), record.at("run_id")};
    cells.insert(cells.end(), stream.begin(), stream.end());
    text += csv_row(cells);
  }
  return text;
}

std::string timing_header() { return header(std::span<const Column<RunReport>>(kTimingColumns)); }

std::string timing_row(const RunReport& report) {
  return line(std::span<const Column<RunReport>>(kTimingColumns), report);
}

std::vector<TableInfo> report_tables() {
  TableInfo streams{"streams.csv", "stream of each run, if there are streams", {}};
  streams.columns = {{"index", "", "of the run"}, {"run_id", "", "of the run"}};
  for (const std::string_view name : kStreamColumns) {
    const auto* column = std::find_if(std::begin(kColumns), std::end(kColumns),
                                      [&](const auto& c) { return c.info.name == name; });
    streams.columns.push_back(name == kStream ? ColumnInfo{kStream, "", "name of the stream"}
                                              : column->info);
  }
  return {{"runs.csv", "run", infos(kRuns)},
          std::move(streams),
          {"timing.csv", "run", infos(std::span<const Column<RunReport>>(kTimingColumns))}};
}

}  // namespace edgeflow
