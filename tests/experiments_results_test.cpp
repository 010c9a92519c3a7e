// Runs, their figures, and the files they are written to.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/comparison.hpp"
#include "experiments/results/event_tables.hpp"
#include "experiments/results/measure.hpp"
#include "experiments/results/merge.hpp"
#include "experiments/results/results.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/run_job.hpp"
#include "tests/support/scratch.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/machine_error.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::read_text;
using test::Scratch;

/// One device: 96 MACs at 96 MAC/s and 0.5 s overhead, 1.5 s in all; 1 W idle, 3 W busy.
const std::string kOneDevice =
    "schema: 1\n"
    "name: tiny\n"
    "model: tiny.yaml\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 1kB/s}\n"
    "  devices: [{name: near, mac_rate: 96MAC/s, overhead: 500ms, power: {idle: 1W, busy: 3W}}]\n"
    "strategy: single\n";

Scenario read(const std::string& more, const std::vector<std::string>& changes = {}) {
  Document document(kOneDevice + more, test::data_folder() + "/cli/test.yaml");
  for (const std::string& change : changes) override_scenario(document, change);
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

Run run_first(const Scenario& scenario) { return test::run_job(jobs_of(scenario).front()); }

/// A strategy of the test's own.
Run run_with(Plan (*plan)(const Problem&, const OptionValues&)) {
  const StrategyInfo info{"odd", "", "", "", {}, plan};
  Job job;
  job.scenario = std::make_shared<const Scenario>(read(""));
  StrategyChoice strategy;
  strategy.name = "odd";
  strategy.info = &info;
  job.strategy = std::make_shared<const StrategyChoice>(strategy);
  return test::run_job(job);
}

std::string mistake(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no mistake";
}

}  // namespace

TEST_CASE("one request on one device takes its MACs over its rate, and the overhead") {
  const RunReport report = run_first(read("")).report;
  CHECK(report.status == Status::kOk);
  CHECK(*report.latency_s == doctest::Approx(1.5));
  CHECK(*report.estimated_latency_s == doctest::Approx(1.5));
  CHECK(*report.estimate_gap == doctest::Approx(0));
  CHECK(*report.lower_bound_s == doctest::Approx(1.5));
  CHECK(*report.optimality_gap == doctest::Approx(0));
  CHECK(*report.compute_s == doctest::Approx(1.5));
  CHECK(*report.throughput_rps == doctest::Approx(1 / 1.5));
  CHECK(*report.energy_J == doctest::Approx(3 * 1.5));
  CHECK(*report.bytes_moved == 0);
  CHECK(*report.redundant_macs_ratio == 0);
  CHECK(*report.devices_used == 1);
  CHECK(*report.messages == 0);
  // 8 parameters, 48 input and 32 output elements of 4 bytes; input, convolution and the relay of
  // the result overlap in pairs at most: 8 + 48 + 32 or 8 + 32 + 32.
  CHECK(*report.peak_memory_bytes == 4 * (8 + 48 + 32));
}

TEST_CASE("the second of two requests a second apart waits half a second") {
  // Arrivals at 0 and 1, finishes at 1.5 and 3: latencies 1.5 and 2, of which 0.5 in the queue.
  const RunReport report =
      run_first(read("requests: {count: 2, arrivals: {process: periodic, rate: 1/s}}\n")).report;
  CHECK(*report.latency_s == doctest::Approx(1.75));
  CHECK(*report.latency_p50_s == doctest::Approx(1.5));
  CHECK(*report.latency_p99_s == doctest::Approx(2));
  CHECK(*report.latency_max_s == doctest::Approx(2));
  CHECK(*report.throughput_rps == doctest::Approx(2 / 3.0));
  CHECK(*report.queue_s == doctest::Approx(0.25));
  CHECK(*report.compute_s == doctest::Approx(1.5));
  CHECK(*report.energy_J == doctest::Approx(3 * 3));
  CHECK_FALSE(report.estimate_gap);  // the estimate is for a request alone
}

TEST_CASE("closed requests follow each other") {
  const RunReport report = run_first(read("requests: {count: 3}\n")).report;
  CHECK(*report.latency_max_s == doctest::Approx(1.5));
  CHECK(*report.throughput_rps == doctest::Approx(3 / 4.5));
}

TEST_CASE("energy is not reported where a power is not known") {
  const Scenario scenario = read("", {"cluster.devices=[{name: near, mac_rate: 96MAC/s}]"});
  CHECK(cell(run_first(scenario).report.energy_J).empty());
}

