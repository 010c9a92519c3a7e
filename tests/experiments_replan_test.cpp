// The policy `replan`: when plans are made, and what a run with several of them says. See
// sim_replan_test.cpp for the simulation itself.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/run_tables.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "experiments/run/replan.hpp"
#include "experiments/scenario/resolve.hpp"
#include "platforms/remaining.hpp"
#include "tests/support/csv_table.hpp"
#include "tests/support/program.hpp"
#include "tests/support/quick_plan.hpp"
#include "tests/support/run_job.hpp"
#include "tests/support/sim_fixture.hpp"
#include "workloads/input/csv.hpp"

namespace edgeflow {
namespace {

using sim_fixture::about;
using test::Scratch;

constexpr double kNever = std::numeric_limits<double>::infinity();

/// What becomes of the plan "the layer on the last of three devices" when planning takes 1 s and
/// puts it on the last device that is left.
/// (without any time for weights).
StreamPlans planned(std::vector<Failure> failures, bool feasible = true, double planning_time_s = 1,
                    const WeightLoading& weights = {.store = {.from = WeightsFrom::kDisk}}) {
  const auto three = std::make_shared<const Cluster>(
      sim_fixture::cluster(sim_fixture::devices(3), NetworkType::kHub));
  StreamPlans plans;
  plans.made = {{std::make_shared<const Plan>(sim_fixture::whole_layers({2})), three, three}};
  Disturbances disturbances;
  disturbances.failures = std::move(failures);
  disturbances.policy = FailurePolicy::kReplan;
  disturbances.planning_time_s = planning_time_s;
  const Graph graph = sim_fixture::chain(1);
  plan_anew(plans, disturbances, {weights, graph}, [&](const Cluster& left) {
    if (!feasible) throw Infeasible("too small");
    return sim_fixture::whole_layers({static_cast<int>(left.size()) - 1});
  });
  return plans;
}

/// "1: none, 2: plan 1".
std::string changes(const StreamPlans& plans) {
  std::string text;
  for (const PlanChange& change : plans.changes) {
    text += (text.empty() ? "" : ", ") + cell(change.at_s) + ": " +
            (change.plan == kNoPlan ? "none" : "plan " + std::to_string(number(change.plan)));
  }
  return text;
}

/// The device that computes by a plan.
std::int32_t device_of(const StreamPlans& plans, std::size_t plan) {
  return static_cast<std::int32_t>(index(plans.made.at(plan).plan->units.at(1).device));
}

Failure device(std::int32_t which, double at_s, double repair_s = kNever) {
  return {which, -1, at_s, repair_s};
}

/// The tiny model: 96 MACs, 192 bytes in, 128 bytes out. 1.5 s on `near`, 0.2 s on `far`, and 0.1 s
/// + bytes / 10000 for messages: `single` takes `far`, 0.1192 + 0.2 + 0.1128 s.
const std::string kTwoDevices =
    "schema: 1\n"
    "name: two\n"
    "model: tiny.yaml\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 10kB/s, latency: 100ms}\n"
    "  devices:\n"
    "    - {name: near, mac_rate: 96MAC/s, overhead: 500ms, power: {idle: 1W, busy: 3W}}\n"
    "    - {name: far, mac_rate: 960MAC/s, overhead: 100ms, power: {idle: 1W, busy: 3W}}\n";
const std::string kFarFails =
    "disturbances: {failures: [{device: far, at: 300ms}], policy: replan, planning_time: 500ms}\n";

Scenario read(const std::string& more) {
  const Document document(kTwoDevices + more, test::data_folder() + "/cli/test.yaml");
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

Run run_first(const Scenario& scenario) {
  const std::vector<Job> jobs = jobs_of(scenario);
  return test::run_job(jobs.front());
}

}  // namespace

TEST_CASE("planning begins when what the plan uses fails, and takes its time") {
  const StreamPlans plans = planned({device(2, 3)});
  CHECK(changes(plans) == "3: none, 4: plan 1");
  CHECK(device_of(plans, 1) == 1);
  CHECK(plans.begun_s == std::vector<double>{3});
  REQUIRE(plans.causes.size() == 2);
  for (const ChangeCause& cause : plans.causes) CHECK(cause.because == "device pi-2 fails");
  CHECK(changes(planned({device(2, 3)}, true, 0)) == "3: none, 3: plan 1");
}

TEST_CASE("what the plan does not use may fail and come back") {
  CHECK(changes(planned({device(1, 3, 5)})) == "");
  // But it is not there for the next plan, and what that was made without may be of use to it.
  const StreamPlans plans = planned({device(1, 3, 8), device(2, 4)});
  CHECK(changes(plans) == "4: none, 5: plan 1, 9: plan 2");
  CHECK(device_of(plans, 1) == 0);
  CHECK(device_of(plans, 2) == 1);
}

TEST_CASE("after a repair the first plan is ready again, the other serves until then") {
  const StreamPlans plans = planned({device(2, 3, 6)});
  CHECK(changes(plans) == "3: none, 4: plan 1, 7: plan 0");
  CHECK(plans.made.size() == 2);
  // So it is if the repair comes while it is planned without.
  CHECK(changes(planned({device(2, 3, 3.5)})) == "3: none, 4: plan 1, 4.5: plan 0");
}

TEST_CASE("a plan that fails before it is ready is made again") {
  const StreamPlans plans = planned({device(2, 3), device(1, 3.5)});
  CHECK(changes(plans) == "3: none, 4.5: plan 2");
  CHECK(device_of(plans, 2) == 0);
  // At the instant when it would be ready it fails too.
  CHECK(changes(planned({device(2, 3), device(1, 4)})) == "3: none, 5: plan 2");
  // And if the first one fails again before it is back.
  CHECK(changes(planned({device(2, 3, 6), device(2, 6.5)})) == "3: none, 4: plan 1");
}

TEST_CASE("a new plan is ready when its weights are, of which devices keep what they have") {
  // A weight of 4 bytes by 80 byte/s and 0.25 s, or 40 byte/s.
  const WeightLoading source{};
  const WeightLoading disk{.store = {WeightsFrom::kDisk, 40}};
  const StreamPlans plans = planned({device(2, 3)}, true, 1, source);
  CHECK(changes(plans) == "3: none, 4.3: plan 1");
  CHECK(plans.causes.at(1).load.bytes == 4);
  CHECK(plans.causes.at(1).load.time_s == about(0.3));
  CHECK(changes(planned({device(2, 3)}, true, 1, disk)) == "3: none, 4.1: plan 1");
  // What has failed comes back with nothing; meanwhile the other plan serves.
  CHECK(changes(planned({device(2, 3, 6)}, true, 1, disk)) == "3: none, 4.1: plan 1, 7.1: plan 0");
  // So it is where the other plan was to be ready before, but fails.
  const StreamPlans back = planned({device(2, 3, 3.5), device(1, 3.7)}, true, 1, disk);
  CHECK(changes(back) == "3: none, 4.6: plan 0");
  // A link that fails takes no weights, a device all.
  CHECK(changes(planned({{-1, 0, 3, 3.05}}, true, 0.1, disk)) == "3: none, 3.15: plan 0");
  CHECK(changes(planned({device(2, 3, 3.05)}, true, 0.1, disk)) ==
        "3: none, 3.2: plan 1, 3.25: plan 0");
  // The source has its own.
  CHECK(changes(planned({device(1, 1), device(2, 3)}, true, 1, source)) == "3: none, 4: plan 1");
  // From the start, where nothing is anywhere.
  const WeightLoading at_start{.at_start = true};
  const StreamPlans cold = planned({}, true, 1, at_start);
  CHECK(changes(cold) == "0: none, 0.3: plan 0");
  CHECK(cold.causes.at(1).because == "weights are loaded");
  CHECK(changes(planned({device(2, 0.2)}, true, 1, at_start)) == "0: none, 1.5: plan 1");
  CHECK(changes(planned({device(1, 0.2), device(2, 0.2)}, true, 1, at_start)) ==
        "0: none, 1.2: plan 1");
}

TEST_CASE("where there is no plan it is said why, until a repair") {
  const StreamPlans plans = planned({device(2, 3)}, false);
  CHECK(changes(plans) == "3: none, 3: none");
  CHECK(plans.changes[1].why_none ==
        "device pi-2 fails at 3 s and there is no plan for what is left (too small)");
  const StreamPlans source = planned({device(0, 3, 5)});
  CHECK(changes(source) == "3: none, 3: none, 5: none, 6: plan 0");
  CHECK(source.changes[1].why_none ==
        "device pi-0 fails at 3 s and there is no plan for what is left (source or sink is gone or "
        "cut off)");
  CHECK(source.changes[2].why_none == "");
}

TEST_CASE("a run that is planned anew counts its gap in latencies, once") {
  const Run done = run_first(read("strategy: single\n" + kFarFails));
  const RunReport& report = done.report;
  INFO(report.message);
  REQUIRE(report.status == Status::kOk);
  // From 0.1192 s on at `far`, until 0.3 s; from 0.8 s on at `near`.
  CHECK(*report.latency_s == about(0.8 + 1.5));
  CHECK(*report.wait_s == about(0.8));
  CHECK(*report.estimated_latency_s == about(0.1192 + 0.2 + 0.1128));
  CHECK_FALSE(report.estimate_gap);
  CHECK(*report.replans == 1);
  CHECK(*report.outage_s == about(0.5));
  CHECK(*report.aborted == 1);
  CHECK(*report.bytes_moved == 192);
  CHECK(*report.energy_J == about(2 * 2.3 + 2 * (1.5 + 0.3 - 0.1192)));
  CHECK(*report.energy_per_request_J == about(*report.energy_J));
  CHECK(plans_csv(done, read("strategy: single\n" + kFarFails)) ==
        "stream,from_s,until_s,plan,because,devices,estimated_latency_s,requests,latency_s,"
        "load_bytes,load_s\n"
        ",0,0.3,0,,far," +
            cell(*report.estimated_latency_s) +
            ",0,,0,0\n"
            ",0.3,0.8,,device far fails,,,0,,0,0\n"
            ",0.8,2.3,1,device far fails,near,1.5,1,2.3,0,0\n");
}

TEST_CASE("an estimate stands until a failure ends its plan") {
  // The request takes 0.432 s by the plan that was estimated.
  const std::string late =
      "disturbances: {failures: [{device: far, at: 1s}], policy: replan, planning_time: 0s}\n";
  const RunReport report = run_first(read("strategy: single\n" + late)).report;
  CHECK(*report.latency_s == about(0.1192 + 0.2 + 0.1128));
  REQUIRE(report.estimate_gap);
  CHECK(std::abs(*report.estimate_gap) < 1e-9);
  CHECK(*report.replans == 0);
}

TEST_CASE("requests wait for weights that are loaded at the start, which latencies count") {
  // 6 weights and 2 biases: 32 bytes.
  const Run done = run_first(read("strategy: single\nweights: {from: source, at_start: true}\n"));
  INFO(done.report.message);
  REQUIRE(done.report.status == Status::kOk);
  CHECK(*done.report.latency_s == about(0.1032 + 0.1192 + 0.2 + 0.1128));
  CHECK(*done.report.wait_s == about(0.1032));
  CHECK(*done.report.outage_s == about(0.1032));
  CHECK(*done.report.replans == 0);
  CHECK(*done.report.peak_memory_bytes ==
        *run_first(read("strategy: single\n")).report.peak_memory_bytes);
  CHECK_FALSE(done.report.estimate_gap);
  // A plan of the source alone waits for nothing, and one from a disk for the disk.
  const std::string near = "strategy: {name: single, options: {device: near}}\n";
  CHECK(*run_first(read(near + "weights: {from: source, at_start: true}\n")).report.latency_s ==
        about(1.5));
  CHECK(*run_first(read(near + "weights: {from: disk, rate: 64B/s, at_start: true}\n"))
             .report.latency_s == about(2));
  // After a failure, from the disk: 0.3 + 0.5 + 32 / 64.
  const Run anew =
      run_first(read("strategy: single\nweights: {from: disk, rate: 64B/s}\n" + kFarFails));
  CHECK(*anew.report.latency_s == about(0.8 + 0.5 + 1.5));
  CHECK(*anew.report.outage_s == about(1));
}

TEST_CASE("without failures, or with disturbances ablated, the policy changes nothing") {
  const RunReport plain = run_first(read("strategy: single\n")).report;
  const Scenario ablated =
      read("strategy: single\nsimulation: {ablate: [disturbances]}\n" + kFarFails);
  const Scenario none =
      read("strategy: single\ndisturbances: {failures: [], policy: replan, planning_time: 1s}\n");
  for (const Scenario& scenario : {ablated, none}) {
    const RunReport report = run_first(scenario).report;
    REQUIRE(report.status == Status::kOk);
    CHECK(*report.latency_s == *plain.latency_s);
    CHECK_FALSE(report.replans);
  }
}

TEST_CASE("a run ends as failed when a strategy has no other plan, or the source is gone") {
  const RunReport far =
      run_first(read("strategy: {name: single, options: {device: far}}\n" + kFarFails)).report;
  CHECK(far.status == Status::kFailed);
  CHECK(
      far.message.starts_with("device far fails at 0.3 s and there is no plan for what is left ("));
  CHECK(far.message.ends_with("), and request 0 needs one at 0.3 s; 0 of 1 requests are done"));
  const RunReport source =
      run_first(read("strategy: single\nrequests: {count: 2}\ndisturbances: {failures: [{device: "
                     "near, at: 500ms}], policy: replan, planning_time: 0s}\n"))
          .report;
  CHECK(source.status == Status::kFailed);
  CHECK(source.message ==
        "device near fails at 0.5 s and there is no plan for what is left (source or sink is gone "
        "or cut off), and request 1 needs one at 0.5 s; 1 of 2 requests are done");
}

TEST_CASE("every strategy plans for what is left as for a smaller cluster") {
  const Graph graph = sim_fixture::chain(4);
  auto list = sim_fixture::devices(4);
  for (std::size_t d = 0; d < list.size(); ++d) {
    list[d].compute.mac_rate = static_cast<double>(10 + 5 * d);
  }
  const std::vector<Device> fewer{list[0], list[1], list[3]};
  for (const NetworkType type : {NetworkType::kSwitch, NetworkType::kWifi, NetworkType::kHub}) {
    const auto left = remaining(sim_fixture::cluster(list, type), {{2}, {}});
    REQUIRE(left);
    for (const StrategyInfo& strategy : strategies()) {
      CAPTURE(strategy.name);
      const auto units = [&](const Cluster& where) {
        try {
          return quick_plan(strategy, {graph, where, {}}).units;
        } catch (const Infeasible&) {
          return std::vector<ExecutionUnit>{};
        }
      };
      CHECK(units(left->cluster) == units(sim_fixture::cluster(fewer, type)));
    }
  }
}

TEST_CASE("of several streams those are planned anew that use what fails") {
  const Scenario scenario = read(
      "strategy: single\nstreams:\n  - {name: away}\n"
      "  - {name: home, strategy: {name: single, options: {device: near}}}\n" +
      kFarFails);
  const Run done = run_first(scenario);
  const RunReport& report = done.report;
  INFO(report.message);
  REQUIRE(report.status == Status::kOk);
  // `home` has `near` until 1.5 s; `away` is ready there at 0.8 s.
  CHECK(*report.streams.at(0).latency_s == about(3));
  CHECK(*report.streams[0].queue_s == about(0.7));
  CHECK(*report.streams[0].replans == 1);
  CHECK(*report.streams[0].aborted == 1);
  CHECK(*report.streams.at(1).latency_s == about(1.5));
  CHECK(*report.streams[1].replans == 0);
  CHECK(*report.streams[1].outage_s == 0);
  CHECK(*report.replans == 1);
  CHECK(*report.outage_s == about(0.5));
  // Each period counts the requests of its own stream.
  const Scratch scratch;
  std::map<std::string, double> requests;
  for (auto& row : test::read_table(scratch.write("plans.csv", plans_csv(done, scenario)))) {
    requests[row["stream"] + " from " + row["from_s"]] = std::stod(row["requests"]);
  }
  CHECK(requests ==
        std::map<std::string, double>{
            {"away from 0", 0}, {"away from 0.3", 0}, {"away from 0.8", 1}, {"home from 0", 1}});
}

TEST_CASE("a failure ends all streams, and keeps the requests that each has done") {
  const Run done =
      run_first(read("strategy: single\nrequests: {count: 3}\nstreams:\n  - {name: away}\n"
                     "  - {name: home, strategy: {name: single, options: {device: near}}}\n"
                     "disturbances: {failures: [{device: far, at: 1s}]}\n"));
  CHECK(done.report.status == Status::kFailed);
  // `away` has done two of 0.432 s each, `home` none of 1.5 s.
  CHECK(done.report.message ==
        "device far fails at 1 s, with request 2 in flight; 2 of 6 requests are done");
  REQUIRE(done.result.requests.size() == 2);
  CHECK(done.result.requests[1].stream == StreamId{0});
}

TEST_CASE("jitter and changing bandwidths reach all streams") {
  // `away` sends 192 bytes at 1 kB/s instead of 10, and 128 back; `home` sends nothing.
  const Run done = run_first(
      read("strategy: {name: single, options: {device: far}}\nstreams:\n  - {name: one}\n"
           "  - {name: two, source: far}\n"
           "disturbances: {bandwidth: [{links: all, steps: [{at: 50ms, bandwidth: 1kB/s}]}]}\n"));
  REQUIRE(done.report.status == Status::kOk);
  // `two`, whose source is `far`, has it until 0.2 s; the input of `one` is there at 0.292 s.
  CHECK(*done.report.streams.at(0).latency_s == about(0.1 + 0.192 + 0.2 + 0.1 + 0.128));
  CHECK(*done.report.streams.at(1).latency_s == about(0.2));
}

TEST_CASE("planning anew for the same failures is shared, for others it is not") {
  const auto key = [](const std::string& disturbances) {
    return jobs_of(read("strategy: single\n" + disturbances)).front().plan_key;
  };
  const std::string failing = "disturbances: {failures: [{device: far, at: 300ms}]";
  CHECK(key(failing + "}\n") == key(""));
  CHECK(key(failing + ", policy: fail, planning_time: 1s}\n") == key(""));
  CHECK(key(failing + ", policy: replan, planning_time: 1s}\n") != key(""));
  CHECK(key(failing + ", policy: replan, planning_time: 1s}\n") !=
        key(failing + ", policy: replan, planning_time: 2s}\n"));
  const std::string replanned = failing + ", policy: replan, planning_time: 1s}\n";
  CHECK(key(replanned + "weights: {from: source}\n") == key(replanned));
  CHECK(key(replanned + "weights: {from: disk, rate: 1MB/s}\n") != key(replanned));
}

TEST_CASE("the program writes every plan, and a resolved scenario gives the same run again") {
  const Scratch scratch;
  scratch.write("two.yaml", kTwoDevices + "strategy: single\nrequests: {count: 2}\n" + kFarFails);
  const std::string tiny = " --set model=" + test::data_folder() + "/cli/tiny.yaml";
  const test::Outcome first = test::edgeflow(scratch, "run two.yaml --trace -o out" + tiny);
  INFO(first.err);
  REQUIRE(first.exit_code == 0);
  REQUIRE(test::shell(scratch, "\"$edgeflow\" run out/runs/*/scenario.resolved.yaml -o again")
              .exit_code == 0);
  for (const char* file : {"requests.csv", "units.csv", "transfers.csv", "plans.csv", "devices.csv",
                           "plan.yaml", "plan@1.yaml"}) {
    CAPTURE(file);
    const auto text = [&](const std::string& out) {
      return test::shell(scratch, "cat " + out + "/runs/*/" + file).out;
    };
    CHECK(!text("out").empty());
    CHECK(text("out") == text("again"));
  }
  const std::string units = test::shell(scratch, "cat out/runs/*/units.csv").out;
  CHECK(units.find("0,1,compute,conv,far,c0:2 r0:4 w0:4,0.1192,0.1192,0.3,,0,0,1\n") !=
        std::string::npos);
  CHECK(units.find("0,1,compute,conv,near,c0:2 r0:4 w0:4,0.8,0.8,2.3,,1,1,0\n") !=
        std::string::npos);
  const std::string trace = test::shell(scratch, "cat out/runs/*/trace.json").out;
  CHECK(trace.find("\"name\":\"no plan\",\"cat\":\"plan\"") != std::string::npos);
  CHECK(trace.find("\"aborted\":true") != std::string::npos);
  CHECK(test::shell(scratch, "/usr/bin/python3 -m json.tool out/runs/*/trace.json").exit_code == 0);

  const test::Outcome given = test::shell(
      scratch, "cp out/runs/*/plan.yaml . && \"$edgeflow\" run two.yaml --plan plan.yaml" + tiny);
  CHECK(given.exit_code == 2);
  CHECK(test::first_line(given.err) ==
        "plan.yaml: a plan from a file cannot be made anew after failures (--set "
        "disturbances.policy=fail lets the run end there)");
}

TEST_CASE("a link of a graph fails and messages go another way") {
  // `far` by itself, or through the switch at half the rate.
  const std::string text =
      "schema: 1\nname: two\nmodel: tiny.yaml\ncluster:\n"
      "  network:\n    type: graph\n    switches: [s]\n    links:\n"
      "      - {between: [near, far], bandwidth: 10kB/s, latency: 100ms, duplex: half}\n"
      "      - {between: [near, s], bandwidth: 5kB/s, latency: 50ms, duplex: half}\n"
      "      - {between: [s, far], bandwidth: 5kB/s, latency: 50ms, duplex: half}\n"
      "  devices:\n    - {name: near, mac_rate: 96MAC/s}\n    - {name: far, mac_rate: 960MAC/s}\n"
      "strategy: {name: single, options: {device: far}}\nbound: lp\n"
      "disturbances: {failures: [{link: 'near:far', at: 110ms}], policy: replan, planning_time: "
      "0s}\n";
  const Document document(text, test::data_folder() + "/cli/test.yaml");
  ModelCache cache;
  const Run done = run_first(read_scenario(document.root(), cache));
  INFO(done.report.message);
  REQUIRE(done.report.status == Status::kOk);
  CHECK(*done.report.latency_s == about(0.11 + (0.1 + 192 / 5e3) + 0.1 + (0.1 + 128 / 5e3)));
  CHECK(done.result.links[0].bytes == about(100));  // 0.01 s at 10 kB/s
  CHECK(done.result.links[1].bytes == 192 + 128);
  CHECK(done.result.lost_bytes == about(100));
}

}  // namespace edgeflow
