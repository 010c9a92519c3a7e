#pragma once
// units.csv and transfers.csv, written while the simulation runs: a row per event, in the order in
// which they end.

#include <filesystem>
#include <memory>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"
#include "experiments/results/table.hpp"
#include "sim/records/recorder.hpp"

namespace edgeflow {

/// The arguments must outlive the recorder.
std::unique_ptr<Recorder> make_event_tables(const std::filesystem::path& folder, const Plans& plans,
                                            const Scenario& scenario);

/// Cuts off what is half a line at their ends: a simulation that was killed leaves what it had
/// written. Those that are not there do not matter.
void drop_half_lines(const std::filesystem::path& folder);

/// What their columns mean.
std::vector<TableInfo> event_tables();

std::string_view to_string(UnitKind kind);

}  // namespace edgeflow
