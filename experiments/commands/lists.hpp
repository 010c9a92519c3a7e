#pragma once
// `edgeflow list`: what there is to choose from.

#include <string>

namespace edgeflow {

std::string list_strategies();
std::string list_models();
std::string list_devices();
std::string list_clusters();
std::string list_columns();
/// Rates and powers of devices, with their defaults.
std::string list_rates();
std::string list_messaging();
std::string list_networks();
std::string list_effects();
/// Operators of model files, with their attributes.
std::string list_operators();

}  // namespace edgeflow
