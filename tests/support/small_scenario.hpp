#pragma once
// A scenario of five keys, read with changes.

#include <string>
#include <vector>

#include "experiments/scenario/resolve.hpp"
#include "experiments/scenario/scenario.hpp"
#include "tests/support/input_error.hpp"

namespace edgeflow::test {

inline const std::string kSmall =
    "schema: 1\n"
    "name: small\n"
    "model: squeezenet1_1\n"
    "cluster:\n"
    "  network: {type: switch, bandwidth: 100Mbps, latency: 0.5ms}\n"
    "  devices: [{type: rpi4, count: 2}]\n"
    "strategy: single\n";

inline Scenario read(const std::string& text, const std::vector<std::string>& changes = {}) {
  Document document(text, "small.yaml");
  for (const std::string& change : changes) override_scenario(document, change);
  ModelCache cache;
  return read_scenario(document.root(), cache);
}

/// What is wrong with it, as users are told; "no error" if nothing is.
inline std::string mistake(const std::string& text, const std::vector<std::string>& changes = {}) {
  return error_of([&] { (void)read(text, changes); });
}

inline std::string hash(const Scenario& scenario) {
  return config_hash(scenario, scenario.strategies.front());
}

}  // namespace edgeflow::test
