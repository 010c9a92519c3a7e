#include "sim/engine/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <set>
#include <utility>

namespace edgeflow {
namespace {

/// Constant streams are sent as messages that take this long, one after the other; no more than
/// SimGrid's 64 bits hold of scaled bytes.
constexpr double kEndless_s = 1000;
constexpr double kMostBytes = 4e11;

/// Between the two that `probability` lies between.
double quantile(const std::vector<Jitter::Quantile>& quantiles, double probability) {
  const auto above =
      std::ranges::upper_bound(quantiles, probability, {}, &Jitter::Quantile::probability);
  const auto below = above - 1;
  const double way = (probability - below->probability) / (above->probability - below->probability);
  return below->latency_s + way * (above->latency_s - below->latency_s);
}

std::int32_t to_index(std::size_t value) { return static_cast<std::int32_t>(value); }

}  // namespace

double jitter_s(const Disturbances& disturbances, StreamId stream, std::int32_t request,
                const ExecutableMessage& message) {
  const Jitter& jitter = disturbances.jitter;
  if (jitter.distribution == JitterDistribution::kNone) return 0;
  Random random(disturbances.seed,
                fmt::format("jitter {} {} {} {} {}", number(stream), request,
                            number(message.from_device), number(message.to), message.rank));
  switch (jitter.distribution) {
    case JitterDistribution::kNone:
      break;
    case JitterDistribution::kExponential:
      return random.exponential(1 / jitter.mean_s);
    case JitterDistribution::kUniform:
      return 2 * jitter.mean_s * random.uniform();
    case JitterDistribution::kLognormal: {
      const LognormalShape shape = lognormal_shape(jitter.mean_s, jitter.p999_s);
      return portable_exp(shape.mu + shape.sigma * normal_quantile(random.uniform()));
    }
    case JitterDistribution::kEmpirical:
      return quantile(jitter.quantiles, random.uniform());
  }
  return 0;
}

LognormalShape lognormal_shape(double mean_s, double p999_s) {
  const double z = normal_quantile(0.999);
  const double sigma = z - std::sqrt(z * z - 2 * portable_log(p999_s / mean_s));
  return {portable_log(mean_s) - sigma * sigma / 2, sigma};
}

bool uses(const Plan& plan, const Cluster& cluster, const Failure& failure) {
  const Network& network = cluster.network();
  const auto over_it = [&](DeviceId from, DeviceId to) {
    const std::vector<int> links = cluster.route(from, to).links;
    return std::ranges::any_of(links, [&](int link) {
      const auto& ends = network.links[index(link)].devices;
      return link == failure.link ||  // or a device that forwards
             (failure.link < 0 && std::ranges::find(ends, failure.device) != ends.end());
    });
  };
  std::set<std::pair<DeviceId, DeviceId>> pairs;
  for (const ExecutionUnit& unit : plan.units) {
    if (failure.link < 0 && unit.device == DeviceId{failure.device}) return true;
    for (const Forward& forward : unit.forwarding) {
      const DeviceId to = plan.unit(forward.consumer).device;
      if (to != unit.device) pairs.emplace(unit.device, to);
    }
  }
  if (std::ranges::any_of(pairs, [&](const auto& p) { return over_it(p.first, p.second); })) {
    return true;
  }
  const bool between_all =
      failure.link < 0 && network.access_point == static_cast<std::size_t>(failure.device);
  return between_all && !pairs.empty();
}

Environment::Environment(const Disturbances& disturbances, const Cluster& cluster, bool latency,
                         NetworkModel model, const Platform& platform, Activities& activities)
    : disturbances_(disturbances),
      cluster_(cluster),
      model_(model),
      platform_(platform),
      activities_(activities),
      bandwidth_clocks_(disturbances.bandwidths.size()),
      speed_clocks_(disturbances.speeds.size()),
      down_(disturbances.failures.size()),
      bandwidths_Bps_(bandwidths_Bps(cluster)) {
  for (const BackgroundTraffic& traffic : disturbances.background) {
    const Route route = cluster.route(DeviceId{traffic.from}, DeviceId{traffic.to});
    const double bytes =
        std::min(kMostBytes / route.crossings, cluster.bandwidth_Bps(route) * kEndless_s);
    flows_.push_back({route, latency && model == NetworkModel::kCm02 ? route.latency_s : 0,
                      Random(disturbances.seed, fmt::format("background {}", flows_.size())),
                      bytes});
  }
}

void Environment::begin() {
  for (const auto kind : {RuntimeEvent::Kind::kBandwidth, RuntimeEvent::Kind::kSpeed}) {
    for (std::size_t trace = 0; trace < traces_of(kind).size(); ++trace) expect_step(kind, trace);
  }
  for (std::size_t flow = 0; flow < flows_.size(); ++flow) {
    if (disturbances_.background[flow].size_bytes > 0) {
      expect_message(flow);
    } else {
      activities_.at(0, {RuntimeEvent::Kind::kBackground, to_index(flow)});
    }
  }
  for (std::size_t f = 0; f < down_.size(); ++f) {
    activities_.at(disturbances_.failures[f].at_s, {RuntimeEvent::Kind::kFailure, to_index(f)});
  }
}

void Environment::handle(const RuntimeEvent& event) {
  const std::size_t at = index(event.index);
  switch (event.kind) {
    case RuntimeEvent::Kind::kBandwidth: {
      const double bandwidth_Bps = take_step(event).value;
      for (const int link : disturbances_.bandwidths[at].of) {
        platform_.set_bandwidth(link, bandwidth_Bps);
        bandwidths_Bps_[index(link)] = bandwidth_Bps;
      }
      break;
    }
    case RuntimeEvent::Kind::kSpeed: {
      const double share = take_step(event).value;
      for (const int device : disturbances_.speeds[at].of) {
        platform_.set_speed(DeviceId{device}, share);
      }
      break;
    }
    case RuntimeEvent::Kind::kBackground:
      start_message(at);
      if (disturbances_.background[at].size_bytes > 0) expect_message(at);
      break;
    case RuntimeEvent::Kind::kBackgroundEnd:
      if (disturbances_.background[at].size_bytes > 0) {
        flows_[at].arrived_bytes += disturbances_.background[at].size_bytes;
        --messages_under_way_;
      } else {
        flows_[at].arrived_bytes += flows_[at].endless_bytes;
        start_message(at);
      }
      break;
    case RuntimeEvent::Kind::kFailure:
      down_[at] = true;
      if (const double repair_s = disturbances_.failures[at].repair_s; std::isfinite(repair_s)) {
        activities_.at(repair_s, {RuntimeEvent::Kind::kRepair, event.index});
      }
      break;
    case RuntimeEvent::Kind::kRepair:
      down_[at] = false;
      break;
    default:
      assert(!event.of_environment());
  }
}

const std::vector<Trace>& Environment::traces_of(RuntimeEvent::Kind kind) const {
  return kind == RuntimeEvent::Kind::kSpeed ? disturbances_.speeds : disturbances_.bandwidths;
}

Environment::Clock& Environment::clock_of(RuntimeEvent::Kind kind, std::size_t trace) {
  return (kind == RuntimeEvent::Kind::kSpeed ? speed_clocks_ : bandwidth_clocks_)[trace];
}

void Environment::expect_step(RuntimeEvent::Kind kind, std::size_t at) {
  const Trace& trace = traces_of(kind)[at];
  Clock& clock = clock_of(kind, at);
  if (clock.next == trace.steps.size()) {
    if (trace.period_s == 0) return;
    clock = {0, clock.start_s + trace.period_s};
  }
  activities_.at(clock.start_s + trace.steps[clock.next].at_s, {kind, to_index(at)});
}

/// The step that is due; the next one is expected.
Trace::Step Environment::take_step(const RuntimeEvent& event) {
  const std::size_t at = index(event.index);
  const Trace::Step step = traces_of(event.kind)[at].steps[clock_of(event.kind, at).next++];
  expect_step(event.kind, at);
  return step;
}

void Environment::expect_message(std::size_t flow) {
  const double gap_s =
      flows_[flow].random.exponential(disturbances_.background[flow].messages_per_s);
  activities_.at(simgrid::s4u::Engine::get_clock() + gap_s,
                 {RuntimeEvent::Kind::kBackground, to_index(flow)});
}

void Environment::start_message(std::size_t at) {
  const BackgroundTraffic& traffic = disturbances_.background[at];
  Flow& flow = flows_[at];
  const RuntimeEvent end{RuntimeEvent::Kind::kBackgroundEnd, to_index(at)};
  Activities::Transfer message;
  message.from = id_at<HostId>(cluster_.size() + 2 * at);
  message.to = id_at<HostId>(cluster_.size() + 2 * at + 1);
  if (traffic.size_bytes > 0) {
    ++messages_under_way_;
    message.link_bytes = traffic.size_bytes * flow.route.crossings;
    activities_.transfer(flow.latency_s, message, end);
  } else {
    message.link_bytes = flow.endless_bytes * flow.route.crossings;
    flow.stream = activities_.transfer_now(message, end);
  }
}

OfferedLoad Environment::background_load() const {
  return edgeflow::background_load(disturbances_, cluster_, bandwidths_Bps_);
}

std::vector<double> Environment::background_bytes() const {
  std::vector<double> bytes(cluster_.network().links.size());
  for (const Flow& flow : flows_) {
    double arrived = flow.arrived_bytes;
    if (flow.stream && flow.stream->get_state() == simgrid::s4u::Activity::State::STARTED) {
      arrived += flow.endless_bytes -
                 flow.stream->get_remaining() / (flow.route.crossings * bytes_scale(model_));
    }
    for (const int link : flow.route.links) {
      bytes[index(link)] += arrived * flow.route.crossings;
    }
  }
  return bytes;
}

}  // namespace edgeflow
