#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "experiments/results/table.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"
#include "tests/support/scratch.hpp"

using namespace edgeflow;
using test::Scratch;

namespace {

std::string first_line(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

std::string header_of(const TableInfo& table) {
  std::string text;
  for (const ColumnInfo& column : table.columns) {
    text += (text.empty() ? "" : ",") + std::string(column.name);
  }
  return text;
}

}  // namespace

TEST_CASE("every table of a results folder has the columns that are explained, in their order") {
  const Scratch scratch;
  // Streams that plan anew, with draws, leave all tables; a scenario without axes adds no columns.
  const auto outcome = test::edgeflow(
      scratch,
      "run " + test::data_folder() +
          "/cli/streams_scenario.yaml -o out --set 'disturbances={failures: [{device: "
          "slow-2, at: 1s}], policy: replan, planning_time: 1s}' --set uncertainty.draws=2");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  std::map<std::string, std::string> explained;
  for (const TableInfo& table : result_tables()) {
    explained[std::string(table.file)] = header_of(table);
  }
  std::set<std::string> seen;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(scratch.folder() / "out")) {
    if (entry.path().extension() != ".csv") continue;
    const std::string name = entry.path().filename().string();
    CAPTURE(entry.path().string());
    CHECK(first_line(entry.path()) == explained[name]);
    seen.insert(name);
  }
  CHECK(seen.size() == explained.size());
}

TEST_CASE("every column has a meaning, and list columns prints it under its table") {
  const Scratch scratch;
  const std::string text = test::edgeflow(scratch, "list columns").out;
  for (const TableInfo& table : result_tables()) {
    CAPTURE(table.file);
    CHECK(text.find(std::string(table.file) + ": a row per " + std::string(table.row)) !=
          std::string::npos);
    for (const ColumnInfo& column : table.columns) {
      CAPTURE(column.name);
      CHECK(column.meaning.size() > 5);
      CHECK(text.find(column.meaning) != std::string::npos);
    }
  }
}
