#pragma once
// A text file that is written piece by piece, for what is too long to be put together first.

#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace edgeflow {

class StreamFile {
 public:
  /// Creates or replaces the file. Throws InputError.
  void open(const std::filesystem::path& file);
  /// Writes what is left. Throws InputError if anything could not be written.
  void close();

  StreamFile& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kBlock) flush();
    return *this;
  }
  /// The shortest text that reads back as the same number.
  StreamFile& operator<<(double value) { return number(value); }
  StreamFile& operator<<(std::int64_t value) { return number(value); }
  StreamFile& operator<<(std::int32_t value) { return number(value); }

 private:
  static constexpr std::size_t kBlock = 1U << 18U;

  template <typename Number>
  StreamFile& number(Number value) {
    std::array<char, 32> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return *this << std::string_view(text.data(), static_cast<std::size_t>(end - text.data()));
  }
  void flush();
  [[noreturn]] void fail() const;

  std::filesystem::path file_;
  std::ofstream stream_;
  std::string buffer_;
};

}  // namespace edgeflow
