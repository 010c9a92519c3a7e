#include "workloads/input/home.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "workloads/input/yaml.hpp"

namespace edgeflow {

namespace fs = std::filesystem;

fs::path home_folder() {
  const char* home = std::getenv("EDGEFLOW_HOME");
  return home != nullptr && *home != '\0' ? fs::path(home) : fs::path(EDGEFLOW_SOURCE_DIR);
}

std::vector<std::string> names_on_shelf(const fs::path& shelf) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(home_folder() / shelf, error)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path find_file(const std::string& name, const fs::path& shelf, const fs::path& folder) {
  const bool bare = name.find('/') == std::string::npos && !fs::path(name).has_extension();
  const std::vector<std::string> names = names_on_shelf(shelf);
  // A shelf name may contain a dot, as in yolov5s_v5.0.
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return home_folder() / shelf / (name + ".yaml");
  }
  fs::path path = fs::path(name).is_absolute() ? fs::path(name) : folder / name;
  std::error_code error;
  if (!bare && fs::is_regular_file(path, error)) return path;
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto nearest = nearest_name(name, views);
  throw InputError({}, "",
                   bare ? fmt::format("there is no \"{}\" in {}", name, shelf.string())
                        : fmt::format("there is no file \"{}\"", path.string()),
                   nearest
                       ? fmt::format("did you mean \"{}\"?", *nearest)
                       : fmt::format("a path to a file, or one of: {}", fmt::join(names, ", ")));
}

}  // namespace edgeflow
