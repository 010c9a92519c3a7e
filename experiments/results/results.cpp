#include "experiments/results/results.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "experiments/results/run_tables.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "experiments/results/version.hpp"
#include "experiments/scenario/resolve.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "workloads/input/files.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kTool = "edgeflow";
constexpr std::size_t kMissingShown = 10;

/// Texts may hold bytes that are not UTF-8, such as file names.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Null if there is none of ours.
Json read_manifest(const fs::path& folder) {
  Json manifest = Json::parse(read_file(folder / "manifest.json"), nullptr,
                              /*allow_exceptions=*/false);
  return manifest.is_object() && manifest.value("tool", Json()) == kTool ? manifest : Json();
}

/// Whether a sweep writes it before its manifest stands.
bool precedes_manifest(const fs::path& name) {
  return name == ".lock" || name == ".setup.lock" || name == "manifest.json.partial";
}

void refuse_others_files(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return;  // creating it will say so
  if (!read_manifest(folder).is_null()) return;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (precedes_manifest(entry.path().filename())) continue;
    throw InputError({folder.string(), 0, 0}, "", "is not empty and holds no results of edgeflow",
                     "choose another folder with -o");
  }
}

void clear_away(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return;
  throw InputError({path.string(), 0, 0}, "", "cannot be replaced: " + error.message());
}

/// Removes what does not belong to these runs.
void remove_stale_runs(const fs::path& runs, std::span<const Job> jobs) {
  std::set<std::string> ids;
  for (const Job& job : jobs) ids.insert(job.run_id());
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(runs, error)) {
    if (!ids.contains(entry.path().filename().string())) clear_away(entry.path());
  }
}

Json manifest_json(const Manifest& manifest) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  Json json;
  json["tool"] = kTool;
  json["version"] = version_info().version;
  json["commit"] = version_info().commit;
  json["simgrid"] = version_info().simgrid;
  json["clp"] = version_info().clp;
  json["compiler"] = version_info().compiler;
  json["host"] = host.data();
  json["arguments"] = manifest.arguments;
  json["name"] = manifest.name;
  json["file"] = manifest.file;
  json["axes"] = manifest.axes;
  json["runs"] = manifest.runs;
  json["finished"] = false;
  json["text"] = manifest.text;
  if (!manifest.base_text.empty()) json["base_text"] = manifest.base_text;
  return json;
}

/// Whether results with manifest `old` may stand beside those of `now`.
bool same(const Json& old, const Json& now, std::initializer_list<const char*> keys) {
  return !old.is_null() && std::all_of(keys.begin(), keys.end(), [&](const char* key) {
    return old.value(key, Json()) == now.value(key, Json());
  });
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

Results::Results(fs::path folder, const Manifest& manifest, std::span<const Job> jobs, Mode mode)
    : folder_([&] {
        refuse_others_files(folder);
        return std::move(folder);
      }()),
      lock_(folder_, mode.shard ? FolderLock::Kind::kShared : FolderLock::Kind::kAlone) {
  prepare(manifest, jobs, mode);
  lock_.prepared();
}

void Results::prepare(const Manifest& manifest, std::span<const Job> jobs, Mode mode) const {
  const Json old = read_manifest(folder_);
  const Json now = manifest_json(manifest);
  if (!lock_.alone()) {
    if (same(old, now, {"version", "commit", "name", "runs", "text", "base_text"})) return;
    throw InputError({folder_.string(), 0, 0}, "",
                     "shards of another sweep or program are writing into this folder",
                     "wait for them, or choose another folder with -o");
  }
  // The manifest goes last: until then the folder is known as ours.
  for (const char* name : {"runs.csv", "streams.csv", "timing.csv", "report.html"})
    clear_away(folder_ / name);
  if (!mode.resume || !same(old, now, {"version", "commit"})) clear_away(folder_ / "runs");
  remove_stale_runs(folder_ / "runs", jobs);
  write_whole_file(folder_ / "manifest.json", text_of(now));
  create_folders(folder_ / "runs");
}

bool Results::has(const Job& job) const {
  const auto record = read_status(read_file(folder_ / "runs" / job.run_id() / "status.json"));
  return record && record->config_hash == job.config_hash && record->index == job.index;
}

fs::path Results::folder_of(const Job& job) const { return folder_ / "runs" / job.run_id(); }

void Results::begin(const Job& job) const {
  const fs::path status = folder_of(job) / "status.json";
  std::error_code error;
  fs::remove(status, error);
  if (error)
    throw InputError({status.string(), 0, 0}, "", "cannot be replaced: " + error.message());
}

void Results::add(const Job& job, const Run& run) const {
  const fs::path folder = folder_of(job);
  const Scenario& scenario = *job.scenario;
  create_folders(folder);
  write_file(folder / "scenario.resolved.yaml", resolved_text(scenario, job.strategy));
  const Record record = record_of(run.report);
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
  }
  write_file(folder / "timing.csv", timing_csv(run.report));
  write_whole_file(folder / "status.json", status_text(record), Durability::kSynced);
}

std::vector<Record> merge_results(const fs::path& folder) {
  Json manifest = read_manifest(folder);
  if (manifest.is_null()) {
    throw InputError({folder.string(), 0, 0}, "", "holds no results of edgeflow");
  }
  const std::size_t runs = manifest.value("runs", std::size_t{0});
  const auto folders = run_folders(folder);
  if (folders.size() < runs) fail_missing(folder, runs, folders);
  std::vector<Record> records;
  std::string timing = timing_header();
  Json statuses = Json::object();
  for (const auto& [index, path] : folders) {
    auto record = read_status(read_file(path / "status.json"));
    if (!record || record->index != index || index != records.size()) {
      throw InputError({(path / "status.json").string(), 0, 0}, "", "is not what edgeflow wrote",
                       "remove it and run the sweep again");
    }
    Json& count = statuses[record->at("status")];
    count = count.is_null() ? 1 : count.get<int>() + 1;
    records.push_back(*std::move(record));
    const std::string table = read_file(path / "timing.csv");
    timing += table.substr(std::min(table.find('\n'), table.size() - 1) + 1);
  }
  compare_with_baselines(records);
  write_whole_file(folder / "runs.csv",
                   runs_csv(records, manifest.value("axes", std::vector<std::string>())),
                   Durability::kSynced);
  const std::string streams = streams_csv(records);
  if (!streams.empty()) write_whole_file(folder / "streams.csv", streams);
  write_whole_file(folder / "timing.csv", timing);
  manifest["finished"] = true;
  manifest["statuses"] = statuses;
  write_whole_file(folder / "manifest.json", text_of(manifest));
  return records;
}

}  // namespace edgeflow
