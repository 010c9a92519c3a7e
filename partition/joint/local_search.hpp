#pragma once
// Simulated annealing over plans on one choice of devices.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "partition/joint/evaluator.hpp"
#include "partition/joint/moves.hpp"
#include "partition/joint/objective.hpp"
#include "partition/joint/random.hpp"
#include "partition/joint/replay.hpp"
#include "partition/joint/schedule.hpp"

namespace edgeflow::joint {

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
  double work = std::numeric_limits<double>::infinity();

  double progress(double moves_done, double work_done) const {
    return std::max(moves > 0 ? moves_done / moves : 0, work_done / work);
  }
  Budget part(double share) const { return {moves * share, work * share}; }
};

/// Several searches may run at once; each is one thread's. A search has a plan when best_cost() is
/// finite; explore, refine, adopt, fork and best_schedule want one.
class LocalSearch {
 public:
  LocalSearch(std::shared_ptr<const CostTables> tables, std::uint64_t seed,
              const Objective& objective, const Clock& clock);

  /// Tries plans to start from: prefix plans, `effort` of them drawn at random, and `known`.
  void start(const std::vector<Plan>& known, std::int64_t effort);

  /// Anneals from the best plan so far, which stays if nothing better is found; for the latency by
  /// the schedule alone: many plans in little time.
  void explore(const Budget& budget);

  /// The same at lower temperatures, for the latency by replays: the part of it from `begin` to
  /// `end`, as fractions of the whole, of which `budget` is for this part.
  void refine(const Budget& budget, double begin, double end);

  /// Takes over the best plan of `other`, maybe on other devices, if it promises more and is better
  /// here.
  void adopt(const LocalSearch& other);
  /// At the begin of what it refines next, some moves take stretches of the best plan of `other`.
  void learn(const LocalSearch& other);
  /// A search from the best plan so far, with other random numbers.
  std::unique_ptr<LocalSearch> fork(std::uint64_t seed) const;
  /// Starts from the best plan of `other`, on the same devices, in which several devices compute,
  /// if that is not its best plan anyway. Returns whether there is such a plan.
  bool start_divided(const LocalSearch& other);

  const CostTables& tables() const { return tables_; }
  double best_cost() const { return best_cost_; }
  /// The best cost, or a little more if from a single device: it is hard to get away from there by
  /// small changes, and what has been found is not lost.
  double promise() const;
  /// The best plan so far. Valid until the search goes on.
  const Schedule& best_schedule();
  /// Plans evaluated so far.
  std::int64_t moves() const { return move_count_; }

 private:
  /// How a search is annealed.
  struct Cooling {
    double first;  // temperatures, of the cost at the start
    double last;
    double coarse_share;   // of the budget, in which some moves are coarse
    double coarse_chance;  // of a move then

    double at(double progress) const { return first * std::pow(last / first, progress); }
  };

  double work() const;
  void anneal(const Budget& budget, void (LocalSearch::*try_step)(double temperature),
              const Cooling& cooling, double begin, double end);
  double slack(double temperature);
  void step(double temperature_s);
  void step_by_replay(double temperature_s);
  void step_by_cost(double temperature);
  void take(double cost);
  void consider();
  void rewind();
  bool divided(const Encoding& encoding) const;

  // Found by trying, see tests/bench/joint.cpp.
  static constexpr Cooling kExploring{0.02, 1e-3, 0.4, 0.7};
  static constexpr Cooling kRefining{0.003, 1e-4, 0.2, 0.7};
  static constexpr double kGuidedShare = 0.1;  // of a budget
  static constexpr double kGuidedChance = 0.5;

  const std::shared_ptr<const CostTables> shared_;
  const CostTables& tables_;
  Schedule schedule_;
  Replay replay_;
  Random random_;
  Moves moves_;
  Evaluator evaluator_;
  const Objective objective_;
  const bool latency_;  // is the objective
  const double limit_s_;
  const Clock& clock_;
  Encoding best_encoding_;  // by replay, as the current one from when replays begin
  double best_cost_ = std::numeric_limits<double>::infinity();
  double current_ = std::numeric_limits<double>::infinity();
  bool under_way_ = false;  // refining: the schedule and the replay's base hold the current plan
  std::optional<Encoding> guide_;
  Encoding divided_encoding_;  // likewise, of the plans to start from
  double divided_cost_ = std::numeric_limits<double>::infinity();
  Encoding schedule_best_;
  double schedule_best_s_ = std::numeric_limits<double>::infinity();
  std::int64_t move_count_ = 0;
  std::int64_t replay_count_ = 0;
};

}  // namespace edgeflow::joint
