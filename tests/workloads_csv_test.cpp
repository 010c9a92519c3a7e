// Tables as CSV text: quoting (RFC 4180), what is skipped, and places.

#include "workloads/input/csv.hpp"

#include <doctest/doctest.h>

#include "tests/support/input_error.hpp"
#include "tests/support/scratch.hpp"

namespace edgeflow {
namespace {

using test::error_of;
using test::Scratch;
using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const std::string& text) {
  const Scratch scratch;
  CsvReader table(scratch.write("t.csv", text));
  Rows rows;
  while (table.next()) {
    rows.emplace_back();
    for (std::size_t c = 0; c < table.cells(); ++c) rows.back().push_back(table.text(c));
  }
  return rows;
}

std::string place(const Position& position) {
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

}  // namespace

TEST_CASE("cells in quotes may hold commas, quotes and line breaks") {
  CHECK(rows_of("a,b\n\"1,5\",x\n") == Rows{{"1,5", "x"}});
  CHECK(rows_of("a,b\n\"say \"\"no\"\"\",\"\"\n") == Rows{{"say \"no\"", ""}});
  CHECK(rows_of("a,b\n\"one\ntwo\n\n#3\",x\n") == Rows{{"one\ntwo\n\n#3", "x"}});
  CHECK(rows_of("a,b\n5\" disk,x\n") == Rows{{"5\" disk", "x"}});
}

TEST_CASE("what is written is read again") {
  const std::vector<std::string> cells{"plain", "a,b", "\"", "two\nlines", "", "#"};
  CHECK(rows_of("header\n" + csv_row(cells)) == Rows{cells});
}

TEST_CASE("empty cells count, also the last one") {
  CHECK(rows_of("a,b,c\n1,,\n,,3\n") == Rows{{"1", "", ""}, {"", "", "3"}});
}

TEST_CASE(
    "empty lines, remarks and carriage returns are skipped, and the last line may lack its end") {
  CHECK(rows_of("# a remark, with commas\r\n\r\na,b\r\n1,2\r\n\n#,\n3,4") ==
        Rows{{"1", "2"}, {"3", "4"}});
  CHECK(rows_of("").empty());
}

TEST_CASE("columns go by name, and every cell knows its place") {
  const Scratch scratch;
  CsvReader table(scratch.write("t.csv", "# one\nx,\"the y\"\n\n12,\"a\nb\",z\n7\n"));
  CHECK(table.columns() == 2);
  CHECK(table.column("the y") == 1);
  CHECK_FALSE(table.column("y"));
  CHECK(place(table.position()) == "2:1");
  REQUIRE(table.next());
  CHECK(place(table.position()) == "4:1");
  CHECK(place(table.position(1)) == "4:4");
  CHECK(place(table.position(2)) == "5:4");
  REQUIRE(table.next());
  CHECK(table.text(0) == "7");
  CHECK(table.text(1).empty());  // beyond the row
  CHECK(place(table.position(1)) == "6:1");
  CHECK_FALSE(table.next());
}

TEST_CASE("a quote that does not end, and what follows one, are refused at their place") {
  const auto error = [](const std::string& text) {
    const std::string what = error_of([&] { (void)rows_of(text); });
    return what.substr(what.find("t.csv"));
  };
  CHECK(error("a,b\n1,\"2\n3\n") == "t.csv:2:3: the quote of this cell does not end");
  CHECK(error("a,b\n\"1\"2,3\n") == "t.csv:2:4: expected a comma after the quoted cell");
  CHECK(error_of([] { CsvReader("/no/such.csv"); }) == "there is no file \"/no/such.csv\"");
}

TEST_CASE("numbers are all of their text, finite, and of their kind") {
  CHECK(parse_number("1e3") == 1000);
  CHECK_FALSE(parse_number("1e3 "));
  CHECK_FALSE(parse_number("inf"));
  CHECK_FALSE(parse_number("nan"));
  CHECK_FALSE(parse_number(""));
  CHECK(parse_number<std::int64_t>("-12") == -12);
  CHECK_FALSE(parse_number<std::int64_t>("1.5"));
  CHECK(with_unit(0.1, "GB/s") == "0.1GB/s");
}

}  // namespace edgeflow
