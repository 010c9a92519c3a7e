#include "partition/joint/search.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "partition/estimate.hpp"
#include "partition/joint/meter.hpp"
#include "partition/joint/moves.hpp"
#include "partition/joint/random.hpp"
#include "partition/joint/replay.hpp"
#include "partition/joint/schedule.hpp"
#include "partition/joint/starts.hpp"
#include "partition/joint/two_at_a_time.hpp"
#include "partition/strategies/strategies.hpp"
#include "partition/validate.hpp"

namespace edgeflow::joint {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class Clock {
 public:
  explicit Clock(double limit_s) : limit_s_(limit_s) {}
  bool up() const {
    if (limit_s_ <= 0) return false;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    return spent.count() > limit_s_;
  }

 private:
  double limit_s_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// How long to search: as plans to evaluate, or as work, which counts what takes time.
struct Budget {
  double moves = 0;  // 0: no limit
  double work = kInfinity;

  double progress(double moves_done, double work_done) const {
    return std::max(moves > 0 ? moves_done / moves : 0, work_done / work);
  }
  Budget part(double share) const { return {moves * share, work * share}; }
};

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

/// The search on one list of devices.
class Walk {
 public:
  Walk(std::shared_ptr<const Tables> tables, std::uint64_t seed, const Objective& objective,
       const Clock& clock)
      : shared_(std::move(tables)),
        tables_(*shared_),
        schedule_(tables_),
        replay_(schedule_),
        random_(seed),
        moves_(schedule_, random_),
        meter_(schedule_, objective),
        objective_(objective),
        latency_(objective.goal == Goal::kLatency),
        limit_s_(objective.latency_limit_s),
        clock_(clock) {}

  /// Tries plans to start from.
  void start(const std::vector<Plan>& known, std::int64_t effort) {
    search_prefix(schedule_, replay_, random_, effort);
    consider();
    for (const Plan& plan : known) {
      if (clock_.up()) break;
      schedule_.load(from_plan(tables_, plan));
      consider();
    }
    if (!tables_.memory_limited) return;
    schedule_.load(by_memory(tables_));
    consider();
  }

  /// Simulated annealing from the best plan so far, which stays if nothing better is found; for the
  /// latency by the schedule alone: many plans in little time. Precondition: best_cost() is finite.
  void explore(const Budget& budget) {
    rewind();
    schedule_best_ = best_genome_;
    schedule_best_s_ = schedule_.latency_s();
    anneal(budget, latency_ ? &Walk::step : &Walk::step_by_cost, kExploring);
    if (!latency_) return;
    schedule_.load(schedule_best_);
    consider();
  }

  /// The same at less heat, for the latency by replays: the part of it from `begin` to `end`, as
  /// fractions of the whole, of which `budget` is for this part.
  void refine(const Budget& budget, double begin, double end) {
    if (!under_way_) rewind();
    if (!latency_) {
      under_way_ = true;
      return anneal(budget, &Walk::step_by_cost, kRefining, begin, end);
    }
    if (!under_way_) {
      replay_.latency_s();
      replay_.accept();
      moves_.follow(&replay_);
      under_way_ = true;
    }
    anneal(budget, &Walk::step_by_replay, kRefining, begin, end);
  }

  /// Takes over the best plan of `other`, maybe on other devices, if it promises more and is better
  /// here.
  void adopt(const Walk& other) {
    if (other.promise() >= promise()) return;
    schedule_.load(carry_over(tables_, other.tables_, other.best_genome_));
    under_way_ = false;
    consider();
  }

  /// A walk from the best plan so far, with other random numbers.
  std::unique_ptr<Walk> fork(std::uint64_t seed) const {
    auto walk = std::make_unique<Walk>(shared_, seed, objective_, clock_);
    walk->best_cost_ = best_cost_;
    walk->best_genome_ = best_genome_;
    return walk;
  }
  /// Starts from the best plan of `other`, on the same devices, in which several devices compute,
  /// if that is not its best plan anyway. Returns whether there is such a plan.
  bool start_divided(const Walk& other) {
    if (other.divided_cost_ == kInfinity || other.divided_cost_ == other.best_cost_) return false;
    best_cost_ = other.divided_cost_;
    best_genome_ = other.divided_genome_;
    return true;
  }

  void offer(Best& best) {
    rewind();
    best.offer(schedule_);
  }

  const Tables& tables() const { return tables_; }
  double best_cost() const { return best_cost_; }
  /// The best cost, or a little more if from a single device: it is hard to get away from there by
  /// small changes, and what has been found is not lost.
  double promise() const { return divided(best_genome_) ? best_cost_ : kDeadEnd * best_cost_; }
  const Statistics& statistics() const { return statistics_; }

 private:
  /// About the nanoseconds spent, but deterministic.
  double work() const {
    const double node = static_cast<double>(tables_.devices * tables_.edges.size()) /
                        static_cast<double>(tables_.layers);
    const double nodes = static_cast<double>(tables_.layers);
    const Schedule::Effort& done = schedule_.effort();
    return kMoveCost * static_cast<double>(statistics_.moves) +
           kShapeCost * static_cast<double>(done.shapes) +
           kSendsCost * node * static_cast<double>(done.sends) +
           kStepCost * node * static_cast<double>(done.steps) +
           kTailCost * node * static_cast<double>(done.tails) +
           kReplayCost * node * nodes * static_cast<double>(statistics_.replays) +
           kEventCost * static_cast<double>(replay_.events()) +
           kRateCost * static_cast<double>(replay_.rates());
  }

  /// How a walk is annealed.
  struct Heat {
    double first;  // temperatures, of the cost at the start
    double last;
    double coarse_share;   // of the budget, in which some moves are coarse
    double coarse_chance;  // of a move then

