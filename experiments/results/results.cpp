#include "experiments/results/results.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "experiments/results/aside.hpp"
#include "experiments/results/network_json.hpp"
#include "experiments/results/program_id.hpp"
#include "experiments/results/run_tables.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "experiments/scenario/resolve.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "workloads/input/files.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMissingShown = 10;

std::string read_file(const fs::path& file) { return read_if_there(file).value_or(""); }

/// Whether a sweep writes it before its manifest stands.
bool precedes_manifest(const fs::path& name) {
  return name == ".lock" || name == ".setup.lock" || name == ".runs.lock" ||
         name == "manifest.json.partial";
}

void refuse_others_files(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return;  // creating it will say so
  if (read_manifest(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (precedes_manifest(entry.path().filename())) continue;
    throw InputError({folder.string(), 0, 0}, "", "is not empty and holds no results of edgeflow",
                     "choose another folder with -o");
  }
}

/// Folders in runs/ by the index that their names start with.
std::map<std::size_t, fs::path> run_folders(const fs::path& folder) {
  std::map<std::size_t, fs::path> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder / "runs", error)) {
    const std::string name = entry.path().filename().string();
    std::size_t index = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), index).ptr;
    if (end == name.data() || *end != '-' || !fs::exists(entry.path() / "status.json", error)) {
      continue;
    }
    if (!folders.emplace(index, entry.path()).second) {
      throw InputError({entry.path().string(), 0, 0}, "",
                       fmt::format("there are two runs with index {}", index),
                       "run the sweep again: it removes what is not part of it");
    }
  }
  return folders;
}

/// Whether the run is that of the job, made by this program.
bool is_of(const Record& record, const Job& job) {
  return record.index == job.index && record.config_hash == job.config_hash &&
         record.program == program_of(job) && record.axes == job.axes &&
         record.baseline == job.baseline;
}

/// Moves finished runs that are none of `jobs`; those without a status are no results.
void move_other_runs(Aside& aside, const fs::path& runs, std::span<const Job> jobs) {
  std::map<std::string, const Job*> wanted;
  for (const Job& job : jobs) wanted[job.run_id()] = &job;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(runs, error)) {
    const auto job = wanted.find(entry.path().filename().string());
    const auto text = read_if_there(entry.path() / "status.json");
    const auto record = read_status(text.value_or(""));
    if (job != wanted.end() && (!record || is_of(*record, *job->second))) continue;
    if (text) {
      aside.move_run(entry.path());
    } else {
      clear_away(entry.path());
    }
  }
}

void say_moved(const Aside& aside, const std::string& which) {
  if (aside.place().empty()) return;
  fmt::print(stderr, "results {} are set aside: {}\n", which, aside.place().string());
}

/// `run` leaves sweeps alone, whatever is forced.
void refuse_other_study(const fs::path& folder, const Manifest& old, const Manifest& now,
                        bool force) {
  const bool untouchable = old.kind == Manifest::Kind::kSweep && now.kind == Manifest::Kind::kRun;
  if (force && !untouchable) return;
  throw InputError({folder.string(), 0, 0}, "",
                   fmt::format("holds results of {}, not of {}", old.title(), now.title()),
                   untouchable ? "choose another folder with -o"
                               : "choose another folder with -o, or set them aside with --force");
}

/// Throws unless shards of the same sweep by the same program are at work.
void expect_same_shards(const fs::path& folder, const std::optional<Manifest>& old,
                        const Manifest& now) {
  if (old && old->same_study(now) && old->text == now.text && old->base_text == now.base_text &&
      old->runs == now.runs && old->program == program_id()) {
    return;
  }
  throw InputError({folder.string(), 0, 0}, "",
                   "shards of another sweep or program are writing into this folder",
                   "wait for them, or choose another folder with -o");
}

FolderLock::Kind kind_of_lock(const Results::Mode& mode) {
  if (!mode.lock) return FolderLock::Kind::kNone;
  return mode.shard ? FolderLock::Kind::kShared : FolderLock::Kind::kAlone;
}

bool has_axes(const Record& record, const std::vector<std::string>& axes) {
  return std::equal(record.axes.begin(), record.axes.end(), axes.begin(), axes.end(),
                    [](const auto& axis, const std::string& key) { return axis.first == key; });
}

[[noreturn]] void fail_manifest(const fs::path& folder, const std::string& what) {
  throw InputError({(folder / "manifest.json").string(), 0, 0}, "", "says " + what,
                   "run the sweep again: it goes on with what belongs to it");
}

[[noreturn]] void fail_missing(const fs::path& folder, std::size_t runs,
                               const std::map<std::size_t, fs::path>& folders) {
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < runs && missing.size() < kMissingShown; ++i) {
    if (!folders.contains(i)) missing.push_back(i);
  }
  throw InputError(
      {folder.string(), 0, 0}, "",
      fmt::format("{} of {} runs are missing: {}{}", runs - folders.size(), runs,
                  fmt::join(missing, ", "), runs - folders.size() > missing.size() ? ", ..." : ""),
      "run the sweep again: it goes on where it stopped");
}

}  // namespace

Results::Results(fs::path folder, const Manifest& manifest, std::span<const Job> jobs,
                 const Mode& mode)
    : folder_([&] {
        refuse_others_files(folder);
        return std::move(folder);
      }()),
      lock_(folder_, kind_of_lock(mode)),
      run_locks_(folder_, kind_of_lock(mode)),
      mode_(mode) {
  prepare(manifest, jobs);
  lock_.prepared();
}

