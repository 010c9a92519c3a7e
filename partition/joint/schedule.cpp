#include "partition/joint/schedule.hpp"

#include <algorithm>
#include <array>

#include "partition/plans/execution.hpp"

namespace edgeflow::joint {

Schedule::Schedule(const CostTables& tables)
    : tables_(tables),
      devices_(tables.devices),
      nodes_(tables.nodes),
      registers_(devices_ + tables.links + 1) {
  for (int copy : {0, 1}) {
    boundaries_[copy].assign(tables_.layers * (devices_ + 1), 0);
    recompute_[copy].assign(tables_.layers, 0);
    shape_[copy].assign(nodes_ * 2 * devices_, {});
    duration_s_[copy].assign(nodes_ * devices_, 0);
    suppliers_[copy].assign(tables_.edges.size() * devices_, 0);
    send_count_[copy].assign(nodes_ * devices_, 0);
    sends_[copy].assign(nodes_ * devices_ * devices_, {});
  }
  for (auto* slots : {&encoding_slot_, &shape_slot_, &unit_slot_, &send_slot_, &encoding_dirty_,
                      &need_dirty_, &unit_dirty_, &send_dirty_}) {
    slots->assign(nodes_, 0);
  }
  for (auto* list : {&edited_, &reshaped_, &reunited_, &resent_}) list->reserve(nodes_);
  arrivals_.assign(nodes_ * devices_ * devices_, 0);
  tried_arrivals_ = arrivals_;
  checkpoints_.assign((nodes_ + 1) * registers_, 0);
  tried_checkpoints_ = checkpoints_;
  order_.assign(nodes_ * devices_, 0);
  tried_order_ = order_;
  now_.assign(registers_, 0);
  tails_.assign((nodes_ + 1) * registers_, 0);
  unit_tails_.assign(nodes_ * devices_, 0);
  live_.resize(nodes_);
  for (std::size_t e = 0; e < tables_.edges.size(); ++e) {
    const Edge& edge = tables_.edges[e];
    for (auto n = edge.producer; n < edge.consumer; ++n) {
      live_[index(n)].push_back(static_cast<std::int32_t>(e));
    }
  }
}

void Schedule::load(const Encoding& encoding) {
  for (std::size_t l = 1; l < tables_.layers; ++l) {
    const auto* from = &encoding.boundaries[l * (devices_ + 1)];
    std::copy(from, from + devices_ + 1, edit(l));
    edit_recompute(l) = encoding.recompute[l];
  }
  std::fill(need_dirty_.begin(), need_dirty_.end(), 1);
  std::fill(unit_dirty_.begin(), unit_dirty_.end(), 1);
  std::fill(send_dirty_.begin(), send_dirty_.end(), 1);
  if (edited_.empty() || edited_.back() != static_cast<std::int32_t>(nodes_) - 1) {
    // The relays' and the input's shapes are derived like those of layers.
    encoding_dirty_[nodes_ - 1] = 1;
    edited_.push_back(static_cast<std::int32_t>(nodes_) - 1);
    encoding_slot_[nodes_ - 1] ^= 1;
  }
  derive(0);
  trial_ = {0, nodes_ - 1, true};
  tried_from_ = 0;
  std::fill(now_.begin(), now_.end(), 0.0);
  for (std::size_t n = 0; n < nodes_; ++n) refresh(n);
  changed_latency_s_ = now_.back();
  accept();
}

Encoding Schedule::encoding() const {
  Encoding encoding;
  encoding.boundaries.resize(boundaries_[0].size());
  encoding.recompute.assign(tables_.layers, 0);
  for (std::size_t l = 0; l < tables_.layers; ++l) {
    std::copy(boundaries(l), boundaries(l) + devices_ + 1,
              &encoding.boundaries[l * (devices_ + 1)]);
    encoding.recompute[l] = recompute(l);
  }
  return encoding;
}

std::int32_t* Schedule::edit(std::size_t l) {
  if (!encoding_dirty_[l]) {
    const auto was = encoding_slot_[l];
    const std::size_t row = l * (devices_ + 1);
    std::copy_n(&boundaries_[was][row], devices_ + 1, &boundaries_[was ^ 1][row]);
    recompute_[was ^ 1][l] = recompute_[was][l];
    encoding_slot_[l] ^= 1;
    encoding_dirty_[l] = 1;
    edited_.push_back(static_cast<std::int32_t>(l));
  }
  return &boundaries_[encoding_slot_[l]][l * (devices_ + 1)];
}

std::uint32_t& Schedule::edit_recompute(std::size_t l) {
  edit(l);
  return recompute_[encoding_slot_[l]][l];
}

/// Brings the units and messages of a node up to date and schedules them.
void Schedule::refresh(std::size_t n) {
  if (unit_dirty_[n]) derive_units(n);
  if (send_dirty_[n]) derive_sends(n);
  unit_dirty_[n] = send_dirty_[n] = 0;
  advance(n);
}

/// Schedules the units and messages of a node: now_ goes from before to after it.
void Schedule::advance(std::size_t n) {
  ++effort_.steps;
  std::copy(now_.begin(), now_.end(), &tried_checkpoints_[n * registers_]);
  double* tried = tried_arrivals_.data();
  std::uint8_t* order = &tried_order_[n * devices_];
  const auto units = unit_slot_[n];
  const auto sends = send_slot_[n];
  const Span* parts = shape(n);
  std::array<double, kMaxDevices> finish{};
  std::size_t senders = 0;
  double end = now_.back();
  for (std::size_t d = 0; d < devices_; ++d) {
    if (parts[d].empty()) continue;
    const std::size_t unit = n * devices_ + d;
    double ready = 0;
    for (std::size_t e = tables_.in_first[n]; e < tables_.in_first[n + 1]; ++e) {
      const std::size_t p = index(tables_.edges[e].producer);
      const double* arrivals = (p >= tried_from_ ? tried_arrivals_ : arrivals_).data();
      for_each_device(suppliers(e, d),
                      [&](std::size_t s) { ready = std::max(ready, arrivals[slot(p, s, d)]); });
    }
    if (!tables_.instant[n]) {
      ready = std::max(ready, now_[d]) + duration_s_[units][unit];
      now_[d] = ready;
    }
    tried[slot(n, d, d)] = finish[d] = ready;
    end = std::max(end, ready);
    if (send_count_[sends][unit] == 0) continue;
    std::size_t at = senders++;
    while (at > 0 && !is_due(finish[order[at - 1]], ready)) {
      order[at] = order[at - 1];
      --at;
    }
    order[at] = static_cast<std::uint8_t>(d);
  }
  now_.back() = end;
  if (senders < devices_) order[senders] = 0xFF;
  for (std::size_t i = 0; i < senders; ++i) send_all(n, order[i], finish[order[i]]);
}

/// Schedules the messages of a node's unit on `s`, which is done at `finish`.
void Schedule::send_all(std::size_t n, std::size_t s, double finish) {
  double* links = &now_[devices_];
  const auto sends = send_slot_[n];
  const Send* list = &sends_[sends][slot(n, s, 0)];
  const std::int32_t count = send_count_[sends][n * devices_ + s];
  double& up = links[tables_.paths[s * devices_ + index(list->to)].link_a];
  const double begin = std::max(finish, up);
  const MessageCost& cost = tables_.messages[s];
  double all = begin;
  double packed = cost.overlaps() ? finish : std::max(finish, now_[s]);
  for (std::int32_t m = 0; m < count; ++m) {
    const std::size_t d = index(list[m].to);
    double& down = links[tables_.paths[s * devices_ + d].link_b];
    double sent = begin + list[m].shared_s;
    if (!tables_.free_messages) {
      packed += list[m].send_s;
      sent = std::max(sent, packed + list[m].wire_s);
    }
    if (&down != &up) down = sent = std::max(sent, down + list[m].wire_s);
    all += list[m].wire_s;
    double& there = tried_arrivals_[slot(n, s, d)];
    there = sent + tables_.paths[s * devices_ + d].latency_s;
    if (tables_.free_messages) continue;
    if (cost.blocks()) packed = there;
    there += list[m].receive_s;
    if (!tables_.messages[d].overlaps()) now_[d] += list[m].receive_s;
  }
  up = all;
  if (!tables_.free_messages && !cost.overlaps()) now_[s] = packed;
}

bool Schedule::try_change(double threshold_s) {
  if (!looks_good(threshold_s)) return false;
  complete();
  return changed_latency_s_ <= threshold_s;
}

bool Schedule::looks_good(double threshold_s) {
  trial_ = derive(nodes_);
  if (!trial_.any) return false;
  tried_from_ = trial_.first;
  const double* from = &checkpoints_[tried_from_ * registers_];
  std::copy(from, from + registers_, now_.begin());
  for (std::size_t n = tried_from_; n < trial_.last; ++n) {
    refresh(n);
    if (!hopeless(n, threshold_s)) continue;
    std::fill(&unit_dirty_[n], &unit_dirty_[trial_.last] + 1, 0);
    std::fill(&send_dirty_[n], &send_dirty_[trial_.last] + 1, 0);
    return false;
  }
  refresh(trial_.last);
  return predicted_s(trial_.last) <= threshold_s;
}

void Schedule::complete() {
  for (std::size_t n = trial_.last + 1; n < nodes_; ++n) advance(n);
  changed_latency_s_ = now_.back();
}

void Schedule::accept() {
  edited_.clear();
  reshaped_.clear();
  reunited_.clear();
  resent_.clear();
  if (!trial_.any) return;
  const auto keep = [](std::vector<double>& into, const std::vector<double>& from,
                       std::size_t first) {
    std::copy(from.begin() + static_cast<std::ptrdiff_t>(first), from.end(),
              into.begin() + static_cast<std::ptrdiff_t>(first));
  };
  keep(arrivals_, tried_arrivals_, slot(tried_from_, 0, 0));
  keep(checkpoints_, tried_checkpoints_, tried_from_ * registers_);
  // Behind what changed tails are what they were, unless messages leave in another order.
  std::size_t end = nodes_;
  while (end > trial_.last + 1 && std::equal(&order_[(end - 1) * devices_], &order_[end * devices_],
                                             &tried_order_[(end - 1) * devices_])) {
    --end;
  }
  const auto first = static_cast<std::ptrdiff_t>(tried_from_ * devices_);
  std::copy(tried_order_.begin() + first, tried_order_.end(), order_.begin() + first);
  latency_s_ = changed_latency_s_;
  compute_tails(end);
}

void Schedule::reject() {
  for (std::int32_t n : edited_) {
    encoding_slot_[index(n)] ^= 1;
    encoding_dirty_[index(n)] = 0;  // if nothing was tried
  }
  for (std::int32_t n : reshaped_) shape_slot_[index(n)] ^= 1;
  for (std::int32_t n : reunited_) unit_slot_[index(n)] ^= 1;
  for (std::int32_t n : resent_) send_slot_[index(n)] ^= 1;
  edited_.clear();
  reshaped_.clear();
  reunited_.clear();
  resent_.clear();
}

bool Schedule::fits_memory() const {
  if (!tables_.memory_limited) return true;
  for (std::size_t d = 0; d < devices_; ++d) {
    double weights = 0;
    double largest = 0;
    for (std::size_t l = 1; l < tables_.layers; ++l) {
      const Span part = shape(l)[d];
      if (part.empty()) continue;
      weights += tables_.weight_bytes(l, part);
      largest = std::max(largest, tables_.activation_bytes(l, part));
    }
    if (weights + largest > tables_.problem.cluster.device(tables_.device[d]).memory_bytes) {
      return false;
    }
  }
  return true;
}

Assignment Schedule::assignment() const {
  Assignment assignment(tables_.layers);
  for (std::size_t l = 1; l < tables_.layers; ++l) {
    for (std::size_t d = 0; d < devices_; ++d) {
      const Span part = shape(l)[d];
      if (!part.empty()) assignment[l].push_back({tables_.device[d], tables_.region(l, part)});
    }
  }
  return assignment;
}

}  // namespace edgeflow::joint
