// Statistics over repetitions: in summary.csv, and in the table that a sweep prints.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>

#include "experiments/results/repetitions.hpp"
#include "experiments/results/statistics.hpp"
#include "tests/support/csv_table.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"
#include "tests/support/scratch.hpp"

namespace edgeflow {
namespace {

using doctest::Approx;
using test::read_table;
using test::Scratch;
using test::Table;

constexpr double kExact = 1e-12;  // rounding

Approx exactly(double value) { return Approx(value).epsilon(kExact); }

/// Two strategies under random arrivals, at two bandwidths.
std::string sweep(const std::string& more) {
  return "schema: 1\nname: s\nbase: " + test::data_folder() +
         "/cli/tiny_scenario.yaml\n"
         "axes:\n"
         "  requests.count: [20]\n"
         "  requests.arrivals.process: [poisson]\n"
         "  requests.arrivals.rate: [0.3/s]\n"
         "  strategy: [single, even]\n"
         "  cluster.network.bandwidth: [8kbps, 64Mbps]\n" +
         more;
}

Table runs_of_point(const Table& runs, const std::map<std::string, std::string>& point) {
  Table found;
  for (const auto& run : runs) {
    const bool same = std::ranges::all_of(
        std::vector<std::string>{"strategy", "cluster.network.bandwidth"},
        [&](const std::string& column) { return run.at(column) == point.at(column); });
    if (same) found.push_back(run);
  }
  return found;
}

std::vector<double> numbers(const Table& rows, const std::string& column) {
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(std::stod(row.at(column)));
  return values;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  const auto n = static_cast<double>(values.size());
  return std::sqrt((squares - n * mean(values) * mean(values)) / (n - 1));
}

/// Student's t for 4 degrees of freedom in closed form (Shaw 2006, 2.2): with a = 4p(1 - p) and
/// q = cos(acos(sqrt(a)) / 3) / sqrt(a), t = 2 sqrt(q - 1).
double t_of_4() {
  const double root = std::sqrt(4 * 0.975 * 0.025);
  return 2 * std::sqrt(std::cos(std::acos(root) / 3) / root - 1);
}

}  // namespace

TEST_CASE("Student's t is that of closed forms and of the tables") {
  CHECK(student_t(1) == exactly(std::tan(0.475 * std::numbers::pi)));
  // P(|T| < t) = t / sqrt(2 + t^2) for two degrees of freedom.
  CHECK(student_t(2) == exactly(0.95 * std::sqrt(2 / (1 - 0.95 * 0.95))));
  CHECK(student_t(4) == exactly(t_of_4()));
  // Abramowitz and Stegun (1964), table 26.10, p = 0.025.
  const std::map<std::size_t, double> table{{3, 3.182},  {5, 2.571},  {9, 2.262},
                                            {30, 2.042}, {60, 2.000}, {120, 1.980}};
  for (const auto& [degrees, t] : table) {
    CAPTURE(degrees);
    CHECK(std::abs(student_t(degrees) - t) <= 0.0005);
  }
  CHECK(student_t(9999) == Approx(1.959964 + (std::pow(1.959964, 3) + 1.959964) / (4 * 9999))
                               .epsilon(1e-6));  // the normal's, and the first correction
}

TEST_CASE("mean, deviation, interval and median are the usual ones") {
  const Statistics three = statistics_of({3, 1, 2});
  CHECK(three.count == 3);
  CHECK(*three.mean == 2);
  CHECK(*three.sd == 1);
  CHECK(*three.median == 2);
  const double half = 0.95 * std::sqrt(2 / (1 - 0.95 * 0.95)) / std::sqrt(3.0);
  CHECK(*three.low == exactly(2 - half));
  CHECK(*three.high == exactly(2 + half));
  CHECK(*statistics_of({1, 10, 2, 4}).median == 3);
}

TEST_CASE("one value has no interval, none has nothing, and equal ones do not vary") {
  const Statistics one = statistics_of({0.1});
  CHECK(*one.mean == 0.1);
  CHECK(*one.median == 0.1);
  CHECK_FALSE(one.sd);
  CHECK_FALSE(one.low);
  CHECK(statistics_of({}).count == 0);
  CHECK_FALSE(statistics_of({}).mean);
  const Statistics equal = statistics_of(std::vector<double>(7, 0.1));
  CHECK(*equal.mean == 0.1);
  CHECK(*equal.sd == 0);
  CHECK(*equal.low == 0.1);
  CHECK(*statistics_of_ratios(std::vector<double>(7, 0.3)).mean == 0.3);
}

TEST_CASE("five wins by 1.02 to 4 have an interval above zero") {
  const std::vector<double> ratios{1.02, 1.1, 1.3, 2, 4};
  std::vector<double> logs;
  for (const double ratio : ratios) logs.push_back(std::log(ratio));
  const double half = t_of_4() * standard_deviation(logs) / std::sqrt(5.0);
  const Statistics statistics = statistics_of_ratios(ratios);
  CHECK(*statistics.mean == exactly(std::pow(1.02 * 1.1 * 1.3 * 2 * 4, 0.2)));
  CHECK(*statistics.low == exactly(std::exp(mean(logs) - half)));
  CHECK(*statistics.high == exactly(std::exp(mean(logs) + half)));
  CHECK(*statistics.low > 0);
}

TEST_CASE("summary.csv has a row per point with the statistics of its repetitions") {
  const Scratch scratch;
  scratch.write("sweep.yaml", sweep("repeat: 5\nbaseline: single\n"));
  REQUIRE(test::edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  const Table runs = read_table(scratch.folder() / "out/runs.csv");
  const Table points = read_table(scratch.folder() / "out/summary.csv");
  REQUIRE(runs.size() == 20);
  REQUIRE(points.size() == 4);
  for (const auto& point : points) {
    CAPTURE(point.at("index"));
    const Table own = runs_of_point(runs, point);
    REQUIRE(own.size() == 5);
    CHECK(point.at("index") == own[0].at("index"));
    CHECK(point.at("repetitions") == "5");
    CHECK(point.at("n") == "5");
    std::vector<double> latencies_s = numbers(own, "latency_s");
    const double half = t_of_4() * standard_deviation(latencies_s) / std::sqrt(5.0);
    const auto at = [&](const char* column) { return std::stod(point.at(column)); };
    CHECK(at("latency_mean_s") == Approx(mean(latencies_s)));
    CHECK(at("latency_sd_s") == Approx(standard_deviation(latencies_s)));
    CHECK(at("latency_ci_low_s") == Approx(mean(latencies_s) - half));
    CHECK(at("latency_ci_high_s") == Approx(mean(latencies_s) + half));
    std::ranges::sort(latencies_s);
    CHECK(at("latency_median_s") == latencies_s[2]);
    std::vector<double> logs = numbers(own, "speedup_over_baseline");
    for (double& ratio : logs) ratio = std::log(ratio);
    const double spread = t_of_4() * standard_deviation(logs) / std::sqrt(5.0);
    CHECK(at("speedup_n") == 5);
    CHECK(at("speedup_mean") == Approx(std::exp(mean(logs))));
    CHECK(at("speedup_ci_low") == Approx(std::exp(mean(logs) - spread)));
    CHECK(at("speedup_ci_high") == Approx(std::exp(mean(logs) + spread)));
    CHECK(at("throughput_mean_rps") == Approx(mean(numbers(own, "throughput_rps"))));
    CHECK(at("energy_mean_J") == Approx(mean(numbers(own, "energy_J"))));
  }
  CHECK(points[0].at("speedup_ci_high") == "1");  // the baseline itself
  CHECK(std::stod(points[2].at("speedup_ci_low")) < std::stod(points[2].at("speedup_ci_high")));
}

TEST_CASE("a sweep with repetitions prints means with half widths, one without the run") {
  const Scratch scratch;
  scratch.write("sweep.yaml", sweep("repeat: 5\nbaseline: single\n"));
  const auto outcome = test::edgeflow(scratch, "sweep sweep.yaml -o out");
  REQUIRE(outcome.exit_code == 0);
  const auto point = read_table(scratch.folder() / "out/summary.csv").at(2);
  const auto at = [&](const char* column) { return std::stod(point.at(column)); };
  const double mean_s = at("latency_mean_s"), half_s = at("latency_ci_high_s") - mean_s;
  const auto with = [](double value, int digits) {
    std::ostringstream text;
    text.precision(digits);
    text << std::fixed << value;
    return text.str();
  };
  CHECK(outcome.out.find(with(mean_s * 1e3, 1) + " ± " + with(half_s * 1e3, 1)) !=
        std::string::npos);
  CHECK(outcome.out.find(with(at("speedup_mean"), 2) + "  " + with(at("speedup_ci_low"), 2) + "-" +
                         with(at("speedup_ci_high"), 2)) != std::string::npos);
  CHECK(outcome.out.find("note: figures are means over repetitions") != std::string::npos);
  CHECK(std::ranges::count(outcome.out, '\n') == 1 + 4 + 2);

  scratch.write("sweep.yaml", sweep("baseline: single\n"));
  const auto once = test::edgeflow(scratch, "sweep sweep.yaml -o once");
  CHECK(once.out.find("±") == std::string::npos);
  CHECK(once.out.find("repetitions") == std::string::npos);
  const auto alone = read_table(scratch.folder() / "once/summary.csv").at(0);
  CHECK(alone.at("n") == "1");
  CHECK(alone.at("latency_sd_s").empty());
  CHECK(alone.at("latency_mean_s") ==
        read_table(scratch.folder() / "once/runs.csv").at(0).at("latency_s"));
}

TEST_CASE("figures of repetitions are of those that ended ok") {
  Repetitions point;
  for (const auto& [status, latency_s, speedup] :
       {std::tuple{"ok", "2", "3"}, {"failed", "100", "100"}, {"ok", "4", ""}}) {
    Record& run = point.runs.emplace_back(record_of(RunReport()));
    run.at("status") = status;
    run.at("latency_s") = latency_s;
    run.at("speedup_over_baseline") = speedup;
  }
  CHECK(point.ok() == 2);
  CHECK(point.values("latency_s") == std::vector<double>{2, 4});
  const std::string row = summary_row(point, {});
  // n = 2: mean 3, sd sqrt(2), 3 -+ tan(0.475 pi); one pair only.
  CHECK(row.find(",3,2,3,1.4142135623730951,") != std::string::npos);
  CHECK(row.find(",3,1,3,,,") != std::string::npos);
}

TEST_CASE("axes of quantities have their numbers in SI units at the end of a row") {
  const Scratch scratch;
  scratch.write("sweep.yaml",
                sweep("zip:\n"
                      "  - {cluster.network.latency: [0.5ms, 2s], label.a: [x, 3],\n"
                      "     'cluster.devices[1].memory': [1MiB, 2kB], seed: [1, 2]}\n"));
  REQUIRE(test::edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  for (const char* name : {"runs.csv", "summary.csv"}) {
    CAPTURE(name);
    const std::string text = test::read_text(scratch.folder() / "out" / name);
    CHECK(test::first_line(text).ends_with(
        ",schema,cluster.network.latency_s,cluster.devices[1].memory_bytes,"
        "requests.arrivals.rate_rps,cluster.network.bandwidth_Bps"));
    const auto row = read_table(scratch.folder() / "out" / name).back();
    CHECK(row.at("schema") == "1");
    CHECK(std::stod(row.at("cluster.network.latency_s")) == 2);
    CHECK(std::stod(row.at("cluster.devices[1].memory_bytes")) == 2000);
    CHECK(std::stod(row.at("requests.arrivals.rate_rps")) == 0.3);
    CHECK(std::stod(row.at("cluster.network.bandwidth_Bps")) == 8e6);  // 64 Mbit/s
    CHECK(row.at("cluster.network.bandwidth") == "64Mbps");
  }
}

}  // namespace edgeflow
