#pragma once
// manifest.json of a results folder: what was run by which program where, and how it ended.

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace edgeflow {

/// What a manifest says about its results.
struct Manifest {
  enum class Kind : bool { kRun, kSweep };

  Kind kind = Kind::kRun;
  std::string name;
  std::string file;                    // the scenario or sweep, absolute
  std::string text;                    // of it, canonical
  std::string base_text;               // of the sweep's base, if that is a file of its own
  std::vector<std::string> arguments;  // of the program
  std::vector<std::string> axes;
  std::vector<std::string> units;  // of their values (axis_columns.hpp); none in older files
  std::size_t runs = 0;
  std::vector<std::string> notes;  // of a scenario: what is assumed; only written
  std::string commit;              // of the program that made the runs, as read
  std::string program;             // its program_id(), as read; empty: one of before there was such

  /// 'sweep "bandwidth" (my.yaml)'.
  std::string title() const;
  /// Whether these are results of the same file, perhaps edited since, or of a copy of it.
  bool same_study(const Manifest& other) const;
};

/// Nothing if the folder holds no results of edgeflow. Throws InputError for a manifest of ours that
/// somebody has spoilt.
std::optional<Manifest> read_manifest(const std::filesystem::path& folder);

/// Writes that of runs that this program begins to make on this machine. Throws InputError.
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest);

/// Adds to one that is there that all runs are done, and how many ended how. Throws InputError.
void finish_manifest(const std::filesystem::path& folder,
                     const std::map<std::string, std::size_t>& statuses);

}  // namespace edgeflow
