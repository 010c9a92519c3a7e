#include "sim/simulate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "sim/platform.hpp"
#include "sim/runtime.hpp"
#include "sim/tables.hpp"

namespace edgeflow {
namespace {

void check_arrivals(const SimulationOptions& options) {
  const std::vector<double>& arrivals_s = options.arrivals_s;
  if (arrivals_s.empty()) throw std::invalid_argument("no request arrives");
  const bool dates = std::ranges::all_of(
      arrivals_s, [](double date_s) { return std::isfinite(date_s) && date_s >= 0; });
  if (!dates || !std::ranges::is_sorted(arrivals_s)) {
    throw std::invalid_argument("arrivals must be ascending, finite and not negative");
  }
}

SimulationResult run_engine(const Plan& plan, const Graph& graph, const Cluster& cluster,
                            const ElementSize& size, const SimulationOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  check_arrivals(options);
  const PlanTables tables = make_tables(plan, graph, cluster, size, options.effects);
  if (tables.results == 0) throw std::invalid_argument("the plan brings no result to the sink");
  simgrid::s4u::Engine& engine = create_engine(options.network_model);
  const auto hosts = build_platform(cluster, options.effects);
  Runtime runtime(plan, graph, cluster, tables, options, hosts);
  SimulationResult result = runtime.run(engine, hosts);

  std::ranges::sort(result.units, {}, [](const UnitRecord& record) {
    return std::pair(record.request, record.unit);
  });
  std::ranges::sort(result.transfers, {}, [](const TransferRecord& record) {
    return std::pair(record.request, record.message);
  });
  result.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace

SimulationResult simulate(const Plan& plan, const Graph& graph, const Cluster& cluster,
                          const ElementSize& size, const SimulationOptions& options) {
  return run_in_child([&] { return run_engine(plan, graph, cluster, size, options); },
                      options.timeout_s);
}

}  // namespace edgeflow
