// Figures and tables of made-up results in which every number is another: a column that shows its
// neighbour's would be seen.

#include <doctest/doctest.h>

#include <algorithm>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/measure.hpp"
#include "experiments/results/run_tables.hpp"
#include "experiments/results/summary.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "experiments/run/steps.hpp"
#include "tests/support/csv_table.hpp"
#include "tests/support/paths.hpp"

namespace edgeflow {
namespace {

using test::read_table;
using test::Scratch;
using test::Table;

Scenario read(const std::string& more) {
  const Document document(
      "schema: 1\n"
      "name: tiny\n"
      "model: tiny.yaml\n"
      "cluster:\n"
      "  network: {type: switch, bandwidth: 1kB/s}\n"
      "  devices:\n"
      "    - {name: near, mac_rate: 96MAC/s, overhead: 500ms}\n"
      "    - {name: far, mac_rate: 96MAC/s, overhead: 500ms}\n"
      "strategy: single\n" +
          more,
      test::data_folder() + "/cli/test.yaml");
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

/// A planned run without a result.
Run planned(const Scenario& scenario) {
  const Job job = jobs_of(scenario).front();
  Run run = begin_run(job, plan(job));
  validate(run, job);
  measure_plans(run.plans, scenario, run.report);
  return run;
}

/// Requests a minute apart with latencies of 2, 3, 4, ... s, the shortest one last. The parts of a
/// latency are 1/10, 2/10, 3/10 and 4/10 of it.
std::vector<RequestRecord> requests(int count) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < count; ++i) {
    RequestRecord record;
    const double latency_s = 1 + count - i;
    record.request = i;
    record.arrival_s = 60.0 * i;
    record.finish_s = record.arrival_s + latency_s;
    record.compute_s = 0.1 * latency_s;
    record.transfer_s = 0.2 * latency_s;
    record.queue_s = 0.3 * latency_s;
    record.wait_s = 0.4 * latency_s;
    record.energy_J = 5;
    records.push_back(record);
  }
  return records;
}

double latencies_s(const std::vector<RequestRecord>& records) {
  double sum_s = 0;
  for (const RequestRecord& record : records) sum_s += record.finish_s - record.arrival_s;
  return sum_s;
}

Table table_of(const std::string& text) {
  const Scratch scratch;
  return read_table(scratch.write("table.csv", text));
}

}  // namespace

TEST_CASE("percentiles and the parts of a latency each have their own figure") {
  const Scenario scenario =
      read("requests: {count: 200, arrivals: {process: periodic, rate: 1/min}, deadline: 191s}\n");
  Run run = planned(scenario);
  run.result.requests = requests(200);
  run.result.in_flight_s = {latencies_s(run.result.requests)};
  measure_result(run.plans, run.result, scenario, run.report);
  const RunReport& report = run.report;
  CHECK(report.status == Status::kOk);
  // The latencies are 2 to 201 s; the n-th of them is n + 1 s.
  CHECK(*report.latency_s == doctest::Approx(101.5));
  CHECK(*report.latency_p50_s == 101);
  CHECK(*report.latency_p95_s == 191);
  CHECK(*report.latency_p99_s == 199);
  CHECK(*report.latency_max_s == 201);
  CHECK(*report.compute_s == doctest::Approx(10.15));
  CHECK(*report.transfer_s == doctest::Approx(20.3));
  CHECK(*report.queue_s == doctest::Approx(30.45));
  CHECK(*report.wait_s == doctest::Approx(40.6));
  // 192 to 201 s; one of exactly the deadline is in time.
  CHECK(*report.deadline_miss_ratio == doctest::Approx(10 / 200.0));
  // The last request arrives at 199 min, and the one before is done 3 s after 198 min.
  CHECK(*report.throughput_rps == doctest::Approx(200 / (199 * 60.0 + 2)));
  CHECK(*report.mean_in_flight == doctest::Approx(200 * 101.5 / (199 * 60.0 + 2)));
  const Record record = record_of(report);
  for (const auto& [column, value] :
       {std::pair("latency_p50_s", "101"), std::pair("latency_p95_s", "191"),
        std::pair("latency_p99_s", "199"), std::pair("latency_max_s", "201")}) {
    CHECK(record.at(column) == value);
  }
  CHECK(std::stod(record.at("compute_s")) == doctest::Approx(10.15));
  CHECK(std::stod(record.at("transfer_s")) == doctest::Approx(20.3));
  CHECK(std::stod(record.at("queue_s")) == doctest::Approx(30.45));
  CHECK(std::stod(record.at("wait_s")) == doctest::Approx(40.6));
}

