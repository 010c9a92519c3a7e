#pragma once
// The tables over all runs of a results folder, made of what each of its runs left.
//
// At any time two thousand records are held, of however many, and those of a point of the sweep.

#include <filesystem>

#include "experiments/results/summary.hpp"

namespace edgeflow {

/// Writes runs.csv, summary.csv, timing.csv and, if there are scenarios with streams, streams.csv, and into the
/// manifest how the runs ended. Throws InputError if runs are missing.
Summary merge_results(const std::filesystem::path& folder);

}  // namespace edgeflow
