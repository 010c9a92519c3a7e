#pragma once
// What SimGrid 3.32 (Debian 12) and 4.0 (Debian 13) call by different names.

#include <simgrid/version.h>

#include <functional>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>

namespace edgeflow::simgrid_versions {

namespace sg4 = simgrid::s4u;
using simgrid::kernel::routing::NetPoint;

#if SIMGRID_VERSION_MAJOR >= 4

inline constexpr const char* kTimingPrecision = "precision/timing";

inline sg4::NetZone* add_full_zone(sg4::Engine& engine, const std::string& name) {
  return engine.get_netzone_root()->add_netzone_full(name);
}
inline sg4::NetZone* add_star_zone(sg4::Engine& engine, const std::string& name) {
  return engine.get_netzone_root()->add_netzone_star(name);
}
/// With as many states as speeds, the first one to begin with.
inline sg4::Host* add_host(sg4::NetZone& zone, const std::string& name,
                           const std::vector<double>& flops_per_s) {
  return zone.add_host(name, flops_per_s);
}
inline sg4::Link* add_link(sg4::NetZone& zone, const std::string& name, double bandwidth_Bps) {
  return zone.add_link(name, bandwidth_Bps);
}
/// One way.
inline void add_route(sg4::NetZone& zone, NetPoint* from, NetPoint* to,
                      const std::vector<sg4::LinkInRoute>& links) {
  zone.add_route(from, to, links, /*symmetrical=*/false);
}
/// Of executions and communications.
inline void on_completion(const std::function<void(const sg4::Activity&)>& callback) {
  sg4::Exec::on_completion_cb(callback);
  sg4::Comm::on_completion_cb(callback);
}

#else

inline constexpr const char* kTimingPrecision = "surf/precision";

inline sg4::NetZone* add_full_zone(sg4::Engine& /*engine*/, const std::string& name) {
  return sg4::create_full_zone(name);
}
inline sg4::NetZone* add_star_zone(sg4::Engine& /*engine*/, const std::string& name) {
  return sg4::create_star_zone(name);
}
/// With as many states as speeds, the first one to begin with.
inline sg4::Host* add_host(sg4::NetZone& zone, const std::string& name,
                           const std::vector<double>& flops_per_s) {
  return zone.create_host(name, flops_per_s);
}
inline sg4::Link* add_link(sg4::NetZone& zone, const std::string& name, double bandwidth_Bps) {
  return zone.create_link(name, bandwidth_Bps);
}
/// One way.
inline void add_route(sg4::NetZone& zone, NetPoint* from, NetPoint* to,
                      const std::vector<sg4::LinkInRoute>& links) {
  zone.add_route(from, to, nullptr, nullptr, links, /*symmetrical=*/false);
}
/// Of executions and communications.
inline void on_completion(const std::function<void(const sg4::Activity&)>& callback) {
  sg4::Activity::on_completion_cb(callback);
}

#endif

}  // namespace edgeflow::simgrid_versions
