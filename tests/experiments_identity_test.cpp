// What makes a run the same run: everything that its results depend on, and nothing else.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "experiments/jobs/sweep.hpp"
#include "experiments/results/program_id.hpp"
#include "experiments/results/version.hpp"
#include "tests/support/input_error.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"
#include "workloads/input/file_hash.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/origin.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using test::edgeflow;
using test::Outcome;
using test::read_text;
using test::Scratch;
using test::shell;

const std::string kSweep = test::data_folder() + "/cli/tiny_sweep.yaml";  // of four runs

/// `bytes` with `from`, which stands in it, replaced by the equally long `to`.
std::string patched(std::string bytes, const std::string& from, const std::string& to) {
  REQUIRE(from.size() == to.size());
  const std::size_t place = bytes.find(from);
  REQUIRE(place != std::string::npos);
  return bytes.replace(place, from.size(), to);
}

/// The program as another commit would give it that changed no code.
std::string at_another_commit() {
  const std::string commit = version_info().commit;
  const std::string whole = commit + std::string(sizeof(Origin::commit) - commit.size(), '\0');
  std::string other = "another commit";
  other.resize(whole.size());
  return patched(read_text(test::program_file()), whole, other);
}

/// The program with one of its constants changed.
std::string with_other_code() {
  return patched(read_text(test::program_file()), "Simulates deep learning",
                 "Simulates deep yearning");
}

/// Sweeps with the given program into `folder`.
Outcome sweep_by(const Scratch& scratch, const std::string& program) {
  scratch.write_program("other/edgeflow", program);
  return shell(scratch, "EDGEFLOW_HOME='" + home_folder().string() + "' other/edgeflow sweep " +
                            kSweep + " -o out");
}

std::size_t finished(const fs::path& results) {
  const fs::path runs = results / "runs";
  return !fs::exists(runs) ? 0
                           : static_cast<std::size_t>(std::count_if(
                                 fs::recursive_directory_iterator(runs), {}, [](const auto& entry) {
                                   return entry.path().filename() == "status.json";
                                 }));
}

/// A scenario of one device, with a program as its strategy.
Scenario read_external(const Scratch& scratch, const std::string& strategy) {
  const Document document("schema: 1\nname: tiny\nmodel: " + test::data_folder() +
                              "/cli/tiny.yaml\n"
                              "cluster:\n  network: {type: switch, bandwidth: 1kB/s}\n"
                              "  devices: [{name: near, mac_rate: 96MAC/s}]\n"
                              "strategy: {name: external, " +
                              strategy + "}\n",
                          (scratch.folder() / "small.yaml").string());
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

std::string hash_with(const Scratch& scratch, const std::string& strategy) {
  return jobs_of(read_external(scratch, strategy)).front().config_hash;
}

}  // namespace

TEST_CASE("a commit that changes no code is the same program, one that does is another") {
  const std::uint64_t own = code_hash(read_text(test::program_file()));
  CHECK(code_hash(at_another_commit()) == own);
  CHECK(code_hash(with_other_code()) != own);
}

TEST_CASE("a file that is no program, or half of one, has no code") {
  const std::string whole = read_text(test::program_file());
  for (const std::string& bytes :
       {std::string(), std::string("#!/bin/sh\n"), whole.substr(0, 30), whole.substr(0, 5000)}) {
    CHECK(test::error_of([&] { (void)code_hash(bytes); }).find("is no ELF executable") !=
          std::string::npos);
  }
}

