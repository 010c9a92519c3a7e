#include "workloads/input/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace edgeflow {
namespace {

constexpr std::size_t kMaxShown = 60;

std::string compose(const Position& position, const std::string& path, const std::string& message,
                    const std::string& hint) {
  std::string text;
  if (!position.file.empty() || position.line > 0) {
    text += position.file;
    if (position.line > 0) {
      text += fmt::format("{}{}", text.empty() ? "line " : ":", position.line);
      if (position.column > 0) text += fmt::format(":{}", position.column);
    }
    text += ": ";
  }
  if (!path.empty()) text += "at " + path + ": ";
  text += message;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

}  // namespace

InputError::InputError(Position position, std::string path, std::string message, std::string hint)
    : std::runtime_error(compose(position, path, message, hint)),
      position_(std::move(position)),
      path_(std::move(path)),
      message_(std::move(message)),
      hint_(std::move(hint)) {}

std::string printable(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool inside_character = (byte & 0xC0U) == 0x80U;
    if (shown.size() >= kMaxShown && !inside_character) return shown + "...";
    if (byte >= 0x20 && byte != 0x7F) {
      shown += text[i];
    } else {
      shown += "\\x";
      shown += kHex[byte >> 4U];
      shown += kHex[byte & 15U];
    }
  }
  return shown;
}

std::string in_quotes(std::string_view text) { return '"' + printable(text) + '"'; }

}  // namespace edgeflow
