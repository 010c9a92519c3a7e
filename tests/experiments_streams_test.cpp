// Scenarios with several streams: what each takes from the scenario, and what is said of them.

#include <doctest/doctest.h>

#include <algorithm>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "experiments/scenario/resolve.hpp"
#include "tests/support/csv_table.hpp"
#include "tests/support/program.hpp"
#include "tests/support/run_job.hpp"

namespace edgeflow {
namespace {

using test::read_table;
using test::Scratch;
using test::sum_of;
using test::Table;

/// The tiny model takes 1.5 s on either device: 96 MACs at 96 MAC/s and 0.5 s overhead.
const std::string kTwoDevices =
    "schema: 1\n"
    "name: two\n"
    "model: tiny.yaml\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 1kB/s, latency: 1s}\n"
    "  devices:\n"
    "    - {name: near, mac_rate: 96MAC/s, overhead: 500ms, power: {idle: 1W, busy: 3W}}\n"
    "    - {name: far, mac_rate: 96MAC/s, overhead: 500ms, power: {idle: 1W, busy: 3W}}\n";

Scenario read(const std::string& more, const std::vector<std::string>& changes = {}) {
  Document document(kTwoDevices + more, test::data_folder() + "/cli/test.yaml");
  for (const std::string& change : changes) override_scenario(document, change);
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

Run run_first(const Scenario& scenario) {
  const std::vector<Job> jobs = jobs_of(scenario);
  Run result = test::run_job(jobs.front());
  INFO(result.report.message);
  REQUIRE(result.report.status == Status::kOk);
  return result;
}

std::string here(const char* device) {
  return std::string("strategy: {name: single, options: {device: ") + device + "}}";
}

}  // namespace

TEST_CASE("a stream takes from the scenario what it does not say itself") {
  const Scenario scenario = read(
      "strategy: even\nprecision: fp16\nrequests: {count: 3}\nseed: 5\nstreams:\n"
      "  - {name: a}\n"
      "  - {name: b, model: squeezenet1_1, strategy: single, precision: int8, source: far,\n"
      "     requests: {count: 2}}\n"
      "  - {name: c, sink: far, input_precision: uint8}\n");
  REQUIRE(scenario.workloads.size() == 3);
  const Workload& a = scenario.workloads[0];
  const Workload& b = scenario.workloads[1];
  const Workload& c = scenario.workloads[2];
  CHECK(a.model->graph.name() == "tiny");
  CHECK_FALSE(a.strategy);
  CHECK(a.requests.count == 3);
  CHECK(a.element_size().input_bytes == 2);
  CHECK(a.cluster == scenario.cluster);
  CHECK(b.model->graph.name() == "squeezenet1_1");
  CHECK(b.strategy->name == "single");
  CHECK(b.requests.count == 2);
  CHECK(b.element_size().activation_bytes == 1);
  CHECK(b.element_size().input_bytes == 1);
  CHECK(b.cluster->source() == DeviceId{1});
  CHECK(b.cluster->sink() == DeviceId{1});  // its source has it, then
  CHECK(c.cluster->source() == DeviceId{0});
  CHECK(c.cluster->sink() == DeviceId{1});
  CHECK(c.element_size().activation_bytes == 2);
  CHECK(c.element_size().input_bytes == 1);
  CHECK(scenario.seed == 5);
  const std::vector<Job> jobs = jobs_of(scenario);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].strategy_of(scenario.workloads[0]).name == "even");
  CHECK(jobs[0].strategy_of(scenario.workloads[1]).name == "single");
}

TEST_CASE("strategies of the scenario are compared for the streams without one of their own") {
  const Scenario scenario = read(
      "strategies: [single, even]\nstreams:\n  - {name: a}\n  - {name: b, strategy: single}\n");
  const std::vector<Job> jobs = jobs_of(scenario);
  REQUIRE(jobs.size() == 2);
  const Run even = test::run_job(jobs[1]);
  CHECK(even.report.strategy == "even");
  CHECK(even.report.streams.at(0).strategy == "even");
  CHECK(even.report.streams.at(1).strategy == "single");
  CHECK(even.report.model == "tiny");
  CHECK(jobs[1].baseline == 0);
  const Scenario own = read(
      "streams:\n  - {name: a, strategy: even}\n  - {name: b, strategy: single}\n"
      "  - {name: c, strategy: even}\n");
  const std::vector<Job> one = jobs_of(own);
  REQUIRE(one.size() == 1);
  CHECK(test::run_job(one[0]).report.strategy == "even+single");
}

