// Sweeps that are killed, divided, repeated or short of disk, as users see them: whatever happens,
// the same runs.csv.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>

#include "tests/support/background.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::Background;
using test::edgeflow;
using test::Outcome;
using test::read_text;
using test::Scratch;
using test::shell;

constexpr int kRuns = 2 * 2 * 2 * 5;

/// Writes the sweep that these tests run: zip, exclusions and repetitions. The last strategy is a
/// program, which Gate can hold up.
void write_sweep(const Scratch& scratch, const std::string& more = "") {
  scratch.write("planner",
                "[ ! -p gate ] || cat gate\n"
                "echo '{\"shares\": [0, [1, 1]]}'\n");
  scratch.write("sweep.yaml", "schema: 1\nname: sweep\nbase: " + test::data_folder() +
                                  "/cli/tiny_scenario.yaml\n"
                                  "axes:\n"
                                  "  strategy:\n"
                                  "    - single\n"
                                  "    - proportional\n"
                                  "    - {name: external, command: [sh, planner]}\n"
                                  "  cluster.network.bandwidth: [1kB/s, 4kB/s]\n"
                                  "zip:\n"
                                  "  - requests.count: [2, 3]\n"
                                  "    requests.arrivals: [{process: closed}, {process: poisson, "
                                  "rate: 1/s}]\n"
                                  "    label.stream: [closed, poisson]\n"
                                  "exclude: [{strategy: proportional}]\n"
                                  "repeat: 5\nbaseline: single\n" +
                                  more);
}

std::string undisturbed(const Scratch& scratch) {
  write_sweep(scratch);
  const Outcome outcome = edgeflow(scratch, "sweep sweep.yaml -j 1 -o undisturbed");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return read_text(scratch.folder() / "undisturbed/runs.csv");
}

/// While it lives, the planner that is a program waits: of the runs of a sweep, only the kFree ones
/// by `single` come to an end.
class Gate {
 public:
  explicit Gate(const Scratch& scratch) : fifo_(scratch.folder() / "gate") {
    REQUIRE(mkfifo(fifo_.c_str(), 0600) == 0);
  }
  ~Gate() {
    const int end = open(fifo_.c_str(), O_RDWR);  // lets go who waits
    fs::remove(fifo_);
    close(end);
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  static constexpr std::size_t kFree = kRuns / 2;
  /// So many that not all of them wait at the gate.
  static constexpr const char* kWorkers = "6";

 private:
  fs::path fifo_;
};

/// Long ago: whoever writes a file again changes its date, however soon.
constexpr fs::file_time_type kOld = fs::file_time_type(std::chrono::hours(1));

/// The status files of finished runs by run.
std::map<std::string, fs::path> finished(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder / "runs", error)) {
    const fs::path status = entry.path() / "status.json";
    if (fs::exists(status)) files[entry.path().filename()] = status;
  }
  return files;
}

void make_old(const fs::path& folder) {
  for (const auto& [run, status] : finished(folder)) fs::last_write_time(status, kOld);
}

/// How many finished runs have not been written since make_old().
std::size_t old_ones(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& [run, status] : finished(folder)) count += fs::last_write_time(status) == kOld;
  return count;
}

/// How many files of that name a folder holds, at any depth.
std::size_t count_files(const fs::path& folder, const std::string& name) {
  std::size_t count = 0;
  std::error_code gone;
  fs::recursive_directory_iterator entry(folder, gone);
  while (!gone && entry != fs::recursive_directory_iterator()) {
    count += entry->path().filename() == name;
    entry.increment(gone);
  }
  return count;
}

}  // namespace

TEST_CASE("runs.csv is the same for one process, two, a rerun, and three shards with a merge") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  CHECK(std::count(expected.begin(), expected.end(), '\n') == 1 + kRuns);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -j 2 -o two").exit_code == 0);
  CHECK(read_text(scratch.folder() / "two/runs.csv") == expected);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -j 2 -o two --force").exit_code == 0);
  CHECK(read_text(scratch.folder() / "two/runs.csv") == expected);

  const Outcome third = edgeflow(scratch, "sweep sweep.yaml --shard 3/3 -o parts");
  CHECK(third.exit_code == 0);
  CHECK(third.err.find("when all shards are: edgeflow merge parts") != std::string::npos);
  const Outcome early = edgeflow(scratch, "merge parts");
  CHECK(early.exit_code == 2);
  CHECK(early.err.find(" of 40 runs are missing: ") != std::string::npos);
  CHECK(early.err.find("(run the sweep again: it goes on where it stopped)") != std::string::npos);
  CHECK_FALSE(fs::exists(scratch.folder() / "parts/runs.csv"));
  CHECK(edgeflow(scratch, "sweep sweep.yaml --shard 1/3 -o parts").exit_code == 0);
  CHECK(edgeflow(scratch, "sweep sweep.yaml --shard 2/3 -o parts").exit_code == 0);
  CHECK(edgeflow(scratch, "merge parts").exit_code == 0);
  CHECK(read_text(scratch.folder() / "parts/runs.csv") == expected);
}

