// `edgeflow-joint`: all layers of the DAG cut together.
//
// Problem: min over plans of the objective (partition/joint/objective.hpp; by default
// estimate(plan, Sharing::kMaxMin)): ranges of every layer's output on every device, one axis per
// layer (rows, columns in a model with a wide input, or that of the weights where these cannot be
// cut), ranges may overlap (recomputed rather than fetched).
// Algorithm: simulated annealing over boundaries and recompute bits, shifted together over
// intervals of layers:
//   start    from the best of the other strategies (other_plans), of prefix plans (shares up to a
//            layer, then one device) and of whole models on few devices;
//   explore  on the 2, 3, 4, 6, 8, ... fastest devices and on all, with an incremental schedule
//            that handles layers in order (partition/joint/schedule.hpp);
//   refine   what passes the schedule is judged by an event-driven replay with fair sharing of
//            links (partition/joint/replay.hpp), which is what the simulator does. After a first
//            round the best of these choices of devices is refined beside the next larger one,
//            which takes over its plan and takes its place when it has become better, in twelve
//            rounds.
// Other objectives are computed anew for every change. Two threads; the result does not depend on
// their timing. Returns the best other strategy's own plan unless the search found a better one.
// Complexity: effort * O(layers touched * devices + messages), for the replay all that happens
// after the first layer touched. Deterministic for equal effort and seed, unless time_limit stops
// the search.
// Limits: at most 32 devices are searched over (source, sink, and the fastest); the CPU time of
// messages counts only in the final choice and in energy and throughput.
// Paper: none, ours; never slower by the estimate than the other strategies that it starts from.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include "partition/joint/parallel_for.hpp"
#include "partition/joint/search.hpp"
#include "partition/plans/problem.hpp"
#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

joint::Objective objective_of(const OptionValues& options, const Cluster& cluster) {
  joint::Objective objective;
  const std::string_view goal = options.word("objective");
  if (goal == "energy") {
    objective.goal = joint::Goal::kEnergy;
    for (const Device& device : cluster.devices()) {
      if (std::isfinite(device.idle_W) && std::isfinite(device.busy_W)) continue;
      throw Infeasible(
          fmt::format("energy cannot be minimised: the power of {} is not known", device.name));
    }
  } else if (goal == "throughput") {
    objective.goal = joint::Goal::kThroughput;
  }
  objective.latency_limit_s = options.get_or("latency_limit", objective.latency_limit_s);
  return objective;
}

joint::Settings settings_of(const OptionValues& options, const Cluster& cluster) {
  joint::Settings settings;
  settings.objective = objective_of(options, cluster);
  settings.effort = options.get_or("effort", settings.effort);
  settings.seed = static_cast<std::uint64_t>(options.get<std::int64_t>("seed"));
  settings.time_limit_s = options.get_or("time_limit", settings.time_limit_s);
  return settings;
}

/// A strategy to start from.
struct Other {
  const StrategyInfo& strategy;
  Options options{};
};

/// What these strategies propose, in this order, as far as they can serve the problem.
std::vector<Plan> other_plans(const Problem& problem) {
  const std::array<Other, 15> others{{{kSingle},
                                      {kEven},
                                      {kProportional},
                                      {kModnn},
                                      {kDeepthings},
                                      {kDeeperthings},
                                      {kAofl},
                                      {kCoedge},
                                      {kCutpoint},
                                      {kNeurosurgeon},
                                      {kDads},
                                      {kHeft},
                                      {kPipeline},
                                      {kEdgeflow},
                                      {kEdgeflow, {{"lookahead", "yes"}}}}};
  std::vector<std::optional<Plan>> proposals(others.size());
  joint::parallel_for(others.size(), [&](std::size_t i) {
    const std::size_t at = (i + others.size() - 1) % others.size();  // the slowest one first
    try {
      proposals[at] = make_plan(others[at].strategy, problem, others[at].options);
    } catch (const Infeasible&) {  // then not this one
    }
  });
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

Plan plan(const Problem& problem, const OptionValues& options) {
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
  if (found && (!best || joint::judge(settings.objective, problem, *found).cost < best_cost)) {
    return *std::move(found);
  }
  Plan plan = *best;
  plan.strategy = kEdgeflowJoint.name;
  return plan;
}

constexpr std::array kOptions{
    OptionInfo{.key = "effort",
               .type = OptionType::kWhole,
               .words = {"auto"},
               .default_value = "auto",
               .meaning = "plans to evaluate; auto: what takes about 2 s"},
    OptionInfo{.key = "seed",
               .type = OptionType::kWhole,
               .default_value = "1",
               .meaning = "of the random changes"},
    OptionInfo{.key = "time_limit",
               .type = OptionType::kSeconds,
               .words = {"none"},
               .default_value = "none",
               .meaning = "stops the search early; a plan that it stopped is not reproducible"},
    OptionInfo{
        .key = "objective",
        .words = {"latency", "energy", "throughput"},
        .default_value = "latency",
        .meaning =
            "what is best: least latency or energy of a request, or shortest period of a stream"},
    OptionInfo{.key = "latency_limit",
               .type = OptionType::kSeconds,
               .words = {"none"},
               .default_value = "none",
               .meaning = "what one request may take at most"},
};

}  // namespace

constinit const StrategyInfo kEdgeflowJoint{
    .name = "edgeflow-joint",
    .summary = "all layers together, by search from the best of the other strategies",
    .paper = "ours; boundaries and recompute bits by simulated annealing",
    .objective = "latency; or energy, throughput (`objective`)",
    .options = kOptions,
    .plan = plan,
};

}  // namespace edgeflow
