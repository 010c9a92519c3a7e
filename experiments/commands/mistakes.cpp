#include "experiments/commands/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace edgeflow {
namespace {

constexpr std::size_t kMost = 20;

/// The text in the first quotes behind `before`, with which the message begins; else empty.
std::string quoted_after(const std::string& message, std::string_view before) {
  if (!message.starts_with(before)) return "";
  const std::size_t end = message.find('"', before.size());
  return end == std::string::npos ? "" : message.substr(before.size(), end - before.size());
}

std::string join_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

/// The key path of what is wrong: a value, or a key that is not known. Empty: nothing to leave out.
std::string culprit(const InputError& error) {
  if (!quoted_after(error.message(), "missing key \"").empty()) return "";
  const std::string unknown = quoted_after(error.message(), "unknown key \"");
  if (unknown.empty()) return error.path();
  const bool is_step = unknown.find_first_of(".[") == std::string::npos;  // else a path of others
  return is_step ? join_path(error.path(), unknown) : "";
}

}  // namespace

void read_all(const Document& document, const std::function<void(const Document&)>& read) {
  Document rest = document;
  std::vector<std::string> mistakes;
  std::vector<std::string> left_out;
  while (mistakes.size() < kMost) {
    try {
      read(rest);
      break;
    } catch (const InputError& error) {
      const std::string missing = quoted_after(error.message(), "missing key \"");
      const std::string lacking = join_path(error.path(), missing);
      if (!missing.empty() && std::ranges::find(left_out, lacking) != left_out.end()) break;
      mistakes.emplace_back(error.what());
      const std::string path = culprit(error);
      const bool ours =
          error.position().file == document.file() || error.position().file.starts_with("--set");
      if (path.empty() || !ours || !rest.remove(path)) break;
      left_out.push_back(path);
    }
  }
  if (!mistakes.empty()) throw InputError({}, "", fmt::format("{}", fmt::join(mistakes, "\n")));
}

}  // namespace edgeflow
