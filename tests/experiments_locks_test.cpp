// Several processes at one results folder, folders without locks, and streams that are closed.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <string>
#include <vector>

#include "experiments/results/lock.hpp"
#include "tests/support/background.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"
#include "tests/support/refuse.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::Background;
using test::edgeflow;
using test::Outcome;
using test::read_text;
using test::Scratch;
using test::shell;

/// Writes a sweep of four runs, each planned by a program that leaves a file in `planned` and waits
/// as long as `gate` is a fifo that nobody writes to.
void write_sweep(const Scratch& scratch) {
  scratch.write_program("planner",
                        "#!/bin/sh\nmkdir -p planned; : > planned/$$\n[ ! -p gate ] || cat gate\n"
                        "echo '{\"shares\": [0, [1, 1]]}'\n");
  scratch.write("sweep.yaml", "schema: 1\nname: sweep\nbase: " + test::data_folder() +
                                  "/cli/tiny_scenario.yaml\naxes:\n"
                                  "  strategy: [{name: external, command: [./planner]}]\n"
                                  "  cluster.network.bandwidth: [1kB/s, 2kB/s, 3kB/s, 4kB/s]\n");
}

std::size_t times_planned(const Scratch& scratch) {
  std::error_code none;
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(scratch.folder() / "planned", none), {}));
}

std::string undisturbed(const Scratch& scratch) {
  write_sweep(scratch);
  REQUIRE(edgeflow(scratch, "sweep sweep.yaml -o undisturbed").exit_code == 0);
  fs::remove_all(scratch.folder() / "planned");
  return read_text(scratch.folder() / "undisturbed/runs.csv");
}

/// Runs the program where a system call is refused; what it says to stderr.
Outcome refused(const Scratch& scratch, long call, int error, std::vector<std::string> words) {
  const std::string log = (scratch.folder() / "refused").string();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    test::refuse(call, error);
    dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    std::vector<char*> arguments{const_cast<char*>("edgeflow")};
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (chdir(scratch.folder().c_str()) == 0) {
      execv(test::program_file().c_str(), arguments.data());
    }
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  return {WEXITSTATUS(status), "", read_text(log)};
}

}  // namespace

TEST_CASE("a run is locked by one process at a time, others are free") {
  const Scratch scratch;
  const RunLocks one(scratch.folder(), FolderLock::Kind::kShared);
  const RunLocks other(scratch.folder(), FolderLock::Kind::kShared);
  CHECK(one.lock(7));
  CHECK_FALSE(other.lock(7));
  CHECK(other.lock(8));
  one.unlock(7);
  CHECK(other.lock(7));
  const RunLocks none(scratch.folder(), FolderLock::Kind::kNone);
  CHECK(none.lock(7));
}

TEST_CASE("the same shard twice, or shards of different divisions, make every run once") {
  for (const char* second : {"1/2", "1/3"}) {
    CAPTURE(second);
    const Scratch scratch;
    const std::string expected = undisturbed(scratch);
    const fs::path gate = scratch.folder() / "gate";
    REQUIRE(mkfifo(gate.c_str(), 0600) == 0);
    const std::string out = " --shard " + std::string(second) + " -o out";
    Background first(scratch, {"sweep", "sweep.yaml", "--shard", "1/2", "-o", "out", "-j", "2"});
    first.wait_until([&] { return times_planned(scratch) == 2; });
    // Opened for both, so that it does not wait for a reader; all that wait are let go.
    const Outcome both = shell(scratch, "{ \"$edgeflow\" sweep sweep.yaml" + out +
                                            "; echo $? >&2; } 2> second & "
                                            "while ! grep -q waiting second; do :; done; "
                                            "mv gate open; exec 8<> open; exec 8>&-; wait");
    CHECK(both.exit_code == 0);
    first.wait_for_end();
    const std::string said = read_text(scratch.folder() / "second");
    CHECK(said.find("another process is making some of these runs: waiting for it\n") !=
          std::string::npos);
    CHECK(said.ends_with("\n0\n"));
    CHECK(edgeflow(scratch, "sweep sweep.yaml --shard 2/2 -o out").exit_code == 0);
    CHECK(edgeflow(scratch, "merge out").exit_code == 0);
    CHECK(read_text(scratch.folder() / "out/runs.csv") == expected);
    CHECK(times_planned(scratch) == 4);
  }
}

TEST_CASE("a file system without locks is said at once, with a way that works there") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  const Outcome outcome = refused(scratch, SYS_flock, ENOLCK, {"sweep", "sweep.yaml", "-o", "out"});
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err ==
        "the results folder cannot be locked: No locks available (choose a folder on another file "
        "system with -o, or give --no-lock if nobody else makes these runs)\n");
  CHECK(refused(scratch, SYS_flock, ENOLCK, {"sweep", "sweep.yaml", "-o", "out", "--no-lock"})
            .exit_code == 0);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == expected);
  for (const char* shard : {"1/2", "2/2"}) {
    CHECK(refused(scratch, SYS_flock, ENOLCK,
                  {"sweep", "sweep.yaml", "-o", "parts", "--no-lock", "--shard", shard})
              .exit_code == 0);
  }
  CHECK(edgeflow(scratch, "merge parts").exit_code == 0);
  CHECK(read_text(scratch.folder() / "parts/runs.csv") == expected);
}

TEST_CASE("closed standard streams never write into files of ours") {
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  for (const char* closed : {">&-", "2>&-", "<&-", "<&- >&- 2>&-"}) {
    CAPTURE(closed);
    fs::remove_all(scratch.folder() / "out");
    const Outcome outcome =
        shell(scratch, std::string("\"$edgeflow\" sweep sweep.yaml -o out ") + closed);
    CHECK(outcome.exit_code == 0);
    CHECK(read_text(scratch.folder() / "out/runs.csv") == expected);
    for (const char* lock : {".lock", ".setup.lock", ".runs.lock"}) {
      CHECK(fs::file_size(scratch.folder() / "out" / lock) == 0);
    }
  }
}

TEST_CASE("merging refuses a manifest that does not fit the runs") {
  const Scratch scratch;
  undisturbed(scratch);
  const fs::path file = scratch.folder() / "undisturbed/manifest.json";
  const std::string good = read_text(file);
  const auto merged = [&](const std::string& from, const std::string& to) {
    std::string bad = good;
    REQUIRE(bad.find(from) != std::string::npos);
    scratch.write("undisturbed/manifest.json", bad.replace(bad.find(from), from.size(), to));
    const Outcome outcome = edgeflow(scratch, "merge undisturbed");
    CHECK(outcome.exit_code == 2);
    return outcome.err;
  };
  CHECK(merged("\"runs\": 4", "\"runs\": 3") ==
        "undisturbed/manifest.json: says 3 runs, there are 4 (run the sweep again: it goes on with "
        "what belongs to it)\n");
  CHECK(merged("\"cluster.network.bandwidth\"\n", "\"seed\"\n")
            .find("manifest.json: says other axes than undisturbed/runs/") != std::string::npos);
  CHECK(merged("\"cluster.network.bandwidth\"\n", "\"cluster.network.bandwidth\", \"seed\"\n")
            .find("manifest.json: says other axes than undisturbed/runs/") != std::string::npos);
}

}  // namespace edgeflow
