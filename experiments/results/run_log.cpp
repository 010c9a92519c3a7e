#include "experiments/results/run_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "workloads/input/files.hpp"
#include "workloads/input/machine_error.hpp"
#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

/// Waits for the lock of the whole file, which goes with its descriptor. Returns errno, or 0.
int lock_file(int file) {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  while (fcntl(file, F_OFD_SETLKW, &range) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

/// Whether the file ends in the middle of a line.
bool is_torn(int file, off_t size) {
  char last = '\n';
  return size > 0 && pread(file, &last, 1, size - 1) == 1 && last != '\n';
}

/// Appends all of `text` or nothing. Returns errno, or 0.
int append_whole(int file, std::string_view text) {
  struct stat status {};
  if (fstat(file, &status) != 0) return errno;
  const std::string whole = (is_torn(file, status.st_size) ? "\n" : "") + std::string(text);
  std::size_t done = 0;
  while (done < whole.size()) {
    const ssize_t written = write(file, whole.data() + done, whole.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      (void)!ftruncate(file, status.st_size);  // if it fails, what is there is passed over
      return error;
    }
    done += static_cast<std::size_t>(written);
  }
  return 0;
}

}  // namespace

void RunLog::append(const Record& record) const { append_line(log_line(record)); }

void RunLog::cancel(std::size_t run) const { append_line(cancelling_line(run)); }

void RunLog::append_line(std::string line) const {
  create_folders(file_.parent_path());
  const Descriptor file(open(file_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  int error = file.get() < 0 ? errno : locks_ ? lock_file(file.get()) : 0;
  if (error == 0) error = append_whole(file.get(), line += '\n');
  if (error != 0) fail_on_file(file_, "cannot be written", error);
}

std::vector<LogEntry> RunLog::read_new() {
  std::vector<LogEntry> entries;
  const std::string text = read_if_there(file_, read_).value_or("");
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (auto entry = read_log_line(std::string_view(text).substr(begin, end - begin))) {
      entries.push_back(*std::move(entry));
    }
  }
  read_ += begin;
  return entries;
}

std::map<std::size_t, Record> read_log(const std::filesystem::path& file) {
  std::map<std::size_t, Record> records;
  for (LogEntry& entry : RunLog(file, false).read_new()) {
    records.erase(entry.run);
    if (entry.record) records.emplace(entry.run, *std::move(entry.record));
  }
  return records;
}

}  // namespace edgeflow
