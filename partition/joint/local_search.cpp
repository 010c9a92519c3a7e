#include "partition/joint/local_search.hpp"

#include <utility>

#include "partition/joint/starts.hpp"

namespace edgeflow::joint {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Found by trying, see tests/bench/joint.cpp.
constexpr double kScreen = 0.003;  // how much slower by schedule may be faster by replay
constexpr double kDeadEnd = 1.1;
// ns, fitted to the bench's cells.
constexpr double kMoveCost = 345;
constexpr double kShapeCost = 53;  // per node
constexpr double kSendsCost = 35;  // per device and edge of a node, as the next three
constexpr double kStepCost = 5.3;
constexpr double kTailCost = 18.7;
constexpr double kReplayCost = 5.3;
constexpr double kEventCost = 57;
constexpr double kRateCost = 19.5;

}  // namespace

LocalSearch::LocalSearch(std::shared_ptr<const CostTables> tables, std::uint64_t seed,
                         const Objective& objective, const Clock& clock)
    : shared_(std::move(tables)),
      tables_(*shared_),
      schedule_(tables_),
      replay_(schedule_),
      random_(seed),
      moves_(schedule_, random_),
      evaluator_(schedule_, objective),
      objective_(objective),
      latency_(objective.goal == Goal::kLatency),
      limit_s_(objective.latency_limit_s),
      clock_(clock) {}

