#include "partition/joint/schedule.hpp"

#include <algorithm>
#include <array>

#include "partition/estimate.hpp"

namespace edgeflow::joint {
namespace {

bool differ(const Span* a, const Span* b, std::size_t count) {
  std::int32_t difference = 0;
  for (std::size_t i = 0; i < count; ++i) {
    difference |= (a[i].begin ^ b[i].begin) | (a[i].end ^ b[i].end);
  }
  return difference != 0;
}

}  // namespace

Schedule::Schedule(const Tables& tables)
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
  for (auto* slots : {&gene_slot_, &shape_slot_, &unit_slot_, &send_slot_, &gene_dirty_,
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
      live_[static_cast<std::size_t>(n)].push_back(static_cast<std::int32_t>(e));
    }
  }
}

void Schedule::load(const Genome& genome) {
  for (std::size_t l = 1; l < tables_.layers; ++l) {
    const auto* from = &genome.boundaries[l * (devices_ + 1)];
    std::copy(from, from + devices_ + 1, edit(l));
    edit_recompute(l) = genome.recompute[l];
  }
  std::fill(need_dirty_.begin(), need_dirty_.end(), 1);
  std::fill(unit_dirty_.begin(), unit_dirty_.end(), 1);
  std::fill(send_dirty_.begin(), send_dirty_.end(), 1);
  if (edited_.empty() || edited_.back() != static_cast<std::int32_t>(nodes_) - 1) {
    // The relays' and the input's shapes are derived like those of layers.
    gene_dirty_[nodes_ - 1] = 1;
    edited_.push_back(static_cast<std::int32_t>(nodes_) - 1);
    gene_slot_[nodes_ - 1] ^= 1;
  }
  derive(0);
  trial_ = {0, nodes_ - 1, true};
  tried_from_ = 0;
  std::fill(now_.begin(), now_.end(), 0.0);
  for (std::size_t n = 0; n < nodes_; ++n) refresh(n);
  changed_latency_s_ = now_.back();
  accept();
}

Genome Schedule::genome() const {
  Genome genome;
  genome.boundaries.resize(boundaries_[0].size());
  genome.recompute.assign(tables_.layers, 0);
  for (std::size_t l = 0; l < tables_.layers; ++l) {
    std::copy(boundaries(l), boundaries(l) + devices_ + 1, &genome.boundaries[l * (devices_ + 1)]);
    genome.recompute[l] = recompute(l);
  }
  return genome;
}

std::int32_t* Schedule::edit(std::size_t l) {
  if (!gene_dirty_[l]) {
    const auto was = gene_slot_[l];
    const std::size_t row = l * (devices_ + 1);
    std::copy_n(&boundaries_[was][row], devices_ + 1, &boundaries_[was ^ 1][row]);
    recompute_[was ^ 1][l] = recompute_[was][l];
    gene_slot_[l] ^= 1;
    gene_dirty_[l] = 1;
    edited_.push_back(static_cast<std::int32_t>(l));
  }
  return &boundaries_[gene_slot_[l]][l * (devices_ + 1)];
}

std::uint32_t& Schedule::edit_recompute(std::size_t l) {
  edit(l);
  return recompute_[gene_slot_[l]][l];
}

/// True if no index of `node` is on two devices: ranges are the boundaries' then.
bool Schedule::disjoint(std::size_t node) const {
  if (node == 0 || node >= tables_.layers) return false;
  std::int32_t size = 0;
  for (std::size_t d = 0; d < devices_; ++d) size += shape(node)[d].size();
  return size == tables_.extent[node];
}

/// Calls visit(owner, size) for each piece of `need` of `node`, as build_plan takes it: from the
/// device itself first, then from the others in order. `bounds` are the node's boundaries if it is
/// disjoint, else null.
template <typename Visit>
void Schedule::for_each_owner(std::size_t node, const std::int32_t* bounds, std::size_t device,
                              Span need, Visit visit) const {
  if (need.empty()) return;
  if (bounds) {  // the order does not matter
    std::size_t s = device;
    while (bounds[s] > need.begin) --s;
    for (; s < devices_ && bounds[s] < need.end; ++s) {
      const Span common = overlap(need, {bounds[s], bounds[s + 1]});
      if (!common.empty()) visit(s, common.size());
    }
    return;
  }
  const Span* owned = shape(node);
  std::array<Span, kMaxDevices + 2> missing;
  std::size_t count = 0;
  const auto take = [&](std::size_t owner, Span piece) {
    const Span common = overlap(piece, owned[owner]);
    if (common.empty()) return piece;
    visit(owner, common.size());
    const Span right{common.end, piece.end};
    if (!right.empty() && common.begin > piece.begin) {
      missing[count++] = right;
      return Span{piece.begin, common.begin};
    }
    return right.empty() ? Span{piece.begin, common.begin} : right;
  };
  missing[count++] = need;
  missing[0] = take(device, need);
  for (std::size_t s = 0; s < devices_; ++s) {
    if (s == device || owned[s].empty()) continue;
    const std::size_t pieces = count;
    bool left = false;
    for (std::size_t i = 0; i < pieces; ++i) {
      if (missing[i].empty()) continue;
      missing[i] = take(s, missing[i]);
      left = left || !missing[i].empty();
    }
    if (!left && count == pieces) return;
  }
}

