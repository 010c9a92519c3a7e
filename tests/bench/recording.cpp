// What recording costs: one scenario simulated without, with tables, and with tables and trace, by
// turns; the least processor time of each counts. usage: recording_bench SCENARIO [RUNS]

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "experiments/commands/commands.hpp"
#include "experiments/jobs/sweep.hpp"
#include "tests/support/run_job.hpp"

namespace edgeflow {
namespace {

double children_s() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int compare(const std::string& file, int runs) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "recording_bench";
  const std::vector<Job> jobs = jobs_of(read_scenario_file({file, {}}));
  const PlanOutcome planned = plan(jobs.front());
  const std::array<SimulationSetup, 3> ways{
      {{600, {}, false}, {600, folder, false}, {600, folder, true}}};
  std::array<double, 3> least_s{1e300, 1e300, 1e300};
  std::int64_t activities = 0;
  for (int i = 0; i < runs; ++i) {
    for (std::size_t w = 0; w < ways.size(); ++w) {
      const double before_s = children_s();
      const Run done = test::run_job(jobs.front(), planned, ways[w]);
      least_s[w] = std::min(least_s[w], children_s() - before_s);
      activities = done.result.activities;
      if (done.report.status == Status::kOk) continue;
      fmt::print(stderr, "{}: {}\n", to_string(done.report.status), done.report.message);
      return 1;
    }
  }
  fmt::print("{} activities; {:.3f} s without recording, tables {:.2f} times, with trace {:.2f}\n",
             activities, least_s[0], least_s[1] / least_s[0], least_s[2] / least_s[0]);
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  return edgeflow::compare(argv[1], argc > 2 ? std::max(1, std::atoi(argv[2])) : 3);
}
