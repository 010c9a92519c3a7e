#include "partition/joint/search.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <numeric>

#include "partition/joint/local_search.hpp"
#include "partition/joint/parallel_for.hpp"
#include "partition/plans/builder.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow::joint {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// For `effort` 0 such that one waits two seconds for up to eight devices, with the plans of other
/// strategies, whose time grows about with layers and devices, and more for more devices. Up to
/// eight, it does not depend on how many there are: more devices do not take time from fewer.
Budget budget_of(std::int64_t effort, const Problem& problem) {
  if (effort > 0) return {static_cast<double>(effort), kInfinity};
  constexpr double kFew = 8;
  constexpr double kWork = 3.3e9;  // for these, on two threads together
  constexpr double kOthersWork = 4.5e5;
  constexpr double kLeastWork = 1e9;
  const auto all = static_cast<double>(std::min(problem.cluster.size(), kMaxDevices));
  const double others = kOthersWork * static_cast<double>(problem.graph.size()) * kFew;
  return {0, std::max(kWork - others, kLeastWork) * std::max(all / kFew, 1.0)};
}

/// The best plan so far, as simulated.
class Best {
 public:
  Best(const Problem& problem, const Objective& objective)
      : problem_(problem), objective_(objective) {}

  void offer(const Schedule& schedule) {
    Plan plan =
        build_plan(problem_.graph, problem_.cluster, schedule.assignment(), "edgeflow-joint");
    const ExecutablePlan executable(plan, problem_.graph, problem_.cluster, problem_.size);
    const double cost = judge(objective_, executable).cost;
    if (cost >= cost_ || memory_shortage(executable)) return;
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

using LocalSearches = std::vector<std::unique_ptr<LocalSearch>>;

/// On the 2, 3, 4, 6, 8, 12, 16 and 24 fastest devices and on all, each also from its best plan of
/// several devices if a single one is better; those that found a plan.
LocalSearches start_searches(const Problem& problem, const std::vector<Plan>& known,
                             const Settings& settings, const Clock& clock) {
  constexpr std::int64_t kPrefixMoves = 300;
  const std::int64_t prefix_moves =
      settings.effort > 0 ? std::min(settings.effort / 50, kPrefixMoves) : kPrefixMoves;
  const std::size_t all = std::min(problem.cluster.size(), kMaxDevices);
  std::vector<std::size_t> counts{2, 3, 4, 6, 8, 12, 16, 24};
  while (!counts.empty() && counts.back() >= all) counts.pop_back();
  counts.push_back(all);
  const CostTables tables(problem, fastest(problem, all));
  LocalSearches searches(2 * counts.size());
  parallel_for(counts.size(), [&](std::size_t c) {
    const auto on = std::make_shared<const CostTables>(tables.on(fastest(problem, counts[c])));
    auto search = std::make_unique<LocalSearch>(on, settings.seed, settings.objective, clock);
    search->start(known, prefix_moves);
    auto divided = std::make_unique<LocalSearch>(on, settings.seed, settings.objective, clock);
    if (divided->start_divided(*search)) searches[2 * c + 1] = std::move(divided);
    searches[2 * c] = std::move(search);
  });
  std::erase_if(searches,
                [](const auto& search) { return !search || search->best_cost() == kInfinity; });
  return searches;
}

/// Those that cost at most `times` the best.
std::vector<LocalSearch*> within(const LocalSearches& searches, double times) {
  double least_cost = kInfinity;
  for (const auto& search : searches) least_cost = std::min(least_cost, search->best_cost());
  std::vector<LocalSearch*> result;
  for (const auto& search : searches) {
    if (search->best_cost() <= times * least_cost) result.push_back(search.get());
  }
  return result;
}

LocalSearch* most_promising(const LocalSearches& searches) {
  LocalSearch* best = nullptr;
  for (const auto& search : searches) {
    if (!best || search->promise() < best->promise()) best = search.get();
  }
  return best;
}

/// Of the searches on the next larger choice of devices the one that promises most; nothing if
/// there is no larger one.
LocalSearch* next_larger(const LocalSearches& searches, const LocalSearch& than) {
  LocalSearch* best = nullptr;
  const auto rank = [](const LocalSearch& search) {
    return std::pair(search.tables().devices, search.promise());
  };
  for (const auto& search : searches) {
    if (search->tables().devices <= than.tables().devices) continue;
    if (!best || rank(*search) < rank(*best)) best = search.get();
  }
  return best;
}

/// Refines for a while all searches that are not far behind; then the one that promises most and
/// beside it one on more devices that goes on from what the former finds: on few devices there is
/// less to decide, on more there may be more to gain. When more devices have proved better, the
/// next larger choice joins; where there is none, the same devices with other random numbers.
/// After some rounds apart each takes over the other's plan if it is better, and tries parts of it.
void refine(LocalSearches& searches, const Budget& budget, std::uint64_t seed) {
  constexpr int kRounds = 24;
  constexpr int kApart = 8;  // of these, before the two take over each other's plans
  constexpr double kOutgrown = 0.96;
  constexpr double kNear = 1.12;
  const auto companion = [&](const LocalSearch& of) {
    LocalSearch* search = next_larger(searches, of);
    if (!search) {
      searches.push_back(of.fork(seed + 1));
      search = searches.back().get();
    }
    search->adopt(of);
    return search;
  };
  std::vector<LocalSearch*> candidates = within(searches, kNear);
  const Budget share =
      budget.part(1 / (static_cast<double>(candidates.size()) + 2 * (kRounds - 1)));
  const auto refine_all = [&](const auto& some, int round) {
    parallel_for(some.size(), [&](std::size_t k) {
      some[k]->refine(share, static_cast<double>(round) / kRounds,
                      static_cast<double>(round + 1) / kRounds);
    });
  };
  refine_all(candidates, 0);
  LocalSearch* lead = most_promising(searches);
  LocalSearch* other = companion(*lead);
  for (int round = 1; round < kRounds; ++round) {
    refine_all(std::array{lead, other}, round);
    if (&lead->tables() != &other->tables() && other->best_cost() < kOutgrown * lead->best_cost()) {
      lead = other;
      other = companion(*lead);
    } else if (round + 1 >= kApart) {
      lead->adopt(*other);
      other->adopt(*lead);
      lead->learn(*other);
      other->learn(*lead);
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
  LocalSearches searches = start_searches(problem, known, settings, clock);
  if (searches.empty()) return std::nullopt;
  const std::vector<LocalSearch*> explorers = within(searches, kFar);
  const Budget pilot = budget.part(kExploreShare / static_cast<double>(explorers.size()));
  parallel_for(explorers.size(), [&](std::size_t w) { explorers[w]->explore(pilot); });
  refine(searches, budget.part(1 - kExploreShare), settings.seed);
  Best best(problem, settings.objective);
  for (const auto& search : searches) {
    best.offer(search->best_schedule());
    if (moves) *moves += search->moves();
  }
  return best.take();
}

}  // namespace edgeflow::joint
