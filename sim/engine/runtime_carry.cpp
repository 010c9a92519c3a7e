// While bandwidths change, what is carried is counted as it is: when a message is there, and before
// each change of a link that it is on. Where they do not, what a request draws is known in advance.

#include <algorithm>
#include <utility>

#include "sim/engine/runtime.hpp"

namespace edgeflow {

/// A message is carried up to this part of it.
void Runtime::carry(RequestState& state, MessageId message, double carried) {
  if (!bandwidths_change()) return;
  const double part = carried - std::exchange(state.carried[message], carried);
  record_of(streams_[state.stream], state.request).energy_J += edgeflow::carry(
      *state.executable, message, part, environment_.bandwidths_now_Bps(), carrying_);
}

/// Messages that are on any of these links are carried as far as they are.
void Runtime::carry_over(std::span<const int> links) {
  const auto over_them = [&](const RuntimeEvent& event) {
    const ExecutablePlan& plan = *event.state->executable;
    const std::vector<int>& its = plan.route_of(plan.messages[event.message()]).links;
    return std::ranges::find_first_of(its, links) != its.end();
  };
  for (const auto& [event, left] : activities_.transfers(over_them)) {
    carry(*event.state, event.message(), 1 - left);
  }
}

/// What carrying draws is then no part of what is known in advance; nor is, where speeds change, what
/// computing does.
void Runtime::leave_to_changes(WorkDone& work) const {
  if (bandwidths_change()) std::ranges::fill(work.carried, 0);
  if (!speeds_change()) return;
  std::ranges::fill(work.units_s, 0);
  std::ranges::fill(work.send_s, 0);
  std::ranges::fill(work.receive_s, 0);
}

}  // namespace edgeflow
