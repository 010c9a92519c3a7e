#include "partition/joint/replay.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace edgeflow::joint {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr std::size_t kSnapshots = 12;  // of a run

std::vector<double> bandwidths(const CostTables& tables) {
  std::vector<double> result;
  for (const Link& link : tables.problem.cluster.network().links) {
    result.push_back(link.bandwidth_Bps);
  }
  return result;
}

}  // namespace

Replay::Replay(const Schedule& schedule)
    : schedule_(schedule),
      tables_(schedule.tables()),
      devices_(tables_.devices),
      workers_(std::ranges::any_of(tables_.messages, &MessageCost::overlaps) ? 2 * devices_
                                                                             : devices_),
      state_{.flows = Flows(bandwidths(tables_)),
             .done_s = std::vector<double>(workers_, kNever),
             .running = std::vector<Job>(workers_),
             .queues = std::vector<std::vector<Ready>>(workers_),
             .pending = {}},
      missing_(tables_.nodes * devices_, 0),
      tails_s_(tables_.nodes * devices_, 0),
      arrival_tails_s_(tables_.nodes * devices_ * devices_, -kNever),
      changed_(tables_.nodes, 0) {
  base_.ready_s.assign(tables_.nodes * devices_, kNever);
  base_.arrival_s.assign(tables_.nodes * devices_ * devices_, kNever);
}

double Replay::latency_s(double limit_s) {
  kept_ = 0;
  begin();
  return run(limit_s);
}

double Replay::changed_latency_s(double limit_s) {
  for (const std::int32_t n : schedule_.changed_units()) changed_[index(n)] = 1;
  for (const std::int32_t n : schedule_.changed_sends()) changed_[index(n)] = 1;
  const double touched_s = first_touched_s();
  kept_ = 0;
  while (kept_ < base_snapshots_.size() &&
         !is_due(touched_s, snapshots_[base_snapshots_[kept_]].now_s)) {
    ++kept_;
  }
  if (kept_ > 0) {
    rewind_to(snapshots_[base_snapshots_[kept_ - 1]]);
  } else {
    begin();
  }
  for (const std::int32_t n : schedule_.changed_units()) changed_[index(n)] = 0;
  for (const std::int32_t n : schedule_.changed_sends()) changed_[index(n)] = 0;
  return run(limit_s);
}

void Replay::accept() {
  if (tried_.kept == 0) std::fill(base_.ready_s.begin(), base_.ready_s.end(), kNever);
  for (const std::int32_t n : tried_.changed_units) {
    std::fill_n(&base_.ready_s[unit_at(index(n), 0)], devices_, kNever);
  }
  for (const Ready& ready : tried_.ready) {
    const Unit unit(ready.job.id);
    base_.ready_s[unit_at(unit.node, unit.device)] = ready.at_s;
  }
  for (const Event& event : tried_.events) {
    const Arrival arrival(event.message);
    base_.arrival_s[arrival_at(arrival.node, arrival.from, arrival.to)] = event.time_s;
  }
  base_.events.resize(tried_.kept);
  base_.events.insert(base_.events.end(), tried_.events.begin(), tried_.events.end());
  base_.end_s = tried_.end_s;
  free_snapshots_.insert(free_snapshots_.end(),
                         base_snapshots_.begin() + static_cast<std::ptrdiff_t>(kept_),
                         base_snapshots_.end());
  base_snapshots_.resize(kept_);
  base_snapshots_.insert(base_snapshots_.end(), tried_snapshots_.begin(), tried_snapshots_.end());
  tried_snapshots_.clear();
  compute_tails();
}

bool Replay::critical(std::size_t node, std::size_t device) const {
  const std::size_t unit = unit_at(node, device);
  return !tables_.instant[node] && base_.ready_s[unit] < kNever &&
         base_.arrival_s[arrival_at(node, device, device)] + tails_s_[unit] >=
             base_.end_s * (1 - 1e-9);
}

/// Calls visit(producer, from) for each arrival that the unit waits for.
template <typename Visit>
void Replay::for_each_dependency(std::size_t node, std::size_t device, Visit visit) const {
  for (std::size_t e = tables_.in_first[node]; e < tables_.in_first[node + 1]; ++e) {
    const std::size_t producer = index(tables_.edges[e].producer);
    for_each_device(schedule_.suppliers(e, device),
                    [&](std::size_t from) { visit(producer, from); });
  }
}

