// Clusters drawn within errors, and what runs on them say of a comparison.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/measure.hpp"
#include "tests/support/csv_table.hpp"
#include "tests/support/program.hpp"
#include "tests/support/run_job.hpp"
#include "tests/support/small_scenario.hpp"
#include "workloads/input/number.hpp"
#include "workloads/input/random.hpp"

namespace edgeflow {
namespace {

using test::kSmall;
using test::mistake;
using test::read;
using test::read_table;
using test::read_text;
using test::Scratch;
using test::Table;

doctest::Approx about(double value) { return doctest::Approx(value).epsilon(1e-9); }

/// Two equal boards and another one, none of a type; nobody knows their errors.
const std::string kBoards =
    "schema: 1\n"
    "name: boards\n"
    "model: squeezenet1_1\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 100Mbps, latency: 0.5ms}\n"
    "  devices:\n"
    "    - {name: a, mac_rate: 8GMAC/s, byte_rate: 6GB/s, overhead: 100us}\n"
    "    - {name: b, mac_rate: 5GMAC/s, byte_rate: 4GB/s, overhead: 150us, message_overhead: "
    "90us}\n";

RunReport report_of(const std::string& text, const std::vector<std::string>& changes = {}) {
  const Scenario scenario = read(text, changes);
  return test::run_job(jobs_of(scenario).front()).report;
}

std::vector<double> logs(const std::vector<Draw>& draws, const std::string& device) {
  std::vector<double> values;
  for (const Draw& draw : draws) values.push_back(std::log(draw.computing.at(device)));
  return values;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto product = [](const std::vector<double>& x, const std::vector<double>& y) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
    return sum;
  };
  return product(a, b) / std::sqrt(product(a, a) * product(b, b));
}

std::vector<double> numbers(const Table& table, const std::string& column) {
  std::vector<double> values;
  for (const auto& row : table) values.push_back(std::stod(row.at(column)));
  return values;
}

}  // namespace

