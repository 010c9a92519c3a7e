#include "partition/joint/search.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <numeric>

#include "partition/joint/two_at_a_time.hpp"
#include "partition/joint/walk.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow::joint {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// For `effort` 0 such that one waits less than two seconds, with the plans of other strategies,
/// whose time grows about with layers and devices.
Budget budget_of(std::int64_t effort, const Problem& problem) {
  if (effort > 0) return {static_cast<double>(effort), kInfinity};
  constexpr double kWork = 3.3e9;  // on two threads together
  constexpr double kOthersWork = 4.5e5;
  constexpr double kLeastWork = 1e9;
  const auto devices = static_cast<double>(std::min(problem.cluster.size(), kMaxDevices));
  const double others = kOthersWork * static_cast<double>(problem.graph.size()) * devices;
  return {0, std::max(kWork - others, kLeastWork)};
}

/// The best plan so far, as simulated.
class Best {
 public:
  Best(const Problem& problem, const Objective& objective)
      : problem_(problem), objective_(objective) {}

  void offer(const Schedule& schedule) {
    Plan plan =
        build_plan(problem_.graph, problem_.cluster, schedule.assignment(), "edgeflow-joint");
    const double cost = judge(objective_, problem_, plan).cost;
    if (cost >= cost_) return;
    if (memory_shortage(plan, problem_.graph, problem_.cluster, problem_.size)) return;
    cost_ = cost;
    plan_ = std::move(plan);
  }
  std::optional<Plan> take() { return std::move(plan_); }

 private:
  const Problem& problem_;
  const Objective& objective_;
  std::optional<Plan> plan_;
  double cost_ = kInfinity;
};

/// The `count` fastest devices, with source and sink, in the cluster's order.
std::vector<DeviceId> fastest(const Problem& problem, std::size_t count) {
  const std::vector<double> time_s = whole_model_times_s(problem.graph, problem.cluster);
  std::vector<std::size_t> order(time_s.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto at_end = [&](std::size_t d) {
    return DeviceId{static_cast<std::int32_t>(d)} == problem.cluster.source() ||
           DeviceId{static_cast<std::int32_t>(d)} == problem.cluster.sink();
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return at_end(a) != at_end(b) ? at_end(a) : time_s[a] < time_s[b];
  });
  order.resize(std::min(order.size(), count));
  std::sort(order.begin(), order.end());
  std::vector<DeviceId> devices;
  for (std::size_t d : order) devices.push_back(DeviceId{static_cast<std::int32_t>(d)});
  return devices;
}

using Walks = std::vector<std::unique_ptr<Walk>>;

/// On the 2, 3 and 4 fastest devices and on all, each also from its best plan of several devices if
/// a single one is better; those that found a plan.
Walks start_walks(const Problem& problem, const std::vector<Plan>& known, const Settings& settings,
                  const Clock& clock) {
  constexpr std::int64_t kPrefixMoves = 300;
  const std::int64_t prefix_moves =
      settings.effort > 0 ? std::min(settings.effort / 50, kPrefixMoves) : kPrefixMoves;
  const std::size_t all = std::min(problem.cluster.size(), kMaxDevices);
  std::vector<std::size_t> counts{2, 3, 4};
  while (!counts.empty() && counts.back() >= all) counts.pop_back();
  counts.push_back(all);
  const Tables tables(problem, fastest(problem, all));
  Walks walks(2 * counts.size());
  two_at_a_time(counts.size(), [&](std::size_t c) {
    const auto on = std::make_shared<const Tables>(tables.on(fastest(problem, counts[c])));
    auto walk = std::make_unique<Walk>(on, settings.seed, settings.objective, clock);
    walk->start(known, prefix_moves);
    auto divided = std::make_unique<Walk>(on, settings.seed, settings.objective, clock);
    if (divided->start_divided(*walk)) walks[2 * c + 1] = std::move(divided);
    walks[2 * c] = std::move(walk);
  });
  std::erase_if(walks, [](const auto& walk) { return !walk || walk->best_cost() == kInfinity; });
  return walks;
}

