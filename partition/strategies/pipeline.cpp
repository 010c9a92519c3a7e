// `pipeline`: contiguous stages on different devices, for the throughput of a stream.
//
// Problem: cut the chain view into stages, each on a device of its own; min of the period
//   max over stages of max(compute(stage), send(what is carried into it), deliver(its results)),
// where a stage's weights and its largest layer must fit its device's memory.
// Algorithm: after PipeEdge, dynamic programming over
//   h(l, used, u) = least period of the first l layers on the multiset `used` of device classes,
//                   the last stage on class u;
// a next stage l..j goes to any class of which a device is left. Devices are of one class if they
// compute and hold alike and every message costs the same when they change places; source and sink
// are classes of their own.
// Complexity O(L^2 * prod(n_c + 1) * C^2) for C classes of n_c devices.
// Paper: PipeEdge (Hu et al., DSD 2022).
// Deviations: on a DAG every tensor that is still needed is carried from stage to stage; links are
// not shared between stages, and the CPU time of messages counts as part of sending; buffers do not
// count for memory. Problems beyond kMaxSteps steps are infeasible. One device has everything where
// that has the shorter period when stages share links.
// Strongest reading of the paper we could find; differs from it in its favour: stages on any
// classes in any order, latencies and processors' time for messages count, one device where shared
// links make that better; against it: stages are whole layers, where the paper cuts within
// transformer blocks, and requests are single, where it has batches.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "partition/options/strategy_info.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/demand.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

constexpr double kMaxSteps = 3e9;

struct DeviceClass {
  std::vector<DeviceId> devices;
  std::size_t radix = 1;  // of its count in a multiset's number
};

/// Whether messages cost the same when the two devices change places.
bool send_alike(const Cluster& cluster, DeviceId a, DeviceId b) {
  const auto same = [&](DeviceId from, DeviceId to, DeviceId other_from, DeviceId other_to) {
    const Route route = cluster.route(from, to);
    const Route other = cluster.route(other_from, other_to);
    return route.latency_s == other.latency_s &&
           cluster.bandwidth_Bps(route) == cluster.bandwidth_Bps(other);
  };
  if (!same(a, b, b, a)) return false;
  for (std::size_t d = 0; d < cluster.size(); ++d) {
    const DeviceId third = device_at(d);
    if (third == a || third == b) continue;
    if (!same(a, third, b, third) || !same(third, a, third, b)) return false;
  }
  return true;
}

bool alike(const Problem& problem, DeviceId a, DeviceId b) {
  const Cluster& cluster = problem.cluster;
  for (DeviceId end : {cluster.source(), cluster.sink()}) {
    if (a == end || b == end) return a == b;
  }
  const Device& left = cluster.device(a);
  const Device& right = cluster.device(b);
  return same_rates(left.compute, right.compute) && left.memory_bytes == right.memory_bytes &&
         send_alike(cluster, a, b);
}

std::vector<DeviceClass> classes_of(const Problem& problem) {
  std::vector<DeviceClass> classes;
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    const auto same = std::find_if(classes.begin(), classes.end(), [&](const DeviceClass& c) {
      return alike(problem, c.devices[0], device_at(d));
    });
    if (same == classes.end()) {
      classes.push_back({{device_at(d)}, 1});
    } else {
      same->devices.push_back(device_at(d));
    }
  }
  return classes;
}

class Stages {
 public:
  explicit Stages(const Problem& problem)
      : problem_(problem),
        layers_(problem.graph.size()),
        classes_(classes_of(problem)),
        carried_(carried_into(problem.graph)) {
    double multisets = 1;
    for (DeviceClass& c : classes_) {
      c.radix = static_cast<std::size_t>(multisets);
      multisets *= static_cast<double>(c.devices.size() + 1);
      const double size = static_cast<double>(layers_ * classes_.size());
      if (multisets * size * size > kMaxSteps) {
        throw Infeasible(
            fmt::format("{} layers on {} classes of unequal devices are too many for the dynamic "
                        "program over device subsets",
                        layers_, classes_.size()));
      }
    }
    multisets_ = static_cast<std::size_t>(multisets);
    states_.resize(layers_ * multisets_ * classes_.size());
    for (std::size_t l = 1; l < layers_; ++l) extend(l);
  }

  std::vector<DeviceId> placement() {
    std::size_t best = 0;  // the state where all layers are done
    double best_s = std::numeric_limits<double>::infinity();
    const std::size_t count = multisets_ * classes_.size();
    for (std::size_t s = (layers_ - 1) * count; s < layers_ * count; ++s) {
      if (states_[s].period_s >= best_s) continue;
      best = s;
      best_s = states_[s].period_s;
    }
    if (best == 0) throw Infeasible("no device can hold the weights of the layers it would run");
    std::vector<DeviceId> result(layers_, problem_.cluster.source());
    for (std::size_t s = best; s != kStart;) {
      const std::size_t last = s / count;
      const std::size_t c = s % classes_.size();
      const std::size_t used = s / classes_.size() % multisets_;
      const DeviceClass& own = classes_[c];
      const std::size_t taken = used / own.radix % (own.devices.size() + 1);
      s = states_[s].from;
      const std::size_t before = s == kStart ? 0 : s / count;
      for (std::size_t l = before + 1; l <= last; ++l) result[l] = own.devices[taken - 1];
    }
    return result;
  }

