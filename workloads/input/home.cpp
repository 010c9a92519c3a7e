#include "workloads/input/home.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "workloads/input/yaml.hpp"

namespace edgeflow {

namespace fs = std::filesystem;

namespace {

constexpr const char* kWayOut =
    "install edgeflow anew, or set EDGEFLOW_HOME to its share/edgeflow or to a source tree";

bool has_catalogues(const fs::path& folder) {
  std::error_code error;
  return fs::is_directory(folder / "platforms" / "devices", error);
}

fs::path search_upwards(fs::path folder) {
  for (;; folder = folder.parent_path()) {
    for (const fs::path& home : {folder / "share" / "edgeflow", folder}) {
      if (has_catalogues(home)) return home;
    }
    if (folder == folder.root_path()) return {};
  }
}

}  // namespace

fs::path program_file() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

fs::path home_folder() {
  const char* asked = std::getenv("EDGEFLOW_HOME");
  if (asked != nullptr && *asked != '\0') {
    if (has_catalogues(asked)) return asked;
    throw InputError({asked, 0, 0}, "", "EDGEFLOW_HOME has no platforms/devices in it", kWayOut);
  }
  static const fs::path kFound = search_upwards(program_file().parent_path());
  if (!kFound.empty()) return kFound;
  throw InputError({program_file().string(), 0, 0}, "",
                   "there is no share/edgeflow with models and devices beside this program",
                   kWayOut);
}

std::vector<std::string> catalogue_names(const fs::path& catalogue) {
  std::vector<std::string> names;
  std::error_code error;
  const fs::path folder = home_folder() / catalogue;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  if (error) throw InputError({folder.string(), 0, 0}, "", error.message(), kWayOut);
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

/// Known names that hold `name`, or all if they are few; else where to look them up.
std::string known_names(const std::string& name, const std::vector<std::string>& names,
                        const fs::path& catalogue) {
  constexpr std::size_t kFew = 12;
  std::vector<std::string> shown;
  for (const std::string& known : names) {
    if (names.size() <= kFew || known.find(name) != std::string::npos) shown.push_back(known);
  }
  if (!shown.empty()) return fmt::format("a path to a file, or one of: {}", fmt::join(shown, ", "));
  return fmt::format("a path to a file, or one of the {} that 'edgeflow list {}' shows",
                     names.size(), catalogue.filename().string());
}

}  // namespace

fs::path find_file(const std::string& name, const fs::path& catalogue, const fs::path& folder) {
  const bool bare = name.find('/') == std::string::npos && !fs::path(name).has_extension();
  const std::vector<std::string> names = catalogue_names(catalogue);
  // A name in it may contain a dot, as in yolov5s_v5.0.
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return home_folder() / catalogue / (name + ".yaml");
  }
  fs::path path = fs::path(name).is_absolute() ? fs::path(name) : folder / name;
  std::error_code error;
  if (!bare && fs::exists(path, error)) return path;
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto nearest = nearest_name(name, views);
  throw InputError({}, "",
                   bare ? fmt::format("there is no {} in {}", in_quotes(name), catalogue.string())
                        : fmt::format("there is no file {}", in_quotes(path.string())),
                   nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                           : known_names(name, names, catalogue));
}

}  // namespace edgeflow