TEST_CASE("a documentation commit keeps all runs, an edited strategy sets them aside") {
  const Scratch scratch;
  CHECK(edgeflow(scratch, "sweep " + kSweep + " -o out").exit_code == 0);
  const std::string expected = read_text(scratch.folder() / "out/runs.csv");

  const Outcome documented = sweep_by(scratch, at_another_commit());
  CHECK(documented.exit_code == 0);
  CHECK(documented.err.find("4 of 4 runs are done already") != std::string::npos);

  scratch.write("out/plots/figure.svg", "of the old runs");
  const Outcome edited = sweep_by(scratch, with_other_code());
  CHECK(edited.exit_code == 0);
  CHECK(edited.err.find("results of another program (commit another commit) are set aside: "
                        "out/runs.old-1\n") != std::string::npos);
  CHECK(edited.err.find("done already") == std::string::npos);
  CHECK(finished(scratch.folder() / "out") == 4);
  CHECK(finished(scratch.folder() / "out/runs.old-1") == 4);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == expected);
  CHECK(read_text(scratch.folder() / "out/runs.old-1/runs.csv") == expected);
  CHECK(fs::exists(scratch.folder() / "out/runs.old-1/plots/figure.svg"));
  CHECK_FALSE(fs::exists(scratch.folder() / "out/plots"));
}

TEST_CASE("what is set aside is a results folder of its own") {
  const Scratch scratch;
  CHECK(edgeflow(scratch, "sweep " + kSweep + " -o out").exit_code == 0);
  const std::string expected = read_text(scratch.folder() / "out/runs.csv");
  CHECK(sweep_by(scratch, with_other_code()).exit_code == 0);
  const fs::path old = scratch.folder() / "out/runs.old-1";
  fs::remove(old / "runs.csv");
  CHECK(edgeflow(scratch, "merge out/runs.old-1").exit_code == 0);
  CHECK(read_text(old / "runs.csv") == expected);
  // Merging tells nothing new of who made the runs.
  const auto manifest = nlohmann::json::parse(read_text(old / "manifest.json"));
  CHECK(manifest["program"] !=
        nlohmann::json::parse(read_text(scratch.folder() / "out/manifest.json"))["program"]);
}

TEST_CASE("the manifest says the commit, and whether there were changes besides") {
  const Scratch scratch;
  CHECK(edgeflow(scratch, "run " + test::data_folder() + "/cli/tiny_scenario.yaml -o out")
            .exit_code == 0);
  const auto manifest = nlohmann::json::parse(read_text(scratch.folder() / "out/manifest.json"));
  CHECK(manifest["commit"] == version_info().commit);
  CHECK(manifest["dirty"] == version_info().dirty);
  CHECK(manifest["program"].get<std::string>().size() == 16);
}

TEST_CASE("files that an external program is said to read are part of the run") {
  const Scratch scratch;
  const std::string file = (scratch.folder() / "data").string();
  const std::string folder = (scratch.folder() / "lib").string();
  const std::vector<std::string> ways{
      "command: [sh, " + file + "]", "command: [sh, --by=" + file + "]",
      "command: [sh], files: [data]", "command: [sh], options: {files: data}"};
  for (const std::string& way : ways) {
    CAPTURE(way);
    scratch.write("data", "one");
    const std::string before = hash_with(scratch, way);
    CHECK(hash_with(scratch, way) == before);
    scratch.write("data", "two");
    CHECK(hash_with(scratch, way) != before);
  }
  scratch.write("lib/deep/module.py", "one");
  std::vector<std::string> hashes{hash_with(scratch, "command: [sh], files: [lib]")};
  scratch.write("lib/deep/module.py", "two");
  hashes.push_back(hash_with(scratch, "command: [sh], files: [lib]"));
  scratch.write("lib/more.py", "two");
  hashes.push_back(hash_with(scratch, "command: [sh], files: [lib]"));
  fs::rename(scratch.folder() / "lib/more.py", scratch.folder() / "lib/less.py");
  hashes.push_back(hash_with(scratch, "command: [sh], files: [lib]"));
  std::sort(hashes.begin(), hashes.end());
  CHECK(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end());
}

TEST_CASE("a file that is said to be read and is not there is a mistake at its place") {
  const Scratch scratch;
  CHECK(test::error_of([&] {
          (void)read_external(scratch, "command: [sh], files: [weights.json]");
        }) == (scratch.folder() / "small.yaml").string() +
                  ":7:50: at strategy.files: there is no file \"" +
                  (scratch.folder() / "weights.json").string() + "\"");
}

