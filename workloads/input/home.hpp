#pragma once
// Where the shipped models, devices, clusters and studies are found.

#include <filesystem>
#include <string>
#include <vector>

namespace edgeflow {

/// Folder that holds workloads/, platforms/ and experiments/: $EDGEFLOW_HOME, else the source tree.
std::filesystem::path home_folder();

/// The file that a user names: `catalogue`/`name`.yaml under home_folder() if `name` is a bare name,
/// else the path `name` relative to `folder`. Throws InputError with known names if there is none.
std::filesystem::path find_file(const std::string& name, const std::filesystem::path& catalogue,
                                const std::filesystem::path& folder);

/// Names (without .yaml) of the files in home_folder()/`catalogue`, sorted.
std::vector<std::string> catalogue_names(const std::filesystem::path& catalogue);

}  // namespace edgeflow
