#pragma once
// What devices and clusters show alike of a compute profile.

#include <nlohmann/json.hpp>
#include <string>

#include "platforms/device.hpp"

namespace edgeflow {

/// Infinities and NaN, which have no place in JSON, as null.
nlohmann::ordered_json number_json(double value);

/// All that a profile says, in SI units.
nlohmann::ordered_json compute_json(const ComputeProfile& compute);

/// "15.5 GMAC/s", "33.6 us", "0.25", or "-".
std::string rate_text(const Rate& rate, double value);

/// `value` times `scale` with its unit, or "-" if it is not known or has no limit.
std::string or_dash(double value, double scale, const char* unit);

}  // namespace edgeflow
