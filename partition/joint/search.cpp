#include "partition/joint/search.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "partition/estimate.hpp"
#include "partition/joint/moves.hpp"
#include "partition/joint/random.hpp"
#include "partition/joint/replay.hpp"
#include "partition/joint/schedule.hpp"
#include "partition/joint/starts.hpp"
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

/// How far the search is: by plans evaluated, by work done, or whichever is further.
struct Budget {
  double moves = 0;
  double work = kInfinity;  // layers scheduled times devices: some 3e6 a second

  double progress(std::int64_t moves_done, double work_done) const {
    if (moves <= 0) return 1;
    return std::max(static_cast<double>(moves_done) / moves, work_done / work);
  }
};

Budget budget_of(std::int64_t effort, const Tables& tables) {
  constexpr double kMovesPerUnit = 300;  // of a plan with all layers on all devices
  constexpr double kMostWork = 5e6;
  if (tables.devices < 2 || tables.layers < 2) return {};
  if (effort > 0) return {static_cast<double>(effort)};
  const auto units = static_cast<double>(tables.layers * tables.devices);
  return {kMovesPerUnit * units, kMostWork};
}

/// The best plan so far, as simulated.
class Best {
 public:
  explicit Best(const Problem& problem) : problem_(problem) {}

  void offer(const Schedule& schedule) {
    Plan plan =
        build_plan(problem_.graph, problem_.cluster, schedule.assignment(), "edgeflow-joint");
    const double s =
        estimate(plan, problem_.graph, problem_.cluster, problem_.size, {}, Sharing::kMaxMin)
            .latency_s;
    if (s >= latency_s_) return;
    if (memory_shortage(plan, problem_.graph, problem_.cluster, problem_.size)) return;
    latency_s_ = s;
    plan_ = std::move(plan);
  }
  std::optional<Plan> take() { return std::move(plan_); }

 private:
  const Problem& problem_;
  std::optional<Plan> plan_;
  double latency_s_ = kInfinity;
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
  Walk(const Problem& problem, std::vector<DeviceId> devices, const Settings& settings,
       const Clock& clock)
      : tables_(problem, std::move(devices)),
        schedule_(tables_),
        replay_(schedule_),
        random_(settings.seed),
        moves_(schedule_, random_),
        clock_(clock) {}

  /// Loads the best of the starts; false if none fits the memory.
  bool start(const std::vector<Plan>& known, std::int64_t effort) {
    search_prefix(schedule_, replay_, random_, effort);
    consider();
    for (const Plan& plan : known) {
      schedule_.load(from_plan(tables_, plan));
      consider();
    }
    if (tables_.memory_limited) {
      schedule_.load(by_memory(tables_));
      consider();
    }
    if (best_s_ == kInfinity) return false;
    rewind();
    schedule_best_ = best_genome_;
    schedule_best_s_ = schedule_.latency_s();
    return true;
  }

  /// Simulated annealing: first by the schedule alone, then by replay.
  void anneal(const Budget& budget, Best& best) {
    const double scale = best_s_;
    bool replaying = false;
    for (std::int64_t i = 0;; ++i) {
      const double progress = budget.progress(i, work());
      if (progress >= 1 || (i % 256 == 0 && clock_.up())) break;
      if (progress >= kScheduleShare && !replaying) {
        schedule_.load(schedule_best_);
        consider();
        rewind();
        current_s_ = replay_.latency_s();
        replaying = true;
      }
      const double temperature_s = scale * kHot * std::pow(kCold / kHot, progress);
      if (progress < kCoarseShare && random_.chance(kCoarseChance)) {
        moves_.coarse();
      } else {
        moves_.fine();
      }
      ++statistics_.moves;
      if (replaying ? step_by_replay(temperature_s) : step(temperature_s)) ++statistics_.accepted;
    }
    offer(best);
  }