/// What the devices' units of consumers need of a node.
void Schedule::derive_needs(std::size_t n, Span* needs) const {
  std::fill_n(needs, devices_, Span{});
  for (const std::int32_t e : tables_.outputs(n)) {
    const Edge& edge = tables_.edges[static_cast<std::size_t>(e)];
    const Span* consumer = shape(static_cast<std::size_t>(edge.consumer));
    for (std::size_t d = 0; d < devices_; ++d) {
      const Span need = tables_.need(edge, consumer[d]);
      if (!need.empty()) needs[d] = hull(needs[d], need);
    }
  }
}

/// What `node`'s devices compute and need of it.
void Schedule::derive_shape(std::size_t n) {
  ++effort_.shapes;
  const Span* old = shape(n);
  Span* fresh = &shape_[shape_slot_[n] ^ 1][n * 2 * devices_];
  Span* needs = fresh + devices_;
  derive_needs(n, needs);
  if (n == 0 || n >= tables_.layers) {
    std::fill_n(fresh, devices_, Span{});
    const std::size_t owner = n == 0 ? tables_.source : tables_.sink;
    fresh[owner] = {0, tables_.extent[n]};
  } else {
    const std::int32_t* bounds = boundaries(n);
    const std::uint32_t bits = recompute(n);
    for (std::size_t d = 0; d < devices_; ++d) {
      Span range{bounds[d], bounds[d + 1]};
      if ((bits >> d & 1U) != 0) range = hull(range, needs[d]);
      fresh[d] = range.empty() ? Span{} : range;
    }
  }
  const bool ranges = differ(old, fresh, devices_);
  if (!ranges && !differ(old + devices_, needs, devices_)) return;
  shape_slot_[n] ^= 1;
  reshaped_.push_back(static_cast<std::int32_t>(n));
  send_dirty_[n] = 1;
  if (!ranges) return;
  unit_dirty_[n] = 1;
  for (const Edge& edge : tables_.inputs(n)) {
    const auto producer = static_cast<std::size_t>(edge.producer);
    need_dirty_[producer] = 1;
    first_dirty_ = std::min(first_dirty_, producer);
  }
  for (const std::int32_t e : tables_.outputs(n)) {
    unit_dirty_[static_cast<std::size_t>(tables_.edges[static_cast<std::size_t>(e)].consumer)] = 1;
  }
}

void Schedule::derive_units(std::size_t n) {
  unit_slot_[n] ^= 1;
  reunited_.push_back(static_cast<std::int32_t>(n));
  const auto copy = unit_slot_[n];
  for (std::size_t d = 0; d < devices_; ++d) {
    duration_s_[copy][n * devices_ + d] = tables_.unit_time_s(n, d, shape(n)[d]);
  }
}

/// Messages that leave together share the link evenly: one of w_i seconds is through when it and
/// all others have sent as much, or all they have: sum_j min(w_i, w_j).
void Schedule::share_uplink(Send* list, std::int32_t count) {
  for (std::int32_t i = 0; i < count; ++i) {
    list[i].shared_s = 0;
    for (std::int32_t j = 0; j < count; ++j) {
      list[i].shared_s += std::min(list[i].wire_s, list[j].wire_s);
    }
  }
}

