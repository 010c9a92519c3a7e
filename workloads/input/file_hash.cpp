#include "workloads/input/file_hash.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <sstream>
#include <system_error>
#include <tuple>
#include <vector>

#include "workloads/input/error.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/machine_error.hpp"
#include "workloads/input/random.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

/// Tells a file from the same path with other contents.
using Version = std::tuple<ino_t, off_t, time_t, long>;

Version version_of(const fs::path& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) == 0) {
    return {info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  }
  fail_on_file(file, "cannot be read", errno);
}

std::string hash_of_file(const fs::path& file) {
  static std::map<fs::path, std::pair<Version, std::string>> known;
  const Version version = version_of(file);
  auto& [known_version, hash] = known[fs::absolute(file)];
  if (!hash.empty() && known_version == version) return hash;
  const std::string text = read_if_there(file).value_or("");
  known_version = version;
  return hash = fmt::format("{:016x}", fnv1a(text));
}

std::string hash_of_folder(const fs::path& folder) {
  std::vector<std::string> lines;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    lines.push_back(fmt::format("{} {}\n", fs::relative(entry->path(), folder).string(),
                                hash_of_file(entry->path())));
  }
  if (error) throw InputError({folder.string(), 0, 0}, "", "cannot be read: " + error.message());
  std::sort(lines.begin(), lines.end());
  return fmt::format("{:016x}", fnv1a(fmt::format("{}", fmt::join(lines, ""))));
}

}  // namespace

std::string content_hash(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return hash_of_folder(path);
  return fs::is_regular_file(path, error) ? hash_of_file(path) : "";
}

fs::path found_in_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    fs::path file = fs::path(folder) / program;
    std::error_code error;
    if (fs::is_regular_file(file, error) && access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

}  // namespace edgeflow
