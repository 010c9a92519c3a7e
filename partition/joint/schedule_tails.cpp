// What comes after each moment of a schedule, and what that tells of a change before all of it is
// scheduled.

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "partition/joint/schedule.hpp"

namespace edgeflow::joint {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
// How much worse than its threshold a change may look on the way before it is given up.
constexpr double kPatience = 1.01;

}  // namespace

/// The same of the messages of a node's unit on `s`: from the registers after them, and the tails of
/// their arrivals and of the unit's end, by from * devices + to.
void Schedule::send_tails(std::size_t n, std::size_t s, double* before,
                          double* arrival_tails) const {
  double* links = before + devices_;
  const Send* list = &sends_[send_slot_[n]][slot(n, s, 0)];
  double& finish = arrival_tails[s * devices_ + s];
  double& up = links[tables_.paths[s * devices_ + index(list->to)].link_a];
  const MessageCost& cost = tables_.messages[s];
  double all = up;
  double begin = kNever;
  double packed = cost.overlaps() ? kNever : before[s];
  for (std::int32_t m = send_count_[send_slot_[n]][n * devices_ + s]; m-- > 0;) {
    const std::size_t d = index(list[m].to);
    double& down = links[tables_.paths[s * devices_ + d].link_b];
    double tail = arrival_tails[s * devices_ + d];
    if (!tables_.free_messages) {
      tail += list[m].receive_s;
      if (!tables_.messages[d].overlaps()) before[d] += list[m].receive_s;
      if (cost.blocks()) tail = std::max(tail, std::exchange(packed, kNever));
    }
    tail += tables_.paths[s * devices_ + d].latency_s;
    if (&down != &up) {
      tail = std::max(tail, down);
      down = tail + list[m].wire_s;
    }
    begin = std::max(begin, tail + list[m].shared_s);
    all += list[m].wire_s;
    packed = std::max(packed, tail + list[m].wire_s) + list[m].send_s;
  }
  up = std::max(begin, all);
  finish = std::max(finish, up);
  if (tables_.free_messages) return;
  finish = std::max(finish, packed);
  if (!cost.overlaps()) before[s] = packed;
}

/// Longest paths to the end, by the schedule's own steps in reverse, before the nodes less than
/// `end`; those of the others hold.
void Schedule::compute_tails(std::size_t end) {
  effort_.tails += static_cast<std::int64_t>(end);
  double* last = &tails_[nodes_ * registers_];
  std::fill(last, last + devices_, 0.0);
  std::fill(last + devices_, last + registers_ - 1, kNever);
  last[registers_ - 1] = 0;
  std::array<double, kMaxDevices * kMaxDevices> arrival_tails;  // by from, to
  for (std::size_t n = end; n-- > 0;) {
    const double* after = &tails_[(n + 1) * registers_];
    double* before = &tails_[n * registers_];
    std::copy(after, after + registers_, before);
    std::fill_n(arrival_tails.begin(), devices_ * devices_, kNever);
    for (const std::int32_t out : tables_.outputs(n)) {
      const std::size_t e = index(out);
      const double* tails = &unit_tails_[index(tables_.edges[e].consumer) * devices_];
      for (std::size_t d = 0; d < devices_; ++d) {
        for_each_device(suppliers(e, d), [&](std::size_t s) {
          double& tail = arrival_tails[s * devices_ + d];
          tail = std::max(tail, tails[d]);
        });
      }
    }
    const Span* parts = shape(n);
    const std::uint8_t* order = &order_[n * devices_];
    std::size_t senders = 0;
    while (senders < devices_ && order[senders] != 0xFF) ++senders;
    while (senders-- > 0) send_tails(n, order[senders], before, arrival_tails.data());
    for (std::size_t d = devices_; d-- > 0;) {
      if (parts[d].empty()) continue;
      const std::size_t unit = n * devices_ + d;
      double tail = std::max(0.0, arrival_tails[d * devices_ + d]);
      if (!tables_.instant[n]) {
        tail = std::max(tail, before[d]) + duration_s(unit);
        before[d] = tail;
      }
      unit_tails_[unit] = tail;
    }
  }
}

/// After `node`, with the accepted plan's tails although the change goes on: a hint.
bool Schedule::hopeless(std::size_t node, double threshold_s) const {
  const double* tail = &tails_[(node + 1) * registers_];
  for (std::size_t r = 0; r < registers_; ++r) {
    if (now_[r] + tail[r] > threshold_s * kPatience) return true;
  }
  return false;
}

/// The end, from the state after `node`, behind which nothing changed. Exact unless messages of
/// later layers now leave in another order.
double Schedule::predicted_s(std::size_t node) const {
  const double* tail = &tails_[(node + 1) * registers_];
  double end = 0;
  for (std::size_t r = 0; r < registers_; ++r) end = std::max(end, now_[r] + tail[r]);
  for (const std::int32_t live : live_[node]) {
    const std::size_t e = index(live);
    const std::size_t p = index(tables_.edges[e].producer);
    const std::size_t c = index(tables_.edges[e].consumer);
    const double* arrivals = (p >= tried_from_ ? tried_arrivals_ : arrivals_).data();
    for (std::size_t d = 0; d < devices_; ++d) {
      const double unit_tail = unit_tails_[c * devices_ + d];
      for_each_device(suppliers(e, d), [&](std::size_t s) {
        end = std::max(end, arrivals[slot(p, s, d)] + unit_tail);
      });
    }
  }
  return end;
}

bool Schedule::critical(std::size_t n, std::size_t d) const {
  if (shape(n)[d].empty() || tables_.instant[n]) return false;
  const std::size_t unit = n * devices_ + d;
  const double start_s = finish_s(n, d) - duration_s(unit);
  return latency_s_ - (start_s + unit_tails_[unit]) <= 1e-9 * latency_s_;
}

}  // namespace edgeflow::joint