TEST_CASE("a given plan that does not fit is out of memory, a strategy's is infeasible") {
  Job job = jobs_of(read("", {"cluster.devices[0].memory=100B"})).front();
  const Run planned = test::run_job(job);
  CHECK(planned.report.status == Status::kInfeasible);
  CHECK(planned.report.message.find("near needs 0.0 MiB for weights") != std::string::npos);
  job.plan = plan(jobs_of(read("")).front()).plans.front().made.front().plan;
  const Run run = test::run_job(job);
  CHECK(run.report.status == Status::kOutOfMemory);
  CHECK_FALSE(run.report.message.empty());
  CHECK_FALSE(run.report.latency_s);
  CHECK(*run.report.estimated_latency_s == doctest::Approx(1.5));
}

TEST_CASE("a simulation without time is a timeout") {
  const Job job = jobs_of(read("")).front();
  CHECK(test::run_job(job, plan(job), {0, {}, false}).report.status == Status::kTimeout);
}

TEST_CASE("of a simulation that was killed whole lines are left") {
  const Scratch scratch;
  const std::string long_lines =
      std::string(700'000, 'x') + "\n" + std::string(700'000, 'y') + "\n";
  const auto left_of = [&](const std::string& text) {
    scratch.write("units.csv", text);
    drop_half_lines(scratch.folder());
    return read_if_there(scratch.folder() / "units.csv").value_or("gone");
  };
  CHECK(left_of("a,b\n1,2\n3,") == "a,b\n1,2\n");
  CHECK(left_of("a,b\n1,2\n") == "a,b\n1,2\n");
  CHECK(left_of("a,") == "");
  CHECK(left_of("") == "");
  CHECK(left_of(long_lines + "z") == long_lines);
  CHECK(left_of(long_lines) == long_lines);
}

TEST_CASE("whatever a strategy does becomes a status") {
  const Run infeasible =
      run_with([](const Problem&, const OptionValues&) -> Plan { throw Infeasible("too small"); });
  CHECK(infeasible.report.status == Status::kInfeasible);
  CHECK(infeasible.report.message == "too small");
  const Run failed = run_with(
      [](const Problem&, const OptionValues&) -> Plan { throw std::runtime_error("no solution"); });
  CHECK(failed.report.status == Status::kFailed);
  CHECK(failed.report.message == "no solution");
  const Run invalid = run_with([](const Problem& problem, const OptionValues&) {
    Plan plan;
    plan.model = problem.graph.name();
    return plan;
  });
  CHECK(invalid.report.status == Status::kFailed);
  CHECK(invalid.report.message.starts_with("the plan is not valid: "));
}

TEST_CASE("a model in which nothing is computed or moved is infeasible, not as quick as can be") {
  const Scratch scratch;
  const std::string head =
      "schema: 1\nname: idle\nlayers:\n  - {name: input, op: input, dims: [1, 3, 4, 4]}\n";
  const std::string view = "  - {name: flat, op: reshape, inputs: [input], dims: [48]}\n";
  const std::string pool = "  - {name: pool, op: max_pool, inputs: [input], kernel: [2, 2]}\n";
  const std::string two =
      "cluster.devices=[{name: near, mac_rate: 1MAC/s}, {name: far, mac_rate: 1MAC/s}]";
  const auto report_of = [&](const std::string& layers, std::vector<std::string> changes) {
    const std::filesystem::path model = scratch.write("idle.yaml", head + layers);
    changes.push_back("model=" + model.string());
    return run_first(read("", changes)).report;
  };
  for (const std::string& layers : {std::string(), view}) {
    const RunReport report = report_of(layers, {two});
    CHECK(report.status == Status::kInfeasible);
    CHECK(report.message ==
          "there is nothing to do: model \"idle\" has no layer that computes, and its result is "
          "wanted where its input is");
    CHECK_FALSE(report.latency_s);
    CHECK_FALSE(report.estimated_latency_s);
    // 48 elements of 4 bytes at 1 kB/s.
    CHECK(*report_of(layers, {two, "cluster.sink=far"}).latency_s == doctest::Approx(0.192));
  }
  CHECK(report_of(pool, {two}).message ==
        "there is nothing to do: model \"idle\" takes the devices no time (byte_rate or overhead "
        "would give it some), and its result is wanted where its input is");
  CHECK(*report_of(pool, {}).latency_s == doctest::Approx(0.5));  // the overhead
}

TEST_CASE("results that cannot be are reported as failed") {
  const Scenario scenario = read("");
  const Run good = run_first(scenario);
  RunReport report = good.report;
  SimulationResult result = good.result;
  measure_result(good.plans, result, scenario, report);
  CHECK(report.status == Status::kOk);

  result.requests[0].finish_s = 1.4;  // below the bound of 1.5
  measure_result(good.plans, result, scenario, report);
  CHECK(report.status == Status::kFailed);
  CHECK(report.message.find("below the lower bound") != std::string::npos);

  result = good.result;
  result.devices[0].sent_bytes = 1;
  measure_result(good.plans, result, scenario, report);
  CHECK(report.status == Status::kFailed);
  CHECK(report.message.find("0 bytes planned") != std::string::npos);
}