 private:
  static constexpr std::size_t kStart = std::numeric_limits<std::size_t>::max();
  struct State {
    double period_s = std::numeric_limits<double>::infinity();
    std::size_t from = kStart;
  };

  std::size_t number(std::size_t last, std::size_t used, std::size_t c) const {
    return (last * multisets_ + used) * classes_.size() + c;
  }

  /// All stages that start at layer `first`, from all states that end before it.
  void extend(std::size_t first) {
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      const std::vector<double> stage_s = stages_from(first, classes_[c].devices[0]);
      if (first == 1) {
        stage(first, c, problem_.cluster.source(), 0, 0, kStart, stage_s);
        continue;
      }
      for (std::size_t used = 0; used < multisets_; ++used) {
        for (std::size_t u = 0; u < classes_.size(); ++u) {
          const std::size_t from = number(first - 1, used, u);
          const double period_s = states_[from].period_s;
          if (period_s == std::numeric_limits<double>::infinity()) continue;
          stage(first, c, classes_[u].devices[0], used, period_s, from, stage_s);
        }
      }
    }
  }

  void stage(std::size_t first, std::size_t c, DeviceId sender, std::size_t used, double period_s,
             std::size_t from, const std::vector<double>& stage_s) {
    const DeviceClass& own = classes_[c];
    const std::size_t taken = used / own.radix % (own.devices.size() + 1);
    if (taken == own.devices.size()) return;
    double least_s = period_s;
    if (from == kStart || sender != own.devices[0]) {
      least_s = std::max(least_s, carry_s(first, sender, own.devices[0]));
    } else {
      least_s = std::max(least_s, carry_s(first, sender, own.devices[1]));
    }
    for (std::size_t i = 0; i < stage_s.size(); ++i) {
      State& state = states_[number(first + i, used + own.radix, c)];
      const double candidate_s = std::max(least_s, stage_s[i]);
      if (candidate_s < state.period_s) state = {candidate_s, from};
    }
  }

  double carry_s(std::size_t first, DeviceId from, DeviceId to) const {
    double sum_s = 0;
    for (LayerId tensor : carried_[first]) {
      sum_s += send_s(problem_, from, to, output_bytes(problem_, tensor));
    }
    return sum_s;
  }

  /// By last layer from `first` on: the stage's computing, with the CPU time of its messages, or
  /// delivering time, while it fits.
  std::vector<double> stages_from(std::size_t first, DeviceId device) const {
    std::vector<double> result;
    const double received = first == 1 ? 0 : message_work_s(first, device);
    double compute = 0, deliver = 0, weights = 0, largest = 0;
    for (std::size_t l = first; l < layers_; ++l) {
      const Layer& layer = problem_.graph.layers()[l];
      compute += compute_s(problem_, layer, device);
      deliver += deliver_s(problem_, layer_at(l), device);
      weights += weight_bytes(problem_, layer);
      largest = std::max(largest, working_bytes(problem_, layer));
      if (weights + largest > problem_.cluster.device(device).memory_bytes) break;
      const double sent = l + 1 == layers_ ? 0 : message_work_s(l + 1, device);
      result.push_back(std::max(compute + received + sent, deliver));
    }
    return result;
  }

  /// What the tensors that the stage from `first` on gets cost the device on either side.
  double message_work_s(std::size_t first, DeviceId device) const {
    const ComputeProfile& compute = problem_.cluster.device(device).compute;
    if (compute.sends == Sends::kOverlap) return 0;
    double sum_s = 0;
    for (LayerId tensor : carried_[first]) {
      sum_s += message_cpu_time_s(compute, output_bytes(problem_, tensor));
    }
    return sum_s;
  }

  const Problem& problem_;
  std::size_t layers_;
  std::vector<DeviceClass> classes_;
  std::vector<std::vector<LayerId>> carried_;
  std::size_t multisets_ = 1;
  std::vector<State> states_;  // [(last layer * multisets + used) * classes + class]
};

/// With links that stages share, and messages that take their devices' time.
double period_s(const Problem& problem, const Plan& plan) {
  return demand(ExecutablePlan(plan, problem.graph, problem.cluster, problem.size)).period_s();
}

Plan plan(const Problem& problem, const OptionValues& /*options*/) {
  if (problem.graph.size() == 1) {
    return plan_of_placement(problem, std::vector{problem.cluster.source()}, "pipeline");
  }
  Plan best = plan_of_placement(problem, Stages(problem).placement(), "pipeline");
  double least_s = period_s(problem, best);
  for (std::size_t d = 0; d < problem.cluster.size(); ++d) {
    const std::vector<DeviceId> alone(problem.graph.size(), device_at(d));
    Plan plan = plan_of_placement(problem, alone, "pipeline");
    const double own_s = period_s(problem, plan);
    if (own_s >= least_s ||
        memory_shortage(plan, problem.graph, problem.cluster, problem.size).has_value()) {
      continue;
    }
    least_s = own_s;
    best = std::move(plan);
  }
  return best;
}

}  // namespace

extern const StrategyInfo kPipeline;  // as in strategies.hpp
constinit const StrategyInfo kPipeline{
    .name = "pipeline",
    .summary = "contiguous stages on different devices, for the throughput of a stream",
    .paper = "PipeEdge (Hu et al., DSD 2022)",
    .objective = "throughput",
    .options = {},
    .plan = plan,
};

}  // namespace edgeflow
