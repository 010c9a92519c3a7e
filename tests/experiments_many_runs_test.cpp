// Sweeps of many runs: folders that stay small, runs without files of their own, and memory that
// does not grow with their number.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/layout.hpp"
#include "experiments/results/merge.hpp"
#include "experiments/results/results.hpp"
#include "tests/support/background.hpp"
#include "tests/support/input_error.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"
#include "tests/support/run_job.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::Background;
using test::edgeflow;
using test::Outcome;
using test::read_text;
using test::Scratch;
using test::shell;

const std::string kOnly = "outputs: runs.csv only\n";
constexpr int kRuns = 24;

/// Writes a sweep of kRuns runs with a baseline that comes last.
void write_sweep(const Scratch& scratch, const std::string& more = kOnly,
                 const std::string& bandwidths = "1kB/s, 4kB/s") {
  scratch.write("sweep.yaml", "schema: 1\nname: sweep\nbase: " + test::data_folder() +
                                  "/cli/tiny_scenario.yaml\naxes:\n"
                                  "  strategy: [even, single]\n"
                                  "  cluster.network.bandwidth: [" +
                                  bandwidths + "]\nrepeat: 6\nbaseline: single\n" + more);
}

/// runs.csv of the same runs with files.
std::string expected(const Scratch& scratch) {
  write_sweep(scratch, "");
  const Outcome outcome = edgeflow(scratch, "sweep sweep.yaml -j 1 -o expected");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  write_sweep(scratch);
  return read_text(scratch.folder() / "expected/runs.csv");
}

