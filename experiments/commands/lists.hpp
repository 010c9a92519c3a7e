#pragma once
// `edgeflow list`: what there is to choose from.

#include <nlohmann/json.hpp>
#include <string>

namespace edgeflow {

/// The same for people and for programs: a list of objects, quantities in the units that their
/// names say, null for what is not known.
struct Listing {
  std::string text;
  nlohmann::ordered_json json;
};

Listing list_strategies();
Listing list_models();
Listing list_devices();
Listing list_clusters();
Listing list_columns();
/// Rates and powers of devices, with their defaults.
Listing list_rates();
Listing list_messaging();
Listing list_networks();
Listing list_effects();
/// Operators of model files, with their attributes.
Listing list_operators();

}  // namespace edgeflow
