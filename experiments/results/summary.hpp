#pragma once
// Runs as a table for people.

#include <span>
#include <string>

#include "experiments/results/record.hpp"
#include "experiments/scenario/scenario.hpp"

namespace edgeflow {

/// A row per run: axes, strategy, status, latency, prediction, speedup, traffic, energy, memory.
std::string summary(std::span<const Record> records);

/// A row per stream of each run: strategy, latencies, throughput, misses, energy.
std::string streams_summary(std::span<const Record> records);

/// Type and bandwidth of a network, or its number of links.
std::string headline(const Network& network);

/// What the runs of a scenario have in common, in one line.
std::string headline(const Scenario& scenario);

}  // namespace edgeflow
