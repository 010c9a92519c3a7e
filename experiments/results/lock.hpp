#pragma once
// Who may write into a results folder: one sweep, or any number of shards of one sweep, of which one
// at a time makes a run.

#include <cstddef>
#include <filesystem>

#include "workloads/input/process.hpp"

namespace edgeflow {

/// Held as long as the object lives, by child processes too; a killed process leaves none behind.
/// Made of advisory locks (flock) on files in the folder.
class FolderLock {
 public:
  enum class Kind : std::uint8_t {
    kAlone,
    kShared,
    kNone,  // the file system has none, others see to it
  };

  /// Waits up to two seconds for processes of a killed predecessor to end. Throws InputError if the
  /// folder is in use, cannot be written to, or has no locks.
  FolderLock(const std::filesystem::path& folder, Kind kind);

  /// True if nobody else has a lock, of whatever kind, as far as is known.
  bool alone() const { return alone_; }

  /// Lets others of kind kShared in, who wait for it.
  void prepared();

 private:
  Descriptor setup_;  // held while the folder is prepared
  Descriptor lock_;
  Kind kind_;
  bool alone_ = false;
};

/// Which runs are being made: a lock per run, on a byte of one file (fcntl, of the open file).
/// Child processes hold them too.
class RunLocks {
 public:
  /// Throws InputError if the file cannot be written.
  RunLocks(const std::filesystem::path& folder, FolderLock::Kind kind);

  /// False if another process is making the run. Throws InputError if there are no locks.
  bool lock(std::size_t run) const;
  void unlock(std::size_t run) const;

 private:
  bool set(std::size_t run, short type) const;

  Descriptor file_;  // none for kNone
};

}  // namespace edgeflow
