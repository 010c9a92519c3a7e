// Results folders that hold something already: other studies are refused, earlier runs set aside.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::edgeflow;
using test::Outcome;
using test::read_text;
using test::Scratch;

const std::string kBase = test::data_folder() + "/cli/tiny_scenario.yaml";

/// A sweep of two runs per bandwidth, named "mine".
void write_sweep(const Scratch& scratch, const std::string& file, const std::string& bandwidths) {
  scratch.write(file, "schema: 1\nname: mine\nbase: " + kBase +
                          "\naxes:\n  cluster.network.bandwidth: [" + bandwidths + "]\n");
}

/// A scenario named "mine".
void write_scenario(const Scratch& scratch, const std::string& file,
                    const std::string& bandwidth = "1kB/s") {
  scratch.write(file, "schema: 1\nname: mine\nmodel: " + test::data_folder() +
                          "/cli/tiny.yaml\nstrategy: single\ncluster:\n"
                          "  network: {type: switch, bandwidth: " +
                          bandwidth + "}\n  devices: [{name: near, mac_rate: 96MAC/s}]\n");
}

std::string path_of(const Scratch& scratch, const std::string& file) {
  return fs::canonical(scratch.folder() / file).string();
}

std::size_t runs_in(const fs::path& results) {
  std::size_t runs = 0;
  for (const auto& entry : fs::recursive_directory_iterator(results / "runs")) {
    runs += entry.path().filename() == "status.json";
  }
  return runs;
}

}  // namespace

TEST_CASE("a run of the same name never touches a sweep, whatever is forced") {
  const Scratch scratch;
  write_sweep(scratch, "sweep.yaml", "1kB/s, 4kB/s");
  write_scenario(scratch, "scenario.yaml");
  CHECK(edgeflow(scratch, "sweep sweep.yaml").exit_code == 0);
  const std::string table = read_text(scratch.folder() / "results/mine/runs.csv");
  for (const char* force : {"", " --force"}) {
    const Outcome refused = edgeflow(scratch, std::string("run scenario.yaml") + force);
    CHECK(refused.exit_code == 2);
    CHECK(refused.err == "results/mine: holds results of sweep \"mine\" (" +
                             path_of(scratch, "sweep.yaml") + "), not of scenario \"mine\" (" +
                             path_of(scratch, "scenario.yaml") +
                             ") (choose another folder with -o)\n");
  }
  CHECK(read_text(scratch.folder() / "results/mine/runs.csv") == table);
  CHECK(runs_in(scratch.folder() / "results/mine") == 4);
  CHECK(edgeflow(scratch, "run scenario.yaml -o elsewhere").exit_code == 0);
}

TEST_CASE("another sweep of the same name is refused, or sets the first one aside if forced") {
  const Scratch scratch;
  write_sweep(scratch, "first.yaml", "1kB/s, 4kB/s");
  write_sweep(scratch, "second.yaml", "2kB/s");
  CHECK(edgeflow(scratch, "sweep first.yaml").exit_code == 0);
  const fs::path folder = scratch.folder() / "results/mine";
  const std::string table = read_text(folder / "runs.csv");
  const Outcome refused = edgeflow(scratch, "sweep second.yaml");
  CHECK(refused.exit_code == 2);
  CHECK(refused.err == "results/mine: holds results of sweep \"mine\" (" +
                           path_of(scratch, "first.yaml") + "), not of sweep \"mine\" (" +
                           path_of(scratch, "second.yaml") +
                           ") (choose another folder with -o, or set them aside with --force)\n");
  CHECK(read_text(folder / "runs.csv") == table);
  scratch.write("results/mine/plots/latency.svg", "of the first");
  const Outcome forced = edgeflow(scratch, "sweep second.yaml --force");
  CHECK(forced.exit_code == 0);
  CHECK(forced.err.find("results of sweep \"mine\" (" + path_of(scratch, "first.yaml") +
                        ") are set aside: results/mine/runs.old-1\n") != std::string::npos);
  CHECK(runs_in(folder) == 2);
  CHECK(runs_in(folder / "runs.old-1") == 4);
  CHECK(read_text(folder / "runs.old-1/runs.csv") == table);
  CHECK(fs::exists(folder / "runs.old-1/plots/latency.svg"));
  CHECK_FALSE(fs::exists(folder / "plots"));
}

TEST_CASE("a study that was moved is the same study") {
  const Scratch scratch;
  write_sweep(scratch, "here/sweep.yaml", "1kB/s, 4kB/s");
  CHECK(edgeflow(scratch, "sweep here/sweep.yaml").exit_code == 0);
  fs::rename(scratch.folder() / "here", scratch.folder() / "there");
  const Outcome moved = edgeflow(scratch, "sweep there/sweep.yaml");
  CHECK(moved.exit_code == 0);
  CHECK(moved.err.find("4 of 4 runs are done already") != std::string::npos);
}

TEST_CASE("forcing a sweep runs all again and keeps what was there aside") {
  const Scratch scratch;
  write_sweep(scratch, "sweep.yaml", "1kB/s, 4kB/s");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  const std::string table = read_text(scratch.folder() / "out/runs.csv");
  const Outcome forced = edgeflow(scratch, "sweep sweep.yaml -o out --force");
  CHECK(forced.err.find("results of before are set aside: out/runs.old-1\n") != std::string::npos);
  CHECK(forced.err.find("done already") == std::string::npos);
  CHECK(runs_in(scratch.folder() / "out/runs.old-1") == 4);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == table);
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out --force").exit_code == 0);
  CHECK(runs_in(scratch.folder() / "out/runs.old-2") == 4);
}