void Schedule::derive_sends(std::size_t n) {
  ++effort_.sends;
  send_slot_[n] ^= 1;
  resent_.push_back(static_cast<std::int32_t>(n));
  const auto copy = send_slot_[n];
  struct Message {
    double elements;     // as if consumers shared none
    std::int32_t size;   // along the axis
    std::int32_t first;  // consumer
  };
  std::array<Message, kMaxDevices * kMaxDevices> messages;  // by from, to, where there are any:
  std::array<unsigned, kMaxDevices> receivers{};            // sets of devices, by from
  const Span* owned = shape(n);
  const Span* needed = needs(n);
  const std::int32_t* bounds = disjoint(n) ? boundaries(n) : nullptr;
  const auto outputs = tables_.outputs(n);
  for (const std::int32_t e : outputs) {
    const Edge& edge = tables_.edges[static_cast<std::size_t>(e)];
    const double per_index = tables_.edge_elements[static_cast<std::size_t>(e)];
    const Span* consumer = shape(static_cast<std::size_t>(edge.consumer));
    DeviceSet* suppliers = &suppliers_[copy][static_cast<std::size_t>(e) * devices_];
    for (std::size_t d = 0; d < devices_; ++d) {
      suppliers[d] = 0;
      if (consumer[d].empty()) continue;
      const Span need = tables_.need(edge, consumer[d]);
      if (need.empty()) continue;
      if (overlap(owned[d], need) == need) {
        suppliers[d] = static_cast<DeviceSet>(1U << d);
        continue;
      }
      unsigned set = 0;
      for_each_owner(n, bounds, d, need, [&](std::size_t s, std::int32_t count) {
        set |= 1U << s;
        if (s == d) return;
        Message& message = messages[s * devices_ + d];
        if ((receivers[s] >> d & 1U) == 0) message = {0, 0, edge.consumer};
        receivers[s] |= 1U << d;
        message.elements += per_index * count;
        message.size += count;
      });
      suppliers[d] = static_cast<DeviceSet>(set);
    }
  }
  if (outputs.size() > 1) {  // consumers may need the same
    for (std::size_t s = 0; s < devices_; ++s) {
      for_each_device(receivers[s], [&](std::size_t d) { messages[s * devices_ + d].size = 0; });
    }
    for (std::size_t d = 0; d < devices_; ++d) {
      if (overlap(owned[d], needed[d]) == needed[d]) continue;
      for_each_owner(n, bounds, d, needed[d], [&](std::size_t s, std::int32_t count) {
        if ((receivers[s] >> d & 1U) != 0) messages[s * devices_ + d].size += count;
      });
    }
  }
  for (std::size_t s = 0; s < devices_; ++s) {
    Send* list = &sends_[copy][slot(n, s, 0)];
    std::int32_t count = 0;
    const Message* to = &messages[s * devices_];
    for_each_device(receivers[s], [&](std::size_t d) {
      std::int32_t at = count++;
      while (at > 0 && to[static_cast<std::size_t>(list[at - 1].to)].first > to[d].first) {
        list[at] = list[at - 1];
        --at;
      }
      const Path& path = tables_.paths[s * devices_ + d];
      // Exact where consumers on a device need the same elements or, as of slices, different ones;
      // too many where they share some.
      const double bytes = tables_.bytes_per_element[n] *
                           std::min(tables_.wanted_per_index[n] * to[d].size, to[d].elements);
      list[at] = {static_cast<std::int32_t>(d), bytes * path.crossings, bytes * path.s_per_byte, 0};
    });
    share_uplink(list, count);
    send_count_[copy][n * devices_ + s] = count;
  }
}

/// Brings shapes up to date with the edited layers and says which layers' units or messages change.
/// None of them is before `first` unless an edited one needs it.
Schedule::Trial Schedule::derive(std::size_t first) {
  std::size_t from = 0;
  first_dirty_ = first;
  for (const std::int32_t edited : edited_) {
    const auto n = static_cast<std::size_t>(edited);
    from = std::max(from, n);
    first_dirty_ = std::min(first_dirty_, n);
  }
  for (std::size_t n = from + 1; n-- > first_dirty_;) {
    if (gene_dirty_[n] || need_dirty_[n]) derive_shape(n);
    send_dirty_[n] |= need_dirty_[n];  // even where the consumers' needs have the same hull
    gene_dirty_[n] = need_dirty_[n] = 0;
  }
  Trial trial;
  for (std::size_t n = first_dirty_; n < nodes_; ++n) {
    if (!unit_dirty_[n] && !send_dirty_[n]) continue;
    if (!trial.any) trial.first = n;
    trial.any = true;
    trial.last = n;
  }
  return trial;
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
  double* links = &now_[devices_];
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
      const auto p = static_cast<std::size_t>(tables_.edges[e].producer);
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
    while (at > 0 && finish[order[at - 1]] > ready + kTimePrecision_s) {
      order[at] = order[at - 1];
      --at;
    }
    order[at] = static_cast<std::uint8_t>(d);
  }
  now_.back() = end;
  if (senders < devices_) order[senders] = 0xFF;
  for (std::size_t i = 0; i < senders; ++i) {
    const std::size_t s = order[i];
    const Send* list = &sends_[sends][slot(n, s, 0)];
    const std::int32_t count = send_count_[sends][n * devices_ + s];
    double& up = links[tables_.paths[s * devices_ + static_cast<std::size_t>(list->to)].link_a];
    const double begin = std::max(finish[s], up);
    double all = begin;
    for (std::int32_t m = 0; m < count; ++m) {
      const auto d = static_cast<std::size_t>(list[m].to);
      double& down = links[tables_.paths[s * devices_ + d].link_b];
      double sent = begin + list[m].shared_s;
      if (&down != &up) down = sent = std::max(sent, down + list[m].wire_s);
      all += list[m].wire_s;
      tried[slot(n, s, d)] = sent + tables_.paths[s * devices_ + d].latency_s;
    }
    up = all;
  }
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
    gene_slot_[static_cast<std::size_t>(n)] ^= 1;
    gene_dirty_[static_cast<std::size_t>(n)] = 0;  // if nothing was tried
  }
  for (std::int32_t n : reshaped_) shape_slot_[static_cast<std::size_t>(n)] ^= 1;
  for (std::int32_t n : reunited_) unit_slot_[static_cast<std::size_t>(n)] ^= 1;
  for (std::int32_t n : resent_) send_slot_[static_cast<std::size_t>(n)] ^= 1;
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
