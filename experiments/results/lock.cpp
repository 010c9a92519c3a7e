#include "experiments/results/lock.hpp"

#include <fcntl.h>
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

bool wait_for(int descriptor, int operation, Clock::duration patience) {
  const auto start = Clock::now();
  while (flock(descriptor, operation | LOCK_NB) != 0) {
    if (Clock::now() - start > patience) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

int open_lock(const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor >= 0) return descriptor;
  fail_on_file(file, "cannot be written", errno);
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder, Kind kind) : kind_(kind) {
  create_folders(folder);
  setup_ = open_lock(folder / ".setup.lock");
  try {
    lock_ = open_lock(folder / ".lock");
  } catch (const std::exception&) {
    close(setup_);
    throw;
  }
  if (wait_for(setup_, LOCK_EX, kSetupPatience)) {
    alone_ = flock(lock_, LOCK_EX | LOCK_NB) == 0;
    if (alone_) return;
    if (wait_for(lock_, kind == Kind::kAlone ? LOCK_EX : LOCK_SH, kPatience)) {
      alone_ = kind == Kind::kAlone;
      return;
    }
  }
  close(lock_);
  close(setup_);
  throw InputError({folder.string(), 0, 0}, "", "another sweep is writing into this folder",
                   "wait for it, or choose another folder with -o");
}

void FolderLock::prepared() {
  // Nobody gets in between: every newcomer needs setup_ first.
  if (kind_ == Kind::kShared) flock(lock_, LOCK_SH);
  flock(setup_, LOCK_UN);
}

FolderLock::~FolderLock() {
  close(setup_);
  close(lock_);
}

}  // namespace edgeflow
