#include "workloads/input/stream_file.hpp"

#include <cerrno>

#include "workloads/input/machine_error.hpp"

namespace edgeflow {

void StreamFile::open(const std::filesystem::path& file) {
  file_ = file;
  buffer_.reserve(2 * kBlock);
  stream_.open(file, std::ios::binary | std::ios::trunc);
  if (!stream_) fail();
}

void StreamFile::close() {
  flush();
  stream_.close();
  if (!stream_) fail();
}

void StreamFile::flush() {
  stream_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  buffer_.clear();
  if (!stream_) fail();
}

void StreamFile::fail() const { fail_on_file(file_.string(), "cannot be written", errno); }

}  // namespace edgeflow
