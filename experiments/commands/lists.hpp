#pragma once
// `edgeflow list`: what there is to choose from.

#include <string>

namespace edgeflow {

std::string list_strategies();
std::string list_models();
std::string list_devices();
std::string list_clusters();
std::string list_columns();

}  // namespace edgeflow