  const Tables& tables() const { return tables_; }
  Statistics statistics() const {
    Statistics result = statistics_;
    result.steps = schedule_.steps();
    result.predicted_s = best_s_;
    return result;
  }

 private:
  /// Deterministic measure of the time spent.
  double work() const {
    const auto steps = schedule_.steps() +
                       kReplayCost * statistics_.replays * static_cast<std::int64_t>(tables_.nodes);
    return static_cast<double>(steps) * static_cast<double>(tables_.devices);
  }

  /// The rise that is tolerated this time.
  double slack_s(double temperature_s) { return -temperature_s * std::log(1 - random_.uniform()); }

  bool step(double temperature_s) {
    if (!schedule_.try_change(schedule_.latency_s() + slack_s(temperature_s)) ||
        !schedule_.fits_memory()) {
      schedule_.reject();
      return false;
    }
    schedule_.accept();
    if (schedule_.latency_s() < schedule_best_s_) {
      schedule_best_s_ = schedule_.latency_s();
      schedule_best_ = schedule_.genome();
    }
    return true;
  }

  bool step_by_replay(double temperature_s) {
    const double screen_s = schedule_.latency_s() * (1 + kScreen) + slack_s(temperature_s);
    const double limit_s = current_s_ + slack_s(temperature_s);
    if (!schedule_.looks_good(screen_s) || !schedule_.fits_memory()) {
      schedule_.reject();
      return false;
    }
    ++statistics_.replays;
    const double replayed_s = replay_.latency_s(limit_s);
    if (replayed_s == kInfinity) {
      schedule_.reject();
      return false;
    }
    schedule_.complete();
    schedule_.accept();
    current_s_ = replayed_s;
    if (current_s_ < best_s_) {
      best_s_ = current_s_;
      best_genome_ = schedule_.genome();
    }
    return true;
  }

  void consider() {
    if (!schedule_.fits_memory()) return;
    const double s = replay_.latency_s();
    if (s >= best_s_) return;
    best_s_ = s;
    best_genome_ = schedule_.genome();
  }

  /// Makes the best plan so far the current one.
  void rewind() { schedule_.load(best_genome_); }

  void offer(Best& best) {
    rewind();
    best.offer(schedule_);
  }

  // Found by trying, see tests/bench/joint.cpp.
  static constexpr double kHot = 0.01;  // temperatures, of the latency at the start
  static constexpr double kCold = 1e-5;
  static constexpr double kCoarseShare = 0.4;  // of the budget, in which many moves are coarse
  static constexpr double kCoarseChance = 0.7;
  static constexpr double kScheduleShare = 0.3;  // of the budget, before replays
  static constexpr double kScreen = 0.01;  // how much slower by schedule may be faster by replay
  static constexpr std::int64_t kReplayCost = 2;  // per layer, in steps

  Tables tables_;
  Schedule schedule_;
  Replay replay_;
  Random random_;
  Moves moves_;
  const Clock& clock_;
  Genome best_genome_;  // by replay
  double best_s_ = kInfinity;
  double current_s_ = kInfinity;
  Genome schedule_best_;
  double schedule_best_s_ = kInfinity;
  Statistics statistics_;
};

}  // namespace

std::optional<Plan> search(const Problem& problem, const std::vector<Plan>& known,
                           const Settings& settings, Statistics* statistics) {
  constexpr std::int64_t kMostForPrefix = 300;
  const Clock clock(settings.time_limit_s);
  Best best(problem);
  Walk walk(problem, fastest(problem, kMaxDevices), settings, clock);
  const auto moves = static_cast<std::int64_t>(budget_of(settings.effort, walk.tables()).moves);
  const std::int64_t prefix_effort = std::min(moves / 50, kMostForPrefix);
  if (!walk.start(known, prefix_effort)) return std::nullopt;
  walk.anneal(budget_of(settings.effort, walk.tables()), best);
  if (statistics) *statistics = walk.statistics();
  return best.take();
}

}  // namespace edgeflow::joint
