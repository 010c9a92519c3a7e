#include "partition/flows.hpp"

#include <algorithm>
#include <cassert>

namespace edgeflow {

void Flows::clear() {
  flows_.clear();
  since_s_ = 0;
  stale_ = false;
}

/// Counts what has flowed until `now`.
void Flows::settle(double now) {
  for (Flow& flow : flows_) flow.bytes -= flow.rate_Bps * (now - since_s_);
  since_s_ = now;
}

void Flows::start(double now, std::int32_t id, std::int32_t a, std::int32_t b, double bytes) {
  if (stale_ && now > since_s_) share();
  settle(now);
  flows_.push_back({id, a, b, bytes, 0, 0});
  stale_ = true;
}

double Flows::next_end_s() {
  if (stale_) share();
  double next_s = std::numeric_limits<double>::infinity();
  for (const Flow& flow : flows_) next_s = std::min(next_s, flow.end_s);
  return next_s;
}

void Flows::end(double now, double precision_s, std::vector<std::int32_t>& ids) {
  settle(now);
  const auto ended = [&](const Flow& flow) {
    if (flow.end_s > now + precision_s) return false;
    ids.push_back(flow.id);
    return true;
  };
  const auto kept = std::remove_if(flows_.begin(), flows_.end(), ended);
  stale_ = stale_ || kept != flows_.end();
  flows_.erase(kept, flows_.end());
}

void Flows::share() {
  used_.clear();
  const auto use = [&](std::int32_t link) {
    const auto l = static_cast<std::size_t>(link);
    if (unfixed_[l]++ == 0) {
      used_.push_back(link);
      left_Bps_[l] = bandwidth_Bps_[l];
    }
  };
  for (Flow& flow : flows_) {
    flow.rate_Bps = -1;
    use(flow.a);
    if (flow.b != flow.a) use(flow.b);
  }
  for (std::size_t fixed = 0; fixed < flows_.size();) {
    std::int32_t tightest = -1;
    double share_Bps = std::numeric_limits<double>::infinity();
    for (const std::int32_t link : used_) {
      const auto l = static_cast<std::size_t>(link);
      if (unfixed_[l] == 0) continue;
      const double even_Bps = left_Bps_[l] / unfixed_[l];
      if (even_Bps < share_Bps) {
        share_Bps = even_Bps;
        tightest = link;
      }
    }
    assert(tightest >= 0);
    for (Flow& flow : flows_) {
      if (flow.rate_Bps >= 0 || (flow.a != tightest && flow.b != tightest)) continue;
      flow.rate_Bps = share_Bps;
      flow.end_s = since_s_ + flow.bytes / share_Bps;
      ++fixed;
      for (const std::int32_t link : {flow.a, flow.b}) {
        left_Bps_[static_cast<std::size_t>(link)] -= share_Bps;
        --unfixed_[static_cast<std::size_t>(link)];
        if (flow.a == flow.b) break;
      }
    }
  }
  stale_ = false;
}

}  // namespace edgeflow