TEST_CASE("requests of the warm-up count for requests in flight only") {
  const Scenario scenario = read(
      "requests: {count: 4, arrivals: {process: periodic, rate: 1/min}, warm_up: 1, "
      "deadline: 4s}\n");
  Run run = planned(scenario);
  run.result.requests = requests(4);  // latencies 5, 4, 3, 2 s
  run.result.requests[0].energy_J = 45;
  run.result.in_flight_s = {latencies_s(run.result.requests)};
  measure_result(run.plans, run.result, scenario, run.report);
  CHECK(run.report.status == Status::kOk);
  CHECK(*run.report.requests == 3);
  CHECK(*run.report.latency_s == doctest::Approx(3));
  CHECK(*run.report.latency_max_s == 4);
  CHECK(*run.report.deadline_miss_ratio == 0);
  CHECK(*run.report.energy_per_request_J == doctest::Approx(5));
  // From the end of the warm-up at 5 s to the last finish at 182 s; all from 0 to then.
  CHECK(*run.report.throughput_rps == doctest::Approx(3 / (182.0 - 5)));
  CHECK(*run.report.mean_in_flight == doctest::Approx(14 / 182.0));
  const Table table = table_of(requests_csv(run.result, scenario));
  REQUIRE(table.size() == 4);
  CHECK(table[0].at("warm_up") == "1");
  CHECK(table[0].at("missed") == "1");
  CHECK(table[1].at("warm_up") == "0");
  CHECK(table[1].at("missed") == "0");
}

TEST_CASE("throughput leaves out at the end as much as was begun before its time") {
  // Closed, two at a time, 1 s of work each on one device that they share: the first warms up.
  const Scenario scenario =
      read("requests: {count: 6, arrivals: {process: closed, concurrency: 2}, warm_up: 2}\n");
  Run run = planned(scenario);
  std::vector<RequestRecord>& records = run.result.requests;
  const double times_s[6][2] = {{0, 1.5}, {0, 2}, {1.5, 3.5}, {2, 4}, {3.5, 5.5}, {4, 6}};
  for (const auto& [arrival_s, finish_s] : times_s) {
    RequestRecord& record = records.emplace_back();
    record.request = static_cast<std::int32_t>(records.size() - 1);
    record.arrival_s = arrival_s;
    record.finish_s = finish_s;
  }
  run.result.in_flight_s = {latencies_s(records)};
  measure_result(run.plans, run.result, scenario, run.report);
  CHECK(run.report.status == Status::kOk);
  // At 2 s two are done and one is under way, so that the last one does not count: 3 until 5.5 s.
  CHECK(*run.report.throughput_rps == doctest::Approx(3 / 3.5));
}

TEST_CASE("devices and links have each number in its column") {
  Run run = planned(read(""));
  run.result.makespan_s = 10;
  DeviceRecord device;
  device.busy_s = 1;
  device.sent_bytes = 2;
  device.received_bytes = 3;
  device.peak_memory_bytes = 4;
  device.energy_J = 6;
  device.transmit_s = 7;
  device.receive_s = 8;
  run.result.devices = {device, {}};
  const Table devices = table_of(devices_csv(run, read("")));
  REQUIRE(devices.size() == 2);
  CHECK(devices[0] == std::map<std::string, std::string>{{"device", "near"},
                                                         {"type", ""},
                                                         {"busy_s", "1"},
                                                         {"sent_bytes", "2"},
                                                         {"received_bytes", "3"},
                                                         {"peak_memory_bytes", "4"},
                                                         {"memory_bytes", ""},
                                                         {"energy_J", "6"},
                                                         {"utilisation", "0.1"},
                                                         {"transmit_s", "7"},
                                                         {"receive_s", "8"}});
  CHECK(devices[1].at("device") == "far");
  CHECK(devices[1].at("sent_bytes") == "0");

  run.result.links = {{11, 2, 13, 14}, {}, {}, {}};
  const Table links = table_of(links_csv(run, read("")));
  REQUIRE(links.size() == 4);
  CHECK(links[0] == std::map<std::string, std::string>{{"link", "near:up"},
                                                       {"bandwidth_Bps", "1000"},
                                                       {"bytes", "11"},
                                                       {"busy_s", "2"},
                                                       {"utilisation", "0.2"},
                                                       {"energy_J", "13"},
                                                       {"background_bytes", "14"}});
  CHECK(links[1].at("link") == "near:down");
}

TEST_CASE("totals over devices and links add up what they are called") {
  const Scenario scenario = read("requests: {count: 1}\n");
  Run run = planned(scenario);
  run.result.requests = requests(1);
  run.result.in_flight_s = {latencies_s(run.result.requests)};
  run.result.devices.resize(2);
  run.result.devices[0].peak_memory_bytes = 70;
  run.result.devices[1].peak_memory_bytes = 30;
  run.result.devices[0].energy_J = 1;
  run.result.devices[1].energy_J = 2;
  run.result.devices[0].sent_bytes = run.result.devices[1].received_bytes = 100;
  run.result.lost_bytes = 100;
  run.result.links.resize(2);
  run.result.links[0].energy_J = 10;
  run.result.links[1].energy_J = 30;
  measure_result(run.plans, run.result, scenario, run.report);
  CHECK(run.report.status == Status::kOk);
  CHECK(*run.report.peak_memory_bytes == 70);
  CHECK(*run.report.energy_J == 3);
  CHECK(*run.report.link_energy_J == 40);
  CHECK(*run.report.bytes_moved == 100);
  run.result.devices[1].received_bytes = 90;
  measure_result(run.plans, run.result, scenario, run.report);
  CHECK(run.report.status == Status::kFailed);
  CHECK(run.report.message == "bug: 100 bytes planned, 100 sent, 90 received");
}

