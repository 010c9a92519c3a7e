// Programs of the user's plans: how they end, what is kept of what they say, what they get.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

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

/// Writes a scenario that this program plans.
void write_scenario(const Scratch& scratch, const std::string& program) {
  scratch.write_program("planner", "#!/bin/sh\n" + program);
  scratch.write("scenario.yaml",
                "schema: 1\nname: external\nmodel: " + test::data_folder() +
                    "/cli/tiny.yaml\ncluster:\n  network: {type: switch, bandwidth: 1kB/s}\n"
                    "  devices: [{name: a, mac_rate: 96MAC/s}, {name: b, mac_rate: 96MAC/s}]\n"
                    "strategy: {name: external, command: [./planner], time_limit: 1000s}\n");
}

const std::string kPlan = "echo '{\"shares\": [0, [1, 1]]}'\n";

/// A program that does not end and is deaf to what asks it to, with a child in a session of its own.
/// All of them hold the fifo `life` open; `up` is there when they are.
const std::string kDeaf =
    "trap '' TERM INT HUP QUIT\n"
    "exec 9> life\n"
    "setsid sh -c 'trap \"\" TERM INT HUP QUIT; echo > up; exec tail -f /dev/null' &\n"
    "tail -f /dev/null\n";

/// Knows whether anybody has the fifo `life` open.
class Life {
 public:
  explicit Life(const Scratch& scratch) {
    const std::string fifo = (scratch.folder() / "life").string();
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    file_ = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(file_ >= 0);
  }
  ~Life() { close(file_); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// The test fails if that does not come.
  void wait_for_end() const {
    constexpr int kHang_ms = 300'000;  // a guard
    char byte = 0;
    while (read(file_, &byte, 1) < 0 && errno == EAGAIN) {
      pollfd wait{file_, POLLIN, 0};
      REQUIRE_MESSAGE(poll(&wait, 1, kHang_ms) > 0, "something lives on");
    }
  }

 private:
  int file_ = -1;
};

fs::path run_folder(const Scratch& scratch) {
  for (const auto& entry : fs::recursive_directory_iterator(scratch.folder() / "out/runs")) {
    if (entry.path().filename() == "status.json") return entry.path().parent_path();
  }
  FAIL("there is no run");
  return {};
}

}  // namespace

TEST_CASE("an external program and all that it started end with us, whatever ends us") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGKILL}) {
    CAPTURE(signal);
    const Scratch scratch;
    write_scenario(scratch, kDeaf);
    const Life life(scratch);
    Background run(scratch, {"run", "scenario.yaml", "-o", "out"});
    run.wait_until([&] { return fs::exists(scratch.folder() / "up"); });
    (void)run.end_by(signal);
    life.wait_for_end();
  }
}

TEST_CASE("an external program and all that it started end at the time limit of planning") {
  const Scratch scratch;
  write_scenario(scratch, kDeaf);
  const Life life(scratch);
  CHECK(edgeflow(scratch, "run scenario.yaml -o out --timeout 300ms").exit_code == 1);
  life.wait_for_end();
}

TEST_CASE("what an external program left behind ends when it has answered") {
  const Scratch scratch;
  write_scenario(scratch, "exec 9> life\nsetsid tail -f /dev/null > /dev/null 2>&1 &\n" + kPlan);
  const Life life(scratch);
  CHECK(edgeflow(scratch, "run scenario.yaml -o out").exit_code == 0);
  life.wait_for_end();
}

TEST_CASE("what an external program says is kept with its run") {
  const Scratch scratch;
  write_scenario(scratch, "echo 'thinking of \033[31mred' >&2\n" + kPlan);
  CHECK(edgeflow(scratch, "run scenario.yaml -o out").exit_code == 0);
  CHECK(read_text(run_folder(scratch) / "strategy.log") == "thinking of \033[31mred\n");
}

TEST_CASE("what a failed program said is shown, and does not command the terminal") {
  const Scratch scratch;
  write_scenario(scratch,
                 "printf 'lost\\033[2J the\\302\\233 plot\\r\\n\\tfor good\\n' >&2\nexit 3\n");
  const Outcome outcome = edgeflow(scratch, "run scenario.yaml -o out");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.find("planner ended with exit code 3; on stderr: lost\\x1b[2J "
                         "the\\xc2\\x9b plot\\x0d\n\tfor good") != std::string::npos);
  CHECK(outcome.err.find('\033') == std::string::npos);
  CHECK(read_text(scratch.folder() / "out/runs.csv").find('\033') == std::string::npos);
  CHECK(read_text(run_folder(scratch) / "strategy.log") ==
        "lost\033[2J the\302\233 plot\r\n\tfor good\n");
  write_scenario(scratch, "printf '{\"infeasible\": \"\\\\u001b[2J\"}'\n");
  const Outcome infeasible = edgeflow(scratch, "run scenario.yaml -o infeasible");
  CHECK(infeasible.err.find("infeasible: \\x1b[2J\n") != std::string::npos);
}

TEST_CASE("the problem that a program would get can be written without it") {
  const Scratch scratch;
  write_scenario(scratch, "cat > got.json\n" + kPlan);
  CHECK(edgeflow(scratch, "run scenario.yaml -o out").exit_code == 0);
  const std::string got = read_text(scratch.folder() / "got.json");
  fs::remove(scratch.folder() / "got.json");
  const Outcome outcome = edgeflow(scratch, "plan scenario.yaml --problem problem.json");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err == "wrote problem.json\n");
  CHECK(read_text(scratch.folder() / "problem.json") == got);
  CHECK_FALSE(fs::exists(scratch.folder() / "got.json"));
  CHECK(edgeflow(scratch, "plan scenario.yaml --problem a.json -o b.yaml").exit_code == 2);
}

TEST_CASE("a limit of more years than nanoseconds can count is a limit") {
  const Scratch scratch;
  write_scenario(scratch, kPlan);
  CHECK(edgeflow(scratch,
                 "run scenario.yaml -o out --timeout 1e14s --set "
                 "strategy.time_limit=1e14s")
            .exit_code == 0);
}

}  // namespace edgeflow
