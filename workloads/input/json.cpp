#include "workloads/input/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace edgeflow {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string json_text(std::string_view text) { return text_of(text); }

std::string json_list(const std::vector<std::string>& words) { return text_of(words); }

std::vector<std::string> words_of_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool words = json.is_array() &&
                     std::ranges::all_of(json, [](const Json& word) { return word.is_string(); });
  return words ? json.get<std::vector<std::string>>() : std::vector<std::string>();
}

}  // namespace edgeflow