TEST_CASE("a finished sweep is not run again unless forced") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  const fs::path folder = scratch.folder() / "undisturbed";
  make_old(folder);
  const Outcome again = edgeflow(scratch, "sweep sweep.yaml -o undisturbed");
  CHECK(again.exit_code == 0);
  CHECK(again.err.find("40 of 40 runs are done already") != std::string::npos);
  CHECK(old_ones(folder) == kRuns);
  CHECK(read_text(folder / "runs.csv") == expected);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o undisturbed --force").exit_code == 0);
  CHECK(finished(folder).size() == kRuns);
  CHECK(old_ones(folder) == 0);
}

TEST_CASE("a sweep killed at ten places loses nothing and repeats nothing") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  const fs::path folder = scratch.folder() / "killed";
  // When so many files of a name are there. A run writes units.csv first and status.json last.
  const std::vector<std::pair<std::string, std::size_t>> places{
      {".lock", 1},         {"manifest.json", 1},
      {"units.csv", 1},     {"scenario.resolved.yaml", 3},
      {"plan.yaml", 5},     {"status.json", 7},
      {"requests.csv", 10}, {"links.csv", 12},
      {"timing.csv", 14},   {"status.json", Gate::kFree}};
  {
    const Gate gate(scratch);
    for (const auto& [name, count] : places) {
      CAPTURE(name);
      const std::size_t before = finished(folder).size();
      make_old(folder);
      Background sweep(scratch, {"sweep", "sweep.yaml", "-j", Gate::kWorkers, "-o", "killed"});
      sweep.wait_until(
          [&, file = name, wanted = count] { return count_files(folder, file) >= wanted; });
      CHECK(WTERMSIG(sweep.end_by(SIGKILL)) == SIGKILL);
      CHECK(old_ones(folder) == before);
    }
  }
  make_old(folder);
  const std::size_t before = finished(folder).size();
  CHECK(before > 0);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -j 2 -o killed").exit_code == 0);
  CHECK(old_ones(folder) == before);
  CHECK(read_text(folder / "runs.csv") == expected);
}

TEST_CASE("a sweep killed while it writes its first manifest goes on in the same folder") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  for (const char* file : {".lock", ".setup.lock", "manifest.json.partial"}) {
    scratch.write(std::string("begun/") + file, "{");
  }
  const Outcome again = edgeflow(scratch, "sweep sweep.yaml -o begun");
  CHECK_MESSAGE(again.exit_code == 0, again.err);
  CHECK(read_text(scratch.folder() / "begun/runs.csv") == expected);
  scratch.write("others/notes.partial", "mine");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o others").exit_code == 2);
}

TEST_CASE("Ctrl-C stops a sweep that the same command goes on with") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  const fs::path folder = scratch.folder() / "stopped";
  {
    const Gate gate(scratch);
    Background sweep(scratch, {"sweep", "sweep.yaml", "-j", Gate::kWorkers, "-o", "stopped"});
    sweep.wait_until([&] { return !finished(folder).empty(); });
    const int status = sweep.end_by(SIGINT);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 130);
  }
  CHECK_FALSE(fs::exists(folder / "runs.csv"));
  CHECK_FALSE(fs::exists(folder / "summary.csv"));
  const Outcome again = edgeflow(scratch, "sweep sweep.yaml -o stopped");
  CHECK(again.err.find("runs are done already") != std::string::npos);
  CHECK(read_text(folder / "runs.csv") == expected);
}

