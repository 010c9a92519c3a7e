// Strategies that are programs of their own: what they get, what they may answer, how they fail.

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "partition/external/command.hpp"
#include "partition/external/problem_json.hpp"
#include "partition/external/shares.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "partition/plans/validate.hpp"
#include "tests/support/baselines_fixture.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/machine_error.hpp"

namespace edgeflow {
namespace {

using namespace baselines;
using Json = nlohmann::json;

Graph window_and_sum() {
  LayerSpec conv = pointwise("conv", "input", 2);
  conv.attributes.kernel = {3, 3};
  conv.attributes.stride = {2, 2};
  conv.attributes.pad = {1, 1, 1, 1};
  return Graph("small", "made up", {pixels({1, 8, 8}), conv, pointwise("top", "conv", 3)});
}

Cluster two_devices() {
  return Cluster("two", {device("first", 100), device("second", 300)}, NetworkType::kSwitch, 1000,
                 0.01, kFirst, kFirst);
}

/// What `external` does with a shell line. The shell is the program here.
Plan plan_by_line(const Problem& problem, const std::string& line, const char* limit = "20s") {
  const Json command{"sh", "-c", line};
  return plan_by("external", problem, {{"command", command.dump()}, {"time_limit", limit}});
}

std::string failure_of(const Problem& problem, const std::string& line, const char* limit = "20s") {
  try {
    plan_by_line(problem, line, limit);
  } catch (const StrategyFailed& error) {
    return error.what();
  }
  return "none";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("shares of the first layers give the plan as far as these, without results") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const SharesPlanner planner({graph, cluster, {}});
  const std::vector<double> shares{0, 0, 1, 3, 3, 1};  // of the input, conv and top
  const Plan whole = planner.plan(shares, "mine");
  const Plan begun = planner.plan(std::span(shares).first(4), "mine");
  // The input and two parts of conv; of the whole plan besides two parts of top and its relay.
  REQUIRE(begun.units.size() == 3);
  REQUIRE(whole.units.size() == 6);
  CHECK(begun.units[1].output.row == Range{0, 1});  // a quarter of 4 rows
  for (std::size_t u = 0; u < begun.units.size(); ++u) {
    CHECK(begun.units[u].output == whole.units[u].output);
    CHECK(begun.units[u].device == whole.units[u].device);
    CHECK(begun.units[u].requirements == whole.units[u].requirements);
    for (const Forward& forward : begun.units[u].forwarding) CHECK(index(forward.consumer) < 3);
  }
}

TEST_CASE("a program gets shapes, needed rows and times") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const Json json = Json::parse(write_problem({graph, cluster, {4, 1}}));
  const Json& conv = json["layers"][1];
  CHECK(conv["name"] == "conv");
  CHECK(conv["inputs"] == Json{0});
  CHECK(conv["output"] == Json{{"channels", 2}, {"rows", 4}, {"columns", 4}});
  // Kernel 3, stride 2, pad 1: row r needs 2r-1 to 2r+1.
  CHECK(conv["needs"] == Json{{{0, 2}, {1, 4}, {3, 6}, {5, 8}}});
  CHECK(conv["macs"] == 2 * 16 * 9);
  CHECK(conv["time_s"] == Json{2.88, 0.96});
  CHECK(conv["result"] == false);
  CHECK(json["layers"][2]["result"] == true);
  CHECK(json["bandwidth_Bps"] == Json{{nullptr, 1000.0}, {1000.0, nullptr}});
  CHECK(json["devices"][0] == Json{{"name", "first"},
                                   {"scheduling", "oldest_request"},
                                   {"memory_bytes", nullptr},
                                   {"sends", "hold"},
                                   {"message_overhead_s", 0.0},
                                   {"serialization_rate_Bps", nullptr}});
  CHECK(json["precision"] == Json{{"activation_bytes", 4.0}, {"input_bytes", 1.0}});
}

TEST_CASE("a program gets each device's CPU time of messages") {
  std::vector<Device> devices{device("first", 100), device("second", 300)};
  devices[1].compute.message_overhead_s = 0.002;
  devices[1].compute.serialization_rate_Bps = 5e6;
  devices[1].compute.sends = Sends::kBlock;
  const Cluster cluster("two", devices, NetworkType::kSwitch, 1000, 0.01, kFirst, kFirst);
  const Graph graph = window_and_sum();
  const Json second = Json::parse(write_problem({graph, cluster, {}}))["devices"][1];
  CHECK(second["message_overhead_s"] == 0.002);
  CHECK(second["serialization_rate_Bps"] == 5e6);
  CHECK(second["sends"] == "block");
}

TEST_CASE("shares cut rows in proportion") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const Problem problem{graph, cluster, {}};
  const Plan plan =
      plan_by_line(problem, R"(cat > /dev/null; echo '{"shares": [null, [1, 3], [0, 5]]}')");
  CHECK(plan.strategy == "external");
  CHECK(validate(plan, graph, cluster).empty());
  std::vector<std::pair<DeviceId, Range>> parts;
  for (const ExecutionUnit& unit : plan.units) {
    if (unit.kind == UnitKind::kCompute) parts.emplace_back(unit.device, unit.output.row);
  }
  CHECK(parts == std::vector<std::pair<DeviceId, Range>>{
                     {kFirst, {0, 1}}, {kSecond, {1, 4}}, {kSecond, {0, 4}}});
}

