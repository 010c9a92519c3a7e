#include "experiments/results.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "experiments/columns.hpp"
#include "experiments/files.hpp"
#include "experiments/resolve.hpp"
#include "experiments/run_tables.hpp"
#include "experiments/version.hpp"
#include "partition/plan_yaml.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kTool = "edgeflow";

/// Texts may hold bytes that are not UTF-8, such as file names.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_ours(const fs::path& folder) {
  std::ifstream stream(folder / "manifest.json");
  const Json manifest = Json::parse(stream, nullptr, /*allow_exceptions=*/false);
  return manifest.is_object() && manifest.value("tool", Json()) == kTool;
}

void remove_old_results(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) || fs::is_empty(folder, error)) return;
  if (!fs::is_directory(folder, error)) return;  // creating it will say so
  if (!is_ours(folder)) {
    throw InputError({folder.string(), 0, 0}, "", "is not empty and holds no results of edgeflow",
                     "choose another folder with -o");
  }
  // The manifest goes last: until then the folder is known as ours.
  for (const char* name : {"runs.csv", "timing.csv", "runs", "manifest.json"}) {
    fs::remove_all(folder / name, error);
    if (error) {
      throw InputError({(folder / name).string(), 0, 0}, "",
                       "cannot be replaced: " + error.message());
    }
  }
}

std::string manifest_text(const Manifest& manifest, const Json& statuses) {
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
  json["finished"] = !statuses.is_null();
  if (!statuses.is_null()) json["statuses"] = statuses;
  json["text"] = manifest.text;
  if (!manifest.base_text.empty()) json["base_text"] = manifest.base_text;
  return text_of(json);
}

std::string status_text(const RunReport& report) {
  Json json;
  json["config_hash"] = report.config_hash;
  json["status"] = to_string(report.status);
  json["message"] = report.message;
  for (const auto& [key, value] : report.axes) json["axes"][key] = value;
  for (const Column& column : columns()) {
    // Needs all runs; stands in runs.csv.
    if (column.name != "speedup_over_baseline") json["row"][column.name] = column.get(report);
  }
  return text_of(json);
}

}  // namespace

Results::Results(fs::path folder, Manifest manifest)
    : folder_(std::move(folder)), manifest_(std::move(manifest)) {
  remove_old_results(folder_);
  create_folders(folder_);
  write_file(folder_ / "manifest.json", manifest_text(manifest_, nullptr));
  create_folders(folder_ / "runs");
}

void Results::add(const Job& job, const Run& run) {
  const fs::path folder = folder_ / "runs" / run.report.run_id();
  const Scenario& scenario = *job.scenario;
  create_folders(folder);
  write_file(folder / "scenario.resolved.yaml", resolved_text(scenario, job.strategy));
  if (run.plan) {
    write_file(folder / "plan.yaml",
               write_plan(*run.plan, scenario.model->graph, *scenario.cluster));
    write_file(folder / "requests.csv", requests_csv(run.result));
    write_file(folder / "units.csv", units_csv(run, scenario));
    write_file(folder / "transfers.csv", transfers_csv(run, scenario));
    write_file(folder / "devices.csv", devices_csv(run, scenario));
    write_file(folder / "links.csv", links_csv(run, scenario));
  }
  write_file(folder / "status.json", status_text(run.report), Durability::kSynced);
}

void Results::finish(std::span<const RunReport> reports) {
  write_file(folder_ / "runs.csv", runs_csv(reports, manifest_.axes), Durability::kSynced);
  write_file(folder_ / "timing.csv", timing_csv(reports));
  Json statuses = Json::object();
  for (const RunReport& report : reports) {
    Json& count = statuses[std::string(to_string(report.status))];
    count = count.is_null() ? 1 : count.get<int>() + 1;
  }
  write_file(folder_ / "manifest.json", manifest_text(manifest_, statuses));
}

}  // namespace edgeflow