/// Those that cost at most `times` the best.
std::vector<Walk*> within(const Walks& walks, double times) {
  double least_cost = kInfinity;
  for (const auto& walk : walks) least_cost = std::min(least_cost, walk->best_cost());
  std::vector<Walk*> result;
  for (const auto& walk : walks) {
    if (walk->best_cost() <= times * least_cost) result.push_back(walk.get());
  }
  return result;
}

Walk* most_promising(const Walks& walks) {
  Walk* best = nullptr;
  for (const auto& walk : walks) {
    if (!best || walk->promise() < best->promise()) best = walk.get();
  }
  return best;
}

/// Of the walks on the next larger choice of devices the one that promises most; nothing if there
/// is no larger one.
Walk* next_larger(const Walks& walks, const Walk& than) {
  Walk* best = nullptr;
  const auto rank = [](const Walk& walk) {
    return std::pair(walk.tables().devices, walk.promise());
  };
  for (const auto& walk : walks) {
    if (walk->tables().devices <= than.tables().devices) continue;
    if (!best || rank(*walk) < rank(*best)) best = walk.get();
  }
  return best;
}

/// Refines for a while all walks that are not far behind; then the one that promises most and
/// beside it one on more devices that goes on from what the former finds: on few devices there is
/// less to decide, on more there may be more to gain. When more devices have proved better, the
/// next larger choice joins; where there is none, the same devices with other random numbers.
void refine(Walks& walks, const Budget& budget, std::uint64_t seed) {
  constexpr int kRounds = 12;
  constexpr int kApart = 4;  // of these, before the two take over each other's plans
  constexpr double kOutgrown = 0.995;
  constexpr double kNear = 1.12;
  const auto companion = [&](const Walk& of) {
    Walk* walk = next_larger(walks, of);
    if (!walk) {
      walks.push_back(of.fork(seed + 1));
      walk = walks.back().get();
    }
    walk->adopt(of);
    return walk;
  };
  std::vector<Walk*> candidates = within(walks, kNear);
  const Budget share =
      budget.part(1 / (static_cast<double>(candidates.size()) + 2 * (kRounds - 1)));
  const auto refine_all = [&](const auto& some, int round) {
    two_at_a_time(some.size(), [&](std::size_t k) {
      some[k]->refine(share, static_cast<double>(round) / kRounds,
                      static_cast<double>(round + 1) / kRounds);
    });
  };
  refine_all(candidates, 0);
  Walk* lead = most_promising(walks);
  Walk* other = companion(*lead);
  for (int round = 1; round < kRounds; ++round) {
    refine_all(std::array{lead, other}, round);
    if (&lead->tables() != &other->tables() && other->best_cost() < kOutgrown * lead->best_cost()) {
      lead = other;
      other = companion(*lead);
    } else if (round + 1 >= kApart) {
      lead->adopt(*other);
      other->adopt(*lead);
    }
  }
}

}  // namespace

/// Explores several choices of devices that are not too far behind the best, then refines.
std::optional<Plan> search(const Problem& problem, const std::vector<Plan>& known,
                           const Settings& settings, std::int64_t* moves) {
  constexpr double kExploreShare = 0.15;  // of the budget
  constexpr double kFar = 1.3;
  const Clock clock(settings.time_limit_s);
  const Budget budget = budget_of(settings.effort, problem);
  Walks walks = start_walks(problem, known, settings, clock);
  if (walks.empty()) return std::nullopt;
  const std::vector<Walk*> explorers = within(walks, kFar);
  const Budget pilot = budget.part(kExploreShare / static_cast<double>(explorers.size()));
  two_at_a_time(explorers.size(), [&](std::size_t w) { explorers[w]->explore(pilot); });
  refine(walks, budget.part(1 - kExploreShare), settings.seed);
  Best best(problem, settings.objective);
  for (const auto& walk : walks) {
    best.offer(walk->best_schedule());
    if (moves) *moves += walk->moves();
  }
  return best.take();
}

}  // namespace edgeflow::joint