TEST_CASE("a whole plan comes back as it is") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const Problem problem{graph, cluster, {}};
  const Plan even = plan_by("even", problem);
  const Plan plan = read_answer(write_plan(even, graph, cluster), "answer", problem);
  CHECK(plan.units == even.units);
}

TEST_CASE("a program may read its problem, late or not at all") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const Problem problem{graph, cluster, {}};
  const std::string answer = R"(echo '{"shares": [0, [1, 0], [1, 0]]}')";
  CHECK(plan_by_line(problem, answer).units.size() == 4);
  CHECK(plan_by_line(problem, R"(grep -q '"name":"conv"' && )" + answer).units.size() == 4);
}

TEST_CASE("a program that cannot serve the problem says so") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  try {
    plan_by_line({graph, cluster, {}}, R"(echo '{"infeasible": "chains only"}')");
    FAIL("no exception");
  } catch (const Infeasible& error) {
    CHECK(std::string(error.what()) == "chains only");
  }
}

TEST_CASE("a program that fails is told of with its stderr") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const Problem problem{graph, cluster, {}};
  CHECK(failure_of(problem, "echo lost the plot >&2; exit 3") ==
        "sh ended with exit code 3; on stderr: lost the plot");
  CHECK(failure_of(problem, "exit 4") == "sh ended with exit code 4, without a word on stderr");
  CHECK(failure_of(problem, "kill -11 $$") ==
        "sh was killed by signal 11, without a word on stderr");
  // The last of what it said, however much that was.
  const std::string tail = failure_of(problem, "seq 1 100000 >&2; exit 1");
  CHECK(tail.size() < 2 * 4096);
  CHECK(tail.ends_with("99999\n100000"));
}

TEST_CASE("a program that somebody kills, or the shell that waits for it, is no failure of it") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  for (const char* line : {"kill -9 $$", "sh -c 'kill -9 $$'; exit $?"}) {
    std::string fault = "none";
    try {
      plan_by_line({graph, cluster, {}}, line);
    } catch (const MachineError& error) {
      CHECK(error.remedy() == MachineError::Remedy::kTryAgain);
      fault = error.what();
    }
    CHECK(fault == "sh was killed from outside");
  }
}

