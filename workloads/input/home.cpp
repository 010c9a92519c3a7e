#include "workloads/input/home.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "workloads/input/origin.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

namespace fs = std::filesystem;

fs::path home_folder() {
  const char* home = std::getenv("EDGEFLOW_HOME");
  return home != nullptr && *home != '\0' ? fs::path(home) : fs::path(kOrigin.source_folder);
}

std::vector<std::string> catalogue_names(const fs::path& catalogue) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(home_folder() / catalogue, error)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

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
                   nearest
                       ? fmt::format("did you mean \"{}\"?", *nearest)
                       : fmt::format("a path to a file, or one of: {}", fmt::join(names, ", ")));
}

}  // namespace edgeflow
