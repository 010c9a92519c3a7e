#include "experiments/commands/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace edgeflow {
namespace {

constexpr std::size_t kMost = 20;

/// The text in the quotes behind `before`, with which the message begins; else empty.
std::string quoted_after(const std::string& message, std::string_view before) {
  if (!message.starts_with(before)) return "";
  const std::size_t end = message.find('"', before.size());
  return end == std::string::npos ? "" : message.substr(before.size(), end - before.size());
}

std::string missing_key(const InputError& error) {
  return quoted_after(error.message(), "missing key \"");
}
std::string unknown_key(const InputError& error) {
  return quoted_after(error.message(), "unknown key \"");
}

std::string join_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

/// The path of the map or list that holds the value.
std::string parent(const std::string& path) {
  const std::size_t end = path.find_last_of(".[");
  return end == std::string::npos ? "" : path.substr(0, end);
}

/// A document from which mistakes are left out one by one.
class Rest {
 private:
  struct Item {
    std::string list;
    std::size_t number = 0;
  };

 public:
  explicit Rest(const Document& document) : document_(document) {}

  const Document& document() const { return document_; }

  /// Leaves out what is wrong; false if that is not one value of this document.
  bool leave_out(const InputError& error) {
    const std::string& file = error.position().file;
    if (file != document_.file() && !file.starts_with("--set")) return false;
    const std::string unknown = unknown_key(error);
    if (!unknown.empty()) {
      const bool is_step =
          unknown.find_first_of(".[]") == std::string::npos;  // else another's path
      lost_keys_.push_back(error.path());
      return is_step && document_.remove(join_path(error.path(), unknown));
    }
    return missing_key(error).empty() && remove(error.path());
  }

  /// Whether that may be wrong only because something was left out of it: a map that lost a key may
  /// lack what had stood for another, or was meant by one that is not known.
  bool follows(const InputError& error) const {
    if (!unknown_key(error).empty()) return false;
    const bool lacks = !missing_key(error).empty();
    if (lacks && std::ranges::find(lost_keys_, error.path()) != lost_keys_.end()) return true;
    return std::ranges::any_of(left_out_, [&](const std::string& path) {
      return lacks ? parent(path) == error.path() : path.starts_with(error.path());
    });
  }

  /// The mistake's text with the key path that it has in the whole document.
  std::string text(const InputError& error) const {
    std::string path = error.path();
    for (auto it = items_.rbegin(); it != items_.rend(); ++it) {
      const std::string& list = it->list;
      if (!path.starts_with(list + "[")) continue;
      std::size_t number = 0;
      const char* const end = path.data() + path.size();
      const auto [stop, fault] = std::from_chars(path.data() + list.size() + 1, end, number);
      if (fault != std::errc{} || number < it->number) continue;
      path = fmt::format("{}[{}{}", list, number + 1, std::string(stop, end));
    }
    return InputError(error.position(), path, error.message(), error.hint()).what();
  }

  /// Leaves out the value; false if there is none, others use its name, or it is a list that lost
  /// its items so, in place of which something else would be missing.
  bool remove(const std::string& path) {
    const bool is_device = path.ends_with(']') && path.find("devices[") != std::string::npos;
    const bool lost_items =
        std::ranges::any_of(items_, [&](const Item& item) { return item.list == path; });
    const bool of_root = path.empty() || path.front() == '[';
    if (of_root || is_device || lost_items || !document_.remove(path)) return false;
    left_out_.push_back(path);
    if (path.ends_with(']')) {
      const std::size_t bracket = path.rfind('[');
      items_.push_back({path.substr(0, bracket), std::stoul(path.substr(bracket + 1))});
    }
    return true;
  }

 private:
  Document document_;
  std::vector<std::string> left_out_;
  std::vector<std::string> lost_keys_;  // maps that had keys which are not known
  std::vector<Item> items_;             // of lists, that are left out
};

}  // namespace

void read_all(const Document& document, const std::function<void(const Document&)>& read) {
  Rest rest(document);
  std::vector<std::string> mistakes;
  for (std::size_t n = 0; n < kMost; ++n) {
    try {
      read(rest.document());
      break;
    } catch (const InputError& error) {
      if (rest.follows(error)) {
        if (rest.remove(error.path())) continue;
        break;
      }
      mistakes.push_back(rest.text(error));
      if (!rest.leave_out(error)) break;
    }
  }
  if (!mistakes.empty()) throw InputError({}, "", fmt::format("{}", fmt::join(mistakes, "\n")));
}

}  // namespace edgeflow
