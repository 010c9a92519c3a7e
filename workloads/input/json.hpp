#pragma once
// Small things in JSON, for those who need no more of it. Objects are nlohmann::json's.

#include <string>
#include <string_view>
#include <vector>

namespace edgeflow {

/// In quotes. Bytes that are not UTF-8, as file names may hold, become U+FFFD.
std::string json_text(std::string_view text);

/// ["a", "b"]
std::string json_list(const std::vector<std::string>& words);

/// The words of such a list; none if `text` is anything else.
std::vector<std::string> words_of_json(std::string_view text);

}  // namespace edgeflow
