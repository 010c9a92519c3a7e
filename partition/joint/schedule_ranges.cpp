// What the devices compute, need and send by a schedule's encoding, derived again where a change
// touches it.

#include <algorithm>
#include <array>

#include "partition/joint/schedule.hpp"

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
    const Edge& edge = tables_.edges[index(e)];
    const Span* consumer = shape(index(edge.consumer));
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
    const std::size_t producer = index(edge.producer);
    need_dirty_[producer] = 1;
    first_dirty_ = std::min(first_dirty_, producer);
  }
  for (const std::int32_t e : tables_.outputs(n)) {
    unit_dirty_[index(tables_.edges[index(e)].consumer)] = 1;
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

/// What a node sends, before it is put in order.
struct Schedule::SendDraft {
  struct Message {
    double elements;     // as if consumers shared none
    std::int32_t size;   // along the axis
    std::int32_t first;  // consumer
  };
  std::array<Message, kMaxDevices * kMaxDevices> messages;  // by from, to, where there are any:
  std::array<unsigned, kMaxDevices> receivers{};            // sets of devices, by from
};

void Schedule::derive_sends(std::size_t n) {
  ++effort_.sends;
  send_slot_[n] ^= 1;
  resent_.push_back(static_cast<std::int32_t>(n));
  SendDraft draft;
  const std::int32_t* bounds = disjoint(n) ? boundaries(n) : nullptr;
  const auto outputs = tables_.outputs(n);
  for (const std::int32_t e : outputs) draft_sends(n, e, bounds, draft);
  if (outputs.size() > 1) count_once(n, bounds, draft);  // consumers may need the same
  write_sends(n, draft);
}

/// Adds what the consumer at an edge of `n` needs, and notes who supplies it.
void Schedule::draft_sends(std::size_t n, std::int32_t e, const std::int32_t* bounds,
                           SendDraft& draft) {
  const Edge& edge = tables_.edges[index(e)];
  const double per_index = tables_.edge_elements[index(e)];
  const Span* owned = shape(n);
  const Span* consumer = shape(index(edge.consumer));
  DeviceSet* suppliers = &suppliers_[send_slot_[n]][index(e) * devices_];
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
      SendDraft::Message& message = draft.messages[s * devices_ + d];
      if ((draft.receivers[s] >> d & 1U) == 0) message = {0, 0, edge.consumer};
      draft.receivers[s] |= 1U << d;
      message.elements += per_index * count;
      message.size += count;
    });
    suppliers[d] = static_cast<DeviceSet>(set);
  }
}

/// Sets the sizes of messages to those of what all consumers together need.
void Schedule::count_once(std::size_t n, const std::int32_t* bounds, SendDraft& draft) const {
  const Span* owned = shape(n);
  const Span* needed = needs(n);
  for (std::size_t s = 0; s < devices_; ++s) {
    for_each_device(draft.receivers[s],
                    [&](std::size_t d) { draft.messages[s * devices_ + d].size = 0; });
  }
  for (std::size_t d = 0; d < devices_; ++d) {
    if (overlap(owned[d], needed[d]) == needed[d]) continue;
    for_each_owner(n, bounds, d, needed[d], [&](std::size_t s, std::int32_t count) {
      if ((draft.receivers[s] >> d & 1U) != 0) draft.messages[s * devices_ + d].size += count;
    });
  }
}

/// Puts the messages of each sender in the order of their first consumers.
void Schedule::write_sends(std::size_t n, const SendDraft& draft) {
  const auto copy = send_slot_[n];
  for (std::size_t s = 0; s < devices_; ++s) {
    Send* list = &sends_[copy][slot(n, s, 0)];
    std::int32_t count = 0;
    const SendDraft::Message* to = &draft.messages[s * devices_];
    for_each_device(draft.receivers[s], [&](std::size_t d) {
      std::int32_t at = count++;
      while (at > 0 && to[index(list[at - 1].to)].first > to[d].first) {
        list[at] = list[at - 1];
        --at;
      }
      const Path& path = tables_.paths[s * devices_ + d];
      // Exact where consumers on a device need the same elements or, as of slices, different ones;
      // too many where they share some.
      const double bytes = tables_.bytes_per_element[n] *
                           std::min(tables_.wanted_per_index[n] * to[d].size, to[d].elements);
      list[at] = {static_cast<std::int32_t>(d),     bytes * path.crossings,
                  bytes * path.s_per_byte,          0,
                  tables_.messages[s].cpu_s(bytes), tables_.messages[d].cpu_s(bytes)};
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
    const std::size_t n = index(edited);
    from = std::max(from, n);
    first_dirty_ = std::min(first_dirty_, n);
  }
  for (std::size_t n = from + 1; n-- > first_dirty_;) {
    if (encoding_dirty_[n] || need_dirty_[n]) derive_shape(n);
    send_dirty_[n] |= need_dirty_[n];  // even where the consumers' needs have the same hull
    encoding_dirty_[n] = need_dirty_[n] = 0;
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

}  // namespace edgeflow::joint
