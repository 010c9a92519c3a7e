#include "workloads/input/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "workloads/input/error.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const char* what, int error) {
  throw InputError({file.string(), 0, 0}, "",
                   std::string(what) + ": " + std::generic_category().message(error));
}

/// Errors name `target`, the file that the user knows of.
void write_bytes(const fs::path& file, const fs::path& target, std::string_view text, bool sync) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(target, "cannot be written", errno);
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno != EINTR) error = errno;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (error == 0 && sync && fsync(descriptor) != 0) error = errno;
  if (close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0) return;
  if (file != target) unlink(file.c_str());
  fail(target, "cannot be written", error);
}

}  // namespace

void write_file(const fs::path& file, std::string_view text) {
  write_bytes(file, file, text, false);
}

void write_whole_file(const fs::path& file, std::string_view text, Durability durability) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    write_file(file, text);
    return;
  }
  fs::path temporary = file;
  temporary += ".partial";
  write_bytes(temporary, file, text, durability == Durability::kSynced);
  std::error_code error;
  fs::rename(temporary, file, error);
  if (error) {
    unlink(temporary.c_str());
    fail(file, "cannot be written", error.value());
  }
}

void create_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && fs::is_directory(folder, error)) return;
  fail(folder, "cannot be made a folder", error ? error.value() : ENOTDIR);
}

}  // namespace edgeflow