TEST_CASE("percentiles are values that occurred") {
  const std::vector<double> values{1, 2, 3, 4};
  // Nearest rank: the ceil(p*n/100)-th value.
  CHECK(percentile(values, 50) == 2);
  CHECK(percentile(values, 51) == 3);
  CHECK(percentile(values, 75) == 3);
  CHECK(percentile(values, 99) == 4);
  CHECK(percentile(std::vector<double>{7}, 50) == 7);
}

TEST_CASE("speed-up is the baseline's latency over one's own") {
  std::vector<RunReport> reports(4);
  reports[0].latency_s = 2;
  reports[0].baseline = 1;
  reports[1].latency_s = 6;
  reports[1].baseline = 1;
  reports[2].latency_s = 1;
  reports[3].baseline = 1;
  std::vector<Record> records;
  for (const RunReport& report : reports) records.push_back(record_of(report));
  for (Record& record : records) {
    if (record.baseline) compare(record, records[*record.baseline]);
  }
  CHECK(records[0].at("speedup_over_baseline") == "3");
  CHECK(records[1].at("speedup_over_baseline") == "1");
  CHECK(records[2].at("speedup_over_baseline").empty());
  CHECK(records[3].at("speedup_over_baseline").empty());
}

TEST_CASE("numbers are written as the shortest text that reads back the same") {
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(1.0 / 3) == "0.3333333333333333");
  CHECK(number_text(5) == "5");
  CHECK(cell(std::nullopt).empty());
  CHECK(cell(std::numeric_limits<double>::quiet_NaN()).empty());
  CHECK(cell(std::numeric_limits<double>::infinity()).empty());
}

TEST_CASE("cells are quoted where a comma, a quote or a line break would be misread") {
  CHECK(csv_row({"a", "b,c", "d\"e", "f\ng", ""}) == "a,\"b,c\",\"d\"\"e\",\"f\ng\",\n");
}

TEST_CASE("the first columns of runs.csv stay what they are") {
  // The public interface: columns are only ever appended.
  const std::string header = runs_header({}, {});
  CHECK(header ==
        "index,run_id,name,model,cluster,strategy,strategy_options,seed,devices,status,latency_s,"
        "latency_p50_s,latency_p95_s,latency_p99_s,latency_max_s,throughput_rps,"
        "estimated_latency_s,estimate_gap,lower_bound_s,optimality_gap,speedup_over_baseline,"
        "compute_s,transfer_s,queue_s,wait_s,bytes_moved,redundant_macs_ratio,energy_J,"
        "peak_memory_bytes,units,messages,devices_used,config_hash,message,"
        "repetition,requests,deadline_miss_ratio,mean_in_flight,offered_load,queue_growth_rps,"
        "overloaded,link_energy_J,energy_per_request_J,replans,outage_s,aborted,"
        "capacity_rps,assumed_rate,draws,latency_low_s,latency_high_s,speedup_low,speedup_high,"
        "fastest_share,label,schema\n");
}

TEST_CASE("axes have columns of their own unless they are there anyway") {
  const std::vector<std::string> axes{"model", "cluster.network.bandwidth", "strategy"};
  RunReport report;
  report.axes = {{"model", "vgg16"}, {"cluster.network.bandwidth", "10Mbps"}, {"strategy", "#0"}};
  const std::string text = runs_header(axes, {}) + runs_row(record_of(report), {});
  CHECK(text.find("strategy,strategy_options,cluster.network.bandwidth,seed") != std::string::npos);
  CHECK(text.find(",10Mbps,0,0,ok,,,") != std::string::npos);
}

