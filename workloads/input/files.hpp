#pragma once
// Reading and writing files: what users name, and what is ours, in place or so that it is there whole
// or not at all. All throw InputError, or MachineError (a full disk), that says which file and why.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace edgeflow {

/// The most that a text of a user's may hold: YAML, a table, a platform file.
inline constexpr std::size_t kMaxInputBytes = std::size_t{64} << 20U;

/// Opens a file that a user names; the caller closes it. Never waits: what is no regular file (a
/// folder, a pipe, a device) may not end, and is refused. Those errors have no position.
int open_input(const std::filesystem::path& file);

/// All that such a file holds. More than kMaxInputBytes are refused, without a position as well.
std::string read_input(const std::filesystem::path& file);

/// Writes or replaces `file` in place. An error or a kill may leave a part of it: for what counts
/// only once another file says so.
void write_file(const std::filesystem::path& file, std::string_view text);

enum class Durability : bool { kNormal, kSynced };

/// Writes a temporary file beside `file` and renames it; kSynced: after it has reached the disk.
/// What is there and not a regular file (a device, a pipe) is written to directly.
void write_whole_file(const std::filesystem::path& file, std::string_view text,
                      Durability durability = Durability::kNormal);

/// Puts a file that has been written in the place of another, as write_whole_file does.
void put_in_place(const std::filesystem::path& written, const std::filesystem::path& file,
                  Durability durability);

/// What the file holds, from byte `from` on; nothing if there is none.
std::optional<std::string> read_if_there(const std::filesystem::path& file,
                                         std::uintmax_t from = 0);

void create_folders(const std::filesystem::path& folder);

}  // namespace edgeflow
