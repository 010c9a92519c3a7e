// `edgeflow-joint`: all layers of the DAG cut together.
//
// Problem: min over plans of estimate(plan, Sharing::kMaxMin): ranges of every layer's output on
// every device, one axis per layer, ranges may overlap (recomputed rather than fetched).
// Algorithm: starts from the best of all other strategies, of prefix plans (shares up to a layer,
// then one device) and of whole models on few devices; then simulated annealing over boundaries and
// recompute bits, shifted together over intervals of layers. A change is first judged by an
// incremental schedule that handles layers in order (partition/joint/schedule.hpp); what passes, in
// the later part of the search, by an event-driven replay with fair sharing of links
// (partition/joint/replay.hpp), which is what the simulator does. Returns the best other strategy's
// own plan unless the search found one that is more than 1 % faster.
// Complexity: effort * O(layers touched * devices + messages), for the replay all layers.
// Deterministic for equal effort and seed, unless time_limit stops the search.
// Limits: at most 16 devices are searched over (source, sink, and the fastest); objective: latency
// of one request.

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "partition/estimate.hpp"
#include "partition/joint/search.hpp"
#include "partition/strategies/strategies.hpp"
#include "partition/validate.hpp"

namespace edgeflow {
namespace {

constexpr std::string_view kName = "edgeflow-joint";
// A gain below this is within what estimates are good for.
constexpr double kLeastGain = 0.01;

double number(const Options& options, const std::string& key, double most) {
  const std::string& text = options.at(key);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= most)) {
    throw OptionError(key, fmt::format("is \"{}\", expected a number from 0 to {}", text, most));
  }
  return value;
}

std::int64_t whole_number(const Options& options, const std::string& key, double most) {
  const double value = number(options, key, most);
  if (value != std::floor(value)) {
    throw OptionError(key, fmt::format("is \"{}\", expected a whole number", options.at(key)));
  }
  return static_cast<std::int64_t>(value);
}

joint::Settings settings_of(const Options& options) {
  constexpr double kMost = 1e12;
  joint::Settings settings;
  if (options.at("effort") != "auto") settings.effort = whole_number(options, "effort", kMost);
  settings.seed = static_cast<std::uint64_t>(whole_number(options, "seed", kMost));
  if (options.at("time_limit") != "none")
    settings.time_limit_s = number(options, "time_limit", kMost);
  if (options.at("objective") != "latency") {
    throw OptionError("objective",
                      fmt::format("is \"{}\", expected latency", options.at("objective")));
  }
  return settings;
}

/// What all other strategies that can serve the problem as it is propose, if it fits the memory.
std::vector<Plan> other_plans(const Problem& problem) {
  std::vector<Plan> plans;
  for (const StrategyInfo& other : strategies()) {
    if (other.name == kName) continue;
    try {
      Plan plan = make_plan(other, problem, {});
      if (!memory_shortage(plan, problem.graph, problem.cluster, problem.size)) {
        plans.push_back(std::move(plan));
      }
    } catch (const Infeasible&) {   // then not this one
    } catch (const OptionError&) {  // one without defaults
    }
  }
  return plans;
}

}  // namespace

Plan plan_edgeflow_joint(const Problem& problem, const Options& options) {
  const joint::Settings settings = settings_of(options);
  const std::vector<Plan> others = other_plans(problem);
  const auto latency_s = [&](const Plan& plan) {
    return estimate(plan, problem.graph, problem.cluster, problem.size, {}, Sharing::kMaxMin)
        .latency_s;
  };
  const Plan* best = nullptr;
  double best_s = 0;
  for (const Plan& plan : others) {
    const double s = latency_s(plan);
    if (best && s >= best_s) continue;
    best = &plan;
    best_s = s;
  }
  std::optional<Plan> found = joint::search(problem, others, settings);
  if (!found && !best) {
    throw Infeasible("no plan was found whose weights and largest unit fit every device's memory");
  }
  if (found && (!best || latency_s(*found) < (1 - kLeastGain) * best_s)) return *std::move(found);
  Plan plan = *best;
  plan.strategy = kName;
  return plan;
}

}  // namespace edgeflow