void Results::prepare(const Manifest& manifest, std::span<const Job> jobs) const {
  const std::optional<Manifest> old = read_manifest(folder_);
  if (!lock_.alone()) return expect_same_shards(folder_, old, manifest);
  if (old) set_others_aside(*old, manifest, jobs);
  // The manifest goes last: until then the folder is known as ours.
  remove_tables(folder_);
  write_manifest(folder_, manifest);
  create_folders(folder_ / "runs");
}

void Results::set_others_aside(const Manifest& old, const Manifest& now,
                               std::span<const Job> jobs) const {
  const bool other_study = !old.same_study(now);
  if (other_study) refuse_other_study(folder_, old, now, mode_.force);
  Aside aside(folder_);
  std::string why = "that are not part of it any more";
  if (other_study) {
    why = "of " + old.title();
    aside.move_all();
  } else if (old.program != program_id()) {
    why = fmt::format("of another program (commit {})", old.commit);
    aside.move_all();
  } else {
    move_other_runs(aside, folder_ / "runs", jobs);
  }
  say_moved(aside, why);
}

void Results::set_aside(std::span<const Task> tasks, std::span<const Job> jobs) const {
  Aside aside(folder_);
  for (const Task& task : tasks) {
    for (const std::size_t i : task) {
      const fs::path run = folder_of(jobs[i]);
      if (fs::exists(run / "status.json")) aside.move_run(run);
    }
  }
  say_moved(aside, "of before");
}

bool Results::has(const Job& job) const {
  const auto record = read_status(read_file(folder_of(job) / "status.json"));
  return record && is_of(*record, job) && !mode_.retry.contains(record->at("status"));
}

fs::path Results::folder_of(const Job& job) const { return folder_ / "runs" / job.run_id(); }

void Results::begin(const Job& job) const {
  clear_away(folder_of(job) / "status.json");  // first: what is left is no run
  clear_away(folder_of(job));
}

void Results::add(const Job& job, const Run& run) const {
  const fs::path folder = folder_of(job);
  const Scenario& scenario = *job.scenario;
  create_folders(folder);
  write_file(folder / "scenario.resolved.yaml", resolved_text(scenario, job.strategy));
  Record record = record_of(run.report);
  record.program = program_of(job);
  for (std::size_t s = 0; s < run.plans.size(); ++s) {
    const Workload& stream = scenario.workloads[s];
    const std::string name = stream.name.empty() ? "plan" : "plan-" + stream.name;
    for (std::size_t p = 0; p < run.plans[s].made.size(); ++p) {
      write_file(folder / (name + (p > 0 ? fmt::format("@{}", p) : "") + ".yaml"),
                 write_plan(*run.plans[s].made[p].plan, stream.model->graph, *stream.cluster));
    }
  }
  if (scenario.replans() && !run.plans.empty()) {
    write_file(folder / "plans.csv", plans_csv(run, scenario));
  }
  if (!record.streams.empty()) write_file(folder / "streams.csv", streams_csv({&record, 1}));
  if (!run.plans.empty()) {
    write_file(folder / "requests.csv", requests_csv(run.result, scenario));
    write_file(folder / "devices.csv", devices_csv(run, scenario));
    write_file(folder / "links.csv", links_csv(run, scenario));
    write_file(folder / "network.json", network_text(*scenario.cluster));
  }
  if (!run.strategy_log.empty()) write_file(folder / "strategy.log", run.strategy_log);
  write_file(folder / "timing.csv", timing_csv(run.report));
  write_whole_file(folder / "status.json", status_text(record), Durability::kSynced);
}

std::vector<Record> merge_results(const fs::path& folder) {
  const std::optional<Manifest> manifest = read_manifest(folder);
  if (!manifest) throw InputError({folder.string(), 0, 0}, "", "holds no results of edgeflow");
  const auto folders = run_folders(folder);
  if (folders.size() < manifest->runs) fail_missing(folder, manifest->runs, folders);
  if (folders.size() > manifest->runs) {
    fail_manifest(folder, fmt::format("{} runs, there are {}", manifest->runs, folders.size()));
  }
  std::vector<Record> records;
  std::string timing = timing_header();
  std::map<std::string, std::size_t> statuses;
  for (const auto& [index, path] : folders) {
    auto record = read_status(read_file(path / "status.json"));
    if (!record || record->index != index || index != records.size() ||
        record->baseline.value_or(0) >= folders.size()) {
      throw InputError({(path / "status.json").string(), 0, 0}, "", "is not what edgeflow wrote",
                       "remove it and run the sweep again");
    }
    if (!has_axes(*record, manifest->axes)) {
      fail_manifest(folder, "other axes than " + (path / "status.json").string());
    }
    ++statuses[record->at("status")];
    records.push_back(*std::move(record));
    const std::string table = read_file(path / "timing.csv");
    timing += table.substr(std::min(table.find('\n'), table.size() - 1) + 1);
  }
  compare_with_baselines(records);
  write_whole_file(folder / "runs.csv", runs_csv(records, manifest->axes), Durability::kSynced);
  const std::string streams = streams_csv(records);
  if (!streams.empty()) write_whole_file(folder / "streams.csv", streams);
  write_whole_file(folder / "timing.csv", timing);
  finish_manifest(folder, statuses);
  return records;
}

}  // namespace edgeflow
