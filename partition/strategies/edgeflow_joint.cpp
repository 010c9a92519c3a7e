// `edgeflow-joint`: all layers of the DAG cut together.
//
// Problem: min over plans of the objective (partition/joint/objective.hpp; by default
// estimate(plan, Sharing::kMaxMin)): ranges of every layer's output on every device, one axis per
// layer (rows, columns in a model with a wide input, or that of the weights where these cannot be
// cut), ranges may overlap (recomputed rather than fetched).
// Algorithm: starts from the best of all other strategies, of prefix plans (shares up to a layer,
// then one device) and of whole models on few devices; then simulated annealing over boundaries and
// recompute bits, shifted together over intervals of layers. First it explores, on the 2, 3, 4
// fastest devices and on all, with an incremental schedule that handles layers in order
// (partition/joint/schedule.hpp). Then it refines: what passes the schedule is judged by an
// event-driven replay with fair sharing of links (partition/joint/replay.hpp), which is what the
// simulator does. After a first round the best of these choices of devices is refined beside the
// next larger one, which takes over its plan and takes its place when it has become better, in
// twelve rounds. Other objectives are computed anew for every change. Two threads; the result does
// not depend on their timing. Returns the best other strategy's own plan unless the search found
// one that is more than 1 % better.
// Complexity: effort * O(layers touched * devices + messages), for the replay all that happens
// after the first layer touched. Deterministic for equal effort and seed, unless time_limit stops
// the search. Limits: at most 16 devices are searched over (source, sink, and the fastest); the CPU
// time of messages counts only in the final choice and in energy and throughput.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "partition/joint/parallel_for.hpp"
#include "partition/joint/search.hpp"
#include "partition/options/options.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

constexpr std::string_view kName = "edgeflow-joint";
// A gain below this is within what estimates are good for.
constexpr double kLeastGain = 0.01;
constexpr double kMost = 1e12;  // of any option

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

joint::Objective objective_of(const Options& options, const Cluster& cluster) {
  joint::Objective objective;
  const std::string& goal = options.at("objective");
  if (goal == "energy") {
    objective.goal = joint::Goal::kEnergy;
    for (const Device& device : cluster.devices()) {
      if (std::isfinite(device.idle_W) && std::isfinite(device.busy_W)) continue;
      throw Infeasible(
          fmt::format("energy cannot be minimised: the power of {} is not known", device.name));
    }
  } else if (goal == "throughput") {
    objective.goal = joint::Goal::kThroughput;
  } else if (goal != "latency") {
    throw OptionError("objective",
                      fmt::format("is \"{}\", expected latency, energy or throughput", goal));
  }
  if (options.at("latency_limit") != "none") {
    objective.latency_limit_s = number(options, "latency_limit", kMost);
  }
  return objective;
}

joint::Settings settings_of(const Options& options, const Cluster& cluster) {
  joint::Settings settings;
  settings.objective = objective_of(options, cluster);
  if (options.at("effort") != "auto") settings.effort = whole_number(options, "effort", kMost);
  settings.seed = static_cast<std::uint64_t>(whole_number(options, "seed", kMost));
  if (options.at("time_limit") != "none") {
    settings.time_limit_s = number(options, "time_limit", kMost);
  }
  return settings;
}

/// What all other strategies that can serve the problem as it is propose, and edgeflow's lookahead,
/// if it fits the memory.
std::vector<Plan> other_plans(const Problem& problem) {
  std::vector<const StrategyInfo*> others{find_strategy("edgeflow")};
  for (const StrategyInfo& other : strategies()) {
    if (other.name != kName) others.push_back(&other);
  }
  std::vector<std::optional<Plan>> proposals(others.size());
  joint::parallel_for(others.size(), [&](std::size_t i) {
    try {
      Plan plan =
          make_plan(*others[i], problem, i == 0 ? Options{{"lookahead", "yes"}} : Options{});
      if (!memory_shortage(plan, problem.graph, problem.cluster, problem.size)) {
        proposals[i] = std::move(plan);
      }
    } catch (const Infeasible&) {   // then not this one
    } catch (const OptionError&) {  // one without defaults
    }
  });
  std::rotate(proposals.begin(), proposals.begin() + 1, proposals.end());  // others go first
  std::vector<Plan> plans;
  for (auto& proposal : proposals) {
    if (proposal) plans.push_back(*std::move(proposal));
  }
  return plans;
}

std::string why_not(const Problem& problem, const joint::Objective& objective, double least_s) {
  if (std::isfinite(least_s)) {
    return fmt::format(
        "no plan was found within {} s; the fastest of another strategy takes {:.4g} s",
        objective.latency_limit_s, least_s);
  }
  constexpr double kMiB = 1024.0 * 1024.0;
  double memory_bytes = 0;
  for (const Device& device : problem.cluster.devices()) memory_bytes += device.memory_bytes;
  return fmt::format(
      "no plan was found whose weights and largest unit fit every device's memory: the weights are "
      "{:.1f} MiB, all devices together hold {:.1f} MiB",
      problem.size.activation_bytes * static_cast<double>(totals(problem.graph).params) / kMiB,
      memory_bytes / kMiB);
}

}  // namespace

Plan plan_edgeflow_joint(const Problem& problem, const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  joint::Settings settings = settings_of(options, problem.cluster);
  const std::vector<Plan> others = other_plans(problem);
  const Plan* best = nullptr;
  double best_cost = std::numeric_limits<double>::infinity();
  double least_s = best_cost;
  for (const Plan& plan : others) {
    const joint::Judgement judgement = joint::judge(settings.objective, problem, plan);
    least_s = std::min(least_s, judgement.latency_s);
    if (judgement.cost >= best_cost) continue;
    best = &plan;
    best_cost = judgement.cost;
  }
  if (settings.time_limit_s > 0) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    settings.time_limit_s = std::max(settings.time_limit_s - spent.count(), 1e-3);
  }
  std::optional<Plan> found = joint::search(problem, others, settings);
  if (!found && !best) throw Infeasible(why_not(problem, settings.objective, least_s));
  if (found && (!best || joint::judge(settings.objective, problem, *found).cost <
                             (1 - kLeastGain) * best_cost)) {
    return *std::move(found);
  }
  Plan plan = *best;
  plan.strategy = kName;
  return plan;
}

}  // namespace edgeflow