TEST_CASE("what streams compute more than once is counted over all their plans") {
  const Scenario scenario = read("streams: [{name: once}, {name: twice}]\n");
  Run run = planned(scenario);
  CHECK(*run.report.redundant_macs_ratio == 0);
  // Another copy of the layer on the device that has it: 96 MACs more.
  Plan twice = *run.plans[1].made[0].plan;
  const auto copy = id_at<UnitId>(twice.units.size());
  twice.units.push_back(twice.units[1]);
  twice.units.back().forwarding.clear();
  const Requirement& need = twice.units[1].requirements.front();
  twice.units[index(need.provider)].forwarding.push_back({copy, need.region});
  run.plans[1].made[0].plan = std::make_shared<const Plan>(twice);
  make_executable(run.plans, scenario);
  measure_plans(run.plans, scenario, run.report);
  CHECK(*run.report.streams[1].redundant_macs_ratio == doctest::Approx(1));
  CHECK(*run.report.redundant_macs_ratio == doctest::Approx((96.0 + 2 * 96) / (2 * 96) - 1));
}

TEST_CASE("streams of a run keep their own limits, and share what they moved") {
  const Scenario scenario = read(
      "streams:\n"
      "  - {name: strict, requests: {count: 2, arrivals: {process: periodic, rate: 1/min}, "
      "deadline: 2500ms}}\n"
      "  - {name: lax, requests: {count: 4, arrivals: {process: periodic, rate: 1/min}, warm_up: "
      "1, "
      "deadline: 3500ms}}\n");
  Run run = planned(scenario);
  run.result.requests = requests(2);          // 3, 2 s
  for (RequestRecord record : requests(4)) {  // 5, 4, 3, 2 s
    record.stream = StreamId{1};
    record.energy_J = 8;
    run.result.requests.push_back(record);
  }
  run.result.in_flight_s = {5, 14};
  measure_result(run.plans, run.result, scenario, run.report);
  CHECK(run.report.status == Status::kOk);
  const RunReport& strict = run.report.streams[0];
  const RunReport& lax = run.report.streams[1];
  CHECK(*strict.latency_s == doctest::Approx(2.5));
  CHECK(*strict.deadline_miss_ratio == doctest::Approx(1 / 2.0));
  CHECK(*strict.energy_per_request_J == doctest::Approx(5));
  CHECK(*lax.latency_s == doctest::Approx(3));
  CHECK(*lax.deadline_miss_ratio == doctest::Approx(1 / 3.0));
  CHECK(*lax.energy_per_request_J == doctest::Approx(8));
  // Together: 5 requests that count, of which 2 are late.
  CHECK(*run.report.requests == 5);
  CHECK(*run.report.latency_s == doctest::Approx((3 + 2 + 4 + 3 + 2) / 5.0));
  CHECK(*run.report.deadline_miss_ratio == doctest::Approx(2 / 5.0));
  CHECK(*run.report.energy_per_request_J == doctest::Approx((2 * 5 + 3 * 8) / 5.0));
  CHECK(*run.report.mean_in_flight == doctest::Approx(19 / 182.0));

  Summary summary;
  summary.add({{record_of(run.report)}});
  const std::string text = summary.streams();
  const std::size_t line = text.find("lax");
  REQUIRE(line != std::string::npos);
  // latency, p50, p95, p99, alone in ms; per s: 3 in 177 s; missed %; J each
  CHECK(text.substr(line, text.find('\n', line) - line)
            .ends_with("  3000.0  3000.0  4000.0  4000.0    1500.0   0.02      33.3    8.00"));
}

TEST_CASE("a queue that grows in the second half of the arrivals is an overload") {
  // A request a second; none is done before all have arrived: at the 50th (49 s) 50 are in flight,
  // at the 100th 100. By chance it would grow by 2 sqrt(50) = 14 at most.
  const Scenario scenario =
      read("requests: {count: 100, arrivals: {process: periodic, rate: 1/s}}\n");
  Run run = planned(scenario);
  for (int i = 0; i < 100; ++i) {
    RequestRecord record;
    record.request = i;
    record.arrival_s = i;
    record.finish_s = 200;
    run.result.requests.push_back(record);
  }
  run.result.in_flight_s = {latencies_s(run.result.requests)};
  measure_result(run.plans, run.result, scenario, run.report);
  CHECK(*run.report.overloaded == 1);
  // From the arrival at 50 s to that at 99 s: 49 more.
  CHECK(*run.report.queue_growth_rps == doctest::Approx(1));
  for (RequestRecord& record : run.result.requests) {
    if (record.request < 50) record.finish_s = 60;
  }
  run.result.in_flight_s = {latencies_s(run.result.requests)};
  measure_result(run.plans, run.result, scenario, run.report);
  // 51 at 50 s; 50 of the later ones at 99 s.
  CHECK(*run.report.queue_growth_rps == doctest::Approx(-1 / 49.0));
  CHECK(*run.report.overloaded == 0);
}

}  // namespace edgeflow
