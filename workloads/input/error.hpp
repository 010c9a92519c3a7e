#pragma once
// The one exception that a user's mistake becomes. Caught once, in main: exit code 2.

#include <stdexcept>
#include <string>
#include <string_view>

namespace edgeflow {

/// Where in a user's file something stands. Lines and columns count from 1; 0 means "not known".
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
};

/// A mistake in something the user wrote. what() reads
/// `file:line:column: at key.path: message (hint)`, leaving out the parts that are not known.
class InputError : public std::runtime_error {
 public:
  InputError(Position position, std::string path, std::string message, std::string hint = "");

  const Position& position() const { return position_; }
  const std::string& path() const { return path_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }

 private:
  Position position_;
  std::string path_;
  std::string message_;
  std::string hint_;
};

/// `text` for a one-line message: control characters as \xNN, long texts cut short.
std::string printable(std::string_view text);
/// All of `text` with control characters as \xNN, but for line ends and tabs: what others wrote must
/// not command the terminal.
std::string without_controls(std::string_view text);
/// As printable, in double quotes.
std::string in_quotes(std::string_view text);

}  // namespace edgeflow
