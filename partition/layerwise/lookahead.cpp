#include "partition/layerwise/lookahead.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "partition/plans/builder.hpp"
#include "partition/plans/placement.hpp"
#include "partition/plans/problem.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Boundaries in the layer's own rows.
std::vector<std::int64_t> boundaries_by(const LayerModel& model, std::span<const double> weights) {
  std::vector<std::int64_t> result = proportional_boundaries(model.extent, weights);
  for (std::int64_t& boundary : result) boundary *= model.rows / model.extent;
  return result;
}

/// Positions with the fastest first.
std::vector<std::size_t> by_speed(std::span<const double> speed) {
  std::vector<std::size_t> order(speed.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return speed[a] > speed[b]; });
  return order;
}

/// One device alone, and the first n of the fastest, with and without the source in front.
std::vector<std::vector<double>> standard_weights(const Problem& problem,
                                                  std::span<const DeviceId> devices) {
  constexpr std::size_t kAll = 8;  // beyond, not every device alone and not every n
  const std::size_t count = devices.size();
  const std::vector<double> all_speeds = speeds(problem.graph, problem.cluster);
  std::vector<double> speed;
  std::size_t source = 0;
  std::size_t sink = 0;
  for (std::size_t d = 0; d < count; ++d) {
    speed.push_back(all_speeds[index(devices[d])]);
    if (devices[d] == problem.cluster.source()) source = d;
    if (devices[d] == problem.cluster.sink()) sink = d;
  }
  std::vector<std::vector<double>> result;
  const auto offer = [&](std::vector<double> weights) {
    if (std::find(result.begin(), result.end(), weights) == result.end()) {
      result.push_back(std::move(weights));
    }
  };
  std::vector<std::size_t> order = by_speed(speed);
  std::vector<std::size_t> alone(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(std::min(count, kAll)));
  alone.insert(alone.end(), {source, sink});
  for (std::size_t d : alone) {
    std::vector<double> weights(count, 0);
    weights[d] = 1;
    offer(std::move(weights));
  }
  for (const bool source_first : {false, true}) {
    if (source_first) {
      const auto at = std::find(order.begin(), order.end(), source);
      std::rotate(order.begin(), at, at + 1);
    }
    for (std::size_t n = std::min<std::size_t>(count, 2);;
         n = std::min(n < kAll ? n + 1 : n + n / 2, count)) {
      std::vector<double> weights(count, 0);
      for (std::size_t r = 0; r < n; ++r) weights[order[r]] = speed[order[r]];
      offer(std::move(weights));
      if (n == count) break;
    }
  }
  return result;
}

/// Adds the messages that bring `need` to position `to`, from where the rows lie.
void add_rows(const std::vector<std::int64_t>& lie, const Range& need, std::size_t to,
              double row_bytes, LinkLoads& loads) {
  if (need.empty()) return;
  for (std::size_t j = 0; j + 1 < lie.size(); ++j) {
    if (lie[j] >= need.end) break;
    const std::int64_t overlap = intersect(need, {lie[j], lie[j + 1]}).size();
    if (overlap > 0 && j != to) loads.add(j, to, static_cast<double>(overlap) * row_bytes);
  }
}

}  // namespace

LinkLoads::LinkLoads(const Cluster& cluster, std::span<const DeviceId> devices)
    : devices_(devices.size()), load_s_(cluster.network().links.size() + cluster.size(), 0) {
  for (DeviceId from : devices) {
    for (DeviceId to : devices) {
      Path path;
      if (from != to) {
        const Route route = cluster.route(from, to);
        path.links = route.links;
        path.latency_s = route.latency_s;
        for (int link : route.links) {
          const double rate = cluster.network().links[index(link)].bandwidth_Bps;
          path.byte_s.push_back(route.crossings / rate);
          path.message_s.push_back(0);
        }
        for (DeviceId end : {from, to}) {  // a processor is one more link
          const ComputeProfile& profile = cluster.device(end).compute;
          const bool waits = end == from && profile.sends == Sends::kBlock;
          const double message_s = message_cpu_time_s(profile, 0) + (waits ? route.latency_s : 0);
          const double byte_s = message_cpu_time_s(profile, 1) - message_cpu_time_s(profile, 0) +
                                (waits ? 1 / cluster.bandwidth_Bps(route) : 0);
          if (message_s == 0 && byte_s == 0) continue;
          path.links.push_back(static_cast<int>(cluster.network().links.size() + index(end)));
          path.byte_s.push_back(byte_s);
          path.message_s.push_back(message_s);
        }
      }
      paths_.push_back(std::move(path));
    }
  }
}

void LinkLoads::clear() {
  for (int link : used_) load_s_[index(link)] = 0;
  used_.clear();
  latency_s_ = 0;
}

