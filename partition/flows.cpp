#include "partition/flows.hpp"

#include <algorithm>
#include <cassert>

namespace edgeflow {

Flows::Flows(std::span<const double> bandwidth_Bps) {
  for (double bandwidth : bandwidth_Bps)
    links_.push_back({.bandwidth_Bps = bandwidth, .flows = {}});
}

void Flows::clear() {
  for (LinkState& link : links_) link.flows.clear();
  used_.clear();
  slots_.clear();
  active_.clear();
  free_.clear();
  now_s_ = 0;
  stale_ = false;
}

void Flows::start(double now, std::int32_t id, std::span<const int> links, double bytes) {
  if (stale_ && now > now_s_) share();
  now_s_ = now;
  std::size_t slot = slots_.size();
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  active_.push_back(slot);
  Flow& flow = slots_[slot];
  flow.id = id;
  flow.links.assign(links.begin(), links.end());
  flow.bytes = bytes;
  flow.since_s = now;
  flow.rate_Bps = flow.end_s = 0;
  bool alone = true;
  for (const std::size_t l : flow.links) {
    LinkState& link = links_[l];
    if (link.flows.empty()) used_.push_back(l);
    alone = alone && (link.flows.empty() || link.flows.front() == slot);
    link.flows.push_back(slot);
  }
  if (!alone) {
    stale_ = true;
    return;
  }
  double rate_Bps = std::numeric_limits<double>::infinity();
  for (const std::size_t l : flow.links) {
    const LinkState& link = links_[l];
    rate_Bps = std::min(rate_Bps, link.bandwidth_Bps / static_cast<double>(link.flows.size()));
  }
  fix(flow, rate_Bps);
}

double Flows::next_end_s() {
  if (stale_) share();
  double next_s = std::numeric_limits<double>::infinity();
  for (const std::size_t slot : active_) next_s = std::min(next_s, slots_[slot].end_s);
  return next_s;
}

void Flows::end(double now, double precision_s, std::vector<std::int32_t>& ids) {
  now_s_ = now;
  const auto ended = [&](std::size_t slot) {
    const Flow& flow = slots_[slot];
    if (flow.end_s > now + precision_s) return false;
    ids.push_back(flow.id);
    for (const std::size_t l : flow.links) leave(l, slot);
    free_.push_back(slot);
    return true;
  };
  active_.erase(std::remove_if(active_.begin(), active_.end(), ended), active_.end());
}

/// Takes a flow off a link once; those that stay get its share.
void Flows::leave(std::size_t l, std::size_t slot) {
  auto& flows = links_[l].flows;
  flows.erase(std::find(flows.begin(), flows.end(), slot));
  if (flows.empty()) {
    used_.erase(std::find(used_.begin(), used_.end(), l));
  } else {
    stale_ = true;
  }
}

void Flows::fix(Flow& flow, double rate_Bps) {
  flow.fixed = true;
  if (rate_Bps == flow.rate_Bps) return;
  flow.bytes -= flow.rate_Bps * (now_s_ - flow.since_s);
  flow.since_s = now_s_;
  flow.rate_Bps = rate_Bps;
  flow.end_s = now_s_ + flow.bytes / rate_Bps;
}

void Flows::share() {
  for (const std::size_t l : used_) {
    LinkState& link = links_[l];
    link.left_Bps = link.bandwidth_Bps;
    link.unfixed = link.flows.size();
    link.even_Bps = link.left_Bps / static_cast<double>(link.unfixed);
  }
  for (const std::size_t slot : active_) slots_[slot].fixed = false;
  for (std::size_t left = active_.size(); left > 0;) {
    LinkState* tightest = nullptr;
    for (const std::size_t l : used_) {
      LinkState& link = links_[l];
      if (link.unfixed > 0 && (!tightest || link.even_Bps < tightest->even_Bps)) tightest = &link;
    }
    assert(tightest);
    const double rate_Bps = tightest->even_Bps;
    for (const std::size_t slot : tightest->flows) {
      Flow& flow = slots_[slot];
      if (flow.fixed) continue;
      fix(flow, rate_Bps);
      --left;
      for (const std::size_t l : flow.links) {
        LinkState& link = links_[l];
        link.left_Bps -= rate_Bps;
        if (--link.unfixed > 0) link.even_Bps = link.left_Bps / static_cast<double>(link.unfixed);
      }
    }
  }
  stale_ = false;
}

}  // namespace edgeflow