TEST_CASE("the files of a run hold what happened, status.json last") {
  const Scratch scratch;
  const Scenario scenario = read("");
  const std::vector<Job> jobs = jobs_of(scenario);
  Manifest manifest;
  manifest.name = "tiny";
  manifest.runs = 1;
  const Results results(scratch.folder() / "out", manifest, jobs, {});
  const Run run = test::run_job(jobs[0], plan(jobs[0]), {60, results.folder_of(jobs[0]), false});
  results.add(jobs[0], run);
  merge_results(results.folder());

  const fs::path folder = scratch.folder() / "out" / "runs" / run.report.run_id;
  CHECK(run.report.run_id == "0-" + run.report.config_hash.substr(0, 8));
  CHECK(read_text(folder / "requests.csv") ==
        "request,arrival_s,finish_s,latency_s,compute_s,transfer_s,queue_s,wait_s,warm_up,missed,"
        "energy_J,stream,plan,aborted\n"
        "0,0,1.5,1.5,1.5,0,0,0,0,,4.5,,0,0\n");
  CHECK(read_text(folder / "units.csv")
            .find("0,1,compute,conv,near,c0:2 r0:4 w0:4,0,0,1.5,,0,0,0\n") != std::string::npos);
  CHECK(read_text(folder / "transfers.csv") ==
        "request,message,from_unit,from_device,to_device,bytes,start_s,finish_s,stream,plan,"
        "attempt,aborted,carried\n");
  CHECK(read_text(folder / "devices.csv").find("near,,1.5,0,0,352,,4.5,1,0,0\n") !=
        std::string::npos);
  CHECK(read_text(folder / "links.csv").find("near:up,1000,0,0,0,0,0\n") != std::string::npos);
  const auto status = nlohmann::json::parse(read_text(folder / "status.json"));
  CHECK(status["status"] == "ok");
  CHECK(status["config_hash"] == run.report.config_hash);
  CHECK(status["row"]["latency_s"] == "1.5");
  const auto json = nlohmann::json::parse(read_text(scratch.folder() / "out" / "manifest.json"));
  CHECK(json["name"] == "tiny");
  CHECK(json["finished"] == true);
  CHECK(json["statuses"]["ok"] == 1);
}

TEST_CASE("a run that begins again is not done until its results are written again") {
  const Scratch scratch;
  const std::vector<Job> jobs = jobs_of(read(""));
  const Results results(scratch.folder() / "out", {}, jobs, {});
  results.begin(jobs[0]);
  CHECK_FALSE(results.has(jobs[0]));
  results.add(jobs[0], test::run_job(jobs[0], plan(jobs[0]), {60, results.folder_of(jobs[0])}));
  CHECK(results.has(jobs[0]));
  results.begin(jobs[0]);
  CHECK_FALSE(results.has(jobs[0]));
}

TEST_CASE("results take the place of earlier results, but not of anybody else's files") {
  const Scratch scratch;
  scratch.write("mine/notes.txt", "do not delete");
  CHECK(mistake([&] {
          Results(scratch.folder() / "mine", {}, {}, {});
        }).find("is not empty and holds no results of edgeflow (choose another folder with -o)") !=
        std::string::npos);
  CHECK(read_text(scratch.folder() / "mine/notes.txt") == "do not delete");

  const fs::path old = scratch.folder() / "old";
  { const Results results(old, {}, {}, {}); }
  scratch.write("old/runs/0-stale/status.json", "{}");
  scratch.write("old/runs/1-begun/units.csv", "no result");
  scratch.write("old/plots/figure.txt", "kept");
  { const Results results(old, {}, {}, {}); }
  CHECK_FALSE(fs::exists(old / "runs/0-stale"));
  CHECK_FALSE(fs::exists(old / "runs/1-begun"));
  CHECK(fs::exists(old / "runs.old-1/runs/0-stale"));
  CHECK_FALSE(fs::exists(old / "runs.old-1/runs/1-begun"));
  CHECK(fs::exists(old / "runs.old-1/plots/figure.txt"));
}

TEST_CASE("a file in the way of a results folder is an error that names it") {
  const Scratch scratch;
  const fs::path file = scratch.write("taken", "");
  CHECK(mistake([&] { Results(file, {}, {}, {}); }) ==
        file.string() + ": cannot be made a folder: Not a directory");
  CHECK(mistake([&] {
          Results(file / "below", {}, {}, {});
        }).starts_with((file / "below").string() + ": cannot be made a folder: "));
}

TEST_CASE("a full disk is the machine's fault, with the name of the file") {
  for (const auto write :
       {+[] { write_file("/dev/full", "text"); }, +[] { write_whole_file("/dev/full", "text"); }}) {
    std::string fault;
    try {
      write();
    } catch (const MachineError& error) {
      fault = error.what();
    }
    CHECK(fault == "/dev/full: cannot be written: No space left on device");
  }
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("a file is written whole or not at all") {
  const Scratch scratch;
  const fs::path file = scratch.write("file", "old");
  write_whole_file(file, "new", Durability::kSynced);
  CHECK(read_text(file) == "new");
  CHECK(std::distance(fs::directory_iterator(scratch.folder()), {}) == 1);
  CHECK(mistake([&] { write_whole_file(scratch.folder() / "no" / "file", "text"); }) ==
        (scratch.folder() / "no/file").string() + ": cannot be written: No such file or directory");
}

}  // namespace edgeflow
