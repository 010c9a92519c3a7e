#pragma once
// Where the shipped models, devices, clusters and studies are found.

#include <filesystem>
#include <string>
#include <vector>

namespace edgeflow {

/// Folder that holds workloads/, platforms/ and experiments/: $EDGEFLOW_HOME, else the source tree.
std::filesystem::path home_folder();

/// The file that a user names: `shelf`/`name`.yaml under home_folder() if `name` is a bare name,
/// else the path `name` relative to `folder`. Throws InputError with known names if there is none.
std::filesystem::path find_file(const std::string& name, const std::filesystem::path& shelf,
                                const std::filesystem::path& folder);

/// Names (without .yaml) of the files in home_folder()/`shelf`, sorted.
std::vector<std::string> names_on_shelf(const std::filesystem::path& shelf);

}  // namespace edgeflow
