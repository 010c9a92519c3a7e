#pragma once
// What the subcommands do. Results go to stdout and files, messages to stderr. All throw InputError
// for the user's mistakes; the value returned is the exit code.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/commands/inspect.hpp"
#include "experiments/scenario/scenario.hpp"

namespace edgeflow {

inline constexpr int kExitOk = 0;
inline constexpr int kExitNotAllOk = 1;  // some run ended in a status other than ok
inline constexpr int kExitUsage = 2;     // a mistake in arguments, files or where results shall go
inline constexpr int kExitMachine = 3;   // out of memory, disk, processes: no fault of the input
inline constexpr int kExitInterrupted = 130;  // by Ctrl-C, as shells have it
inline constexpr int kExitInternal = 70;      // a bug (EX_SOFTWARE of sysexits.h)

/// A scenario file with the changes that --set makes.
struct ScenarioArguments {
  std::string file;
  std::vector<std::string> changes;  // key.path=value
};

/// Throws InputError.
Scenario read_scenario_file(const ScenarioArguments& arguments);

/// A plan for the model and cluster of `scenario`, which has no streams. Throws InputError.
Plan read_plan_file(const std::string& file, const Scenario& scenario);

struct RunArguments {
  ScenarioArguments scenario;
  std::string output;   // folder; empty: results/<name>
  std::string plan;     // file; empty: ask the strategies
  std::string timeout;  // wall clock of one simulation, such as "60s"; empty: 600 s
  std::vector<std::string> command_line;  // for the manifest
  bool trace = false;
  bool force = false;  // set aside what is in the folder, also of another scenario
  bool no_lock = false;
};
int run_scenario(const RunArguments& arguments);

struct SweepArguments {
  std::string file;
  std::string output;
  std::string timeout;
  std::string shard;               // "K/N"; empty: all runs
  std::vector<std::string> retry;  // statuses of runs to be run again
  std::size_t workers = 0;         // 0: one per core
  bool dry_run = false;
  bool force = false;  // set aside what is done, also of another study
  bool fail_fast = false;
  bool no_lock = false;
  std::vector<std::string> command_line;
};
int run_sweep(const SweepArguments& arguments);

/// Makes runs.csv, summary.csv and timing.csv of the runs in a results folder.
int merge(const std::string& folder);

/// Writes the plan to `output`, or to stdout if that is empty.
int write_plan_file(const ScenarioArguments& arguments, const std::string& output);
/// Writes what an external program would get of the scenario.
int write_problem_file(const ScenarioArguments& arguments, const std::string& output);
struct ExplainArguments {
  ScenarioArguments scenario;
  std::string plan;  // file; empty: ask the strategy
  bool json = false;
  std::vector<std::string> diff;  // two plans, or none: files, or names of strategies
};
/// Prints what the plan does, or how two plans differ.
int explain_scenario(const ExplainArguments& arguments);

/// How to read an ONNX file.
struct ImportArguments {
  std::string file;
  std::vector<std::string> inputs;  // [name=]1x3x640x640
  bool opaque = false;
};
/// Writes the model as YAML to `output`, or to stdout if that is empty.
int import_model(const ImportArguments& arguments, const std::string& output);

/// The file is a model or cluster, by shipped name or path; `inputs` are for ONNX files.
int inspect(const ImportArguments& arguments, InspectFormat format, bool fold_layers);

/// `scenario` is empty or the file that plans are checked with.
int validate_files(const std::vector<std::string>& files, const std::string& scenario);

/// `what` is one of list_topics().
int list(const std::string& what, bool json);
std::vector<std::string> list_topics();

/// Says what is found where, and what is missing: kExitNotAllOk then.
int doctor();

/// The file of a scenario or sweep: a path, or the name of a shipped study. Throws InputError.
std::string study_file(const std::string& name);

/// Writes to stdout. Throws InputError if that fails (disk full).
void print(const std::string& text);

}  // namespace edgeflow