fs::path log_of(const Scratch& scratch, const std::string& results) {
  return scratch.folder() / results / "records/0xxx.jsonl";
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::size_t lines_of(const fs::path& file) {
  return fs::exists(file) ? lines_in(read_text(file)) : 0;
}

bool says(const Outcome& outcome, const std::string& text) {
  return outcome.err.find(text) != std::string::npos;
}

/// So many jobs of one scenario, each with the seed of its own repetition.
std::vector<Job> many_jobs(const Scratch& scratch, int jobs) {
  return read_sweep(
             scratch.write("many.yaml", "schema: 1\nname: many\nbase: " + test::data_folder() +
                                            "/cli/tiny_scenario.yaml\naxes:\n"
                                            "  strategy: [single]\nrepeat: " +
                                            std::to_string(jobs) + "\n"))
      .jobs;
}

Manifest manifest_of(const std::vector<Job>& jobs) {
  Manifest manifest;
  manifest.axes = {"strategy"};
  manifest.runs = jobs.size();
  return manifest;
}

void make_run(const Results& results, const Job& job) {
  results.begin(job);
  results.add(job, test::run_job(job, plan(job), {60, results.folder_of(job)}));
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

/// Writes the logs of `runs` runs that all have the first one's record, but for the index.
void repeat_record(const fs::path& results, int runs) {
  const std::string log = read_text(results / "records/0xxx.jsonl");
  const std::string first = log.substr(0, log.find('\n') + 1);
  const std::string row = "\"row\":[\"";
  const std::size_t place = first.find(row) + row.size();
  for (int begin = 0; begin < runs; begin += 1000) {
    std::string text;
    for (int i = begin; i < std::min(begin + 1000, runs); ++i) {
      text += first.substr(0, place) + std::to_string(i) + first.substr(place + 1);
    }
    std::ofstream(results / "records" / (std::to_string(begin / 1000) + "xxx.jsonl")) << text;
  }
}

}  // namespace

TEST_CASE("a thousand runs lie side by side, more of them in folders of a thousand") {
  const Layout few("out", 1000);
  CHECK(few.run(999, "999-abc") == "out/runs/999-abc");
  CHECK(few.log(0) == "out/records/0xxx.jsonl");
  const Layout many("out", 1001);
  CHECK(many.run(7, "7-abc") == "out/runs/0xxx/7-abc");
  CHECK(many.run(1000, "1000-abc") == "out/runs/1xxx/1000-abc");
  CHECK(many.log(1) == "out/records/1xxx.jsonl");
  CHECK(many.thousands() == std::set<std::size_t>{0, 1});
}

TEST_CASE("finished runs move when a sweep grows beyond a thousand runs, and back") {
  const Scratch scratch;
  const fs::path out = scratch.folder() / "out";
  const std::vector<Job> few = many_jobs(scratch, 2);
  const std::vector<Job> many = many_jobs(scratch, 1001);
  {
    const Results results(out, manifest_of(few), few, {});
    for (const Job& job : few) make_run(results, job);
  }
  CHECK(names_in(out / "runs") == std::set<std::string>{few[0].run_id(), few[1].run_id()});
  {
    const Results results(out, manifest_of(many), many, {});
    CHECK(results.has(many[0]));
    CHECK(results.has(many[1]));
    CHECK_FALSE(results.has(many[2]));
    CHECK(names_in(out / "runs") == std::set<std::string>{"0xxx"});
    make_run(results, many[1000]);
    CHECK(results.has(many[1000]));
    CHECK(names_in(out / "runs/1xxx") == std::set<std::string>{many[1000].run_id()});
  }
  const Results results(out, manifest_of(few), few, {});
  CHECK(results.has(few[1]));
  CHECK(names_in(out / "runs") == std::set<std::string>{few[0].run_id(), few[1].run_id()});
  CHECK(names_in(out / "runs.old-1/runs/1xxx") == std::set<std::string>{many[1000].run_id()});
}

TEST_CASE("runs in one folder, as an earlier version had more than a thousand, are told so") {
  const Scratch scratch;
  const fs::path out = scratch.folder() / "out";
  const std::vector<Job> jobs = many_jobs(scratch, 1001);
  { const Results results(out, manifest_of(jobs), jobs, {}); }
  for (const Job& job : jobs) scratch.write("out/runs/" + job.run_id() + "/status.json", "{}");
  CHECK(test::error_of([&] { merge_results(out); }) ==
        out.string() +
            ": all 1001 runs stand in one folder, as an earlier version has them (that version "
            "merges them; this one makes them anew)");
}

TEST_CASE("runs without files give the same tables, in a file per thousand runs") {
  const Scratch scratch;
  const std::string table = expected(scratch);
  const Outcome outcome = edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK(outcome.exit_code == 0);
  CHECK(says(outcome, "wrote out: runs.csv, summary.csv, timing.csv\n"));
  const fs::path out = scratch.folder() / "out";
  CHECK(read_text(out / "runs.csv") == table);
  CHECK(lines_in(read_text(out / "timing.csv")) == 1 + kRuns);
  CHECK(names_in(out) == std::set<std::string>{".lock", ".runs.lock", ".setup.lock",
                                               "manifest.json", "records", "runs.csv",
                                               "summary.csv", "timing.csv"});
  CHECK(lines_of(log_of(scratch, "out")) == kRuns);
  const Outcome again = edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK(says(again, "24 of 24 runs are done already"));
  CHECK(read_text(out / "runs.csv") == table);
  CHECK(lines_of(log_of(scratch, "out")) == kRuns);
}

TEST_CASE("streams of runs without files are in the same table") {
  const Scratch scratch;
  for (const auto& [out, outputs] : {std::pair{"with", "all"}, {"without", "runs.csv only"}}) {
    scratch.write("streams.yaml", "schema: 1\nname: streams\nbase: " + test::data_folder() +
                                      "/cli/streams_scenario.yaml\naxes: {seed: [1, 2]}\n"
                                      "outputs: " +
                                      outputs + "\n");
    CHECK(edgeflow(scratch, std::string("sweep streams.yaml -o ") + out).exit_code == 0);
  }
  for (const char* table : {"runs.csv", "summary.csv", "streams.csv"}) {
    CHECK(read_text(scratch.folder() / "with" / table) ==
          read_text(scratch.folder() / "without" / table));
  }
}

TEST_CASE("a sweep without files that is killed loses nothing and repeats nothing") {
  const Scratch scratch;
  // The runs of the program wait at the gate, the other half comes to an end.
  scratch.write("planner", "[ ! -p gate ] || cat gate\necho '{\"shares\": [0, [1, 1]]}'\n");
  const auto write = [&](const std::string& outputs) {
    scratch.write("sweep.yaml", "schema: 1\nname: sweep\nbase: " + test::data_folder() +
                                    "/cli/tiny_scenario.yaml\naxes:\n  strategy: [{name: external, "
                                    "command: [sh, planner]}, single]\nrepeat: 12\noutputs: " +
                                    outputs + "\n");
  };
  write("all");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o expected").exit_code == 0);
  write("runs.csv only");
  const fs::path gate = scratch.folder() / "gate";
  REQUIRE(mkfifo(gate.c_str(), 0600) == 0);
  const fs::path log = log_of(scratch, "out");
  for (const std::size_t lines : {1, 7, kRuns / 2}) {
    Background sweep(scratch, {"sweep", "sweep.yaml", "-j", "4", "-o", "out"});
    sweep.wait_until([&] { return lines_of(log) >= lines; });
    CHECK(WTERMSIG(sweep.end_by(SIGKILL)) == SIGKILL);
  }
  fs::remove(gate);
  const std::string before = read_text(log);
  const Outcome last = edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK(says(last, std::to_string(kRuns / 2) + " of 24 runs are done already"));
  const std::string after = read_text(log);
  CHECK(after.starts_with(before));
  CHECK(lines_in(after) == kRuns);
  CHECK(read_text(scratch.folder() / "out/runs.csv") ==
        read_text(scratch.folder() / "expected/runs.csv"));
}

TEST_CASE("half a line, as a kill or a power failure leaves it, costs the run that it was of") {
  const Scratch scratch;
  const std::string table = expected(scratch);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -j 1 -o out").exit_code == 0);
  const fs::path log = log_of(scratch, "out");
  const std::string whole = read_text(log);
  for (const std::string& torn :
       {whole.substr(0, whole.size() - 1), whole.substr(0, whole.size() - 100),
        whole.substr(0, whole.rfind('\n', whole.size() - 2)) + "\n" + std::string(50, '\0')}) {
    scratch.write("out/records/0xxx.jsonl", torn);
    const Outcome early = edgeflow(scratch, "merge out");
    CHECK(early.exit_code == 2);
    CHECK(says(early, "out: 1 of 24 runs are missing: 23 (run the sweep again"));
    const Outcome again = edgeflow(scratch, "sweep sweep.yaml -o out");
    CHECK(says(again, "23 of 24 runs are done already"));
    CHECK(read_text(scratch.folder() / "out/runs.csv") == table);
  }
}

TEST_CASE("a log that does not fit on the disk ends the sweep, which goes on later") {
  const Scratch scratch;
  const std::string table = expected(scratch);
  // Files may have 4 blocks of 512 bytes (dash) or 1024 (bash); a record takes some 700 bytes.
  const Outcome full = shell(scratch, "(ulimit -f 4; \"$edgeflow\" sweep sweep.yaml -o out)");
  CHECK(full.exit_code == 3);
  CHECK(says(full, "out/records/0xxx.jsonl: cannot be written: File too large"));
  const std::size_t done = lines_of(log_of(scratch, "out"));
  CHECK(done > 0);
  CHECK(done < kRuns);
  const Outcome later = edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK(says(later, std::to_string(done) + " of 24 runs are done already"));
  CHECK(read_text(scratch.folder() / "out/runs.csv") == table);
}

TEST_CASE(
    "shards write into the same logs, one after the other or at once, with locks or without") {
  const Scratch scratch;
  const std::string table = expected(scratch);
  {
    Background first(scratch, {"sweep", "sweep.yaml", "--shard", "1/2", "-o", "out"});
    Background second(scratch, {"sweep", "sweep.yaml", "--shard", "2/2", "-o", "out"});
    CHECK(first.wait_for_end() == 0);
    CHECK(second.wait_for_end() == 0);
  }
  CHECK(lines_of(log_of(scratch, "out")) == kRuns);
  CHECK(edgeflow(scratch, "merge out").exit_code == 0);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == table);
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    CHECK(edgeflow(scratch, std::string("sweep sweep.yaml --no-lock -o parts --shard ") + shard)
              .exit_code == 0);
  }
  CHECK(edgeflow(scratch, "merge parts").exit_code == 0);
  CHECK(read_text(scratch.folder() / "parts/runs.csv") == table);
}

