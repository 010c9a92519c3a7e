#pragma once
// A strategy in a shared object: edgeflow run SCENARIO.yaml --strategy-plugin mine.so
//
// Its source includes this, defines a StrategyInfo and names it, outside of all namespaces:
//
//   EDGEFLOW_STRATEGY_PLUGIN(kMine)
//
// It is linked with edgeflow::program (find_package(edgeflow)): everything public is found in the
// program that loads it. The program refuses a plugin of another version; in between, build it anew
// with the program. Runs are made anew when the shared object changes; libraries of its own that it
// loads do not count.

#include "partition/strategy.hpp"

namespace edgeflow {

// The names of the functions of a plugin.
inline constexpr const char* kPluginStrategy = "edgeflow_strategy";
inline constexpr const char* kPluginVersion = "edgeflow_strategy_version";

}  // namespace edgeflow

// edgeflow::program defines EDGEFLOW_PROGRAM_VERSION for plugins.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): defines functions
#define EDGEFLOW_STRATEGY_PLUGIN(info)                                             \
  extern "C" const edgeflow::StrategyInfo* edgeflow_strategy() { return &(info); } \
  extern "C" const char* edgeflow_strategy_version() { return EDGEFLOW_PROGRAM_VERSION; }