/// A time before which the changed schedule's run is the base's: nothing that changed is ready,
/// sent or done.
double Replay::first_touched_s() const {
  double first_s = kNever;
  for (const std::int32_t changed : schedule_.changed_units()) {
    const std::size_t n = index(changed);
    for (std::size_t d = 0; d < devices_; ++d) {
      first_s = std::min(first_s, base_.ready_s[unit_at(n, d)]);
      if (schedule_.range(n, d).empty()) continue;
      double ready_s = 0;
      for_each_dependency(n, d, [&](std::size_t producer, std::size_t from) {
        // What waits for something changed is not touched first.
        ready_s = std::max(
            ready_s, changed_[producer] ? kNever : base_.arrival_s[arrival_at(producer, from, d)]);
      });
      first_s = std::min(first_s, ready_s);
    }
  }
  for (const std::int32_t changed : schedule_.changed_sends()) {
    const std::size_t n = index(changed);
    for (std::size_t d = 0; d < devices_; ++d) {
      if (base_.ready_s[unit_at(n, d)] == kNever) continue;
      first_s = std::min(first_s, base_.arrival_s[arrival_at(n, d, d)]);
    }
  }
  return first_s;
}

void Replay::rewind_to(const State& snapshot) {
  state_ = snapshot;
  finished_.clear();
  woken_ = 0;
  tried_.kept = state_.logged;
  tried_.changed_units.assign(schedule_.changed_units().begin(), schedule_.changed_units().end());
  tried_.ready.clear();
  tried_.events.clear();
  // Not as it was at the time of the snapshot: schedules accepted since then have other units.
  for (std::size_t n = 0; n < tables_.nodes; ++n) {
    for (std::size_t d = 0; d < devices_; ++d) {
      // Nothing that changed has happened yet: no old unit of a changed node is ready, no new one.
      std::int32_t missing = 0;
      if (changed_[n] || base_.ready_s[unit_at(n, d)] > state_.now_s) {
        for_each_dependency(n, d, [&](std::size_t producer, std::size_t from) {
          missing +=
              changed_[producer] || base_.arrival_s[arrival_at(producer, from, d)] > state_.now_s;
        });
      }
      missing_[unit_at(n, d)] = missing;
    }
  }
}

void Replay::take_snapshot() {
  state_.pending.erase(state_.pending.begin(),
                       state_.pending.begin() + static_cast<std::ptrdiff_t>(state_.started));
  state_.started = 0;
  std::size_t slot = snapshots_.size();
  if (free_snapshots_.empty()) {
    snapshots_.push_back(state_);
  } else {
    slot = free_snapshots_.back();
    free_snapshots_.pop_back();
    snapshots_[slot] = state_;
  }
  snapshots_[slot].logged = tried_.kept + tried_.events.size();
  tried_snapshots_.push_back(slot);
  next_snapshot_s_ = state_.now_s + schedule_.latency_s() / kSnapshots;
}

/// Goes on from state_ to the end.
double Replay::run(double limit_s) {
  free_snapshots_.insert(free_snapshots_.end(), tried_snapshots_.begin(), tried_snapshots_.end());
  tried_snapshots_.clear();
  next_snapshot_s_ = state_.now_s + schedule_.latency_s() / kSnapshots;
  for (;;) {
    double now = state_.flows.next_end_s();
    rates_ += static_cast<std::int64_t>(state_.flows.size());
    const bool flow_ends = now < kNever;
    const double flow_s = now;
    for (double done_s : state_.done_s) now = std::min(now, done_s);
    if (state_.started < state_.pending.size()) {
      now = std::min(now, state_.pending[state_.started].start_s);
    }
    if (now == kNever) return tried_.end_s = state_.now_s;
    if (now > limit_s) return kNever;
    state_.now_s = now;
    if (flow_ends && is_due(flow_s, now)) {
      ended_.clear();
      state_.flows.end(now, kTimePrecision_s, ended_);
      for (const std::int32_t message : ended_) arrive(message, now);
    }
    for (std::size_t w = 0; w < workers_; ++w) {
      if (is_due(state_.done_s[w], now)) job_done(w, now);
    }
    for (; state_.started < state_.pending.size(); ++state_.started) {
      const Pending& next = state_.pending[state_.started];
      if (!is_due(next.start_s, now)) break;
      const Arrival arrival(next.message);
      const Path& path = tables_.paths[arrival.from * devices_ + arrival.to];
      state_.flows.start(now, next.message, path.links, next.bytes);
    }
    settle(now);
    if (now >= next_snapshot_s_) take_snapshot();
  }
}

