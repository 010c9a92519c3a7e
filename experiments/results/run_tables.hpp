#pragma once
// What happened in one run, as CSV tables; `edgeflow list columns` explains them.

#include <string>
#include <vector>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"
#include "experiments/results/table.hpp"

namespace edgeflow {

std::string requests_csv(const SimulationResult& result, const Scenario& scenario);
std::string devices_csv(const Run& run, const Scenario& scenario);
std::string links_csv(const Run& run, const Scenario& scenario);
std::string draws_csv(const RunReport& report, const Scenario& scenario);
/// Which plan each stream had when, or none, with what came of it.
std::string plans_csv(const Run& run, const Scenario& scenario);

/// What their columns mean.
std::vector<TableInfo> run_tables();

}  // namespace edgeflow
