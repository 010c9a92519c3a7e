// Labels of strategies: what tables and figures call them.

#include <doctest/doctest.h>

#include "experiments/jobs/sweep.hpp"
#include "experiments/scenario/resolve.hpp"
#include "tests/support/csv_table.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"
#include "tests/support/scratch.hpp"

namespace edgeflow {
namespace {

using test::read_table;
using test::Scratch;

const std::string kTwo =
    "[single, {name: single, label: \"the far, one\", options: {device: far}}]";

std::string scenario(const std::string& strategies) {
  std::string text = test::read_text(test::data_folder() + "/cli/tiny_scenario.yaml");
  const std::string old = "strategies: [single, even]";
  text.replace(text.find(old), old.size(), "strategies: " + strategies);
  const std::string model = "model: tiny.yaml";
  text.replace(text.find(model), model.size(), "model: " + test::data_folder() + "/cli/tiny.yaml");
  return text;
}

Scenario read_file(const std::filesystem::path& file) {
  const Document document(file);
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

}  // namespace

TEST_CASE("a label names a strategy in tables, and changes no result") {
  const Scratch scratch;
  scratch.write("with.yaml", scenario(kTwo));
  scratch.write("without.yaml", scenario("[single, {name: single, options: {device: far}}]"));
  const auto with = test::edgeflow(scratch, "run with.yaml -o with");
  const auto without = test::edgeflow(scratch, "run without.yaml -o without");
  REQUIRE(with.exit_code == 0);
  CHECK(with.out.find("\nthe far, one  ok") != std::string::npos);
  CHECK(without.out.find("\nsingle (device=far)  ok") != std::string::npos);
  // Quoted, as it holds a comma.
  CHECK(test::read_text(scratch.folder() / "with/runs.csv").find(",\"the far, one\",1\n") !=
        std::string::npos);
  const auto plain = read_table(scratch.folder() / "without/runs.csv");
  CHECK(plain.at(0).at("label") == "single");
  CHECK(plain.at(1).at("label") == "single (device=far)");
  const auto named = read_table(scratch.folder() / "with/runs.csv");
  CHECK(named.at(1).at("config_hash") == plain.at(1).at("config_hash"));
  CHECK(named.at(1).at("latency_s") == plain.at(1).at("latency_s"));
}

TEST_CASE("a resolved scenario keeps the label") {
  const Scratch scratch;
  const Scenario read = read_file(scratch.write("s.yaml", scenario(kTwo)));
  const std::string text = resolved_text(read, read.strategies.at(1));
  const Scenario again = read_file(scratch.write("again.yaml", text));
  CHECK(again.strategies.at(0).label == "the far, one");
}

TEST_CASE("a run whose strategy gets another label is made again, the others are kept") {
  const Scratch scratch;
  const auto write = [&](const std::string& label) {
    scratch.write("sweep.yaml", "schema: 1\nname: s\nbase: " + test::data_folder() +
                                    "/cli/tiny_scenario.yaml\naxes:\n  strategy: [even, {name: "
                                    "single, label: " +
                                    label + "}]\n");
  };
  write("A");
  REQUIRE(test::edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  write("B");
  const auto outcome = test::edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK(outcome.err.find("results that are not part of it any more are set aside") !=
        std::string::npos);
  const auto runs = read_table(scratch.folder() / "out/runs.csv");
  CHECK(runs.at(1).at("label") == "B");
  CHECK(
      std::filesystem::exists(scratch.folder() / "out/runs.old-1/runs" / runs.at(1).at("run_id")));
  CHECK_FALSE(
      std::filesystem::exists(scratch.folder() / "out/runs.old-1/runs" / runs.at(0).at("run_id")));
}

TEST_CASE("baselines and exclusions go by label") {
  const Scratch scratch;
  const Sweep sweep = read_sweep(scratch.write(
      "sweep.yaml",
      "schema: 1\nname: s\nbase: " + test::data_folder() +
          "/cli/tiny_scenario.yaml\nbaseline: far\naxes:\n  strategy: [single, {name: "
          "single, label: far, options: {device: far}}, {name: even, label: gone}]\n"
          "exclude: [{strategy: gone}]\n"));
  REQUIRE(sweep.jobs.size() == 2);
  CHECK(sweep.jobs[0].baseline == 1);
  CHECK(sweep.jobs[1].baseline == 1);
  CHECK(label_of(sweep.jobs[1]) == "far");
}

}  // namespace edgeflow
