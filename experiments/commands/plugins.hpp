#pragma once
// Strategies of shared objects: partition/plugin.hpp says how they are made.

#include <string>

namespace edgeflow {

/// Loads the plugin and adds its strategy. Throws InputError for a file that is not there, is no
/// plugin, was built for another version, or whose strategy's name there is already.
void load_strategy_plugin(const std::string& file);

}  // namespace edgeflow
