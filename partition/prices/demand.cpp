#include "partition/prices/demand.hpp"

#include <algorithm>
#include <limits>

#include "partition/plans/execution.hpp"

namespace edgeflow {
namespace {

/// The longest chain of work that begins and ends on `device`, in s.
class Holding {
 public:
  Holding(const ExecutablePlan& plan, DeviceId device)
      : plan_(plan), device_(device), begin_s_(plan.units.size(), kNoChain) {}

  double longest_s() {
    IdVector<UnitId, std::int32_t> missing = plan_.providers;
    std::vector<UnitId> ready = plan_.first_units;
    const auto provide = [&](UnitId unit, double chain_s) {
      begin_s_[unit] = std::max(begin_s_[unit], chain_s);
      if (--missing[unit] == 0) ready.push_back(unit);
    };
    for (std::size_t i = 0; i < ready.size(); ++i) {  // grows while it is walked
      const UnitId unit = ready[i];
      const double done_s =
          work(plan_.units[unit].device, begin_s_[unit], plan_.units[unit].duration_s);
      for (const UnitId consumer : plan_.local_consumers[unit]) provide(consumer, done_s);
      for (const MessageId id : plan_.sends(unit)) {
        const ExecutableMessage& message = plan_.messages[id];
        const double sent_s = message.send_overlaps
                                  ? done_s + message.send_s
                                  : work(message.from_device, done_s, message.send_s);
        const double arrived_s = message.blocks
                                     ? work(message.from_device, sent_s, message.alone_s())
                                     : sent_s + message.alone_s();
        const double there_s = message.receive_overlaps
                                   ? arrived_s + message.receive_s
                                   : work(message.to, arrived_s, message.receive_s);
        for (const UnitId consumer : message.consumers) provide(consumer, there_s);
      }
    }
    return longest_s_;
  }

 private:
  static constexpr double kNoChain = -std::numeric_limits<double>::infinity();

  /// The chain with the next work behind it.
  double work(DeviceId device, double chain_s, double duration_s) {
    if (device != device_) return chain_s + duration_s;
    if (takes_no_time(duration_s)) return chain_s;
    const double done_s = std::max(chain_s, 0.0) + duration_s;
    longest_s_ = std::max(longest_s_, done_s);
    return done_s;
  }

  const ExecutablePlan& plan_;
  DeviceId device_;
  IdVector<UnitId, double> begin_s_;
  double longest_s_ = 0;
};

}  // namespace

double Demand::period_s() const {
  double period_s = 0;
  for (const double time_s : device_s) period_s = std::max(period_s, time_s);
  for (const double time_s : link_s) period_s = std::max(period_s, time_s);
  return period_s;
}

Demand demand(const ExecutablePlan& plan) {
  const std::vector<Link>& links = plan.cluster.network().links;
  Demand result{IdVector<DeviceId, double>(plan.cluster.size(), 0.0),
                std::vector<double>(links.size(), 0.0)};
  IdVector<DeviceId, double> threads_s(plan.cluster.size(), 0.0);  // of sends that overlap
  for (const ExecutableUnit& unit : plan.units) result.device_s[unit.device] += unit.duration_s;
  for (const ExecutableMessage& message : plan.messages) {
    result.device_s[message.from_device] += message.sender_s();
    result.device_s[message.to] += message.receiver_s();
    if (message.send_overlaps) threads_s[message.from_device] += message.send_s;
    if (message.receive_overlaps) threads_s[message.to] += message.receive_s;
    if (!plan.effects.contention) continue;
    for (const int link : plan.route_of(message).links) {
      result.link_s[index(link)] += message.link_bytes / links[index(link)].bandwidth_Bps;
    }
  }
  for (const DeviceId d : result.device_s.ids()) {
    double& time_s = result.device_s[d];
    if (!plan.effects.queueing) {
      time_s = 0;
    } else if (time_s > 0 && plan.cluster.device(d).scheduling() == Scheduling::kExclusive) {
      time_s = std::max(time_s, Holding(plan, d).longest_s());
    }
    if (plan.effects.queueing) time_s = std::max(time_s, threads_s[d]);
  }
  return result;
}

}  // namespace edgeflow
