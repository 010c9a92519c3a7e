// Requests of scenarios: when they arrive, what of them counts, and what is written about them.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "experiments/jobs/sweep.hpp"
#include "tests/support/csv_table.hpp"
#include "tests/support/program.hpp"
#include "tests/support/run_job.hpp"

namespace edgeflow {
namespace {

using test::read_table;
using test::Scratch;

/// One device on which a request takes 1.5 s: 96 MACs at 96 MAC/s and 0.5 s overhead.
const std::string kOneDevice =
    "schema: 1\n"
    "name: tiny\n"
    "model: tiny.yaml\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 1kB/s}\n"
    "  devices: [{name: near, mac_rate: 96MAC/s, overhead: 500ms}]\n"
    "strategy: single\n";

Scenario read(const std::string& requests) {
  const Document document(kOneDevice + "requests: " + requests + "\n",
                          test::data_folder() + "/cli/test.yaml");
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

RunReport report_of(const std::string& requests) {
  const std::vector<Job> jobs = jobs_of(read(requests));
  RunReport report = test::run_job(jobs.front()).report;
  INFO(report.message);
  REQUIRE(report.status == Status::kOk);
  return report;
}

std::vector<double> arrivals_of(const Scenario& scenario) {
  return scenario.workloads[0].arrivals_s(scenario.seed);
}

std::string mistake(const std::string& requests) {
  try {
    read(requests);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no mistake";
}

}  // namespace

TEST_CASE("bursts arrive together, one period apart") {
  CHECK(arrivals_of(read("{count: 5, arrivals: {process: burst, rate: 2/s, size: 2}}")) ==
        std::vector<double>{0, 0, 0.5, 0.5, 1});
}

TEST_CASE("a run's requests arrive when its seed says") {
  Scenario scenario = read("{count: 5, arrivals: {process: poisson, rate: 2/s}}");
  scenario.seed = 9;
  const Run run = test::run_job(jobs_of(scenario).front());
  std::vector<double> arrivals_s;
  for (const RequestRecord& request : run.result.requests) arrivals_s.push_back(request.arrival_s);
  REQUIRE(arrivals_s.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(arrivals_s[i] == doctest::Approx(arrivals_of(scenario)[i]).epsilon(1e-12));
  }
}

TEST_CASE("a trace says when each request arrives, in the scenario or in a table") {
  CHECK(arrivals_of(read("{arrivals: {process: trace, times: [0s, 0.25s, 3s]}}")) ==
        std::vector<double>{0, 0.25, 3});
  CHECK(arrivals_of(read("{count: 2, arrivals: {process: trace, times: [0s, 0.25s, 3s]}}")) ==
        std::vector<double>{0, 0.25});
  const Scratch scratch;
  const auto trace = [&](const std::string& text) {
    return "{arrivals: {process: trace, file: " + scratch.write("t.csv", text).string() + "}}";
  };
  const std::string file = (scratch.folder() / "t.csv").string();
  CHECK(arrivals_of(read(trace("request,arrival_s\n0,0.5\n1,0.5\n2,7e1\n"))) ==
        std::vector<double>{0.5, 0.5, 70});
  CHECK(mistake(trace("a,b\n1,2\n")) == file + ":1:1: expected a table with a column arrival_s");
  CHECK(mistake(trace("arrival_s\n1\n0.5\n")) ==
        file + ":3:1: at arrival_s: got \"0.5\", expected seconds, not less than 1");
  CHECK(mistake(trace("arrival_s\nsoon\n")) ==
        file + ":2:1: at arrival_s: got \"soon\", expected seconds, not less than 0");
  CHECK(mistake(trace("arrival_s\n1e8\n1.7e9\n")) ==
        file +
            ":3:1: at arrival_s: got \"1.7e9\", expected seconds since the start of the run, at "
            "most 100000000 (Unix times? take the first one from all of them)");
  CHECK(mistake(trace("arrival_s\n")).find("holds no request") != std::string::npos);
}

TEST_CASE("what is written of requests reads back as the same requests") {
  for (const char* text :
       {"{count: 7, arrivals: {process: burst, rate: 3/s, size: 4}, warm_up: 2, deadline: 2s}",
        "{arrivals: {process: trace, times: [0s, 0.1s, 0.3s]}, max_in_flight: 2}",
        "{count: 3, arrivals: {process: closed, concurrency: 2}}",
        "{count: 3, arrivals: {process: poisson, rate: 0.3/s}}"}) {
    CAPTURE(text);
    const Requests requests = read(text).workloads[0].requests;
    YamlTree again;
    again["requests"] = requests_node(requests);
    const Document document(canonical_text(again), "again");
    const Requests read_again = read_requests(document.root().at("requests"));
    CHECK(read_again.arrivals_s(5, "s") == requests.arrivals_s(5, "s"));
    CHECK(read_again.concurrency == requests.concurrency);
    CHECK(read_again.warm_up == requests.warm_up);
    CHECK(read_again.deadline_s == requests.deadline_s);
    CHECK(read_again.max_in_flight == requests.max_in_flight);
  }
}

TEST_CASE("the warm-up counts in no statistics") {
  // Latencies 1.5, 3 and 4.5: the burst is served one by one.
  const std::string burst = "arrivals: {process: burst, rate: 1/s, size: 3}";
  CHECK(*report_of("{count: 3, " + burst + "}").latency_s == doctest::Approx(3));
  const RunReport report = report_of("{count: 3, warm_up: 1, " + burst + "}");
  CHECK(*report.requests == 2);
  CHECK(*report.latency_s == doctest::Approx(3.75));
  CHECK(*report.latency_p50_s == doctest::Approx(3));
  CHECK(*report.queue_s == doctest::Approx(2.25));
  CHECK(*report.throughput_rps == doctest::Approx(1 / 1.5));
  // (1.5 + 3 + 4.5) request-seconds within 4.5 s, warm-up and all.
  CHECK(*report.mean_in_flight == doctest::Approx(2));
}

TEST_CASE("requests beyond the deadline are misses") {
  const std::string burst = "arrivals: {process: burst, rate: 1/s, size: 4}}";
  CHECK(*report_of("{count: 4, deadline: 3.1s, " + burst).deadline_miss_ratio == 0.5);
  CHECK(*report_of("{count: 4, deadline: 7s, " + burst).deadline_miss_ratio == 0);
  CHECK_FALSE(report_of("{count: 4, " + burst).deadline_miss_ratio);
}

TEST_CASE("arrivals faster than the cluster are reported as overload, with the queue's growth") {
  // 1 request per second, 1.5 s each: a third of the arrivals stays in the queue.
  const RunReport over = report_of("{count: 300, arrivals: {process: periodic, rate: 1/s}}");
  CHECK(*over.overloaded == 1);
  CHECK(*over.queue_growth_rps == doctest::Approx(1.0 / 3).epsilon(0.02));
  CHECK(*over.offered_load == doctest::Approx(1.5));
  const RunReport under = report_of("{count: 300, arrivals: {process: periodic, rate: 0.6/s}}");
  CHECK(*under.overloaded == 0);
  CHECK(*under.queue_growth_rps == doctest::Approx(0));
  CHECK(*under.offered_load == doctest::Approx(0.9));
  CHECK(*under.latency_s == doctest::Approx(1.5));
  CHECK_FALSE(report_of("{count: 9}").overloaded);
}

TEST_CASE("a random stream that the cluster can take is not taken for overload") {
  for (int seed = 0; seed < 5; ++seed) {
    const RunReport report = report_of("{count: 400, arrivals: {process: poisson, rate: 0.4/s}}\n" +
                                       ("seed: " + std::to_string(seed)));
    CHECK(*report.overloaded == 0);
    CHECK(*report.offered_load == doctest::Approx(0.6).epsilon(0.2));
  }
}

TEST_CASE("a million million requests per second end, as overload") {
  const RunReport report =
      report_of("{count: 1000, arrivals: {process: periodic, rate: 1000000000000/s}}");
  CHECK(*report.overloaded == 1);
  CHECK(*report.latency_max_s == doctest::Approx(1500));
  CHECK(*report.throughput_rps == doctest::Approx(1 / 1.5));
}

TEST_CASE("parts of requests.csv sum to the latency, and utilisation is busy time over makespan") {
  const Scratch scratch;
  const std::string scenario = test::data_folder() + "/cli/tiny_scenario.yaml";
  const auto outcome =
      test::edgeflow(scratch, "run " + scenario + " --set strategy=even -o out --set requests=" +
                                  "\"{count: 6, max_in_flight: 2, deadline: 5s, arrivals: "
                                  "{process: periodic, rate: 1/s}}\"");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const auto folder = std::filesystem::directory_iterator(scratch.folder() / "out/runs")->path();
  const test::Table requests = read_table(folder / "requests.csv");
  REQUIRE(requests.size() == 6);
  double makespan_s = 0;
  for (const auto& row : requests) {
    double parts_s = 0;
    for (const char* part : {"compute_s", "transfer_s", "queue_s", "wait_s"}) {
      parts_s += std::stod(row.at(part));
    }
    const double latency_s = std::stod(row.at("latency_s"));
    CHECK(parts_s == doctest::Approx(latency_s).epsilon(1e-9));
    CHECK(row.at("missed") == (latency_s > 5 ? "1" : "0"));
    makespan_s = std::max(makespan_s, std::stod(row.at("finish_s")));
  }
  CHECK(std::stod(requests.back().at("wait_s")) > 0);
  for (const auto& row : read_table(folder / "devices.csv")) {
    CHECK(std::stod(row.at("utilisation")) ==
          doctest::Approx(std::stod(row.at("busy_s")) / makespan_s));
  }
  CHECK_FALSE(std::filesystem::exists(folder / "trace.json"));
}

}  // namespace edgeflow
