#include "experiments/run/replan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "partition/plans/execution.hpp"
#include "platforms/remaining.hpp"
#include "workloads/input/machine_error.hpp"

namespace edgeflow {
namespace {

/// Failures that happen or are repaired at one instant.
struct Instant {
  double at_s = 0;
  std::vector<const Failure*> failed;
  std::vector<const Failure*> repaired;
};

std::vector<Instant> instants_of(const std::vector<Failure>& failures) {
  std::vector<std::tuple<double, bool, const Failure*>> events;
  for (const Failure& failure : failures) {
    events.emplace_back(failure.at_s, true, &failure);
    if (std::isfinite(failure.repair_s)) events.emplace_back(failure.repair_s, false, &failure);
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return std::get<0>(a) < std::get<0>(b); });
  std::vector<Instant> instants;
  for (const auto& [at_s, fails, failure] : events) {
    if (instants.empty() || !is_due(at_s, instants.back().at_s)) {
      instants.push_back({at_s, {}, {}});
    }
    (fails ? instants.back().failed : instants.back().repaired).push_back(failure);
  }
  return instants;
}

void add(const Failure& failure, Losses& losses) {
  if (failure.link < 0) {
    losses.devices.insert(failure.device);
  } else {
    losses.links.insert(failure.link);
  }
}

void remove(const Failure& failure, Losses& losses) {
  losses.devices.erase(failure.device);
  losses.links.erase(failure.link);
}

bool contains(const Losses& losses, const Failure& failure) {
  return failure.link < 0 ? losses.devices.contains(failure.device)
                          : losses.links.contains(failure.link);
}

/// Walks through the failures and repairs.
class Planner {
 public:
  Planner(StreamPlans& plans, const Disturbances& disturbances, const Loading& loading,
          const std::function<Plan(const Cluster&)>& plan)
      : plans_(plans),
        disturbances_(disturbances),
        loading_(loading),
        plan_(plan),
        cluster_(*plans.made.front().cluster),
        present_(Use{PlanId{0}, 0, {}, {}}),
        held_(PlanId{0}) {
    known_[{}] = {PlanId{0}, ""};
  }

  void run() {
    if (loading_.how.at_start) load_first();
    for (const Instant& instant : instants_of(disturbances_.failures)) {
      take_over(instant.at_s - kTimePrecision_s);
      pass(instant);
    }
    take_over(std::numeric_limits<double>::infinity());
  }

 private:
  /// A plan that is in use, or will be.
  struct Use {
    PlanId plan{};
    double ready_s = 0;
    Losses without;
    ChangeCause cause;
  };
  struct Answer {
    PlanId plan = kNoPlan;
    std::string why_none;
  };

  /// Plans that are ready before `now_s` come into use.
  void take_over(double now_s) {
    while (!coming_.empty() && coming_.front().ready_s < now_s) {
      present_ = coming_.front();
      coming_.erase(coming_.begin());
      held_ = present_->plan;
      emptied_.clear();
      change(present_->ready_s, {present_->plan, ""}, present_->cause);
    }
  }

  void load_first() {
    const Load load = load_for(PlanId{0}, std::nullopt, {});
    if (load.time_s == 0) return;
    held_.reset();
    present_.reset();
    const std::string because = "weights are loaded";
    change(0, {kNoPlan, ""}, {because});
    coming_.push_back({PlanId{0}, load.time_s, {}, {because, load}});
  }

  /// `held`: whose weights are there, but on devices `emptied`.
  Load load_for(PlanId plan, std::optional<PlanId> held,
                const std::set<std::int32_t>& emptied) const {
    const MadePlan& made = plans_.made[index(plan)];
    const HeldWeights there{held ? plans_.made[index(*held)].plan.get() : nullptr, emptied};
    return load_of(missing_weight_bytes(*made.plan, there, loading_.graph, *made.cluster,
                                        loading_.element_bytes),
                   *made.cluster, loading_.how.store);
  }