TEST_CASE("of runs without files those that failed are made again when asked to") {
  const Scratch scratch;
  scratch.write_program("planner",
                        "#!/bin/sh\n[ ! -e broken ] || exit 1\n"
                        "echo '{\"shares\": [0, [1, 1]]}'\n");
  scratch.write("sweep.yaml", "schema: 1\nname: sweep\nbase: " + test::data_folder() +
                                  "/cli/tiny_scenario.yaml\naxes:\n"
                                  "  strategy: [single, {name: external, command: [./planner]}]\n" +
                                  kOnly);
  scratch.write("broken", "");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 1);
  fs::remove(scratch.folder() / "broken");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 1);
  const Outcome again = edgeflow(scratch, "sweep sweep.yaml -o out --retry failed");
  CHECK(again.exit_code == 0);
  CHECK(says(again, "1 of 2 runs are done already"));
  CHECK(edgeflow(scratch, "merge out").exit_code == 0);
}

TEST_CASE("records of before --force are set aside, and can be merged there") {
  const Scratch scratch;
  const std::string table = expected(scratch);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  const Outcome forced = edgeflow(scratch, "sweep sweep.yaml -o out --force");
  CHECK(says(forced, "results of before are set aside: out/runs.old-1\n"));
  CHECK_FALSE(says(forced, "done already"));
  CHECK(read_text(scratch.folder() / "out/runs.csv") == table);
  fs::remove(scratch.folder() / "out/runs.old-1/runs.csv");
  CHECK(edgeflow(scratch, "merge out/runs.old-1").exit_code == 0);
  CHECK(read_text(scratch.folder() / "out/runs.old-1/runs.csv") == table);
}

