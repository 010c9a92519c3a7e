#include "partition/joint/search.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
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

/// How long to search: as plans to evaluate, or as work, which counts what takes time.
struct Budget {
  double moves = 0;  // 0: no limit
  double work = kInfinity;

  double progress(double moves_done, double work_done) const {
    return std::max(moves > 0 ? moves_done / moves : 0, work_done / work);
  }
  Budget part(double share) const { return {moves * share, work * share}; }
};

Budget budget_of(std::int64_t effort) {
  constexpr double kWork = 1.2e8;  // about a second and a half
  if (effort > 0) return {static_cast<double>(effort), kInfinity};
  return {0, kWork};
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

/// The cost of a schedule as edited and tried.
class Meter {
 public:
  Meter(const Schedule& schedule, const Objective& objective)
      : schedule_(schedule), tables_(schedule.tables()), objective_(objective) {
    const Cluster& cluster = tables_.problem.cluster;
    routes_.resize(tables_.devices * tables_.devices);
    for (std::size_t s = 0; s < tables_.devices; ++s) {
      for (std::size_t d = 0; d < tables_.devices; ++d) {
        if (s == d) continue;
        routes_[s * tables_.devices + d] = cluster.route(tables_.device[s], tables_.device[d]);
      }
    }
    busy_s_.resize(cluster.size());
    link_s_.resize(tables_.links);
  }

  double cost(double latency_s) {
    if (latency_s == kInfinity) return kInfinity;
    const std::size_t devices = tables_.devices;
    const auto& links = tables_.problem.cluster.network().links;
    std::fill(busy_s_.begin(), busy_s_.end(), 0.0);
    std::fill(link_s_.begin(), link_s_.end(), 0.0);
    for (std::size_t n = 0; n < tables_.nodes; ++n) {
      for (std::size_t d = 0; d < devices; ++d) {
        busy_s_[index(tables_.device[d])] += schedule_.duration_s(n * devices + d);
        for (const auto& send : schedule_.sends(n, d)) {
          const Route& route = routes_[d * devices + static_cast<std::size_t>(send.to)];
          for (const std::size_t end : {d, static_cast<std::size_t>(send.to)}) {
            const DeviceId id = tables_.device[end];
            busy_s_[index(id)] += message_cpu_time_s(tables_.problem.cluster.device(id).compute,
                                                     send.link_bytes / route.crossings);
          }
          for (int l : route.links) {
            const auto link = static_cast<std::size_t>(l);
            link_s_[link] += send.link_bytes / links[link].bandwidth_Bps;
          }
        }
      }
    }
    return objective_.cost(tables_.problem.cluster, latency_s, busy_s_, link_s_);
  }

 private:
  const Schedule& schedule_;
  const Tables& tables_;
  const Objective& objective_;
  std::vector<Route> routes_;  // by from * devices + to
  std::vector<double> busy_s_, link_s_;
};

/// The search on one list of devices.
class Walk {
 public:
  Walk(Tables tables, const Settings& settings, const Clock& clock)
      : tables_(std::move(tables)),
        schedule_(tables_),
        replay_(schedule_),
        random_(settings.seed),
        moves_(schedule_, random_),
        meter_(schedule_, settings.objective),
        latency_(settings.objective.goal == Goal::kLatency),
        limit_s_(settings.objective.latency_limit_s),
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

  /// Simulated annealing from the best plan so far, which stays if nothing better is found. For the
  /// latency first by the schedule alone, then by replay. Precondition: best_cost() is finite.
  void anneal(const Budget& budget) {
    if (tables_.devices < 2 || tables_.layers < 2) return;
    rewind();
    const double scale = best_cost_;
    const double work_before = work();
    schedule_best_ = best_genome_;
    schedule_best_s_ = schedule_.latency_s();
    bool replaying = false;
    for (std::int64_t i = 0;; ++i) {
      const double progress = budget.progress(static_cast<double>(i), work() - work_before);
      if (progress >= 1 || (i % 64 == 0 && clock_.up())) break;
      if (latency_ && progress >= kScheduleShare && !replaying) {
        schedule_.load(schedule_best_);
        consider();
        rewind();
        replaying = true;
      }
      const double temperature = scale * kHot * std::pow(kCold / kHot, progress);
      if (progress < kCoarseShare && random_.chance(kCoarseChance)) {
        moves_.coarse();
      } else {
        moves_.fine();
      }
      ++statistics_.moves;
      const bool taken = !latency_   ? step_by_cost(temperature)
                         : replaying ? step_by_replay(temperature)
                                     : step(temperature);
      if (taken) ++statistics_.accepted;
    }
    if (replaying || !latency_) return;
    schedule_.load(schedule_best_);
    consider();
  }

  void offer(Best& best) {
    rewind();
    best.offer(schedule_);
  }

  double best_cost() const { return best_cost_; }
  Statistics statistics() const {
    Statistics result = statistics_;
    result.steps = schedule_.steps();
    return result;
  }

 private:
  /// Deterministic measure of the time spent.
  double work() const {
    const auto steps =
        schedule_.steps() +
        kReplayCost * statistics_.replays * static_cast<std::int64_t>(tables_.nodes) +
        statistics_.moves;
    const auto devices = static_cast<double>(std::max<std::size_t>(tables_.devices, 4));
    return static_cast<double>(steps) * devices * devices * std::sqrt(devices);
  }

  /// The rise that is tolerated this time.
  double slack(double temperature) { return -temperature * std::log(1 - random_.uniform()); }

  bool step(double temperature_s) {
    if (!schedule_.try_change(schedule_.latency_s() + slack(temperature_s)) ||
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
    const double screen_s = schedule_.latency_s() * (1 + kScreen) + slack(temperature_s);
    const double limit_s = current_ + slack(temperature_s);
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
    take(replayed_s);
    return true;
  }

  bool step_by_cost(double temperature) {
    const double threshold = current_ + slack(temperature);
    if (!schedule_.looks_good(limit_s_ * (1 + kScreen)) || !schedule_.fits_memory()) {
      schedule_.reject();
      return false;
    }
    schedule_.complete();
    double cost = meter_.cost(schedule_.changed_latency_s());
    if (cost < threshold && (cost < best_cost_ || limit_s_ < kInfinity)) {
      ++statistics_.replays;
      cost = meter_.cost(replay_.latency_s(limit_s_));
    }
    if (cost >= threshold) {
      schedule_.reject();
      return false;
    }
    take(cost);
    return true;
  }

  void take(double cost) {
    schedule_.accept();
    current_ = cost;
    if (current_ >= best_cost_) return;
    best_cost_ = current_;
    best_genome_ = schedule_.genome();
  }

  void consider() {
    if (!schedule_.fits_memory()) return;
    const double latency_s = replay_.latency_s(limit_s_);
    const double cost = latency_ ? latency_s : meter_.cost(latency_s);
    if (cost >= best_cost_) return;
    best_cost_ = cost;
    best_genome_ = schedule_.genome();
  }

  /// Makes the best plan so far the current one.
  void rewind() {
    schedule_.load(best_genome_);
    current_ = best_cost_;
  }

  // Found by trying, see tests/bench/joint.cpp.
  static constexpr double kHot = 0.01;  // temperatures, of the cost at the start
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
  Meter meter_;
  const bool latency_;  // is the objective
  const double limit_s_;
  const Clock& clock_;
  Genome best_genome_;  // by replay, as the current one from when replays begin
  double best_cost_ = kInfinity;
  double current_ = kInfinity;
  Genome schedule_best_;
  double schedule_best_s_ = kInfinity;
  Statistics statistics_;
};

}  // namespace

/// Searches briefly over the 2, 3 and 4 fastest devices and over all, where the plans to start from
/// promise something, then over the best of these choices.
std::optional<Plan> search(const Problem& problem, const std::vector<Plan>& known,
                           const Settings& settings, Statistics* statistics) {
  constexpr double kPilotShare = 0.06;  // of the budget, each
  constexpr double kPromising = 1.3;    // times the best start
  constexpr std::int64_t kPrefixMoves = 300;
  const Clock clock(settings.time_limit_s);
  const Budget budget = budget_of(settings.effort);
  const std::int64_t prefix_moves =
      budget.moves > 0 ? std::min(static_cast<std::int64_t>(budget.moves / 50), kPrefixMoves)
                       : kPrefixMoves;
  const std::size_t all = std::min(problem.cluster.size(), kMaxDevices);
  std::vector<std::size_t> counts{2, 3, 4};
  while (!counts.empty() && counts.back() >= all) counts.pop_back();
  counts.push_back(all);
  const Tables tables(problem, fastest(problem, all));
  std::vector<std::unique_ptr<Walk>> walks;
  double least_cost = kInfinity;
  for (const std::size_t count : counts) {
    walks.push_back(std::make_unique<Walk>(tables.on(fastest(problem, count)), settings, clock));
    walks.back()->start(known, prefix_moves);
    least_cost = std::min(least_cost, walks.back()->best_cost());
  }
  if (least_cost == kInfinity) return std::nullopt;
  std::erase_if(walks,
                [&](const auto& walk) { return walk->best_cost() > kPromising * least_cost; });
  Walk* leader = walks.front().get();
  double left = 1;
  for (std::size_t w = 0; walks.size() > 1 && w < walks.size(); ++w) {
    walks[w]->anneal(budget.part(kPilotShare));
    left -= kPilotShare;
    if (walks[w]->best_cost() <= leader->best_cost()) leader = walks[w].get();
  }
  leader->anneal(budget.part(left));
  Best best(problem, settings.objective);
  for (const auto& walk : walks) {
    walk->offer(best);
    if (statistics) *statistics += walk->statistics();
  }
  return best.take();
}

}  // namespace edgeflow::joint