    double at(double progress) const { return first * std::pow(last / first, progress); }
  };

  void anneal(const Budget& budget, void (Walk::*try_step)(double temperature), const Heat& heat,
              double begin = 0, double end = 1) {
    if (tables_.devices < 2 || tables_.layers < 2) return;
    const double scale = best_cost_;
    const double work_before = work();
    for (std::int64_t i = 0;; ++i) {
      const double part = budget.progress(static_cast<double>(i), work() - work_before);
      const double progress = begin + part * (end - begin);
      if (part >= 1 || (i % 64 == 0 && clock_.up())) break;
      if (progress < heat.coarse_share && random_.chance(heat.coarse_chance)) {
        moves_.coarse();
      } else {
        moves_.fine();
      }
      ++statistics_.moves;
      (this->*try_step)(scale * heat.at(progress));
    }
  }

  /// The rise that is tolerated this time.
  double slack(double temperature) { return -temperature * std::log(1 - random_.uniform()); }

  void step(double temperature_s) {
    if (!schedule_.try_change(schedule_.latency_s() + slack(temperature_s)) ||
        !schedule_.fits_memory()) {
      return schedule_.reject();
    }
    schedule_.accept();
    if (schedule_.latency_s() < schedule_best_s_) {
      schedule_best_s_ = schedule_.latency_s();
      schedule_best_ = schedule_.genome();
    }
  }

  void step_by_replay(double temperature_s) {
    const double screen_s = schedule_.latency_s() * (1 + kScreen) + slack(temperature_s);
    const double limit_s = current_ + slack(temperature_s);
    if (!schedule_.looks_good(screen_s) || !schedule_.fits_memory()) {
      return schedule_.reject();
    }
    ++statistics_.replays;
    const double replayed_s = replay_.changed_latency_s(limit_s);
    if (replayed_s == kInfinity) {
      return schedule_.reject();
    }
    schedule_.complete();
    replay_.accept();
    take(replayed_s);
  }

  void step_by_cost(double temperature) {
    const double threshold = current_ + slack(temperature);
    if (!schedule_.looks_good(limit_s_ * (1 + kScreen)) || !schedule_.fits_memory()) {
      return schedule_.reject();
    }
    schedule_.complete();
    double cost = meter_.cost(schedule_.changed_latency_s());
    if (cost < threshold && (cost < best_cost_ || limit_s_ < kInfinity)) {
      ++statistics_.replays;
      cost = meter_.cost(replay_.latency_s(limit_s_));
    }
    if (cost >= threshold) {
      return schedule_.reject();
    }
    take(cost);
  }

  void take(double cost) {
    schedule_.accept();
    current_ = cost;
    if (current_ >= best_cost_) return;
    best_cost_ = current_;
    best_genome_ = schedule_.genome();
  }

  /// True if by its boundaries more than one device computes.
  bool divided(const Genome& genome) const {
    std::size_t first = tables_.devices;
    for (std::size_t l = 1; l < tables_.layers; ++l) {
      const std::int32_t* bounds = &genome.boundaries[l * (tables_.devices + 1)];
      for (std::size_t d = 0; d < tables_.devices; ++d) {
        if (tables_.instant[l] || d == first || bounds[d] == bounds[d + 1]) continue;
        if (first < tables_.devices) return true;
        first = d;
      }
    }
    return false;
  }

  void consider() {
    if (!schedule_.fits_memory()) return;
    const double latency_s = replay_.latency_s(limit_s_);
    const double cost = latency_ ? latency_s : meter_.cost(latency_s);
    if (cost < divided_cost_ && divided(schedule_.genome())) {
      divided_cost_ = cost;
      divided_genome_ = schedule_.genome();
    }
    if (cost >= best_cost_) return;
    best_cost_ = cost;
    best_genome_ = schedule_.genome();
  }

  /// Makes the best plan so far the current one.
  void rewind() {
    under_way_ = false;
    schedule_.load(best_genome_);
    current_ = best_cost_;
  }

  // Found by trying, see tests/bench/joint.cpp.
  static constexpr Heat kExploring{0.02, 1e-3, 0.4, 0.7};
  static constexpr Heat kRefining{0.003, 1e-4, 0.2, 0.7};
  static constexpr double kScreen = 0.003;  // how much slower by schedule may be faster by replay
  static constexpr double kDeadEnd = 1.1;
  // ns, fitted to the bench's cells.
  static constexpr double kMoveCost = 345;
  static constexpr double kShapeCost = 53;  // per node
  static constexpr double kSendsCost = 35;  // per device and edge of a node, as the next three
  static constexpr double kStepCost = 5.3;
  static constexpr double kTailCost = 18.7;
  static constexpr double kReplayCost = 5.3;
  static constexpr double kEventCost = 57;
  static constexpr double kRateCost = 19.5;

  const std::shared_ptr<const Tables> shared_;
  const Tables& tables_;
  Schedule schedule_;
  Replay replay_;
  Random random_;
  Moves moves_;
  Meter meter_;
  const Objective objective_;
  const bool latency_;  // is the objective
  const double limit_s_;
  const Clock& clock_;
  Genome best_genome_;  // by replay, as the current one from when replays begin
  double best_cost_ = kInfinity;
  double current_ = kInfinity;
  bool under_way_ = false;  // refining: the schedule and the replay's base hold the current plan
  Genome divided_genome_;   // likewise, of the plans to start from
  double divided_cost_ = kInfinity;
  Genome schedule_best_;
  double schedule_best_s_ = kInfinity;
  Statistics statistics_;
};

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
                           const Settings& settings, Statistics* statistics) {
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
    walk->offer(best);
    if (statistics) *statistics += walk->statistics();
  }
  return best.take();
}

}  // namespace edgeflow::joint