void LocalSearch::start(const std::vector<Plan>& known, std::int64_t effort) {
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

void LocalSearch::explore(const Budget& budget) {
  rewind();
  schedule_best_ = best_encoding_;
  schedule_best_s_ = schedule_.latency_s();
  anneal(budget, latency_ ? &LocalSearch::step : &LocalSearch::step_by_cost, kExploring, 0, 1);
  if (!latency_) return;
  schedule_.load(schedule_best_);
  consider();
}

void LocalSearch::refine(const Budget& budget, double begin, double end) {
  if (!under_way_) {
    rewind();
    if (latency_) {
      replay_.latency_s();
      replay_.accept();
      moves_.follow(&replay_);
    }
    under_way_ = true;
  }
  anneal(budget, latency_ ? &LocalSearch::step_by_replay : &LocalSearch::step_by_cost, kRefining,
         begin, end);
  guide_.reset();
}

void LocalSearch::adopt(const LocalSearch& other) {
  if (other.promise() >= promise()) return;
  schedule_.load(carry_over(tables_, other.tables_, other.best_encoding_));
  under_way_ = false;
  consider();
}

void LocalSearch::learn(const LocalSearch& other) {
  guide_ = carry_over(tables_, other.tables_, other.best_encoding_);
}

std::unique_ptr<LocalSearch> LocalSearch::fork(std::uint64_t seed) const {
  auto search = std::make_unique<LocalSearch>(shared_, seed, objective_, clock_);
  search->best_cost_ = best_cost_;
  search->best_encoding_ = best_encoding_;
  return search;
}

bool LocalSearch::start_divided(const LocalSearch& other) {
  if (other.divided_cost_ == kInfinity || other.divided_cost_ == other.best_cost_) return false;
  best_cost_ = other.divided_cost_;
  best_encoding_ = other.divided_encoding_;
  return true;
}

double LocalSearch::promise() const {
  return divided(best_encoding_) ? best_cost_ : kDeadEnd * best_cost_;
}

const Schedule& LocalSearch::best_schedule() {
  rewind();
  return schedule_;
}

/// About the nanoseconds spent, but deterministic.
double LocalSearch::work() const {
  const double node = static_cast<double>(tables_.devices * tables_.edges.size()) /
                      static_cast<double>(tables_.layers);
  const double nodes = static_cast<double>(tables_.layers);
  const Schedule::Effort& done = schedule_.effort();
  return kMoveCost * static_cast<double>(move_count_) +
         kShapeCost * static_cast<double>(done.shapes) +
         kSendsCost * node * static_cast<double>(done.sends) +
         kStepCost * node * static_cast<double>(done.steps) +
         kTailCost * node * static_cast<double>(done.tails) +
         kReplayCost * node * nodes * static_cast<double>(replay_count_) +
         kEventCost * static_cast<double>(replay_.events()) +
         kRateCost * static_cast<double>(replay_.rates());
}

void LocalSearch::anneal(const Budget& budget, void (LocalSearch::*try_step)(double temperature),
                         const Cooling& cooling, double begin, double end) {
  if (tables_.devices < 2 || tables_.layers < 2) return;
  const double scale = best_cost_;
  const double work_before = work();
  for (std::int64_t i = 0;; ++i) {
    const double part = budget.progress(static_cast<double>(i), work() - work_before);
    const double progress = begin + part * (end - begin);
    if (part >= 1 || (i % 64 == 0 && clock_.up())) break;
    if (guide_ && part < kGuidedShare && random_.chance(kGuidedChance)) {
      moves_.guided(*guide_);
    } else if (progress < cooling.coarse_share && random_.chance(cooling.coarse_chance)) {
      moves_.coarse();
    } else {
      moves_.fine();
    }
    ++move_count_;
    (this->*try_step)(scale * cooling.at(progress));
  }
}

/// The rise that is tolerated this time.
double LocalSearch::slack(double temperature) {
  return -temperature * std::log(1 - random_.uniform());
}

void LocalSearch::step(double temperature_s) {
  if (!schedule_.try_change(schedule_.latency_s() + slack(temperature_s)) ||
      !schedule_.fits_memory()) {
    return schedule_.reject();
  }
  schedule_.accept();
  if (schedule_.latency_s() < schedule_best_s_) {
    schedule_best_s_ = schedule_.latency_s();
    schedule_best_ = schedule_.encoding();
  }
}

void LocalSearch::step_by_replay(double temperature_s) {
  const double screen_s = schedule_.latency_s() * (1 + kScreen) + slack(temperature_s);
  const double limit_s = current_ + slack(temperature_s);
  if (!schedule_.looks_good(screen_s) || !schedule_.fits_memory()) {
    return schedule_.reject();
  }
  ++replay_count_;
  const double replayed_s = replay_.changed_latency_s(limit_s);
  if (replayed_s == kInfinity) {
    return schedule_.reject();
  }
  schedule_.complete();
  replay_.accept();
  take(replayed_s);
}

void LocalSearch::step_by_cost(double temperature) {
  const double threshold = current_ + slack(temperature);
  if (!schedule_.looks_good(limit_s_ * (1 + kScreen)) || !schedule_.fits_memory()) {
    return schedule_.reject();
  }
  schedule_.complete();
  double cost = evaluator_.cost(schedule_.changed_latency_s());
  if (cost < threshold && (cost < best_cost_ || limit_s_ < kInfinity)) {
    ++replay_count_;
    cost = evaluator_.cost(replay_.latency_s(limit_s_));
  }
  if (cost >= threshold) {
    return schedule_.reject();
  }
  take(cost);
}

void LocalSearch::take(double cost) {
  schedule_.accept();
  current_ = cost;
  if (current_ >= best_cost_) return;
  best_cost_ = current_;
  best_encoding_ = schedule_.encoding();
}

/// True if by its boundaries more than one device computes.
bool LocalSearch::divided(const Encoding& encoding) const {
  std::size_t first = tables_.devices;
  for (std::size_t l = 1; l < tables_.layers; ++l) {
    const std::int32_t* bounds = &encoding.boundaries[l * (tables_.devices + 1)];
    for (std::size_t d = 0; d < tables_.devices; ++d) {
      if (tables_.instant[l] || d == first || bounds[d] == bounds[d + 1]) continue;
      if (first < tables_.devices) return true;
      first = d;
    }
  }
  return false;
}

void LocalSearch::consider() {
  if (!schedule_.fits_memory()) return;
  const double latency_s = replay_.latency_s(limit_s_);
  const double cost = latency_ ? latency_s : evaluator_.cost(latency_s);
  if (cost < divided_cost_ && divided(schedule_.encoding())) {
    divided_cost_ = cost;
    divided_encoding_ = schedule_.encoding();
  }
  if (cost >= best_cost_) return;
  best_cost_ = cost;
  best_encoding_ = schedule_.encoding();
}

/// Makes the best plan so far the current one.
void LocalSearch::rewind() {
  under_way_ = false;
  schedule_.load(best_encoding_);
  current_ = best_cost_;
}

}  // namespace edgeflow::joint
