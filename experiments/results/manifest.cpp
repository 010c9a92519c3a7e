#include "experiments/results/manifest.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "experiments/results/program_id.hpp"
#include "experiments/results/version.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/files.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kTool = "edgeflow";
constexpr const char* kFile = "manifest.json";
constexpr const char* kSweep = "sweep";
constexpr const char* kRun = "run";

/// A file of before there was a kind says it by its command line.
Manifest::Kind kind_of(const Json& json, const std::vector<std::string>& arguments) {
  const std::string kind = json.value("kind", arguments.size() > 1 ? arguments[1] : kRun);
  return kind == kSweep ? Manifest::Kind::kSweep : Manifest::Kind::kRun;
}

/// Throws nlohmann's exceptions for keys that are missing or have another type.
Manifest manifest_of(const Json& json) {
  Manifest manifest;
  manifest.arguments = json.at("arguments").get<std::vector<std::string>>();
  manifest.kind = kind_of(json, manifest.arguments);
  manifest.name = json.at("name");
  manifest.file = json.at("file");
  manifest.text = json.at("text");
  manifest.base_text = json.value("base_text", "");
  manifest.axes = json.at("axes").get<std::vector<std::string>>();
  manifest.units = json.value("units", manifest.units);
  if (!json.at("runs").is_number_unsigned()) throw std::invalid_argument("runs is no count");
  manifest.runs = json.at("runs");
  manifest.commit = json.at("commit");
  manifest.program = json.value("program", "");
  return manifest;
}

/// Null if there is none of ours.
Json read_json(const fs::path& folder) {
  const std::string text = read_if_there(folder / kFile).value_or("");
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() && json.value("tool", Json()) == kTool ? json : Json();
}

/// Texts may hold bytes that are not UTF-8, such as file names.
void write_json(const fs::path& folder, const Json& json) {
  write_whole_file(folder / kFile, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string host_name() {
  std::array<char, 256> host{};
  return gethostname(host.data(), host.size() - 1) == 0 ? host.data() : "";
}

}  // namespace

std::string Manifest::title() const {
  return fmt::format("{} \"{}\" ({})", kind == Kind::kSweep ? "sweep" : "scenario", name, file);
}

bool Manifest::same_study(const Manifest& other) const {
  return kind == other.kind && name == other.name &&
         (file == other.file || (text == other.text && base_text == other.base_text));
}

std::optional<Manifest> read_manifest(const fs::path& folder) {
  const Json json = read_json(folder);
  if (json.is_null()) return std::nullopt;
  try {
    return manifest_of(json);
  } catch (const std::exception& error) {
    throw InputError({(folder / kFile).string(), 0, 0}, "",
                     fmt::format("is not what edgeflow wrote: {}", error.what()),
                     "choose another folder with -o, or move this one away");
  }
}

void write_manifest(const fs::path& folder, const Manifest& manifest) {
  const VersionInfo& version = version_info();
  Json json;
  json["tool"] = kTool;
  json["version"] = version.version;
  json["commit"] = version.commit;
  json["dirty"] = version.dirty;
  json["program"] = program_id();
  json["simgrid"] = version.simgrid;
  json["clp"] = version.clp;
  json["compiler"] = version.compiler;
  json["host"] = host_name();
  json["arguments"] = manifest.arguments;
  json["kind"] = manifest.kind == Manifest::Kind::kSweep ? kSweep : kRun;
  json["name"] = manifest.name;
  json["file"] = manifest.file;
  json["axes"] = manifest.axes;
  json["units"] = manifest.units;
  json["runs"] = manifest.runs;
  json["notes"] = manifest.notes;
  json["finished"] = false;
  json["text"] = manifest.text;
  if (!manifest.base_text.empty()) json["base_text"] = manifest.base_text;
  write_json(folder, json);
}

void finish_manifest(const fs::path& folder, const std::map<std::string, std::size_t>& statuses) {
  Json json = read_json(folder);
  json["finished"] = true;
  json["statuses"] = statuses;
  write_json(folder, json);
}

}  // namespace edgeflow
