#pragma once
// A text file that is written piece by piece, for what is too long to be put together first.

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace edgeflow {

class StreamFile {
 public:
  /// Creates or replaces the file. Throws InputError or MachineError.
  void open(const std::filesystem::path& file);
  /// Writes what is left. Throws the same if anything could not be written.
  void close();

  StreamFile& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kBlock) flush();
    return *this;
  }
  /// The shortest text that reads back as the same number.
  StreamFile& operator<<(double value) {
    // Times come again and again: what ends, what gets ready, and what starts then.
    const auto bits = std::bit_cast<std::uint64_t>(value);
    Written& written = written_[(bits * 0x9e3779b97f4a7c15U) >> 56U];
    if (written.bits != bits || written.length == 0) {
      written.bits = bits;
      char* begin = written.text.data();
      written.length = static_cast<std::size_t>(
          std::to_chars(begin, begin + written.text.size(), value).ptr - begin);
    }
    return *this << std::string_view(written.text.data(), written.length);
  }
  StreamFile& operator<<(std::int64_t value) { return number(value); }
  StreamFile& operator<<(std::int32_t value) { return number(value); }

 private:
  static constexpr std::size_t kBlock = 1U << 18U;
  struct Written {
    std::uint64_t bits = 0;
    std::size_t length = 0;
    std::array<char, 32> text{};
  };

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
  std::array<Written, 256> written_{};  // numbers lately written
};

}  // namespace edgeflow