TEST_CASE("values of a stream are changed by its name or number, also those that it inherits") {
  const std::string text =
      "strategy: single\nrequests: {count: 3, arrivals: {process: poisson, rate: 2/s}}\n"
      "streams: [{name: a}, {name: b, strategy: single}]\n";
  const Scenario by_name =
      read(text, {"streams.b.requests.arrivals.rate=7/s", "streams.b.strategy.options.device=far"});
  CHECK(by_name.workloads[0].requests.rate_per_s == 2);
  CHECK(by_name.workloads[1].requests.rate_per_s == 7);
  CHECK(by_name.workloads[1].requests.count == 3);
  CHECK(by_name.workloads[1].strategy->options.at("device") == "far");
  const Scenario by_number = read(text, {"streams[0].source=far", "streams[1].requests.count=4"});
  CHECK(by_number.workloads[0].cluster->source() == DeviceId{1});
  CHECK(by_number.workloads[1].requests.count == 4);
  CHECK(by_number.workloads[1].requests.rate_per_s == 2);
}

TEST_CASE("streams meet arrivals of their own, whatever the other streams") {
  const std::string poisson = "requests: {count: 5, arrivals: {process: poisson, rate: 2/s}}\n";
  const Scenario scenario =
      read("strategy: single\n" + poisson + "streams: [{name: a}, {name: b}]\n");
  const auto a = scenario.workloads[0].arrivals_s(scenario.seed);
  CHECK(a != scenario.workloads[1].arrivals_s(scenario.seed));
  const Scenario other =
      read("strategy: even\n" + poisson + "streams: [{name: c}, {name: b}, {name: a}]\n");
  CHECK(other.workloads[2].arrivals_s(other.seed) == a);
  Scenario repeated = scenario;
  repeated.seed = 17;
  CHECK(repeated.workloads[0].arrivals_s(repeated.seed) != a);
}

TEST_CASE("a resolved scenario with streams is read as what it was made from") {
  const Scenario scenario = read(
      "strategy: even\nstreams:\n  - {name: a, requests: {count: 4, arrivals: {process: poisson, "
      "rate: 1/s}}}\n  - {name: b, model: squeezenet1_1, strategy: single, sink: far}\n",
      {"cluster.devices[0].memory=1GiB"});
  const std::string text = resolved_text(scenario, scenario.strategies.front());
  const Document document(text, test::data_folder() + "/cli/test.yaml");
  ModelCache cache;
  const Scenario again = read_scenario(document.root(), cache);
  CHECK(resolved_text(again, again.strategies.front()) == text);
  CHECK(config_hash(again, again.strategies.front()) ==
        config_hash(scenario, scenario.strategies.front()));
  CHECK(again.workloads[0].arrivals_s(again.seed) ==
        scenario.workloads[0].arrivals_s(scenario.seed));
}

TEST_CASE("each stream computes at the rates of its own precision") {
  const Scenario scenario = read(
      "precision: fp16\nstrategy: {name: single, options: {device: near}}\n"
      "streams:\n  - {name: a}\n  - {name: b, precision: int8}\n  - {name: c, precision: fp32}\n",
      {"cluster.devices[0].precision=fp32",
       "cluster.devices[0].rates_in={int8: {mac_rate: 384MAC/s}, fp16: {overhead: 250ms}}"});
  // 96 MACs at 96 MAC/s and 0.25 s; at 384 MAC/s and 0.5 s; at 96 MAC/s and 0.5 s. All arrive at 0
  // at the device that they are on, one after the other.
  const auto check = [](const Run& run) {
    REQUIRE(run.report.streams.size() == 3);
    CHECK(*run.report.streams[0].latency_s == doctest::Approx(1.25));
    CHECK(*run.report.streams[1].latency_s == doctest::Approx(1.25 + 0.75));
    CHECK(*run.report.streams[2].latency_s == doctest::Approx(1.25 + 0.75 + 1.5));
    CHECK(*run.report.streams[0].estimated_latency_s == doctest::Approx(1.25));
    CHECK(*run.report.streams[1].estimated_latency_s == doctest::Approx(0.75));
    // Nobody says what `far` was measured in.
    CHECK(run.report.streams[0].assumed_rate == 0);
    CHECK(run.report.streams[1].assumed_rate == 1);
    CHECK(run.report.streams[2].assumed_rate == 0);
    CHECK(run.report.assumed_rate == 1);
  };
  check(run_first(scenario));
  const std::string text = resolved_text(scenario, scenario.strategies.front());
  const Document document(text, test::data_folder() + "/cli/test.yaml");
  ModelCache cache;
  const Scenario again = read_scenario(document.root(), cache);
  CHECK(resolved_text(again, again.strategies.front()) == text);
  check(run_first(again));
}

