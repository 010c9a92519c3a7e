// Texts and lists of words as JSON.

#include "workloads/input/json.hpp"

#include <doctest/doctest.h>

namespace edgeflow {

using Words = std::vector<std::string>;

TEST_CASE("a text in JSON is quoted, and valid whatever its bytes") {
  CHECK(json_text("a \"b\"\n") == R"("a \"b\"\n")");
  CHECK(json_text("\xff") == "\"\uFFFD\"");
}

TEST_CASE("words are read from a JSON list as they were written to it") {
  const Words words{"./plan.py", "", "two words", "\"quoted\""};
  CHECK(words_of_json(json_list(words)) == words);
  CHECK(json_list({"a", "b"}) == R"(["a","b"])");
}

TEST_CASE("what is no JSON list of words has none") {
  for (const char* text : {"", "[", "plan.py", "\"plan.py\"", "{\"a\": \"b\"}", "[\"a\", 1]"}) {
    CAPTURE(text);
    CHECK(words_of_json(text).empty());
  }
}

}  // namespace edgeflow
