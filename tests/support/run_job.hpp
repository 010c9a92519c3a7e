#pragma once
// All steps of a run in this process, as run_study takes them in workers.

#include "experiments/run/draws.hpp"
#include "experiments/run/steps.hpp"

namespace edgeflow::test {

inline Run run_job(const Job& job, const PlanOutcome& planned, const SimulationSetup& setup = {}) {
  Run run = begin_run(job, planned);
  validate(run, job);
  simulate(run, job, setup);
  report(run, job);
  draw(run, job, setup.timeout_s, [] {});
  return run;
}

inline Run run_job(const Job& job) { return run_job(job, plan(job)); }

}  // namespace edgeflow::test