TEST_CASE("records that an edited sweep has no more are set aside, the others are kept") {
  const Scratch scratch;
  write_sweep(scratch);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  write_sweep(scratch, kOnly, "1kB/s, 8kB/s");
  const Outcome edited = edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK(says(edited, "results that are not part of it any more are set aside: out/runs.old-1\n"));
  CHECK(says(edited, "12 of 24 runs are done already"));
  CHECK(lines_of(log_of(scratch, "out/runs.old-1")) == 12);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o anew").exit_code == 0);
  CHECK(read_text(scratch.folder() / "out/runs.csv") ==
        read_text(scratch.folder() / "anew/runs.csv"));

  std::string text = read_text(scratch.folder() / "sweep.yaml");
  const std::string base = "tiny_scenario";
  scratch.write("sweep.yaml", text.replace(text.find(base), base.size(), "busy_scenario"));
  const Outcome other_base = edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK(says(other_base, "set aside: out/runs.old-2\n"));
  CHECK_FALSE(says(other_base, "done already"));
}

TEST_CASE("finished runs with files count when none are wanted any more, not the other way round") {
  const Scratch scratch;
  const std::string table = expected(scratch);
  const Outcome without = edgeflow(scratch, "sweep sweep.yaml -o expected");
  CHECK(says(without, "24 of 24 runs are done already"));
  CHECK(read_text(scratch.folder() / "expected/runs.csv") == table);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  write_sweep(scratch, "outputs: all\n");
  const Outcome with = edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK_FALSE(says(with, "done already"));
  CHECK(names_in(scratch.folder() / "out/runs").size() == kRuns);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == table);
}