TEST_CASE("half of all errors are smaller than the one that is said") {
  CHECK(error_factor(0.1, normal_quantile(0.75)) == about(1.1));
  CHECK(error_factor(0.1, normal_quantile(0.25)) == about(1 / 1.1));
  CHECK(error_factor(0.1, 0) == 1);
  CHECK(error_factor(0, 3.0) == 1);
  const Uncertainty uncertainty{20'000, {{"x", 0.1}, {"y", 0.3}}, 0.2, 0.05};
  const auto draws = draws_of(uncertainty, 7);
  REQUIRE(draws.size() == 20'000);
  const auto within = [&](auto factor, double error) {
    return static_cast<double>(std::ranges::count_if(draws,
                                                     [&](const Draw& d) {
                                                       return std::abs(std::log(factor(d))) <
                                                              std::log(1 + error);
                                                     })) /
           20'000;
  };
  // Of 20,000, six standard deviations are 2 %.
  CHECK(std::abs(within([](const Draw& d) { return d.computing.at("x"); }, 0.1) - 0.5) < 0.02);
  CHECK(std::abs(within([](const Draw& d) { return d.computing.at("y"); }, 0.3) - 0.5) < 0.02);
  CHECK(std::abs(within([](const Draw& d) { return d.messages; }, 0.2) - 0.5) < 0.02);
  CHECK(std::abs(within([](const Draw& d) { return d.bandwidth; }, 0.05) - 0.5) < 0.02);
  CHECK(std::abs(correlation(logs(draws, "x"), logs(draws, "y"))) < 0.045);
}

TEST_CASE("a type meets the same numbers in every cluster, and others with another seed") {
  const auto alone = draws_of({50, {{"rpi4", 0.1}}, 0.1, 0}, 3);
  const auto among = draws_of({70, {{"jetson-nano", 0.2}, {"rpi4", 0.1}}, 0.1, 0.3}, 3);
  for (std::size_t d = 0; d < alone.size(); ++d) {
    CHECK(alone[d].computing.at("rpi4") == among[d].computing.at("rpi4"));
    CHECK(alone[d].messages == among[d].messages);
    CHECK(among[d].messages != among[d].bandwidth);
  }
  CHECK(draws_of({50, {{"rpi4", 0.1}}, 0.1, 0}, 4)[0].messages != alone[0].messages);
}

TEST_CASE("errors are those of the profiles, unless the scenario has others") {
  const std::string on = kSmall + "uncertainty: {draws: 5}\n";
  const Scenario known = read(on);
  const Device& pi = known.cluster->devices()[0];
  REQUIRE(pi.compute.error);
  CHECK(pi.compute.error->median > 0);
  CHECK(known.uncertainty.rates ==
        std::map<std::string, double>{{"rpi4", pi.compute.error->median}});
  CHECK(known.uncertainty.messages == doctest::Approx(0.11));  // of sockets
  CHECK(known.uncertainty.bandwidth == 0);
  CHECK(read(kSmall).uncertainty.draws == 0);

  // Those of another entry of the type: of the threads that compute.
  const Scenario one = read(on, {"threads=1"});
  CHECK(one.uncertainty.rates.at("rpi4") == one.cluster->devices()[0].compute.error->median);
  CHECK(one.uncertainty.rates != known.uncertainty.rates);

  CHECK(read(on, {"cluster.messaging=none"}).uncertainty.messages == 0);
  // A cost of one's own is none of the profile's.
  CHECK(read(on, {"cluster.devices[0].message_overhead=1ms"}).uncertainty.messages == 0);
  CHECK(read(on, {"cluster.messaging=rpc"}).uncertainty.messages == 0);

  CHECK(read(on, {"uncertainty.rates=25%"}).uncertainty.rates.at("rpi4") == 0.25);
  CHECK(read(on, {"uncertainty.rates={rpi4: 25%}"}).uncertainty.rates.at("rpi4") == 0.25);
  CHECK(read(on, {"uncertainty.messages=0%"}).uncertainty.messages == 0);
  CHECK(read(on, {"uncertainty.bandwidth=7%"}).uncertainty.bandwidth == doctest::Approx(0.07));

  // Rates of one's own have no known error.
  const Scenario own = read(on, {"cluster.devices[0].mac_rate=9GMAC/s"});
  CHECK(own.uncertainty.rates.at("rpi4") == 0);
  CHECK(own.notes().back() ==
        "5-95 % is over 5 draws; median errors: messages 11 %; taken as exact: rates of rpi4, "
        "bandwidth");
  CHECK(read(on, {"uncertainty.rates=25%", "uncertainty.messages=1.5%"}).notes().back() ==
        "5-95 % is over 5 draws; median errors: rates of rpi4 25 %, messages 1.5 %; "
        "taken as exact: bandwidth");
}

TEST_CASE("a fit that is far off is worth a note") {
  const Scratch scratch;
  const auto notes_with = [&](const std::string& median) {
    scratch.write("board.yaml",
                  "schema: 1\nname: board\npower: {idle: 1W, busy: 2W, source: s}\n"
                  "compute:\n  - {framework: f, threads: 4, mac_rate: 10GMAC/s, "
                  "error: {median: " +
                      median + "%, p90: 60%, points: 9}, source: s}\n");
    const Document document(
        scratch.write("s.yaml",
                      "schema: 1\nname: s\nmodel: squeezenet1_1\nstrategy: single\ncluster:\n"
                      "  network: {type: switch, bandwidth: 1Gbps}\n"
                      "  devices: [{type: board.yaml, count: 2}]\n"));
    ModelCache cache;
    return read_scenario(document.root(), cache).notes();
  };
  CHECK(notes_with("20").empty());
  CHECK(notes_with("23.4") ==
        std::vector<std::string>{
            "rates of board (f, 4 threads) are of a fit that is off by more than "
            "23.4 % for half of 9 networks"});
}

TEST_CASE("a drawn cluster has all times and bandwidths multiplied") {
  const Draw draw{{{"a", 2.0}, {"b", 0.5}, {"c", 1.0}}, 3, 0.25};
  const std::string network = "cluster.network=";
  for (const std::string type :
       {"{type: switch, bandwidth: 100Mbps, latency: 1ms}", "{type: hub, bandwidth: 80Mbps}",
        "{type: wifi, bandwidth: 100Mbps, efficiency: 0.8, latency: 3ms, access_point: a}",
        "{type: mesh, bandwidth: 100Mbps, links: [{between: [a, b], bandwidth: 10Mbps}]}",
        "{type: graph, links: [{between: [a, b], bandwidth: 30Mbps}]}"}) {
    CAPTURE(type);
    const Scenario scenario = read(kBoards + "strategy: single\n", {network + type});
    const Cluster& cluster = *scenario.cluster;
    const Cluster other = drawn(cluster, draw);
    const DeviceId a{0};
    const DeviceId b{1};
    CHECK(other.route_bandwidth_Bps(a, b) == about(0.25 * cluster.route_bandwidth_Bps(a, b)));
    CHECK(other.network().transmit_s_per_byte(0, 1) ==
          about(4 * cluster.network().transmit_s_per_byte(0, 1)));
    CHECK(other.network().receive_s_per_byte(0, 1) ==
          about(4 * cluster.network().receive_s_per_byte(0, 1)));
    CHECK(other.route(a, b).latency_s == cluster.route(a, b).latency_s);
    Work work;
    work.macs = 1'000'000;
    work.in_elements = 5000;
    work.out_elements = 7000;
    work.weight_elements = 9000;
    const ComputeProfile& slow = other.device(a).compute;
    CHECK(compute_time_s(slow, work) == about(2 * compute_time_s(cluster.device(a).compute, work)));
    CHECK(message_cpu_time_s(other.device(b).compute, 1000) ==
          about(3 * message_cpu_time_s(cluster.device(b).compute, 1000)));
  }
}

TEST_CASE("measured times of layers are drawn, too") {
  const std::string measured =
      "cluster.devices[0].layer_time={squeezenet1_1: {features.0: 20ms, features.2: 3ms}}";
  const Scenario scenario = read(kBoards + "strategy: single\n", {measured});
  const ComputeProfile& compute = scenario.cluster->devices()[0].compute;
  REQUIRE(compute.layer_times);
  const Cluster other = drawn(*scenario.cluster, {{{"a", 1.7}, {"b", 1.0}}, 1, 1});
  const auto& times = other.devices()[0].compute.layer_times->models.at("squeezenet1_1");
  CHECK(times.at("features.0").time_s == about(1.7 * 20e-3));
  CHECK(compute.layer_times->models.at("squeezenet1_1").at("features.0").time_s == about(20e-3));
}

TEST_CASE("draws of a cluster that is known exactly are the run itself") {
  const std::string exact = kBoards + "uncertainty: {draws: 3}\n";
  for (const std::string more :
       {"strategy: proportional\n", "strategy: even\nrequests: {count: 4}\n",
        "strategy: even\nrequests: {count: 9, warm_up: 2, arrivals: {process: poisson, rate: "
        "8/s}}\n"
        "disturbances: {jitter: {distribution: exponential, mean: 2ms}}\n",
        "strategy: even\nsimulation: {network_model: lv08}\n",
        "strategy: even\ndisturbances: {bandwidth: [{links: all, steps: [{at: 20ms, bandwidth: "
        "10Mbps}]}]}\n"}) {
    CAPTURE(more);
    const RunReport report = report_of(exact + more);
    REQUIRE(report.status == Status::kOk);
    REQUIRE(report.draws_s.size() == 3);
    for (const double draw_s : report.draws_s) CHECK(draw_s == about(*report.latency_s));
    CHECK(*report.latency_low_s == about(*report.latency_s));
    CHECK(*report.latency_high_s == about(*report.latency_s));
  }
  CHECK(report_of(kBoards + "strategy: even\n").draws_s.empty());
}

TEST_CASE("a draw is the run of a scenario with the numbers that were drawn") {
  const std::string uncertain =
      "uncertainty: {draws: 3, rates: {a: 20%, b: 40%}, messages: 30%, bandwidth: 25%}\n";
  // What changes 2 % after the run has ended is met by slower draws.
  const std::string later =
      number_text(1.02 * *report_of(kBoards + "strategy: even\n").latency_s) + "s";
  for (const std::string& more :
       {std::string("strategy: single\n"), std::string("strategy: even\n"),
        std::string(
            "strategy: even\nrequests: {count: 6, arrivals: {process: poisson, rate: 8/s}}\n"),
        std::string(
            "strategy: even\ndisturbances: {bandwidth: [{links: all, steps: [{at: 20ms, bandwidth: "
            "40Mbps}]}]}\n"),
        "strategy: even\ndisturbances: {bandwidth: [{links: all, steps: [{at: " + later +
            ", bandwidth: 40Mbps}]}]}\n",
        "strategy: even\ndisturbances: {speed: [{devices: all, steps: [{at: " + later +
            ", share: 20%}]}]}\n"}) {
    CAPTURE(more);
    const Scenario scenario = read(kBoards + uncertain + more);
    const RunReport report = test::run_job(jobs_of(scenario).front()).report;
    const auto draws = draws_of(scenario.uncertainty, scenario.seed);
    REQUIRE(report.draws_s.size() == draws.size());
    for (std::size_t d = 0; d < draws.size(); ++d) {
      const double a = draws[d].computing.at("a");
      const double b = draws[d].computing.at("b");
      const auto set = [](const std::string& key, double value, const std::string& unit) {
        return key + "=" + number_text(value) + unit;
      };
      const std::string first = "cluster.devices[0].";
      const std::string second = "cluster.devices[1].";
      std::vector<std::string> changes{
          set(first + "mac_rate", 8e9 / a, "MAC/s"),
          set(first + "byte_rate", 6e9 / a, "B/s"),
          set(first + "overhead", 100e-6 * a, "s"),
          set(second + "mac_rate", 5e9 / b, "MAC/s"),
          set(second + "byte_rate", 4e9 / b, "B/s"),
          set(second + "overhead", 150e-6 * b, "s"),
          set(second + "message_overhead", 90e-6 * draws[d].messages, "s"),
          set("cluster.network.bandwidth", 12.5e6 * draws[d].bandwidth, "B/s")};
      if (more.find("bandwidth:") != std::string::npos) {
        changes.push_back(
            set("disturbances.bandwidth[0].steps[0].bandwidth", 5e6 * draws[d].bandwidth, "B/s"));
      }
      CHECK(report.draws_s[d] == about(*report_of(kBoards + more, changes).latency_s));
    }
  }
}

TEST_CASE("a draw that does not end ok is slower than all others") {
  // One board, so a latency is its factor times 1; it fails 5 % later, for 31 % of draws too soon.
  const std::string failing =
      "schema: 1\nname: x\nmodel: squeezenet1_1\nstrategy: single\n"
      "cluster: {network: {type: switch, bandwidth: 1Gbps}, devices: [{name: a, mac_rate: "
      "1GMAC/s}]}\n"
      "uncertainty: {draws: 40, rates: 7%}\n";
  const double latency_s = *report_of(failing).latency_s;
  const RunReport report = report_of(
      failing, {"disturbances.failures=[{device: a, at: " + number_text(1.05 * latency_s) + "s}]"});
  REQUIRE(report.status == Status::kOk);
  const Scenario scenario = read(failing);
  const auto draws = draws_of(scenario.uncertainty, scenario.seed);
  std::size_t ended = 0;
  for (std::size_t d = 0; d < draws.size(); ++d) {
    const double factor = draws[d].computing.at("a");
    if (factor > 1.05) {
      CHECK(std::isinf(report.draws_s[d]));
    } else {
      CHECK(report.draws_s[d] == about(factor * latency_s));
      ++ended;
    }
  }
  CHECK(ended > 20);
  CHECK(ended < 38);
  CHECK(report.latency_low_s);
  CHECK(!report.latency_high_s);
}

TEST_CASE("an interval is of nearest ranks") {
  std::vector<double> values;
  for (int i = 200; i > 0; --i) values.push_back(i);
  CHECK(interval_of(values).low == 10);
  CHECK(interval_of(values).high == 190);
  CHECK(interval_of({5}).low == 5);
  CHECK(interval_of({5}).high == 5);
  CHECK(!interval_of({}).low);
}

TEST_CASE("tables say how sure a comparison is, from the draws that all strategies share") {
  const Scratch scratch;
  scratch.write("boards.yaml", kBoards + "uncertainty: {draws: 40, rates: {a: 20%, b: 40%}}\n" +
                                   "strategy: single\n");
  const std::string sweep =
      "schema: 1\nname: s\nbase: boards.yaml\nbaseline: single\nrepeat: 2\naxes:\n"
      "  strategy: [single, even, proportional, {name: single, options: {device: a}}]\n"
      "  cluster.network.bandwidth: [50Mbps, 1Gbps]\n";
  scratch.write("sweep.yaml", sweep);
  scratch.write("short.yaml", sweep + "outputs: runs.csv only\n");
  const auto outcome = test::edgeflow(scratch, "sweep sweep.yaml -o all");
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.out.find("fastest %") != std::string::npos);
  CHECK(outcome.out.find("note: 5-95 % and fastest % are over draws") != std::string::npos);

  // Once more, from what each run left.
  const Table runs = read_table(scratch.folder() / "all" / "runs.csv");
  REQUIRE(runs.size() == 16);
  const auto point_of = [](const auto& run) {
    return run.at("cluster.network.bandwidth") + " " + run.at("repetition");
  };
  std::map<std::string, std::map<std::string, std::vector<double>>> draws_s;  // by point, run
  for (const auto& run : runs) {
    const auto file = scratch.folder() / "all" / "runs" / run.at("run_id") / "draws.csv";
    draws_s[point_of(run)][run.at("run_id")] = numbers(read_table(file), "latency_s");
  }
  for (const auto& run : runs) {
    CAPTURE(run.at("run_id"));
    const auto& point = draws_s.at(point_of(run));
    const auto& own_s = point.at(run.at("run_id"));
    REQUIRE(own_s.size() == 40);
    std::string baseline;
    for (const auto& other : runs) {
      const bool is_it = other.at("strategy") == "single" && other.at("strategy_options").empty();
      if (is_it && point_of(other) == point_of(run)) baseline = other.at("run_id");
    }
    std::vector<double> speedups;
    double fastest = 0;
    for (std::size_t d = 0; d < 40; ++d) {
      speedups.push_back(point.at(baseline)[d] / own_s[d]);
      fastest += std::ranges::all_of(
          point, [&](const auto& other) { return own_s[d] <= other.second[d] * (1 + 1e-9); });
    }
    std::ranges::sort(speedups);
    CHECK(std::stod(run.at("fastest_share")) == about(fastest / 40));
    CHECK(std::stod(run.at("speedup_low")) == about(speedups[1]));
    CHECK(std::stod(run.at("speedup_high")) == about(speedups[37]));
    CHECK(run.at("draws") == "40");
  }
  // Repetitions have draws of their own.
  CHECK(numbers(runs, "latency_low_s")[0] != numbers(runs, "latency_low_s")[1]);

  REQUIRE(test::edgeflow(scratch, "sweep short.yaml -o few").exit_code == 0);
  CHECK(read_text(scratch.folder() / "few" / "runs.csv") ==
        read_text(scratch.folder() / "all" / "runs.csv"));
  // Who is the fastest needs no baseline.
  std::string unbased = sweep;
  unbased.erase(unbased.find("baseline: single\n"), std::string("baseline: single\n").size());
  scratch.write("unbased.yaml", unbased);
  REQUIRE(test::edgeflow(scratch, "sweep unbased.yaml -o unbased").exit_code == 0);
  const Table others = read_table(scratch.folder() / "unbased" / "runs.csv");
  CHECK(numbers(others, "fastest_share") == numbers(runs, "fastest_share"));
  CHECK(others[0].at("speedup_low").empty());

  // What the run says of itself makes it again.
  const std::string folder = "all/runs/" + runs[5].at("run_id");
  REQUIRE(test::edgeflow(scratch, "run " + folder + "/scenario.resolved.yaml -o again").exit_code ==
          0);
  const Table again = read_table(scratch.folder() / "again" / "runs.csv");
  CHECK(read_text(scratch.folder() / "again" / "runs" / again[0].at("run_id") / "draws.csv") ==
        read_text(scratch.folder() / folder / "draws.csv"));
}

TEST_CASE("mistakes in uncertainty are told") {
  const auto with = [](const std::string& text) {
    return mistake(kSmall + "uncertainty: " + text + "\n");
  };
  CHECK(with("{}").find("missing key \"draws\"") != std::string::npos);
  CHECK(with("{draws: 0}").find("small.yaml:8:") != std::string::npos);
  CHECK(with("{draws: 1000000}").find("uncertainty.draws") != std::string::npos);
  CHECK(with("{draws: 5, rates: {rpi5: 3%}}").find("did you mean \"rpi4\"?") != std::string::npos);
  CHECK(with("{draws: 5, rates: 0.1}").find("expected a share such as 12.5%") != std::string::npos);
  CHECK(with("{draws: 5, bandwidth: 1001%}").find("expected an error of at most 1000%") !=
        std::string::npos);
  CHECK(with("{draws: 5, latency: 5%}").find("unknown key \"latency\"") != std::string::npos);
  CHECK(with("200").find("uncertainty") != std::string::npos);
}

}  // namespace edgeflow
