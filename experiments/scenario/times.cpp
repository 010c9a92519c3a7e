#include "experiments/scenario/times.hpp"

#include <fmt/format.h>

namespace edgeflow {
namespace {

constexpr const char* kHint = "Unix times? take the first one from all of them";

}  // namespace

double read_instant(const Yaml& yaml) {
  const double at_s = yaml.as_quantity(Quantity::kDuration, /*zero_ok=*/true);
  if (at_s > kLatest_s) {
    yaml.fail_expected(fmt::format("a time since the start of the run, at most {:.0f}s", kLatest_s),
                       kHint);
  }
  return at_s;
}

double read_instant(const CsvReader& table, std::size_t cell, const char* column, double least_s) {
  const std::string& text = table.text(cell);
  const auto at_s = parse_number(text);
  if (at_s && *at_s >= least_s && *at_s <= kLatest_s) return *at_s;
  const bool late = at_s && *at_s > kLatest_s;
  throw InputError(
      table.position(cell), column,
      late ? fmt::format("got {}, expected seconds since the start of the run, at most {:.0f}",
                         in_quotes(text), kLatest_s)
           : fmt::format("got {}, expected seconds, not less than {}", in_quotes(text),
                         number_text(least_s)),
      late ? kHint : "");
}

}  // namespace edgeflow