TEST_CASE("merging 12,000 runs takes hardly more memory than 2,000") {
#ifdef __SANITIZE_ADDRESS__
  return;  // which keeps what is freed
#endif
  const Scratch scratch;
  const fs::path out = scratch.folder() / "out";
  const std::vector<Job> first = many_jobs(scratch, 1);
  Results::Mode mode;
  mode.run_files = false;
  {
    const Results results(out, manifest_of(first), first, mode);
    make_run(results, first[0]);
  }
  const auto peak_kB = [&](int runs) {
    repeat_record(out, runs);
    std::string manifest = read_text(out / "manifest.json");
    const std::size_t place = manifest.find("\"runs\": ") + 8;
    manifest.replace(place, manifest.find(',', place) - place, std::to_string(runs));
    scratch.write("out/manifest.json", manifest);
    const Outcome outcome =
        shell(scratch,
              "/usr/bin/python3 -c 'import resource, subprocess, sys\n"
              "subprocess.run([sys.argv[1], \"merge\", \"out\"], check=True, stdout=sys.stderr)\n"
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \"$edgeflow\"");
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
    CHECK(lines_in(read_text(out / "runs.csv")) == static_cast<std::size_t>(1 + runs));
    return std::stol(outcome.out);
  };
  const long few = peak_kB(2000);
  // A record takes more than 3 kB in memory: 10,000 of them would be 30 MB.
  CHECK(peak_kB(12000) < few + 6000);
}

TEST_CASE("reading many points says how far it is, and too many are refused") {
  const Scratch scratch;
  const auto numbers = [](int count) {
    std::string text;
    for (int i = 1; i <= count; ++i) text += (i > 1 ? ", " : "") + std::to_string(i);
    return "[" + text + "]";
  };
  const std::string head = "schema: 1\nname: many\nbase: " + test::data_folder() +
                           "/cli/tiny_scenario.yaml\naxes:\n  strategy: [single]\n";
  scratch.write("many.yaml", head + "  seed: " + numbers(10001) + "\n");
  const Outcome listed = edgeflow(scratch, "sweep many.yaml --dry-run");
  CHECK(listed.exit_code == 0);
  CHECK(listed.err == "read 10000 of 10001 points\n");
  CHECK(lines_in(listed.out) == 10001);
  scratch.write("more.yaml",
                head + "  seed: " + numbers(1001) + "\n  requests.count: " + numbers(1000) + "\n");
  const Outcome refused = edgeflow(scratch, "sweep more.yaml --dry-run");
  CHECK(refused.exit_code == 2);
  CHECK(refused.err ==
        "more.yaml:1:1: has more than 1000000 points (divide it into several sweeps, each with a "
        "name of its own)\n");
}

TEST_CASE("a file of the scenario that is edited while the sweep runs makes no runs of two kinds") {
  const Scratch scratch;
  scratch.write_program("planner",
                        "#!/bin/sh\n"
                        "echo 'at_s,bandwidth_Bps\n0,7' > trace.csv\n"
                        "echo '{\"shares\": [0, [1, 1]]}'\n");
  scratch.write("trace.csv", "at_s,bandwidth_Bps\n0,1000\n");
  scratch.write("sweep.yaml", "schema: 1\nname: sweep\nbase:\n  model: " + test::data_folder() +
                                  "/cli/tiny.yaml\n"
                                  "  cluster:\n"
                                  "    network: {type: switch, bandwidth: 1kB/s}\n"
                                  "    devices: [{name: near, mac_rate: 96MAC/s}, {name: far, "
                                  "mac_rate: 96MAC/s}]\n"
                                  "  strategy: {name: external, command: [./planner]}\n"
                                  "  disturbances: {bandwidth: [{links: all, file: trace.csv}]}\n"
                                  "axes: {cluster.network.latency: [1ms, 2ms, 3ms]}\n");
  const Outcome edited = edgeflow(scratch, "sweep sweep.yaml -j 1 -o out");
  CHECK(edited.exit_code == 2);
  CHECK_MESSAGE(
      says(edited, "a file of the scenario was changed while this ran: no run is made of it"),
      edited.err);
}

}  // namespace edgeflow