void LinkLoads::add(std::size_t from, std::size_t to, double bytes) {
  const Path& route = path(from, to);
  for (std::size_t i = 0; i < route.links.size(); ++i) {
    double& load_s = load_s_[index(route.links[i])];
    if (load_s == 0) used_.push_back(route.links[i]);
    load_s += bytes * route.byte_s[i] + route.message_s[i];
  }
  latency_s_ = std::max(latency_s_, route.latency_s);
}

double LinkLoads::busy_s() const {
  double busy_s = 0;
  for (int link : used_) busy_s = std::max(busy_s, load_s_[index(link)]);
  return busy_s + latency_s_;
}

double LinkLoads::through_s(std::size_t from, std::size_t to) const {
  const Path& route = path(from, to);
  double busy_s = 0;
  for (int link : route.links) busy_s = std::max(busy_s, load_s_[index(link)]);
  return busy_s + route.latency_s;
}

CostToGo::CostToGo(const Problem& problem, std::span<const DeviceId> devices,
                   const std::vector<LayerModel>& models)
    : problem_(problem),
      models_(models),
      devices_(devices.size()),
      weights_(standard_weights(problem, devices)),
      carried_(carried_into(problem.graph)),
      value_s_(models.size(), std::vector<double>(weights_.size(), 0)),
      loads_(problem.cluster, devices) {
  for (const std::vector<double>& weights : weights_) {
    single_.push_back(std::count(weights.begin(), weights.end(), 0.0) + 1 ==
                      static_cast<std::ptrdiff_t>(weights.size()));
  }
  for (const LayerModel& model : models_) {
    layout_.emplace_back();
    for (const auto& weights : weights_) layout_.back().push_back(boundaries_by(model, weights));
  }
  for (std::size_t l = models_.size() - 1; l-- > 0;) {
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      const auto lies = [&](LayerId p) -> const Boundaries& { return layout_[index(p)][k]; };
      if (!models_[l + 1].view) {
        value_s_[l][k] = best_step_s(l + 1, lies);
      } else {
        value_s_[l][k] = value_s_[l + 1][k];
      }
    }
  }
}

bool CostToGo::allowed(std::size_t l, std::size_t k) const {
  return single_[k] != 0 || !models_[l].cut.whole;
}

std::vector<std::vector<std::int64_t>> CostToGo::layouts(std::size_t l) const {
  std::vector<Boundaries> result;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    if (!allowed(l, k)) continue;
    const Boundaries& layout = layout_[l][k];
    if (std::find(result.begin(), result.end(), layout) == result.end()) result.push_back(layout);
  }
  return result;
}

template <typename Lies>
double CostToGo::step_s(std::size_t l, const Lies& lies, std::size_t k) const {
  const LayerModel& model = models_[l];
  const Boundaries& to = layout_[l][k];
  const std::int64_t unit = model.rows / model.extent;
  double compute_s = 0;
  loads_.clear();
  for (std::size_t d = 0; d < devices_; ++d) {
    const Range rows{to[d] / unit, to[d + 1] / unit};
    if (rows.empty()) continue;
    const LayerDevice& device = model.devices[d];
    compute_s =
        std::max(compute_s, device.fixed_s + static_cast<double>(rows.size()) * device.row_s);
    for (const LayerInput& input : model.inputs) {
      add_rows(lies(input.producer), input.needs.of(rows), d, input.row_bytes, loads_);
    }
  }
  if (l + 1 < models_.size()) {
    for (LayerId p : carried_[l + 1]) {
      const bool is_new = index(p) == l;
      const bool is_input =
          std::any_of(model.inputs.begin(), model.inputs.end(),
                      [&](const LayerInput& input) { return input.producer == p; });
      if (is_new || is_input) continue;
      const Boundaries& moved = layout_[index(p)][k];
      const double row_bytes =
          output_bytes(problem_, p) / static_cast<double>(models_[index(p)].rows);
      for (std::size_t d = 0; d < devices_; ++d) {
        add_rows(lies(p), {moved[d], moved[d + 1]}, d, row_bytes, loads_);
      }
    }
  }
  return loads_.busy_s() + compute_s;
}

template <typename Lies>
double CostToGo::best_step_s(std::size_t l, const Lies& lies) const {
  double best_s = kNever;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    if (!allowed(l, k) || value_s_[l][k] >= best_s) continue;
    best_s = std::min(best_s, step_s(l, lies, k) + value_s_[l][k]);
  }
  return best_s;
}

double CostToGo::to_go_s(std::span<const Parts> parts) const {
  std::size_t next = parts.size();
  // Behind a view lies what lies before it.
  while (next < models_.size() && models_[next].view) ++next;
  if (next == models_.size()) return 0;
  return best_step_s(next, [&](LayerId p) -> const Boundaries& {
    std::size_t l = index(p);
    while (l >= parts.size()) l = index(problem_.graph.layers()[l].inputs[0]);
    return parts[l].boundaries;
  });
}

}  // namespace edgeflow