TEST_CASE("a second sweep into a folder is refused, a shard of the same sweep is not") {
  const Scratch scratch;
  undisturbed(scratch);
  const std::string lock = (scratch.folder() / "undisturbed/.lock").string();
  const int held = open(lock.c_str(), O_RDWR);
  REQUIRE(held >= 0);
  REQUIRE(flock(held, LOCK_EX) == 0);  // as a sweep does
  for (const char* arguments : {"", " --shard 1/3"}) {
    const Outcome second =
        edgeflow(scratch, std::string("sweep sweep.yaml -o undisturbed") + arguments);
    CHECK(second.exit_code == 2);
    CHECK(second.err ==
          "undisturbed: another sweep is writing into this folder (wait for it, or choose another "
          "folder with -o)\n");
  }
  REQUIRE(flock(held, LOCK_SH) == 0);  // as a shard does
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o undisturbed").exit_code == 2);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o undisturbed --shard 1/3").exit_code == 0);
  write_sweep(scratch, "description: another\n");
  const Outcome other = edgeflow(scratch, "sweep sweep.yaml -o undisturbed --shard 1/3");
  CHECK(other.exit_code == 2);
  CHECK(other.err.find("shards of another sweep or program are writing into this folder") !=
        std::string::npos);
  close(held);
}

TEST_CASE("a sweep whose file changed keeps the runs that are the same") {
  const Scratch scratch;
  undisturbed(scratch);
  const fs::path folder = scratch.folder() / "undisturbed";
  make_old(folder);
  std::string text = read_text(scratch.folder() / "sweep.yaml");
  text.replace(text.find("repeat: 5"), 9, "repeat: 4");
  scratch.write("sweep.yaml", text);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o undisturbed").exit_code == 0);
  CHECK(finished(folder).size() == kRuns / 5 * 4);
  // The first four repetitions of the first point stand where they stood.
  CHECK(old_ones(folder) == 4);
}

TEST_CASE("a file that does not fit on the disk ends the sweep with its name, finished runs stay") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  // Without privileges: files may have one block of 512 bytes (dash) or 1024 (bash).
  const Outcome full = shell(scratch, "(ulimit -f 1; \"$edgeflow\" sweep sweep.yaml -o full)");
  CHECK(full.exit_code == 3);
  CHECK(full.err.find(": cannot be written: File too large") != std::string::npos);
  CHECK_FALSE(fs::exists(scratch.folder() / "full/runs.csv"));
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o full").exit_code == 0);
  CHECK(read_text(scratch.folder() / "full/runs.csv") == expected);
}

TEST_CASE("a full or read-only disk ends the sweep with a clear error, finished runs stay") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  const Outcome mounts = shell(scratch, "mkdir disk; unshare -m mount -t tmpfs none disk");
  if (mounts.exit_code != 0) {
    MESSAGE("skipped, a file system cannot be mounted here: " << mounts.err);
    return;
  }
  scratch.write("script",
                "mount -t tmpfs -o size=300k none disk\n"
                "\"$1\" sweep sweep.yaml -o disk/out -j 2; echo full $?\n"
                "ls disk/out/runs/*/status.json | wc -l\n"
                "mount -o remount,ro disk\n"
                "\"$1\" sweep sweep.yaml -o disk/out; echo read-only $?\n"
                "\"$1\" sweep sweep.yaml -o disk/new; echo read-only $?\n"
                "mount -o remount,rw,size=30m disk\n"
                "\"$1\" sweep sweep.yaml -o disk/out >&2; echo later $?\n"
                "cp disk/out/runs.csv later.csv\n");
  const Outcome outcome = shell(scratch, "unshare -m sh script \"$edgeflow\"");
  CAPTURE(outcome.err);
  int done = 0;
  CHECK(std::sscanf(outcome.out.c_str(), "full 3\n%d", &done) == 1);
  CHECK(done > 0);
  CHECK(done < kRuns);
  CHECK(outcome.out.find("read-only 2\nread-only 2\nlater 0\n") != std::string::npos);
  CHECK(outcome.err.find("cannot be written: No space left on device") != std::string::npos);
  CHECK(outcome.err.find(" of 40 runs are done; the same command goes on from there\n") !=
        std::string::npos);
  CHECK(outcome.err.find("disk/out/.setup.lock: cannot be written: Read-only file system\n") !=
        std::string::npos);
  CHECK(outcome.err.find("disk/new: cannot be made a folder: Read-only file system\n") !=
        std::string::npos);
  CHECK(outcome.err.find(std::to_string(done) + " of 40 runs are done already") !=
        std::string::npos);
  CHECK(read_text(scratch.folder() / "later.csv") == expected);
}

}  // namespace edgeflow
