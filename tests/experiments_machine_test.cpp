// Sweeps on a machine that is short of something or ends their processes, as users see them: never
// the result of a run, and the same runs.csv in the end.

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"
#include "tests/support/refuse.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::edgeflow;
using test::Outcome;
using test::read_text;
using test::Scratch;
using test::shell;

/// Writes a sweep of four runs, of which two are planned by a program that `planner` is.
void write_sweep(const Scratch& scratch, const std::string& planner) {
  scratch.write_program("planner", "#!/bin/sh\n" + planner);
  scratch.write("sweep.yaml", "schema: 1\nname: sweep\nbase: " + test::data_folder() +
                                  "/cli/tiny_scenario.yaml\naxes:\n"
                                  "  strategy: [single, {name: external, command: [./planner]}]\n"
                                  "  cluster.network.bandwidth: [1kB/s, 4kB/s]\n");
}

const std::string kPlan = "echo '{\"shares\": [0, [1, 1]]}'\n";

std::string undisturbed(const Scratch& scratch, const std::string& planner = kPlan) {
  write_sweep(scratch, planner);
  const Outcome outcome = edgeflow(scratch, "sweep sweep.yaml -o undisturbed");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return read_text(scratch.folder() / "undisturbed/runs.csv");
}

/// The sweep into the folder `out`, begun in a shell as `set_up` leaves it.
Outcome sweep(const Scratch& scratch, const std::string& set_up = "",
              const std::string& more = "") {
  return shell(scratch, set_up + " \"$edgeflow\" sweep sweep.yaml -o out " + more);
}

/// A checker of leaks, in a program built with one, wants processes and files of its own.
void check_no_leaks() { setenv("ASAN_OPTIONS", "detect_leaks=0", /*overwrite=*/1); }

/// The program on a machine that refuses a system call.
Outcome sweep_refused(const Scratch& scratch, long call, int error) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    test::refuse(call, error);
    const std::string out = (scratch.folder() / "refused").string();
    const int file = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDERR_FILENO);
    if (chdir(scratch.folder().c_str()) == 0) {
      execl(test::program_file().c_str(), "edgeflow", "sweep", "sweep.yaml", "-o", "out", nullptr);
    }
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  return {WEXITSTATUS(status), "", read_text(scratch.folder() / "refused")};
}

void check_goes_on(const Scratch& scratch, const std::string& expected) {
  const Outcome later = sweep(scratch);
  CHECK_MESSAGE(later.exit_code == 0, later.err);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == expected);
}

}  // namespace

TEST_CASE("a machine that refuses processes ends the sweep with 3, and it goes on later") {
  check_no_leaks();
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  const Outcome refused = sweep_refused(scratch, SYS_clone, EAGAIN);
  CHECK(refused.exit_code == 3);
  CHECK(refused.err ==
        "no process: Resource temporarily unavailable: 0 of 4 runs are done; the "
        "same command goes on from there\n");
  check_goes_on(scratch, expected);
}

TEST_CASE("too many open files end the sweep with 3, and it goes on later") {
#ifdef __SANITIZE_ADDRESS__
  return;  // which ends a process that has no file left for it
#endif
  const Scratch scratch;
  const std::string expected = undisturbed(scratch);
  bool was_refused = false;
  for (const char* limit : {"3", "4", "5", "6", "7", "8", "9", "10", "12", "14"}) {
    CAPTURE(limit);
    const Outcome outcome = sweep(scratch, "ulimit -n " + std::string(limit) + ";");
    // A shared library may be what cannot be opened.
    if (outcome.exit_code == 127) continue;
    CHECK((outcome.exit_code == 0 || outcome.exit_code == 3));
    if (outcome.exit_code != 3) continue;
    was_refused = true;
    CHECK(outcome.err.find("Too many open files") != std::string::npos);
  }
  CHECK(was_refused);
  check_goes_on(scratch, expected);
}

TEST_CASE("runs whose processes somebody kills are made again") {
  const Scratch scratch;
  // Killed once, as the machine does where memory runs out: with its worker.
  const std::string planner = "[ -e once ] || { touch once; kill -9 $PPID; }\n" + kPlan;
  write_sweep(scratch, planner);
  scratch.write("once", "");
  const std::string expected = undisturbed(scratch, planner);
  fs::remove(scratch.folder() / "once");
  const Outcome outcome = sweep(scratch, "", "-j 1");
  CHECK(outcome.exit_code == 0);
  CHECK(fs::exists(scratch.folder() / "once"));
  CHECK(read_text(scratch.folder() / "out/runs.csv") == expected);
}

TEST_CASE(
    "a run that is killed every time has no status, the sweep ends with 3 behind the others") {
  const Scratch scratch;
  const std::string planner = "[ ! -e full ] || kill -9 $$\n" + kPlan;
  const std::string expected = undisturbed(scratch, planner);
  scratch.write("full", "");
  const Outcome outcome = sweep(scratch);
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.err.find(", tried 3 times: ") != std::string::npos);
  CHECK(outcome.err.find("planner was killed from outside: 2 of 4 runs are done; the same command "
                         "goes on from there\n") != std::string::npos);
  CHECK_FALSE(fs::exists(scratch.folder() / "out/runs.csv"));
  fs::remove(scratch.folder() / "full");
  check_goes_on(scratch, expected);
}

TEST_CASE("runs that failed, crashed or took too long are made again when asked to") {
  const Scratch scratch;
  const std::string planner = "[ ! -e broken ] || exit 1\n" + kPlan;
  const std::string expected = undisturbed(scratch, planner);
  scratch.write("broken", "");
  CHECK(sweep(scratch).exit_code == 1);
  fs::remove(scratch.folder() / "broken");
  CHECK(sweep(scratch).exit_code == 1);
  CHECK(sweep(scratch, "", "--retry crashed,timeout").exit_code == 1);
  const Outcome again = sweep(scratch, "", "--retry failed,crashed");
  CHECK(again.exit_code == 0);
  CHECK(again.err.find("2 of 4 runs are done already") != std::string::npos);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == expected);
  for (const char* wrong : {"ok", "failed,fast", ""}) {
    CAPTURE(wrong);
    CHECK(sweep(scratch, "", "--retry '" + std::string(wrong) + "'").exit_code == 2);
  }
}

TEST_CASE("a program that is edited while the sweep runs makes no runs of two kinds") {
  const Scratch scratch;
  write_sweep(scratch, "echo >> planner\n" + kPlan);
  const Outcome outcome = sweep(scratch);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err.find("a file of an external program was changed while this ran: no run is made "
                         "of it") != std::string::npos);
}

TEST_CASE("a folder that is gone is a mistake, not a bug") {
  const Scratch scratch;
  write_sweep(scratch, kPlan);
  const Outcome outcome = shell(scratch,
                                "mkdir gone; cd gone; rmdir ../gone; \"$edgeflow\" sweep "
                                "../sweep.yaml");
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err.find("report") == std::string::npos);
}

TEST_CASE("what a command cannot write because the disk is full ends it with 3") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "plan " + test::data_folder() +
                                                "/cli/tiny_scenario.yaml --set strategy=even "
                                                "-o /dev/full");
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.err == "/dev/full: cannot be written: No space left on device (try again later)\n");
}

}  // namespace edgeflow