void Replay::begin() {
  state_.now_s = 0;
  state_.flows.clear();
  state_.pending.clear();
  state_.started = 0;
  state_.blocked = 0;
  finished_.clear();
  woken_ = 0;
  tried_.kept = 0;
  tried_.changed_units.clear();
  tried_.ready.clear();
  tried_.events.clear();
  for (auto& queue : state_.queues) queue.clear();
  std::fill(state_.done_s.begin(), state_.done_s.end(), kNever);
  for (std::size_t n = 0; n < tables_.nodes; ++n) {
    for (std::size_t d = 0; d < devices_; ++d) {
      std::int32_t missing = 0;
      for_each_dependency(n, d, [&](std::size_t, std::size_t) { ++missing; });
      missing_[unit_at(n, d)] = missing;
      if (missing == 0 && !schedule_.range(n, d).empty()) become_ready(n, d, 0);
    }
  }
  settle(0);
}

void Replay::provide(std::size_t node, std::size_t from, std::size_t to, double now) {
  for (const std::int32_t out : tables_.outputs(node)) {
    const std::size_t e = index(out);
    if ((schedule_.suppliers(e, to) >> from & 1U) == 0) continue;
    const std::size_t consumer = index(tables_.edges[e].consumer);
    if (--missing_[unit_at(consumer, to)] == 0) become_ready(consumer, to, now);
  }
}

void Replay::become_ready(std::size_t node, std::size_t device, double now) {
  const std::int32_t unit = unit_id(node, device);
  const Ready ready{now, {unit, DeviceTask::kCompute}, unit};
  tried_.ready.push_back(ready);
  if (takes_no_time(schedule_.duration_s(unit_at(node, device)))) return finished_.push_back(unit);
  enqueue(device, ready);
}

void Replay::enqueue(std::size_t worker, const Ready& ready) {
  auto& queue = state_.queues[worker];
  auto at = queue.begin();
  while (at != queue.end() && runs_before(ready, *at)) ++at;
  queue.insert(at, ready);
  woken_ |= std::uint64_t{1} << worker;
}

/// Who does the CPU work of a device's messages.
std::size_t Replay::worker_of(std::size_t device) const {
  return tables_.messages[device].overlaps() ? devices_ + device : device;
}

const Schedule::Send& Replay::send_of(const Arrival& message) const {
  const auto sends = schedule_.sends(message.node, message.from);
  return *std::ranges::find(sends, static_cast<std::int32_t>(message.to), &Schedule::Send::to);
}

/// Lets the unit's messages wait for their sender, or leave.
void Replay::send(const Unit& unit, double now) {
  const MessageCost& cost = tables_.messages[unit.device];
  std::int32_t place = message_id(unit_id(unit.node, unit.device), 0);
  for (const auto& send : schedule_.sends(unit.node, unit.device)) {
    const std::int32_t message = message_id(unit_id(unit.node, unit.device), index(send.to));
    if (tables_.free_messages) {
      leave(message, send, now);
    } else if (cost.blocks() || !takes_no_time(send.send_s)) {
      enqueue(worker_of(unit.device), {now, {message, DeviceTask::kSend}, place});
    } else {
      leaving_.push_back({place, message});
    }
    ++place;
  }
}

/// Hands a message over to its latency.
void Replay::leave(std::int32_t message, const Schedule::Send& send, double now) {
  const Arrival its(message);
  auto& pending = state_.pending;
  const Pending next{now + tables_.paths[its.from * devices_ + its.to].latency_s, message,
                     send.link_bytes};
  // Mostly latencies are equal, and it is the last one.
  std::size_t at = pending.size();
  pending.push_back(next);
  for (; at > state_.started && pending[at - 1].start_s > next.start_s; --at) {
    pending[at] = pending[at - 1];
  }
  pending[at] = next;
}