TEST_CASE("two streams without a shared device are two simulations of their own") {
  const std::string near = here("near");
  const std::string poisson = "requests: {count: 20, arrivals: {process: poisson, rate: 0.5/s}}";
  const std::string burst =
      "requests: {count: 9, arrivals: {process: burst, rate: 0.1/s, size: 3}}";
  const Scenario both = read("seed: 3\nstreams:\n  - {name: a, " + here("near") + ", " + poisson +
                             "}\n  - {name: b, source: far, " + here("far") + ", " + burst + "}\n");
  const Run together = run_first(both);
  std::size_t first = 0;
  for (std::size_t s = 0; s < 2; ++s) {
    Scenario alone = both;
    alone.workloads = {both.workloads[s]};
    alone.workloads[0].strategy.reset();
    alone.strategies = {*both.workloads[s].strategy};
    const Run separate = run_first(alone);
    const RunReport& stream = together.report.streams[s];
    CHECK(stream.latency_s == separate.report.latency_s);
    CHECK(stream.latency_p99_s == separate.report.latency_p99_s);
    CHECK(stream.throughput_rps == separate.report.throughput_rps);
    CHECK(stream.queue_s == separate.report.queue_s);
    CHECK(stream.mean_in_flight == separate.report.mean_in_flight);
    for (std::size_t i = 0; i < separate.result.requests.size(); ++i) {
      const RequestRecord& shared = together.result.requests[first + i];
      CHECK(index(shared.stream) == s);
      CHECK(shared.arrival_s == separate.result.requests[i].arrival_s);
      CHECK(shared.finish_s == separate.result.requests[i].finish_s);
      CHECK(shared.queue_s == separate.result.requests[i].queue_s);
    }
    first += separate.result.requests.size();
  }
}

TEST_CASE("two cameras whose pictures go to one device share its downlink") {
  // The tiny input is 3 x 4 x 4 fp32 = 192 bytes; `hub` computes both, 1.5 s each. Alone, a picture
  // takes 192 B over 1 kB/s = 0.192 s and 1 s latency; two at a time share the hub's downlink and
  // both arrive after 1 s + 2 * 0.192 s. The hub then computes one after the other, and the results
  // (2 x 4 x 4 fp32 = 128 B) return on links of their own: 1 s + 0.128 s.
  const std::string text =
      "schema: 1\nname: two\nmodel: tiny.yaml\ncluster:\n"
      "  network: {type: switch, bandwidth: 1kB/s, latency: 1s}\n"
      "  devices:\n"
      "    - {name: left, mac_rate: 1MAC/s}\n    - {name: right, mac_rate: 1MAC/s}\n"
      "    - {name: hub, mac_rate: 96MAC/s, overhead: 500ms}\n" +
      here("hub") + "\nstreams: [{name: a, source: left}, {name: b, source: right}]\n";
  const Document document(text, test::data_folder() + "/cli/test.yaml");
  ModelCache cache;
  const Run run = run_first(read_scenario(document.root(), cache));
  const double input_s = 1 + 2 * 0.192;
  CHECK(*run.report.streams[0].latency_s == doctest::Approx(input_s + 1.5 + 1.128).epsilon(1e-9));
  CHECK(*run.report.streams[1].latency_s ==
        doctest::Approx(input_s + 2 * 1.5 + 1.128).epsilon(1e-9));
  CHECK(*run.report.streams[0].estimated_latency_s ==
        doctest::Approx(1.192 + 1.5 + 1.128).epsilon(1e-9));
  CHECK(*run.report.latency_s == doctest::Approx(input_s + 1.5 * 1.5 + 1.128).epsilon(1e-9));
}

TEST_CASE("offered load adds up over streams that share a device") {
  // Two streams of 1.5 s per request: 0.2/s and 0.3/s make 0.75 of the device.
  const Run run = run_first(
      read(here("near") + "\nstreams:\n"
                          "  - {name: a, requests: {count: 20, arrivals: {process: periodic, rate: "
                          "0.2/s}}}\n"
                          "  - {name: b, requests: {count: 30, arrivals: {process: periodic, rate: "
                          "0.3/s}}}\n"));
  CHECK(*run.report.offered_load == doctest::Approx(0.75).epsilon(1e-9));
  CHECK(*run.report.overloaded == 0);
  CHECK(*run.report.requests == 50);
  CHECK(*run.report.throughput_rps == doctest::Approx(*run.report.streams[0].throughput_rps +
                                                      *run.report.streams[1].throughput_rps));
}

