#pragma once
// Results that are in the way of new ones: moved aside, never deleted.
//
// runs.old-1/, runs.old-2/, ... in a results folder are results folders of their own, of which
// 'edgeflow merge' makes the tables anew.

#include <filesystem>
#include <string>
#include <vector>

namespace edgeflow {

class Aside {
 public:
  /// Of the results in `folder`. Nothing is moved yet.
  explicit Aside(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Moves everything there. Throws InputError, as the others do.
  void move_all();
  /// Moves one run's folder there, and what was made of all runs together.
  void move_run(const std::filesystem::path& run);

  /// Where there a file or folder of the results belongs; its folder is made.
  std::filesystem::path place_for(const std::filesystem::path& path);

  /// runs.old-N; empty if nothing was moved.
  const std::filesystem::path& place() const { return place_; }

 private:
  void open();
  std::filesystem::path target_of(const std::filesystem::path& path) const;
  void move(const std::filesystem::path& path) const;

  std::filesystem::path folder_;
  std::filesystem::path place_;
};

/// Removes the tables of all runs, which merging makes anew. Throws InputError.
void remove_tables(const std::filesystem::path& folder);

/// Removes a file or folder. Throws InputError.
void clear_away(const std::filesystem::path& path);

}  // namespace edgeflow
