#pragma once
// Who may write into a results folder: one sweep, or any number of shards of one sweep.

#include <filesystem>

namespace edgeflow {

/// Held as long as the object lives, by child processes too; a killed process leaves none behind.
/// Made of advisory locks (flock) on files in the folder.
class FolderLock {
 public:
  enum class Kind : bool { kAlone, kShared };

  /// Waits up to two seconds for processes of a killed predecessor to end. Throws InputError if the
  /// folder is in use, or cannot be written to.
  FolderLock(const std::filesystem::path& folder, Kind kind);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// True if nobody else has a lock, of whatever kind.
  bool alone() const { return alone_; }

  /// Lets others of kind kShared in, who wait for it.
  void prepared();

 private:
  int setup_ = -1;  // held while the folder is prepared
  int lock_ = -1;
  Kind kind_;
  bool alone_ = false;
};

}  // namespace edgeflow
