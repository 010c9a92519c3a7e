#include "experiments/results/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "workloads/input/error.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/machine_error.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPause{20};
constexpr std::chrono::seconds kPatience{2};
constexpr std::chrono::seconds kSetupPatience{120};  // thousands of old files may have to go

[[noreturn]] void fail_without_locks(int error) {
  throw InputError({}, "",
                   fmt::format("the results folder cannot be locked: {}",
                               std::generic_category().message(error)),
                   "choose a folder on another file system with -o, or give --no-lock if nobody "
                   "else makes these runs");
}

/// False if somebody else has the lock for that long.
bool wait_for(int descriptor, int operation, Clock::duration patience) {
  const auto start = Clock::now();
  while (flock(descriptor, operation | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) fail_without_locks(errno);
    if (Clock::now() - start >= patience) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

Descriptor open_lock(const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) fail_on_file(file, "cannot be written", errno);
  return Descriptor(descriptor);
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder, Kind kind)
    : kind_(kind), alone_(kind == Kind::kNone) {
  create_folders(folder);
  if (kind == Kind::kNone) return;
  setup_ = open_lock(folder / ".setup.lock");
  lock_ = open_lock(folder / ".lock");
  if (wait_for(setup_.get(), LOCK_EX, kSetupPatience)) {
    alone_ = wait_for(lock_.get(), LOCK_EX, Clock::duration(0));
    if (alone_) return;
    if (wait_for(lock_.get(), kind == Kind::kAlone ? LOCK_EX : LOCK_SH, kPatience)) {
      alone_ = kind == Kind::kAlone;
      return;
    }
  }
  throw InputError({folder.string(), 0, 0}, "", "another sweep is writing into this folder",
                   "wait for it, or choose another folder with -o");
}

void FolderLock::prepared() {
  if (kind_ == Kind::kNone) return;
  // Nobody gets in between: every newcomer needs setup_ first.
  if (kind_ == Kind::kShared) flock(lock_.get(), LOCK_SH);
  flock(setup_.get(), LOCK_UN);
}

RunLocks::RunLocks(const fs::path& folder, FolderLock::Kind kind) {
  if (kind != FolderLock::Kind::kNone) file_ = open_lock(folder / ".runs.lock");
}

bool RunLocks::lock(std::size_t run) const { return set(run, F_WRLCK); }

void RunLocks::unlock(std::size_t run) const { (void)set(run, F_UNLCK); }

bool RunLocks::set(std::size_t run, short type) const {
  if (file_.get() < 0) return true;
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(run);
  range.l_len = 1;
  if (fcntl(file_.get(), F_OFD_SETLK, &range) == 0) return true;
  if (errno != EAGAIN && errno != EACCES) fail_without_locks(errno);
  return false;
}

}  // namespace edgeflow