TEST_CASE("a program that is found in PATH is part of the run, but not of its id") {
  const Scratch scratch;
  const auto sweep = [&](const std::string& program) {
    scratch.write_program("bin/my_planner", program);
    scratch.write("sweep.yaml", "schema: 1\nname: path\nbase: " + test::data_folder() +
                                    "/cli/tiny_scenario.yaml\naxes:\n"
                                    "  strategy: [{name: external, command: [my_planner]}]\n"
                                    "  cluster.network.bandwidth: [1kB/s, 4kB/s]\n");
    return shell(scratch, "PATH=\"$PWD/bin:$PATH\" \"$edgeflow\" sweep sweep.yaml -o out");
  };
  CHECK(sweep("#!/bin/sh\necho '{\"shares\": [0, [1, 0]]}'\n").exit_code == 0);
  const std::string before = read_text(scratch.folder() / "out/runs.csv");
  const Outcome edited = sweep("#!/bin/sh\necho '{\"shares\":[0, [1, 0]]}'\n");
  CHECK(edited.exit_code == 0);
  CHECK(edited.err.find("done already") == std::string::npos);
  CHECK(finished(scratch.folder() / "out/runs.old-1") == 2);
  CHECK(read_text(scratch.folder() / "out/runs.csv") == before);  // run_id and config_hash too
}

TEST_CASE("labels and baselines that changed are in the next table") {
  const Scratch scratch;
  const auto sweep = [&](const std::string& label, const std::string& more) {
    scratch.write("sweep.yaml", "schema: 1\nname: labels\nbase: " + test::data_folder() +
                                    "/cli/tiny_scenario.yaml\nzip:\n"
                                    "  - {cluster.network.bandwidth: [1kB/s, 4kB/s], label.net: [" +
                                    label + ", fast]}\n" + more);
    CHECK(edgeflow(scratch, "sweep sweep.yaml -o out").exit_code == 0);
    return read_text(scratch.folder() / "out/runs.csv");
  };
  CHECK(sweep("slow", "").find(",slow,") != std::string::npos);
  const std::string renamed = sweep("lame", "");
  CHECK(renamed.find(",slow,") == std::string::npos);
  CHECK(renamed.find(",lame,") != std::string::npos);
  CHECK(sweep("lame", "baseline: even\n") != renamed);
}

TEST_CASE("models, arrivals, bandwidths and plans are known by what their files hold") {
  const Scratch scratch;
  const std::string model = read_text(test::data_folder() + "/cli/tiny.yaml");
  const auto set_up = [&] {
    scratch.write("model.yaml", model);
    scratch.write("arrivals.csv", "arrival_s\n0\n1\n");
    scratch.write("rates.csv", "at_s,bandwidth_Bps\n0,1000\n");
    scratch.write("small.yaml",
                  "schema: 1\nname: tiny\nmodel: model.yaml\n"
                  "cluster:\n  network: {type: switch, bandwidth: 1kB/s}\n"
                  "  devices: [{name: near, mac_rate: 96MAC/s}, {name: far, mac_rate: 9MAC/s}]\n"
                  "strategy: single\n"
                  "requests: {arrivals: {process: trace, file: arrivals.csv}}\n"
                  "disturbances: {bandwidth: [{links: all, file: rates.csv}]}\n");
  };
  const auto hash = [&] {
    const Document document(scratch.folder() / "small.yaml");
    ModelCache cache;
    return jobs_of(read_scenario(document.root(), cache)).front().config_hash;
  };
  set_up();
  const std::string before = hash();
  const std::array<std::pair<const char*, std::string>, 3> edits{
      {{"model.yaml", patched(model, "out_channels: 2", "out_channels: 4")},
       {"arrivals.csv", "arrival_s\n0\n2\n"},
       {"rates.csv", "at_s,bandwidth_Bps\n0,2000\n"}}};
  for (const auto& [file, text] : edits) {
    CAPTURE(file);
    set_up();
    scratch.write(file, text);
    CHECK(hash() != before);
  }
  set_up();
  CHECK(hash() == before);
}

}  // namespace edgeflow
