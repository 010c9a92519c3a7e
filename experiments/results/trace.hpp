#pragma once
// trace.json: what happened, to look at in ui.perfetto.dev or chrome://tracing.
//
// Chrome's trace events, written while the simulation runs, times in microseconds. A process per
// device: its units and the CPU work of its messages on track 0 (on more if `queueing` is ablated:
// tracks never overlap), its outgoing messages on as many tracks from 1000 on as are under way
// together, a counter of its memory. Arrows lead from the unit that sends to the message to the
// first unit that it serves. Each further stream of the scenario has tracks of its own, 1,000,000
// later. What failures aborted is there until then, without arrows; with the policy `replan`, one
// more process shows which plan each stream had when.

#include <filesystem>
#include <memory>

#include "experiments/jobs/job.hpp"
#include "experiments/jobs/report.hpp"
#include "sim/records/recorder.hpp"

namespace edgeflow {

/// The arguments must outlive the recorder.
std::unique_ptr<Recorder> make_trace(const std::filesystem::path& folder, const Plans& plans,
                                     const Scenario& scenario);

}  // namespace edgeflow
