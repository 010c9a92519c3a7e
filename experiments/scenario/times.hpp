#pragma once
// Instants of a scenario: seconds since the start of its run, as arrivals, steps of traces and
// failures have them.

#include "workloads/input/csv.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {

/// Three years: Unix times since 1973 are beyond. They are refused, not moved to 0: devices would draw
/// idle power for decades before the first request, and where a scenario has several traces, only
/// their author knows whether all count from the same instant.
inline constexpr double kLatest_s = 1e8;

/// A duration such as 0.5s, zero as well, up to kLatest_s. Throws InputError.
double read_instant(const Yaml& yaml);

/// The number in a cell of the table's row, from `least_s` up to kLatest_s; errors call it `column`.
/// Throws InputError.
double read_instant(const CsvReader& table, std::size_t cell, const char* column, double least_s);

}  // namespace edgeflow
