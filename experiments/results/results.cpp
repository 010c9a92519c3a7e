#include "experiments/results/results.hpp"

#include <fmt/format.h>

#include <system_error>

#include "experiments/results/network_json.hpp"
#include "experiments/results/program_id.hpp"
#include "experiments/results/run_tables.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "experiments/scenario/resolve.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/machine_error.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

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

/// Whether its strategies are called as the job's are.
bool has_labels_of(const Record& record, const Job& job) {
  if (record.at("label") != label_of(*job.strategy)) return false;
  for (std::size_t s = 0; s < record.streams.size(); ++s) {
    const StrategyChoice& strategy = job.strategy_of(job.scenario->workloads.at(s));
    if (record.streams[s].at(stream_column("label")) != label_of(strategy)) return false;
  }
  return true;
}

/// Whether the run is that of the job, made by this program.
bool is_of(const Record& record, const Job& job) {
  return record.index == job.index && record.config_hash == job.config_hash &&
         record.program == program_of(job) && record.axes == job.axes() &&
         record.baseline == job.baseline && has_labels_of(record, job);
}

void move_to(const fs::path& path, const fs::path& target) {
  if (path == target) return;
  create_folders(target.parent_path());
  std::error_code error;
  fs::rename(path, target, error);
  if (error) fail_on_file(target, "cannot be written", error.value());
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

}  // namespace

Results::Results(fs::path folder, const Manifest& manifest, std::span<const Job> jobs,
                 const Mode& mode)
    : folder_([&] {
        refuse_others_files(folder);
        return std::move(folder);
      }()),
      layout_(folder_, jobs.size()),
      jobs_(jobs),
      lock_(folder_, kind_of_lock(mode)),
      run_locks_(folder_, kind_of_lock(mode)),
      mode_(mode),
      recorded_(jobs.size()) {
  prepare(manifest);
  lock_.prepared();
}

void Results::prepare(const Manifest& manifest) const {
  const std::optional<Manifest> old = read_manifest(folder_);
  if (!lock_.alone()) return expect_same_shards(folder_, old, manifest);
  if (old) set_others_aside(*old, manifest);
  // The manifest goes last: until then the folder is known as ours.
  remove_tables(folder_);
  write_manifest(folder_, manifest);
  if (mode_.run_files) create_folders(folder_ / kRunsFolder);
}

void Results::set_others_aside(const Manifest& old, const Manifest& now) const {
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
    move_other_runs(aside);
  }
  say_moved(aside, why);
}

bool Results::is_wanted(const Record& record) const {
  return record.index < jobs_.size() && is_of(record, jobs_[record.index]);
}

/// Moves finished runs that are none of the jobs; those without a status are no results. The others
/// get where the layout has them: there may be more runs now, or fewer.
void Results::move_other_runs(Aside& aside) const {
  for_each_run(folder_, [&](const fs::path& run) {
    const auto text = read_if_there(run / "status.json");
    if (!text) return clear_away(run);
    const auto record = read_status(*text);
    const std::size_t index = index_of_run(run).value_or(jobs_.size());
    const bool named = index < jobs_.size() && jobs_[index].run_id() == run.filename();
    if (!named || (record && !is_wanted(*record))) return aside.move_run(run);
    move_to(run, place_of(jobs_[index]));
  });
  move_records(aside, [&](const Record& record) { return !is_wanted(record); });
}

void Results::move_records(Aside& aside, const std::function<bool(const Record&)>& which) const {
  for (const std::size_t thousand : layout_.thousands()) {
    const fs::path log = layout_.log(thousand);
    for (const auto& [run, record] : read_log(log)) {
      if (!which(record)) continue;
      RunLog(aside.place_for(log), false).append(record);
      RunLog(log, mode_.lock).cancel(run);
    }
  }
}

void Results::set_aside(std::span<const Task> tasks, std::span<const Job> jobs) const {
  Aside aside(folder_);
  std::vector<bool> chosen(jobs.size());
  for (const Task& task : tasks) {
    for (const std::size_t i : task) {
      chosen[i] = true;
      const fs::path run = place_of(jobs[i]);
      if (fs::exists(run / "status.json")) aside.move_run(run);
    }
  }
  move_records(aside, [&](const Record& record) { return chosen.at(record.index); });
  say_moved(aside, "of before");
}

bool Results::counts(const Record& record) const {
  return is_wanted(record) && !mode_.retry.contains(record.at("status"));
}

RunLog& Results::log_of(std::size_t run) const {
  const std::size_t thousand = run / kThousand;
  return logs_.try_emplace(thousand, layout_.log(thousand), mode_.lock).first->second;
}

bool Results::has_record(std::size_t run) const {
  for (const LogEntry& entry : log_of(run).read_new()) {
    if (entry.run < jobs_.size()) recorded_[entry.run] = entry.record && counts(*entry.record);
  }
  return recorded_[run];
}

bool Results::has(const Job& job) const {
  if (!mode_.run_files && has_record(job.index)) return true;
  const auto record = read_status(read_file(place_of(job) / "status.json"));
  return record && record->index == job.index && counts(*record);
}

fs::path Results::place_of(const Job& job) const { return layout_.run(job.index, job.run_id()); }

fs::path Results::folder_of(const Job& job) const { return mode_.run_files ? place_of(job) : ""; }

void Results::begin(const Job& job) const {
  clear_away(place_of(job) / "status.json");  // first: what is left is no run
  clear_away(place_of(job));
}

void Results::add(const Job& job, const Run& run) const {
  Record record = record_of(run.report);
  record.program = program_of(job);
  if (mode_.run_files) return write_files(job, run, record);
  clear_away(place_of(job));  // an earlier one with files would count instead
  log_of(job.index).append(record);
}

void Results::write_files(const Job& job, const Run& run, const Record& record) const {
  const fs::path folder = place_of(job);
  const Scenario& scenario = *job.scenario;
  create_folders(folder);
  write_file(folder / "scenario.resolved.yaml", resolved_text(scenario, *job.strategy));
  for (std::size_t s = 0; s < run.plans.size(); ++s) {
    const Workload& stream = scenario.workloads[s];
    const std::string name = stream.name.empty() ? "plan" : "plan-" + stream.name;
    for (std::size_t p = 0; p < run.plans[s].made.size(); ++p) {
      write_file(folder / (name + (p > 0 ? fmt::format("@{}", p) : "") + ".yaml"),
                 write_plan(*run.plans[s].made[p].plan, stream.model->graph, *stream.cluster));
    }
  }
  if (scenario.plans_change() && !run.plans.empty()) {
    write_file(folder / "plans.csv", plans_csv(run, scenario));
  }
  if (!record.streams.empty()) {
    write_file(folder / "streams.csv", streams_header() + streams_rows(record));
  }
  if (!run.plans.empty()) {
    write_file(folder / "requests.csv", requests_csv(run.result, scenario));
    write_file(folder / "devices.csv", devices_csv(run, scenario));
    write_file(folder / "links.csv", links_csv(run, scenario));
    write_file(folder / "network.json", network_text(*scenario.cluster));
  }
  if (!run.report.draws_s.empty()) {
    write_file(folder / "draws.csv", draws_csv(run.report, scenario));
  }
  if (!run.strategy_log.empty()) write_file(folder / "strategy.log", run.strategy_log);
  write_file(folder / "timing.csv", timing_header() + record.timing);
  write_whole_file(folder / "status.json", status_text(record), Durability::kSynced);
}

}  // namespace edgeflow
