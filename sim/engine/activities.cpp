#include "sim/engine/activities.hpp"

#include <fmt/format.h>
#include <simgrid/kernel/Timer.hpp>

#include <simgrid/kernel/resource/Action.hpp>
#include <simgrid/kernel/resource/Model.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "partition/plans/execution.hpp"
#include "sim/engine/simgrid_versions.hpp"

namespace edgeflow {

namespace sg4 = simgrid::s4u;

namespace {
class EndOfSimulation {};
constexpr double kMostBytes = 9e18;  // of a message to SimGrid, which counts in 64 bits
}  // namespace

Activities::Activities(IdVector<HostId, sg4::Host*> hosts, double bytes_scale,
                       std::function<bool(std::span<const RuntimeEvent>)> handle)
    : hosts_(std::move(hosts)), bytes_scale_(bytes_scale), handle_(std::move(handle)) {
  simgrid_versions::on_completion([this](const sg4::Activity& activity) { finish(activity); });
  sg4::Engine::on_time_advance_cb([this](double) { report_due_timers(); });
}

void Activities::run(sg4::Engine& engine) {
  models_ = engine.get_all_models();
  hand_over();
  try {
    if (!done_) engine.run();
  } catch (const EndOfSimulation&) {  // of what is under way nobody wants to know the end
    for (const auto& slot : slots_) (void)slot->activity.detach();  // SimGrid would complain
    for (sg4::ActivityPtr& activity : stopped_) (void)activity.detach();
  }
}

void Activities::hand_over() {
  do {
    std::swap(handling_, instant_);
    for (const RuntimeEvent& event : handling_) pending_ -= event.of_environment() ? 0 : 1;
    done_ = !handle_(handling_);
    handling_.clear();
  } while (!done_ && !instant_.empty());  // what takes no time
  done_ = done_ || pending_ == 0;
}

/// Called after each report: SimGrid tells what has ended one by one, but has it all listed before.
void Activities::hand_over_if_complete() {
  if (done_ || instant_.empty()) return;
  const bool more = std::ranges::any_of(models_, [](simgrid::kernel::resource::Model* model) {
    return !model->get_finished_action_set()->empty() || !model->get_failed_action_set()->empty();
  });
  if (!more) hand_over();
}

Activities::Slot* Activities::take_slot(const RuntimeEvent& event) {
  if (free_slots_.empty()) {
    slots_.push_back(std::make_unique<Slot>());
    free_slots_.push_back(slots_.back().get());
  }
  Slot* slot = free_slots_.back();
  free_slots_.pop_back();
  slot->event = event;
  ++started_;
  return slot;
}

void Activities::compute(HostId host, double duration_s, const RuntimeEvent& event) {
  expect(event);
  Slot* slot = take_slot(event);
  const sg4::ExecPtr exec = sg4::Exec::init();
  slot->activity = exec;
  exec->set_data(slot);
  slot->amount = duration_s * kHostSpeed;
  exec->set_flops_amount(slot->amount);
  exec->set_host(hosts_[host]);
  exec->start();
}

void Activities::transfer(double delay_s, const Transfer& transfer, const RuntimeEvent& event) {
  expect(event);
  if (delay_s == 0) {
    (void)start(transfer, event);
  } else {
    set_timer({sg4::Engine::get_clock() + delay_s, timers_set_++, event, transfer});
  }
}

sg4::ActivityPtr Activities::transfer_now(const Transfer& transfer, const RuntimeEvent& event) {
  expect(event);
  return start(transfer, event);
}

sg4::ActivityPtr Activities::start(const Transfer& transfer, const RuntimeEvent& event) {
  Slot* slot = take_slot(event);
  const sg4::CommPtr comm = sg4::Comm::sendto_init();
  slot->activity = comm;
  comm->set_data(slot);
  if (transfer.link_bytes * bytes_scale_ > kMostBytes) {
    throw std::runtime_error(fmt::format(
        "a message has {:.3g} bytes on its links (its own, times how often it crosses them), more "
        "than the {:.3g} that can be simulated: is a rate too low?",
        transfer.link_bytes, kMostBytes / bytes_scale_));
  }
  const auto bytes = static_cast<std::uint64_t>(std::llround(transfer.link_bytes * bytes_scale_));
  slot->amount = static_cast<double>(bytes);
  comm->set_payload_size(bytes);
  comm->set_source(hosts_[transfer.from]);
  comm->set_destination(hosts_[transfer.to]);
  // Setting both ends has started it, unless it is empty.
  if (comm->get_state() != sg4::Activity::State::STARTED) comm->start();
  return comm;
}

void Activities::finish(const sg4::Activity& activity) {
  Slot* slot = activity.get_data<Slot>();
  if (slot == nullptr) {  // was stopped: told at once, and again when SimGrid lists it as failed
    if (activity.get_state() == sg4::Activity::State::FAILED) hand_over_if_complete();
    return;
  }
  finished_.clear();
  if (activity.get_state() != sg4::Activity::State::FINISHED) {
    throw std::runtime_error(std::string("a SimGrid activity ended as ") +
                             activity.get_state_str());
  }
  finished_.push_back(std::move(slot->activity));
  free_slots_.push_back(slot);
  instant_.push_back(slot->event);
  hand_over_if_complete();
}

std::vector<Activities::UnderWay> Activities::transfers(
    const std::function<bool(const RuntimeEvent&)>& of) const {
  std::vector<UnderWay> found;
  for (const auto& slot : slots_) {
    if (!slot->activity || slot->event.kind != RuntimeEvent::Kind::kDelivered) continue;
    if (of(slot->event)) found.push_back({slot->event, slot->left()});
  }
  return found;
}

std::vector<Activities::Stopped> Activities::stop(const RequestState& state) {
  std::vector<Stopped> stopped;
  for (const RuntimeEvent& event : instant_) {
    if (event.state == &state) stopped.push_back({event, 0});
  }
  std::erase_if(instant_, [&](const RuntimeEvent& event) { return event.state == &state; });
  for (const auto& slot : slots_) {
    if (!slot->activity || slot->event.state != &state) continue;
    stopped.push_back({slot->event, slot->left()});
    stopped_.push_back(std::move(slot->activity));
    stopped_.back()->set_data(nullptr);
    stopped_.back()->cancel();
    free_slots_.push_back(slot.get());
  }
  std::vector<Timer> kept;
  for (; !timers_.empty(); timers_.pop()) {
    const Timer& timer = timers_.top();
    if (timer.event.state != &state) {
      kept.push_back(timer);
    } else {
      stopped.push_back(
          {timer.event, timer.transfer ? 1 : timer.date_s - sg4::Engine::get_clock()});
    }
  }
  timers_ = decltype(timers_)(std::greater<>(), std::move(kept));
  // The engine was told to stop at the first one only.
  if (!timers_.empty()) stop_engine_at(timers_.top().date_s);
  pending_ -= static_cast<std::int64_t>(stopped.size());
  return stopped;
}

void Activities::at(double date_s, const RuntimeEvent& event) {
  expect(event);
  if (is_due(date_s, sg4::Engine::get_clock())) return instant_.push_back(event);
  set_timer({date_s, timers_set_++, event, {}});
}

void Activities::set_timer(Timer timer) {
  const double date_s = timer.date_s;
  const bool first = timers_.empty() || date_s < timers_.top().date_s;
  timers_.push(timer);
  if (first) stop_engine_at(date_s);
}

void Activities::report_due_timers() {
  if (done_) throw EndOfSimulation();
  const double now_s = sg4::Engine::get_clock();
  bool reported = false;
  while (!timers_.empty() && is_due(timers_.top().date_s, now_s)) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer.transfer) {
      (void)start(*timer.transfer, timer.event);
    } else {
      instant_.push_back(timer.event);
    }
    reported = true;
  }
  if (reported && !timers_.empty()) stop_engine_at(timers_.top().date_s);
  hand_over_if_complete();
}

// SimGrid's own timers would be exact to the last bit, so that two of them or one and the end of an
// activity that only differ by rounding would be two instants. They just make the clock stop there.
void Activities::stop_engine_at(double date_s) {
  simgrid::kernel::timer::Timer::set(date_s, [] {});
}

}  // namespace edgeflow
