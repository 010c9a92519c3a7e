#pragma once
// Where the shipped models, devices, clusters and studies are found.

#include <filesystem>
#include <string>
#include <vector>

namespace edgeflow {

/// Folder that holds workloads/, platforms/, experiments/ and scripts/: $EDGEFLOW_HOME, else the
/// first share/edgeflow or source tree on the way up from the program's own file, so that an
/// installed tree may be moved. Throws InputError if there is none.
std::filesystem::path home_folder();

/// This program's file.
std::filesystem::path program_file();

/// The file that a user names: `catalogue`/`name`.yaml under home_folder() if `name` is a bare name,
/// else the path `name` relative to `folder`. Throws InputError with known names if there is none.
std::filesystem::path find_file(const std::string& name, const std::filesystem::path& catalogue,
                                const std::filesystem::path& folder);

/// Names (without .yaml) of the files in home_folder()/`catalogue`, sorted. Throws InputError if the
/// folder cannot be read.
std::vector<std::string> catalogue_names(const std::filesystem::path& catalogue);

}  // namespace edgeflow