/// All bytes of a message are at its receiver.
void Replay::arrive(std::int32_t message, double now) {
  if (tables_.free_messages) return deliver(message, now);
  const Arrival its(message);
  if (tables_.messages[its.from].blocks()) {
    state_.blocked &= ~(DeviceSet{1} << its.from);
    woken_ |= std::uint64_t{1} << its.from;
  }
  if (takes_no_time(send_of(its).receive_s)) return deliver(message, now);
  enqueue(worker_of(its.to), {now, {message, DeviceTask::kReceive}, message});
}

void Replay::deliver(std::int32_t message, double now) {
  const Arrival its(message);
  ++events_;
  tried_.events.push_back({now, message});
  provide(its.node, its.from, its.to, now);
}

void Replay::job_done(std::size_t worker, double now) {
  const Job job = state_.running[worker];
  state_.done_s[worker] = kNever;
  woken_ |= std::uint64_t{1} << worker;
  if (job.task == DeviceTask::kCompute) return finished_.push_back(job.id);
  if (job.task == DeviceTask::kReceive) return deliver(job.id, now);
  ++events_;
  const Arrival message(job.id);
  if (tables_.messages[message.from].blocks()) state_.blocked |= DeviceSet{1} << message.from;
  leaving_.push_back({job.id, job.id});
}

double Replay::duration_s(const Job& job) const {
  if (job.task == DeviceTask::kCompute) {
    const Unit unit(job.id);
    return schedule_.duration_s(unit_at(unit.node, unit.device));
  }
  const Schedule::Send& send = send_of(Arrival(job.id));
  return job.task == DeviceTask::kSend ? send.send_s : send.receive_s;
}

/// Hands over and sends what was finished, and gives idle workers their next jobs.
void Replay::settle(double now) {
  for (std::size_t i = 0; i < finished_.size(); ++i) {  // grows as instant units follow
    const Unit unit(finished_[i]);
    ++events_;
    tried_.events.push_back({now, message_id(finished_[i], unit.device)});
    provide(unit.node, unit.device, unit.device, now);
  }
  std::sort(finished_.begin(), finished_.end());
  for (const std::int32_t unit : finished_) send(Unit(unit), now);
  finished_.clear();
  std::ranges::sort(leaving_, {}, &Leaving::place);
  for (const Leaving& next : leaving_) leave(next.message, send_of(Arrival(next.message)), now);
  leaving_.clear();
  for_each_device(woken_, [&](std::size_t w) {
    auto& queue = state_.queues[w];
    const bool blocked = w < devices_ && (state_.blocked >> w & 1U) != 0;
    if (state_.done_s[w] < kNever || blocked || queue.empty()) return;
    state_.running[w] = queue.back().job;
    queue.pop_back();
    state_.done_s[w] = now + duration_s(state_.running[w]);
  });
  woken_ = 0;
}

/// Longest paths from units to the end of the base, backwards through what happened.
void Replay::compute_tails() {
  const auto take = [&](std::size_t at) { return std::exchange(arrival_tails_s_[at], -kNever); };
  std::array<double, kMaxDevices> next_s{};  // from the start of the device's next unit
  for (std::size_t i = base_.events.size(); i-- > 0;) {
    const auto [n, d, to] = Arrival(base_.events[i].message);
    if (to != d) continue;
    const double done_s = base_.events[i].time_s;
    double tail_s = std::max(0.0, take(arrival_at(n, d, d)));
    for (const auto& send : schedule_.sends(n, d)) {
      const std::size_t message = arrival_at(n, d, index(send.to));
      tail_s = std::max(tail_s, base_.arrival_s[message] - done_s + take(message));
    }
    const double duration_s = schedule_.duration_s(unit_at(n, d));
    if (duration_s > 0) {
      tail_s = std::max(tail_s, next_s[d]);
      next_s[d] = duration_s + tail_s;
    }
    tails_s_[unit_at(n, d)] = tail_s;
    for_each_dependency(n, d, [&, device = d](std::size_t producer, std::size_t from) {
      double& before_s = arrival_tails_s_[arrival_at(producer, from, device)];
      before_s = std::max(before_s, duration_s + tail_s);
    });
  }
}

}  // namespace edgeflow::joint
