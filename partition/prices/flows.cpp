#include "partition/prices/flows.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>

#include "workloads/input/ids.hpp"

namespace edgeflow {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kBits = 64;  // of a word

}  // namespace

Flows::Flows(std::span<const double> bandwidth_Bps)
    : members_(bandwidth_Bps.size(), 0), unfixed_(1, 0), next_end_s_(kInfinity) {
  for (double bandwidth : bandwidth_Bps) links_.push_back({.bandwidth_Bps = bandwidth});
}

void Flows::clear() {
  for (LinkState& link : links_) link.flows = 0;
  std::fill(members_.begin(), members_.end(), 0);
  slots_.clear();
  active_.clear();
  free_.clear();
  used_.clear();
  now_s_ = 0;
  next_end_s_ = kInfinity;
  stale_ = false;
  next_end_known_ = true;
}

void Flows::start(double now, std::int32_t id, std::span<const int> links, double bytes) {
  if (stale_ && now > now_s_) share();
  now_s_ = now;
  std::size_t slot = slots_.size();
  if (free_.empty()) {
    slots_.emplace_back();
    if (slots_.size() > words_ * kBits) widen();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  active_.push_back(static_cast<std::uint32_t>(slot));
  Flow& flow = slots_[slot];
  flow = {.links = links, .bytes = bytes, .since_s = now, .rate_Bps = 0, .end_s = 0, .id = id};
  bool alone = true;
  for (const int l : links) alone = alone && links_[index(l)].flows == 0;
  for (const int l : links) join(index(l), slot);
  if (!alone) {
    stale_ = true;
    return;
  }
  double rate_Bps = kInfinity;
  for (const int l : links) {
    const LinkState& link = links_[index(l)];
    rate_Bps = std::min(rate_Bps, link.bandwidth_Bps / link.flows);
  }
  fix(flow, rate_Bps);
  next_end_s_ = std::min(next_end_s_, flow.end_s);
}

double Flows::next_end_s() {
  if (stale_) share();
  if (!next_end_known_) {
    next_end_s_ = kInfinity;
    for (const std::size_t slot : active_) next_end_s_ = std::min(next_end_s_, slots_[slot].end_s);
    next_end_known_ = true;
  }
  return next_end_s_;
}

void Flows::end(double now, double precision_s, std::vector<std::int32_t>& ids) {
  now_s_ = now;
  const auto ended = [&](std::size_t slot) {
    const Flow& flow = slots_[slot];
    if (flow.end_s > now + precision_s) return false;
    ids.push_back(flow.id);
    for (const int l : flow.links) leave(index(l), slot);
    free_.push_back(static_cast<std::uint32_t>(slot));
    return true;
  };
  active_.erase(std::remove_if(active_.begin(), active_.end(), ended), active_.end());
  next_end_known_ = false;
}

void Flows::join(std::size_t l, std::size_t slot) {
  if (links_[l].flows++ == 0) used_.push_back(static_cast<std::uint32_t>(l));
  flows_of(l)[slot / kBits] |= Word{1} << slot % kBits;
}

/// Takes a flow off a link once; those that stay get its share.
void Flows::leave(std::size_t l, std::size_t slot) {
  flows_of(l)[slot / kBits] &= ~(Word{1} << slot % kBits);
  if (--links_[l].flows == 0) {
    used_.erase(std::find(used_.begin(), used_.end(), l));
  } else {
    stale_ = true;
  }
}

/// Makes room for more slots.
void Flows::widen() {
  std::vector<Word> wider(links_.size() * words_ * 2, 0);
  for (std::size_t l = 0; l < links_.size(); ++l) {
    std::copy_n(flows_of(l), words_, &wider[l * words_ * 2]);
  }
  members_ = std::move(wider);
  words_ *= 2;
  unfixed_.assign(words_, 0);
}

void Flows::fix(Flow& flow, double rate_Bps) {
  if (rate_Bps == flow.rate_Bps) return;
  flow.bytes -= flow.rate_Bps * (now_s_ - flow.since_s);
  flow.since_s = now_s_;
  flow.rate_Bps = rate_Bps;
  flow.end_s = now_s_ + flow.bytes / rate_Bps;
}

/// The open link whose even share is least, of equal ones the one longest in use; forgets links of
/// which all flows are fixed.
std::size_t Flows::tightest_link() {
  double least_Bps = kInfinity;
  std::uint32_t tightest = 0;
  std::size_t count = 0;
  for (const std::uint32_t l : open_) {
    const LinkState& link = links_[l];
    const bool open = link.unfixed > 0;
    const bool less = open & (link.even_Bps < least_Bps);
    least_Bps = less ? link.even_Bps : least_Bps;
    tightest = less ? l : tightest;
    open_[count] = l;
    count += open;
  }
  open_.resize(count);
  return tightest;
}

void Flows::share() {
  open_ = used_;
  for (const std::size_t l : used_) {
    LinkState& link = links_[l];
    link.left_Bps = link.bandwidth_Bps;
    link.unfixed = link.flows;
    link.even_Bps = link.bandwidth_Bps / link.flows;
  }
  std::fill(unfixed_.begin(), unfixed_.end(), ~Word{0});
  next_end_s_ = kInfinity;
  for (std::size_t left = active_.size(); left > 0;) {
    const std::size_t tightest = tightest_link();
    const double rate_Bps = links_[tightest].even_Bps;
    assert(links_[tightest].unfixed > 0);
    links_[tightest].unfixed = 0;
    for (std::size_t w = 0; w < words_; ++w) {
      Word members = flows_of(tightest)[w] & unfixed_[w];
      unfixed_[w] &= ~members;
      for (; members != 0; members &= members - 1) {
        Flow& flow = slots_[w * kBits + index(std::countr_zero(members))];
        fix(flow, rate_Bps);
        next_end_s_ = std::min(next_end_s_, flow.end_s);
        --left;
        for (const int l : flow.links) {
          if (index(l) == tightest) continue;
          LinkState& link = links_[index(l)];
          link.left_Bps -= rate_Bps;
          link.even_Bps = link.left_Bps / --link.unfixed;  // of nothing if it is no longer open
        }
      }
    }
  }
  stale_ = false;
  next_end_known_ = true;
}

}  // namespace edgeflow