  void pass(const Instant& instant) {
    for (const Failure* failure : instant.repaired) remove(*failure, losses_);
    for (const Failure* failure : instant.failed) {
      add(*failure, losses_);
      if (failure->link < 0) emptied_.insert(failure->device);
    }
    const std::string because = describe(instant);
    const auto fails = [&](const Use& use) {
      return std::any_of(instant.failed.begin(), instant.failed.end(), [&](const Failure* failure) {
        const MadePlan& made = plans_.made[index(use.plan)];
        return uses(*made.plan, *made.cluster, *failure);
      });
    };
    const bool lost = present_ && fails(*present_);
    if (lost) present_.reset();
    std::erase_if(coming_, fails);
    if (lost) change(instant.at_s, {kNoPlan, ""}, {because});
    const Use* newest = !coming_.empty() ? &coming_.back() : present_ ? &*present_ : nullptr;
    const bool better =
        newest != nullptr &&
        std::any_of(instant.repaired.begin(), instant.repaired.end(),
                    [&](const Failure* failure) { return contains(newest->without, *failure); });
    if (newest != nullptr && !better) return;
    begin_planning(instant.at_s, because, newest != nullptr);
  }

  void begin_planning(double now_s, const std::string& because, bool served) {
    const Answer answer = plan_for(losses_);
    plans_.begun_s.push_back(now_s);
    if (answer.plan != kNoPlan) {
      // Whoever came to wait for nothing waits for this one.
      if (!served && !plans_.changes.back().why_none.empty())
        change(now_s, {kNoPlan, ""}, {because});
      const double planned_s = now_s + disturbances_.planning_time_s;
      std::optional<PlanId> held = held_;
      std::set<std::int32_t> emptied = emptied_;
      for (const Use& use : coming_) {
        if (use.ready_s >= planned_s) break;
        held = use.plan;  // which does not use what has failed
        emptied.clear();
      }
      const Load load = load_for(answer.plan, held, emptied);
      const double ready_s = planned_s + load.time_s;
      std::erase_if(coming_, [&](const Use& use) { return use.ready_s >= ready_s; });
      coming_.push_back({answer.plan, ready_s, losses_, {because, load}});
    } else if (!served) {
      change(now_s,
             {kNoPlan, fmt::format("{} at {:g} s and there is no plan for what is left ({})",
                                   because, now_s, answer.why_none)},
             {because});
    }
  }

  void change(double at_s, const Answer& answer, const ChangeCause& cause) {
    plans_.changes.push_back({at_s, answer.plan, answer.why_none});
    plans_.causes.push_back(cause);
  }

  Answer plan_for(const Losses& losses) {
    const auto key = std::pair(losses.devices, losses.links);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    return known_[key] = make_plan_for(losses);
  }

  Answer make_plan_for(const Losses& losses) {
    auto left = remaining(cluster_, losses);
    if (!left) return {kNoPlan, "source or sink is gone or cut off"};
    try {
      Plan plan = plan_(left->cluster);
      for (ExecutionUnit& unit : plan.units) unit.device = left->original[index(unit.device)];
      plans_.made.push_back({std::make_shared<const Plan>(std::move(plan)),
                             left->rerouted
                                 ? std::make_shared<const Cluster>(*std::move(left->rerouted))
                                 : plans_.made.front().cluster,
                             std::make_shared<const Cluster>(std::move(left->cluster))});
      return {id_at<PlanId>(plans_.made.size() - 1), ""};
    } catch (const std::exception& error) {
      rethrow_machines_fault();
      return {kNoPlan, error.what()};
    }
  }

  /// "device nano fails, link a:up is back".
  std::string describe(const Instant& instant) const {
    std::string text;
    const auto say = [&](const std::vector<const Failure*>& failures, const char* what) {
      for (const Failure* failure : failures) {
        const Network& network = cluster_.network();
        text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ",
                            failure->link < 0 ? "device" : "link",
                            failure->link < 0 ? cluster_.device(DeviceId{failure->device}).name
                                              : network.links[index(failure->link)].name,
                            what);
      }
    };
    say(instant.failed, "fails");
    say(instant.repaired, "is back");
    return text;
  }

  StreamPlans& plans_;
  const Disturbances& disturbances_;
  const Loading& loading_;
  const std::function<Plan(const Cluster&)>& plan_;
  const Cluster& cluster_;
  Losses losses_;
  std::optional<Use> present_;
  std::optional<PlanId> held_;      // whose weights devices have, but
  std::set<std::int32_t> emptied_;  // these
  std::vector<Use> coming_;         // by the time when they are ready
  std::map<std::pair<std::set<std::int32_t>, std::set<std::int32_t>>, Answer> known_;
};

}  // namespace

void plan_anew(StreamPlans& plans, const Disturbances& disturbances, const Loading& loading,
               const std::function<Plan(const Cluster&)>& plan) {
  Planner(plans, disturbances, loading, plan).run();
}

}  // namespace edgeflow
