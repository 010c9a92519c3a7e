#include "workloads/input/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <system_error>

#include "workloads/input/error.hpp"
#include "workloads/input/machine_error.hpp"
#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

/// Errors name `target`, the file that the user knows of.
void write_bytes(const fs::path& file, const fs::path& target, std::string_view text) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail_on_file(target, "cannot be written", errno);
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno != EINTR) error = errno;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0) return;
  if (file != target) unlink(file.c_str());
  fail_on_file(target, "cannot be written", error);
}

/// Returns errno, or 0 when what the file holds has reached the disk.
int sync(const fs::path& file) {
  const Descriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  return descriptor.get() >= 0 && fsync(descriptor.get()) == 0 ? 0 : errno;
}

/// What the descriptor gives, which is closed; no more than `most` bytes and a block.
std::string read_bytes(int descriptor, const fs::path& file, std::size_t most) {
  std::string text;
  std::array<char, 1 << 16> block;
  ssize_t count = 0;
  do {
    count = read(descriptor, block.data(), block.size());
    if (count > 0) text.append(block.data(), static_cast<std::size_t>(count));
  } while (text.size() <= most && (count > 0 || (count < 0 && errno == EINTR)));
  const int error = errno;
  close(descriptor);
  if (count < 0) fail_on_file(file, "cannot be read", error);
  return text;
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "folder";
  if (S_ISFIFO(mode)) return "pipe";
  return S_ISSOCK(mode) ? "socket" : "device";
}

}  // namespace

int open_input(const fs::path& file) {
  // Of a pipe that nobody writes to, opening alone would wait without O_NONBLOCK.
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)) {
    throw InputError({}, "", fmt::format("there is no file {}", in_quotes(file.string())));
  }
  struct stat status {};
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    const int error = errno;
    if (descriptor >= 0) close(descriptor);
    // Sockets cannot be opened.
    if (error != ENXIO) fail_on_file(file, "cannot be read", error);
    status.st_mode = S_IFSOCK;
  }
  if (S_ISREG(status.st_mode)) return descriptor;
  if (descriptor >= 0) close(descriptor);
  throw InputError({}, "",
                   fmt::format("{} is a {}, expected a regular file", in_quotes(file.string()),
                               kind_of(status.st_mode)));
}

std::string read_input(const fs::path& file) {
  std::string text = read_bytes(open_input(file), file, kMaxInputBytes);
  if (text.size() <= kMaxInputBytes) return text;
  throw InputError(
      {}, "",
      fmt::format("{} is larger than {} MiB", in_quotes(file.string()), kMaxInputBytes >> 20U));
}

void write_file(const fs::path& file, std::string_view text) { write_bytes(file, file, text); }

void write_whole_file(const fs::path& file, std::string_view text, Durability durability) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    write_file(file, text);
    return;
  }
  fs::path temporary = file;
  temporary += ".partial";
  write_bytes(temporary, file, text);
  put_in_place(temporary, file, durability);
}

void put_in_place(const fs::path& written, const fs::path& file, Durability durability) {
  int error = durability == Durability::kSynced ? sync(written) : 0;
  if (error == 0 && rename(written.c_str(), file.c_str()) != 0) error = errno;
  if (error == 0) return;
  unlink(written.c_str());
  fail_on_file(file, "cannot be written", error);
}

std::optional<std::string> read_if_there(const fs::path& file, std::uintmax_t from) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (descriptor < 0) fail_on_file(file, "cannot be read", errno);
  if (from > 0) lseek(descriptor, static_cast<off_t>(from), SEEK_SET);
  return read_bytes(descriptor, file, std::numeric_limits<std::size_t>::max());
}

void create_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && fs::is_directory(folder, error)) return;
  fail_on_file(folder, "cannot be made a folder", error ? error.value() : ENOTDIR);
}

}  // namespace edgeflow