TEST_CASE("a forced shard sets aside its own runs and no others") {
  const Scratch scratch;
  write_sweep(scratch, "sweep.yaml", "1kB/s, 2kB/s, 4kB/s");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  const std::string table = read_text(scratch.folder() / "out/runs.csv");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out --shard 1/3 --force").exit_code == 0);
  CHECK(runs_in(scratch.folder() / "out") == 6);
  CHECK(runs_in(scratch.folder() / "out/runs.old-1") == 2);
  CHECK(edgeflow(scratch, "merge out").exit_code == 0);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == table);
}

TEST_CASE("runs that an edited sweep has no more are set aside, the others are kept") {
  const Scratch scratch;
  write_sweep(scratch, "sweep.yaml", "1kB/s, 4kB/s");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  write_sweep(scratch, "sweep.yaml", "1kB/s, 8kB/s");
  const Outcome edited = edgeflow(scratch, "sweep sweep.yaml -o out");
  CHECK(edited.err.find("results that are not part of it any more are set aside: "
                        "out/runs.old-1\n") != std::string::npos);
  CHECK(edited.err.find("2 of 4 runs are done already") != std::string::npos);
  CHECK(runs_in(scratch.folder() / "out") == 4);
  CHECK(runs_in(scratch.folder() / "out/runs.old-1") == 2);
}

TEST_CASE("an edited scenario sets the run of before aside, the same one replaces it") {
  const Scratch scratch;
  write_scenario(scratch, "scenario.yaml");
  CHECK(edgeflow(scratch, "run scenario.yaml -o out --trace").exit_code == 0);
  CHECK(edgeflow(scratch, "run scenario.yaml -o out").exit_code == 0);
  CHECK_FALSE(fs::exists(scratch.folder() / "out/runs.old-1"));
  CHECK(runs_in(scratch.folder() / "out") == 1);
  write_scenario(scratch, "scenario.yaml", "9kB/s");
  CHECK(edgeflow(scratch, "run scenario.yaml -o out").exit_code == 0);
  CHECK(runs_in(scratch.folder() / "out") == 1);
  CHECK(runs_in(scratch.folder() / "out/runs.old-1") == 1);
}

TEST_CASE("a manifest that somebody spoilt is named, not a bug") {
  const Scratch scratch;
  write_sweep(scratch, "sweep.yaml", "1kB/s, 4kB/s");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  const std::string good = read_text(scratch.folder() / "out/manifest.json");
  const std::vector<std::pair<std::string, std::string>> edits{
      {"\"runs\": 4", "\"runs\": \"4\""},     {"\"runs\": 4", "\"runs\": -4"},
      {"\"axes\": [", "\"axes\": [1,"},       {"\"name\": \"mine\"", "\"name\": null"},
      {"\"arguments\": [", "\"x\": ["},       {"\"kind\": \"sweep\"", "\"kind\": 7"},
      {"\"program\": \"", "\"program\": [\""}};
  for (const auto& [from, to] : edits) {
    CAPTURE(to);
    std::string bad = good;
    REQUIRE(bad.find(from) != std::string::npos);
    bad.replace(bad.find(from), from.size(), to);
    if (to.ends_with("[\"")) bad.insert(bad.find('"', bad.find(to) + to.size()) + 1, "]");
    scratch.write("out/manifest.json", bad);
    for (const char* command : {"merge out", "sweep sweep.yaml -o out"}) {
      const Outcome outcome = edgeflow(scratch, command);
      CHECK(outcome.exit_code == 2);
      CHECK(outcome.err.starts_with("out/manifest.json: is not what edgeflow wrote: "));
    }
  }
}

TEST_CASE("a status that somebody spoilt is named when merging, and its run is made again") {
  const Scratch scratch;
  write_sweep(scratch, "sweep.yaml", "1kB/s, 4kB/s");
  CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
  const std::string table = read_text(scratch.folder() / "out/runs.csv");
  std::string run;
  for (const auto& entry : fs::recursive_directory_iterator(scratch.folder() / "out/runs")) {
    if (entry.path().filename() == "status.json") run = entry.path().string();
  }
  const std::string good = read_text(run);
  const std::string index = "\"index\": \"";
  std::string other_index = good;
  other_index.insert(other_index.find(index) + index.size(), "9");
  std::string other_baseline = good;
  other_baseline.replace(other_baseline.find("\"row\""), 0, "\"baseline\": 99, ");
  for (const std::string& bad : {std::string("{}"), std::string("[]"), good.substr(0, 40),
                                 std::string("{\"row\": 7}"), other_index, other_baseline}) {
    std::ofstream(run) << bad;
    const Outcome merged = edgeflow(scratch, "merge out");
    CHECK(merged.exit_code == 2);
    CHECK(merged.err.find("is not what edgeflow wrote") != std::string::npos);
    CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
    CHECK(read_text(scratch.folder() / "out/runs.csv") == table);
  }
}

}  // namespace edgeflow
