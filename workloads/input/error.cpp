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

void add_hex(std::string& text, char letter) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(letter);
  text += {'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]};
}

/// As it is, or if it is a control character by its number.
void add_escaped(std::string& text, char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  if (byte >= 0x20 && byte != 0x7F) {
    text += letter;
  } else {
    add_hex(text, letter);
  }
}

}  // namespace

InputError::InputError(Position position, std::string path, std::string message, std::string hint)
    : std::runtime_error(compose(position, path, message, hint)),
      position_(std::move(position)),
      path_(std::move(path)),
      message_(std::move(message)),
      hint_(std::move(hint)) {}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char letter : text) {
    const bool inside_character = (static_cast<unsigned char>(letter) & 0xC0U) == 0x80U;
    if (shown.size() >= kMaxShown && !inside_character) return shown + "...";
    add_escaped(shown, letter);
  }
  return shown;
}

std::string without_controls(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool c1 = text[i] == '\xC2' && i + 1 < text.size() &&
                    (static_cast<unsigned char>(text[i + 1]) & 0xE0U) == 0x80U;
    if (text[i] == '\n' || text[i] == '\t') {
      shown += text[i];
    } else if (c1) {  // U+0080 to U+009F: control characters of two bytes
      add_hex(shown, text[i]);
      add_hex(shown, text[++i]);
    } else {
      add_escaped(shown, text[i]);
    }
  }
  return shown;
}

std::string in_quotes(std::string_view text) { return '"' + printable(text) + '"'; }

}  // namespace edgeflow
