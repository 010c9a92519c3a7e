#pragma once
// Hashes of what files hold, wherever they lie.

#include <filesystem>
#include <string>

namespace edgeflow {

/// 16 hex digits of FNV-1a over the contents of a file, or over the names and contents of all files
/// below a folder; empty if there is neither. A file that has not changed since is not read again.
/// Throws InputError if it cannot be read.
std::string content_hash(const std::filesystem::path& path);

/// The file that a shell would run for `program`: itself if it has a slash, else the first one of
/// that name in PATH that may be run; empty if there is none.
std::filesystem::path found_in_path(const std::string& program);

}  // namespace edgeflow
