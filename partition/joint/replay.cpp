#include "partition/joint/replay.hpp"

#include <algorithm>
#include <functional>

#include "partition/estimate.hpp"

namespace edgeflow::joint {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

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
      flows_(bandwidths(tables_)),
      missing_(tables_.nodes * devices_, 0),
      done_s_(devices_, kNever),
      running_(devices_, 0),
      queues_(devices_) {}

double Replay::latency_s(double limit_s) {
  begin();
  settle(0);
  double last_s = 0;
  for (;;) {
    double now = flows_.next_end_s();
    const bool flow_ends = now < kNever;
    const double flow_s = now;
    for (double done_s : done_s_) now = std::min(now, done_s);
    if (!pending_.empty()) now = std::min(now, pending_.front().start_s);
    if (now == kNever) return last_s;
    if (now > limit_s) return kNever;
    last_s = now;
    const double until = now + kTimePrecision_s;
    if (flow_ends && flow_s <= until) {
      ended_.clear();
      flows_.end(now, kTimePrecision_s, ended_);
      for (const std::int32_t m : ended_) {
        const auto message = static_cast<std::size_t>(m);
        const std::size_t from = message / devices_;
        provide(from / devices_, from % devices_, message % devices_, now);
      }
    }
    for (std::size_t d = 0; d < devices_; ++d) {
      if (done_s_[d] > until) continue;
      done_s_[d] = kNever;
      finished_.push_back(running_[d]);
    }
    while (!pending_.empty() && pending_.front().start_s <= until) {
      std::pop_heap(pending_.begin(), pending_.end(), std::greater<>());
      const Pending start = pending_.back();
      pending_.pop_back();
      const auto message = static_cast<std::size_t>(start.message);
      const Path& path =
          tables_.paths[message / devices_ % devices_ * devices_ + message % devices_];
      flows_.start(now, start.message, path.links, start.bytes);
    }
    settle(now);
  }
}

void Replay::begin() {
  flows_.clear();
  pending_.clear();
  finished_.clear();
  for (auto& queue : queues_) queue.clear();
  std::fill(done_s_.begin(), done_s_.end(), kNever);
  for (std::size_t n = 0; n < tables_.nodes; ++n) {
    for (std::size_t d = 0; d < devices_; ++d) {
      const auto count = static_cast<std::int32_t>(schedule_.dependencies(n, d).size());
      missing_[n * devices_ + d] = count;
      if (count == 0 && !schedule_.range(n, d).empty()) become_ready(n * devices_ + d, 0);
    }
  }
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
      if (needed == arrival && --missing_[unit] == 0) become_ready(unit, now);
    }
  }
}

void Replay::become_ready(std::size_t unit, double now) {
  if (schedule_.duration_s(unit) == 0) return finished_.push_back(static_cast<std::int32_t>(unit));
  auto& queue = queues_[unit % devices_];
  queue.push_back({now, static_cast<std::int32_t>(unit)});
  std::push_heap(queue.begin(), queue.end(), std::greater<>());
}

/// Hands over and sends what was finished, and gives idle devices their next units.
void Replay::settle(double now) {
  for (std::size_t i = 0; i < finished_.size(); ++i) {  // grows as instant units follow
    const auto unit = static_cast<std::size_t>(finished_[i]);
    provide(unit / devices_, unit % devices_, unit % devices_, now);
  }
  std::sort(finished_.begin(), finished_.end());
  for (const std::int32_t u : finished_) {
    const auto unit = static_cast<std::size_t>(u);
    for (const auto& send : schedule_.sends(unit / devices_, unit % devices_)) {
      const Path& path =
          tables_.paths[unit % devices_ * devices_ + static_cast<std::size_t>(send.to)];
      pending_.push_back({now + path.latency_s,
                          static_cast<std::int32_t>(unit * devices_) + send.to, send.link_bytes});
      std::push_heap(pending_.begin(), pending_.end(), std::greater<>());
    }
  }
  finished_.clear();
  for (std::size_t d = 0; d < devices_; ++d) {
    auto& queue = queues_[d];
    if (done_s_[d] < kNever || queue.empty()) continue;
    const std::int32_t unit = queue.front().unit;
    std::pop_heap(queue.begin(), queue.end(), std::greater<>());
    queue.pop_back();
    running_[d] = unit;
    done_s_[d] = now + schedule_.duration_s(static_cast<std::size_t>(unit));
  }
}

}  // namespace edgeflow::joint