TEST_CASE("the weights of all streams on a device must fit its memory") {
  // The tiny model's weights are 2 x 3 filters of 1 x 1 and 2 biases: 8 elements, 32 bytes. Its one
  // unit takes 192 bytes and makes 128: 352 bytes alone, 384 with the weights of another.
  const auto status = [](const std::string& streams, int memory) {
    const Scenario scenario = read(here("near") + "\nstreams: " + streams + "\n",
                                   {"cluster.devices[0].memory=" + std::to_string(memory) + "B"});
    const std::vector<Job> jobs = jobs_of(scenario);
    return test::run_job(jobs.front()).report;
  };
  CHECK(status("[{name: a}]", 352).status == Status::kOk);
  CHECK(status("[{name: a}, {name: b}]", 383).status == Status::kOutOfMemory);
  const std::string message = status("[{name: a}, {name: b}]", 383).message;
  CHECK(message.find("for weights of all streams") != std::string::npos);
}

TEST_CASE("a stream that cannot be planned is named") {
  // SqueezeNet's weights are 5 MB.
  const Scenario scenario =
      read("strategy: single\nstreams: [{name: a}, {name: b, model: squeezenet1_1}]\n",
           {"cluster.devices[0].memory=1MiB", "cluster.devices[1].memory=1MiB"});
  const std::vector<Job> jobs = jobs_of(scenario);
  const Run run = test::run_job(jobs.front());
  CHECK(run.report.status == Status::kInfeasible);
  CHECK(run.report.message.starts_with("stream b: "));
}

TEST_CASE("bytes are conserved and parts sum to the latency in every stream") {
  const Scratch scratch;
  const auto outcome = test::edgeflow(
      scratch, "run " + test::data_folder() + "/cli/streams_scenario.yaml --trace -o out");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  CHECK(outcome.out.find("detector") != std::string::npos);
  const auto folder = std::filesystem::directory_iterator(scratch.folder() / "out/runs")->path();
  const Table streams = read_table(folder / "streams.csv");
  const Table requests = read_table(folder / "requests.csv");
  const Table transfers = read_table(folder / "transfers.csv");
  REQUIRE(streams.size() == 2);
  double energy_J = 0;
  for (const auto& stream : streams) {
    const std::string& name = stream.at("stream");
    CHECK(std::filesystem::exists(folder / ("plan-" + name + ".yaml")));
    double count = 0;
    double latency_s = 0;
    for (const auto& row : requests) {
      if (row.at("stream") != name) continue;
      double parts_s = 0;
      for (const char* part : {"compute_s", "transfer_s", "queue_s", "wait_s"}) {
        parts_s += std::stod(row.at(part));
      }
      CHECK(parts_s == doctest::Approx(std::stod(row.at("latency_s"))).epsilon(1e-9));
      latency_s += std::stod(row.at("latency_s"));
      energy_J += std::stod(row.at("energy_J"));
      ++count;
    }
    CHECK(count == std::stod(stream.at("requests")));
    CHECK(latency_s / count == doctest::Approx(std::stod(stream.at("latency_s"))));
    std::size_t messages = 0;
    for (const auto& row : transfers) messages += row.at("stream") == name ? 1 : 0;
    CHECK(static_cast<double>(messages) == count * std::stod(stream.at("messages")));
  }
  const Table devices = read_table(folder / "devices.csv");
  CHECK(sum_of(transfers, "bytes") == doctest::Approx(sum_of(devices, "sent_bytes")));
  CHECK(sum_of(transfers, "bytes") == doctest::Approx(sum_of(devices, "received_bytes")));
  CHECK(energy_J == doctest::Approx(sum_of(devices, "energy_J")).epsilon(1e-9));
  CHECK(read_table(scratch.folder() / "out/streams.csv").size() == 2);
}

TEST_CASE("commands for one plan say so to a scenario with streams") {
  const Scratch scratch;
  const std::string file = test::data_folder() + "/cli/streams_scenario.yaml";
  const auto planned = test::edgeflow(scratch, "plan " + file);
  CHECK(planned.exit_code == 2);
  CHECK(planned.err.find("a plan file holds the plan of one stream") != std::string::npos);
  const auto replayed =
      test::edgeflow(scratch, "run " + file + " --plan " + test::data_folder() + "/cli/tiny.yaml");
  CHECK(replayed.exit_code == 2);
  CHECK(replayed.err.find("holds the plan of one stream, the scenario has 2") != std::string::npos);
  const auto explained = test::edgeflow(scratch, "explain " + file);
  CHECK(explained.exit_code == 0);
  CHECK(explained.out.find("stream detector: squeezenet1_1 on") != std::string::npos);
  CHECK(explained.out.find("stream classifier: mobilenet_v3_small on") != std::string::npos);
  const auto valid = test::edgeflow(scratch, "validate " + file);
  CHECK(valid.out.find("ok, a scenario of 1 run") != std::string::npos);
}

}  // namespace edgeflow
