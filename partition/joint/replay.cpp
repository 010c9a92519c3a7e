#include "partition/joint/replay.hpp"

#include <algorithm>
#include <functional>

#include "partition/estimate.hpp"

namespace edgeflow::joint {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr std::size_t kSnapshots = 12;  // of a run

std::vector<double> bandwidths(const Tables& tables) {
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
      state_{.flows = Flows(bandwidths(tables_)),
             .missing = std::vector<std::int32_t>(tables_.nodes * devices_, 0),
             .done_s = std::vector<double>(devices_, kNever),
             .running = std::vector<std::int32_t>(devices_, 0),
             .queues = std::vector<std::vector<Ready>>(devices_),
             .pending = {}},
      tails_s_(tables_.nodes * devices_, 0),
      arrival_tails_s_(tables_.nodes * devices_ * devices_, 0),
      units_changed_(tables_.nodes, 0),
      sends_changed_(tables_.nodes, 0) {
  for (History* history : {&base_, &tried_}) {
    history->ready_s.assign(tables_.nodes * devices_, kNever);
    history->arrival_s.assign(tables_.nodes * devices_ * devices_, kNever);
  }
}

double Replay::latency_s(double limit_s) {
  kept_ = 0;
  std::fill(tried_.ready_s.begin(), tried_.ready_s.end(), kNever);
  begin();
  return run(limit_s);
}

double Replay::changed_latency_s(double limit_s) {
  for (const std::int32_t n : schedule_.changed_units()) {
    units_changed_[static_cast<std::size_t>(n)] = 1;
  }
  for (const std::int32_t n : schedule_.changed_sends()) {
    sends_changed_[static_cast<std::size_t>(n)] = 1;
  }
  const double touched_s = first_touched_s();
  kept_ = 0;
  while (kept_ < base_snapshots_.size() &&
         snapshots_[base_snapshots_[kept_]].now_s + kTimePrecision_s < touched_s) {
    ++kept_;
  }
  std::copy(base_.ready_s.begin(), base_.ready_s.end(), tried_.ready_s.begin());
  for (const std::int32_t n : schedule_.changed_units()) {
    std::fill_n(&tried_.ready_s[static_cast<std::size_t>(n) * devices_], devices_, kNever);
  }
  if (kept_ > 0) {
    rewind_to(snapshots_[base_snapshots_[kept_ - 1]]);
  } else {
    begin();
  }
  const double end_s = run(limit_s);
  for (const std::int32_t n : schedule_.changed_units()) {
    units_changed_[static_cast<std::size_t>(n)] = 0;
  }
  for (const std::int32_t n : schedule_.changed_sends()) {
    sends_changed_[static_cast<std::size_t>(n)] = 0;
  }
  return end_s;
}

void Replay::accept() {
  std::swap(base_, tried_);
  free_snapshots_.insert(free_snapshots_.end(),
                         base_snapshots_.begin() + static_cast<std::ptrdiff_t>(kept_),
                         base_snapshots_.end());
  base_snapshots_.resize(kept_);
  base_snapshots_.insert(base_snapshots_.end(), tried_snapshots_.begin(), tried_snapshots_.end());
  tried_snapshots_.clear();
  compute_tails();
}

bool Replay::critical(std::size_t node, std::size_t device) const {
  const std::size_t unit = node * devices_ + device;
  return !tables_.instant[node] && base_.ready_s[unit] < kNever &&
         base_.arrival_s[arrival(unit, device)] + tails_s_[unit] >= base_.end_s * (1 - 1e-9);
}

/// A time before which the changed schedule's run is the base's: nothing that changed is ready,
/// sent or done.
double Replay::first_touched_s() const {
  double first_s = kNever;
  for (const std::int32_t changed : schedule_.changed_units()) {
    const auto n = static_cast<std::size_t>(changed);
    for (std::size_t d = 0; d < devices_; ++d) {
      first_s = std::min(first_s, base_.ready_s[n * devices_ + d]);
      if (schedule_.range(n, d).empty()) continue;
      double ready_s = 0;
      for (const std::int32_t needed : schedule_.dependencies(n, d)) {
        const auto from = static_cast<std::size_t>(needed) / devices_ / devices_;
        // What waits for something changed is not touched first.
        const bool waits = units_changed_[from] || sends_changed_[from];
        ready_s =
            std::max(ready_s, waits ? kNever : base_.arrival_s[static_cast<std::size_t>(needed)]);
      }
      first_s = std::min(first_s, ready_s);
    }
  }
  for (const std::int32_t changed : schedule_.changed_sends()) {
    const auto first = static_cast<std::size_t>(changed) * devices_;
    for (std::size_t d = 0; d < devices_; ++d) {
      if (base_.ready_s[first + d] == kNever) continue;
      first_s = std::min(first_s, base_.arrival_s[arrival(first + d, d)]);
    }
  }
  return first_s;
}

void Replay::rewind_to(const State& snapshot) {
  state_ = snapshot;
  finished_.clear();
  std::copy(base_.arrival_s.begin(), base_.arrival_s.end(), tried_.arrival_s.begin());
  const auto there = [&](std::size_t needed) {
    const std::size_t from = needed / devices_ / devices_;
    return !units_changed_[from] && !sends_changed_[from] &&
           base_.arrival_s[needed] <= state_.now_s;
  };
  tried_.done.assign(base_.done.begin(),
                     base_.done.begin() + static_cast<std::ptrdiff_t>(state_.logged));
  // Not as it was at the time of the snapshot: schedules accepted since then have other units.
  for (std::size_t n = 0; n < tables_.nodes; ++n) {
    for (std::size_t d = 0; d < devices_; ++d) {
      std::int32_t missing = 0;
      if (units_changed_[n] || base_.ready_s[n * devices_ + d] > state_.now_s) {
        for (const std::int32_t needed : schedule_.dependencies(n, d)) {
          if (!there(static_cast<std::size_t>(needed))) ++missing;
        }
      }
      state_.missing[n * devices_ + d] = missing;
    }
  }
}

void Replay::take_snapshot() {
  std::size_t slot = snapshots_.size();
  if (free_snapshots_.empty()) {
    snapshots_.push_back(state_);
  } else {
    slot = free_snapshots_.back();
    free_snapshots_.pop_back();
    snapshots_[slot] = state_;
  }
  snapshots_[slot].logged = tried_.done.size();
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
    const bool flow_ends = now < kNever;
    const double flow_s = now;
    for (double done_s : state_.done_s) now = std::min(now, done_s);
    if (!state_.pending.empty()) now = std::min(now, state_.pending.front().start_s);
    if (now == kNever) return tried_.end_s = state_.now_s;
    if (now > limit_s) return kNever;
    state_.now_s = now;
    const double until = now + kTimePrecision_s;
    if (flow_ends && flow_s <= until) {
      ended_.clear();
      state_.flows.end(now, kTimePrecision_s, ended_);
      for (const std::int32_t m : ended_) {
        const auto message = static_cast<std::size_t>(m);
        const std::size_t from = message / devices_;
        ++events_;
        tried_.arrival_s[message] = now;
        provide(from / devices_, from % devices_, message % devices_, now);
      }
    }
    for (std::size_t d = 0; d < devices_; ++d) {
      if (state_.done_s[d] > until) continue;
      state_.done_s[d] = kNever;
      finished_.push_back(state_.running[d]);
    }
    while (!state_.pending.empty() && state_.pending.front().start_s <= until) {
      std::pop_heap(state_.pending.begin(), state_.pending.end(), std::greater<>());
      const Pending start = state_.pending.back();
      state_.pending.pop_back();
      const auto message = static_cast<std::size_t>(start.message);
      const Path& path =
          tables_.paths[message / devices_ % devices_ * devices_ + message % devices_];
      state_.flows.start(now, start.message, path.links, start.bytes);
    }
    settle(now);
    if (now >= next_snapshot_s_) take_snapshot();
  }
}

void Replay::begin() {
  state_.now_s = 0;
  state_.flows.clear();
  state_.pending.clear();
  finished_.clear();
  tried_.done.clear();
  for (auto& queue : state_.queues) queue.clear();
  std::fill(state_.done_s.begin(), state_.done_s.end(), kNever);
  for (std::size_t n = 0; n < tables_.nodes; ++n) {
    for (std::size_t d = 0; d < devices_; ++d) {
      const auto count = static_cast<std::int32_t>(schedule_.dependencies(n, d).size());
      state_.missing[n * devices_ + d] = count;
      if (count == 0 && !schedule_.range(n, d).empty()) become_ready(n * devices_ + d, 0);
    }
  }
  settle(0);
}

void Replay::provide(std::size_t node, std::size_t from, std::size_t to, double now) {
  const auto arrival = static_cast<std::int32_t>((node * devices_ + from) * devices_ + to);
  std::int32_t last = -1;
  for (const std::int32_t e : tables_.outputs(node)) {
    const std::int32_t consumer = tables_.edges[static_cast<std::size_t>(e)].consumer;
    if (consumer == last) continue;
    last = consumer;
    const std::size_t unit = static_cast<std::size_t>(consumer) * devices_ + to;
    for (const std::int32_t needed :
         schedule_.dependencies(static_cast<std::size_t>(consumer), to)) {
      if (needed == arrival && --state_.missing[unit] == 0) become_ready(unit, now);
    }
  }
}

void Replay::become_ready(std::size_t unit, double now) {
  tried_.ready_s[unit] = now;
  if (schedule_.duration_s(unit) == 0) return finished_.push_back(static_cast<std::int32_t>(unit));
  auto& queue = state_.queues[unit % devices_];
  queue.push_back({now, static_cast<std::int32_t>(unit)});
  std::push_heap(queue.begin(), queue.end(), std::greater<>());
}

/// Hands over and sends what was finished, and gives idle devices their next units.
void Replay::settle(double now) {
  for (std::size_t i = 0; i < finished_.size(); ++i) {  // grows as instant units follow
    const auto unit = static_cast<std::size_t>(finished_[i]);
    tried_.arrival_s[arrival(unit, unit % devices_)] = now;
    ++events_;
    tried_.done.push_back(finished_[i]);
    provide(unit / devices_, unit % devices_, unit % devices_, now);
  }
  std::sort(finished_.begin(), finished_.end());
  for (const std::int32_t u : finished_) {
    const auto unit = static_cast<std::size_t>(u);
    for (const auto& send : schedule_.sends(unit / devices_, unit % devices_)) {
      const Path& path =
          tables_.paths[unit % devices_ * devices_ + static_cast<std::size_t>(send.to)];
      state_.pending.push_back({now + path.latency_s,
                                static_cast<std::int32_t>(unit * devices_) + send.to,
                                send.link_bytes});
      std::push_heap(state_.pending.begin(), state_.pending.end(), std::greater<>());
    }
  }
  finished_.clear();
  for (std::size_t d = 0; d < devices_; ++d) {
    auto& queue = state_.queues[d];
    if (state_.done_s[d] < kNever || queue.empty()) continue;
    const std::int32_t unit = queue.front().unit;
    std::pop_heap(queue.begin(), queue.end(), std::greater<>());
    queue.pop_back();
    state_.running[d] = unit;
    state_.done_s[d] = now + schedule_.duration_s(static_cast<std::size_t>(unit));
  }
}

/// Longest paths from units to the end of the base, backwards through what happened.
void Replay::compute_tails() {
  std::fill(arrival_tails_s_.begin(), arrival_tails_s_.end(), -kNever);
  std::vector<double> next_s(devices_, 0);  // from the start of the device's next unit
  for (std::size_t i = base_.done.size(); i-- > 0;) {
    const auto unit = static_cast<std::size_t>(base_.done[i]);
    const std::size_t n = unit / devices_;
    const std::size_t d = unit % devices_;
    const double done_s = base_.arrival_s[arrival(unit, d)];
    double tail_s = std::max(0.0, arrival_tails_s_[arrival(unit, d)]);
    for (const auto& send : schedule_.sends(n, d)) {
      const std::size_t message = arrival(unit, static_cast<std::size_t>(send.to));
      tail_s = std::max(tail_s, base_.arrival_s[message] - done_s + arrival_tails_s_[message]);
    }
    const double duration_s = schedule_.duration_s(unit);
    if (duration_s > 0) {
      tail_s = std::max(tail_s, next_s[d]);
      next_s[d] = duration_s + tail_s;
    }
    tails_s_[unit] = tail_s;
    for (const std::int32_t needed : schedule_.dependencies(n, d)) {
      double& before_s = arrival_tails_s_[static_cast<std::size_t>(needed)];
      before_s = std::max(before_s, duration_s + tail_s);
    }
  }
}

}  // namespace edgeflow::joint