TEST_CASE("answers that are none are refused at their place") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const Problem problem{graph, cluster, {}};
  const std::vector<std::pair<std::string, std::string>> answers{
      {"", "an answer with shares, units or infeasible"},
      {"[1]", "an answer with shares, units or infeasible"},
      {"{\"shares\": [[1, 1]]}", "at shares: expected a list of 3 entries, one for each layer"},
      {"{\"shares\": [0, [1], [1, 1]]}", "at shares[1]: expected a list of 2 shares"},
      {"{\"shares\": [0, [0, 0], [1, 1]]}", "at shares[1]: expected a share above 0"},
      {"{\"shares\": [0, [-1, 2], [1, 1]]}", "at shares[1][0]"},
      {"{\"shares\": [0, [.nan, 2], [1, 1]]}", "at shares[1][0]"},
      {"{\"parts\": 1}", "parts"},
      {"{\"schema\": 1, \"units\": []}", "strategy"},
      {"{\"shares\": [", "answer of sh"}};
  for (const auto& [answer, message] : answers) {
    const std::string failure = failure_of(problem, "cat <<'END'\n" + answer + "\nEND\n");
    INFO(answer << " -> " << failure);
    CHECK(contains(failure, message));
  }
}

TEST_CASE("a program that does not end is stopped, and so is what it started") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const Problem problem{graph, cluster, {}};
  const std::string endless = "tail -f /dev/null";
  CHECK(failure_of(problem, endless, "10ms") ==
        "sh was stopped after 0.01 s, without a word on stderr");
  CHECK(contains(failure_of(problem, endless + " & " + endless, "10ms"), "was stopped"));
  CHECK(contains(failure_of(problem, "yes", "1000s"), "wrote more than"));
  // However slow the machine is, with one of these limits the shell comes to its word.
  std::string failure;
  for (const char* limit : {"100ms", "1s", "10s", "100s"}) {
    failure = failure_of(problem, "echo thinking >&2; " + endless, limit);
    CHECK(failure.starts_with("sh was stopped after "));
    if (contains(failure, "thinking")) break;
  }
  CHECK(failure.ends_with("; on stderr: thinking"));
}

TEST_CASE("a program gets the signals that this one ignores") {
  const auto old_handler = std::signal(SIGTERM, SIG_IGN);
  const CommandResult result =
      run_command(std::vector<std::string>{"sh", "-c", "kill -TERM $$; echo deaf"}, "", 500);
  std::signal(SIGTERM, old_handler);
  CHECK(result.exit_code == 128 + SIGTERM);
  CHECK(result.out.empty());
}

TEST_CASE("a program that closes its streams is waited for") {
  const CommandResult result =
      run_command(std::vector<std::string>{"sh", "-c", "exec >&- 2>&-; : | cat; exit 7"}, "", 500);
  CHECK(result.exit_code == 7);
}

TEST_CASE("a program that leaves others behind, holding its output open, does not hold us up") {
  // Would last until the limit if they lived on.
  const std::vector<std::string> words{"sh", "-c", "tail -f /dev/null & echo done"};
  const CommandResult result = run_command(words, "", 500);
  CHECK_FALSE(result.timed_out);
  CHECK(result.out == "done\n");
  CHECK(result.exit_code == 0);
}

TEST_CASE("a program that is not there is an error of its own") {
  const std::vector<std::string> words{"/no/such/program"};
  CHECK(run_command(words, "", 1).start_error == ENOENT);
}

TEST_CASE("commands and limits that make no sense are refused by name") {
  const Graph graph = window_and_sum();
  const Cluster cluster = two_devices();
  const auto refused = [&](const char* command, const char* limit) {
    try {
      plan_by("external", {graph, cluster, {}}, {{"command", command}, {"time_limit", limit}});
    } catch (const OptionError& error) {
      return error.key();
    }
    return std::string("none");
  };
  for (const char* command : {"sh", "[]", "[1]", "[\"\"]", "{}"}) {
    CHECK(refused(command, "1s") == "command");
  }
  for (const char* limit : {"", "0s", "5", "soon"}) {
    CHECK(refused("[\"true\"]", limit) == "time_limit");
  }
}

}  // namespace
}  // namespace edgeflow
