#pragma once
// Executes plans: a state machine that is fed with everything that happened at an instant.
//
// The rules are those of partition/plans/execution.hpp. Memory is proportional to the requests in
// flight.

#include <simgrid/s4u.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <queue>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "sim/engine/activities.hpp"
#include "sim/engine/energy.hpp"
#include "sim/engine/environment.hpp"
#include "sim/engine/memory.hpp"
#include "sim/engine/platform.hpp"
#include "sim/engine/request_state.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

class Runtime {
 public:
  /// Which of the platform's routings a stream's plans go by.
  using PlanRoutings = IdVector<PlanId, std::size_t>;

  /// `routings` by stream. The arguments must outlive the runtime. `disturbances` stand in for
  /// those of the options.
  Runtime(std::span<const Stream> streams, std::span<const PlanRoutings> routings,
          const SimulationOptions& options, const Disturbances& disturbances,
          const Platform& platform);

  /// Runs `engine` until every request is done or something stops the run.
  /// Throws std::logic_error if in the end bytes are missing or were not given back, or something
  /// was busy for longer than there was time: see laws.hpp.
  SimulationResult run(simgrid::s4u::Engine& engine);

 private:
  struct Older {
    bool operator()(const RequestState* a, const RequestState* b) const {
      return std::tie(a->arrival_s, a->sequence) < std::tie(b->arrival_s, b->sequence);
    }
  };
  /// A unit, or the CPU work of a message, that is ready and waits for its device; see
  /// runs_before.
  class Waiting {
   public:
    Waiting(double ready_s, UnitId unit, RequestState& state)
        : ready_s_(ready_s), task_(DeviceTask::kCompute), position_(number(unit)), state_(&state) {}
    Waiting(double ready_s, DeviceTask task, MessageId message, RequestState& state)
        : ready_s_(ready_s), task_(task), position_(number(message)), state_(&state) {}

    double arrival_s() const { return state_->arrival_s; }
    std::int64_t request() const { return state_->sequence; }
    double ready_s() const { return ready_s_; }
    DeviceTask task() const { return task_; }
    std::int32_t position() const { return position_; }

    RequestState& state() const { return *state_; }
    UnitId unit() const { return UnitId{position_}; }           // kCompute
    MessageId message() const { return MessageId{position_}; }  // others

   private:
    double ready_s_;
    DeviceTask task_;
    std::int32_t position_;
    RequestState* state_;
  };
  /// A device, or its thread for messages.
  struct Worker {
    explicit Worker(Scheduling its_scheduling)
        : scheduling(its_scheduling), waiting(RunsLater{its_scheduling}) {}

    Scheduling scheduling;
    bool busy = false;  // or blocked
    std::priority_queue<Waiting, std::vector<Waiting>, RunsLater> waiting;
    std::set<RequestState*, Older> requests;  // kExclusive: in flight, with jobs left here

    bool has_next() const {
      if (busy || waiting.empty()) return false;
      return scheduling != Scheduling::kExclusive || &waiting.top().state() == *requests.begin();
    }
  };
  struct DeviceState : Worker {
    DeviceState(Scheduling its_scheduling, const MemoryMeter& meter)
        : Worker(its_scheduling), messages(thread_scheduling(its_scheduling)), memory(meter) {}

    Worker messages;  // where sends overlap
    MemoryMeter memory;
    double busy_s = 0;
  };
  /// One of the plans of a stream.
  struct PlanState {
    const ExecutablePlan* executable = nullptr;
    const IdVector<DeviceId, HostId>* ends = nullptr;  // hosts of messages
    double request_energy_J = 0;
    std::vector<bool> needs;    // by failure: whether it uses what fails
    bool loaded = false;        // its weights are there
    std::int64_t requests = 0;  // in flight, or done but not their last units
    std::int64_t done = 0;
    // How often; what was aborted counts by the part that got through. Parts are summed apart from
    // what is begun: taken off it, small ones would be lost in rounding.
    IdVector<MessageId, std::int64_t> begun;
    IdVector<MessageId, double> parts_sent;
    double sent(MessageId m) const { return static_cast<double>(begun[m]) + parts_sent[m]; }
    IdVector<MessageId, double> received;
    IdVector<MessageId, double> lost;  // of requests that were aborted
  };
  /// A request that waits for a plan to begin again.
  struct Restart {
    std::int32_t request;
    std::int64_t sequence;
  };
  /// What there is of a request that is aborted.
  struct Aborted {
    WorkDone work;
    IdVector<MessageId, bool> left;  // it has left its sender
  };
  struct StreamState {
    const Stream* stream = nullptr;
    IdVector<PlanId, PlanState> plans;
    PlanId plan{};                 // that requests begin by; kNoPlan: none
    std::size_t changes = 0;       // of plan, until now
    std::size_t first_record = 0;  // in result_.requests
    std::size_t arrived = 0;
    std::size_t admitted = 0;
    std::size_t completed = 0;  // all results are there
    double counted_until_s = 0;
    double in_flight_s = 0;         // arrived - completed, integrated until then
    std::vector<Restart> restarts;  // by request
    std::vector<RequestState*> idle_states;
  };

  std::set<int> links_of_messages() const;

  // Instants.
  bool handle_instant(std::span<const RuntimeEvent> events);
  void handle(const RuntimeEvent& event);
  void handle_arrivals(std::span<const RuntimeEvent> events);
  void handle_changes(std::span<const RuntimeEvent> events);
  void begin_next(Worker& worker);

  // Requests.
  void begin();
  void arrive(StreamId stream);
  void count_arrival(StreamState& stream);
  void admit(StreamId stream);
  void begin_request(StreamId stream, const Restart& request);
  void count_in_flight(StreamState& stream);
  void complete(RequestState& state, UnitId last_result);
  void retire(RequestState& state);
  void recycle(RequestState& state);

  // Units and messages.
  void deliver_input(RequestState& state, UnitId unit, LastInput input);
  void make_ready(RequestState& state, UnitId unit);
  void start(RequestState& state, UnitId unit);
  void enqueue(const Waiting& job);
  void begin(const Waiting& job);
  Worker& worker_of(DeviceId device, bool overlaps);
  void occupy(DeviceId device, bool overlaps, double duration_s, const RuntimeEvent& done);
  void vacate(const RequestState& state, DeviceId device, bool overlaps, double begun_s,
              double duration_s);
  void count_work(const RequestState& state, DeviceId device, double begun_s, double duration_s);
  void unblock(RequestState& state, MessageId message);
  void job_done(RequestState& state, DeviceId device);
  void record_message_work(const RequestState& state, MessageId message, MessageWork work,
                           bool aborted = false);
  void record_unit(const RequestState& state, UnitId unit, bool aborted = false);
  void record_message(const RequestState& state, MessageId message, double carried = 1,
                      bool aborted = false);
  void finish(RequestState& state, UnitId unit);
  void finish_instant();
  void send(RequestState& state, MessageId message);
  void leave(RequestState& state, MessageId message);
  bool over_links(const ExecutableMessage& message) const;
  void receive(RequestState& state, MessageId message);
  void deliver(RequestState& state, MessageId message);
  bool bandwidths_change() const { return !disturbances_.bandwidths.empty(); }
  bool speeds_change() const { return !disturbances_.speeds.empty(); }
  void carry(RequestState& state, MessageId message, double carried);
  void carry_over(std::span<const int> links);
  void leave_to_changes(WorkDone& work) const;
  void release_inputs(RequestState& state, UnitId unit);
  void release_output(RequestState& state, UnitId unit);
  void change_memory(DeviceId device, double bytes);

  // Overload.
  std::size_t requests_in_flight() const;
  void check_backlog();
  void check_background();

  // Failures.
  void handle_failure(std::size_t failure);
  bool can_begin(StreamId stream, std::int32_t request);
  std::string failing(const Failure& failure) const;
  void fail(const std::string& what);

  // Plans that change, in runtime_abort.cpp.
  void change_plan(StreamId stream);
  void settle_weights(StreamId stream, PlanId plan);
  void abort(RequestState& state);
  Aborted begin_abort(const RequestState& state) const;
  void stop_waiting(RequestState& state, Aborted& aborted);
  void stop_activity(RequestState& state, const Activities::Stopped& stopped, Aborted& aborted);
  void release_memory(const RequestState& state, const Aborted& aborted);

  // The end.
  void stop(Status status, std::string message);
  std::string waiting_units() const;
  void report_messages(const PlanState& plan);
  void report_devices_and_links();
  void check_bytes() const;
  void check_memory() const;
  void check_laws() const;

  PlanState& plan_of(const RequestState& state) { return streams_[state.stream].plans[state.plan]; }
  RequestRecord& record_of(const StreamState& stream, std::int32_t request) {
    return result_.requests[stream.first_record + index(request)];
  }
  double now_s() const { return simgrid::s4u::Engine::get_clock(); }

  std::span<const Stream> given_;
  const Cluster& cluster_;
  const Effects& effects_;
  const SimulationOptions& options_;
  const Disturbances& disturbances_;
  Activities activities_;
  Environment environment_;
  IdVector<StreamId, StreamState> streams_;
  IdVector<DeviceId, DeviceState> devices_;
  // What takes no time and is to be done now: units, and ways of messages (kReceive).
  std::vector<Waiting> instant_;
  std::vector<std::unique_ptr<RequestState>> states_;
  std::int64_t sequence_ = 0;
  std::size_t requests_left_ = 0;
  std::size_t messages_under_way_ = 0;
  CarryingTimes carrying_;     // where bandwidths change
  std::exception_ptr thrown_;  // while SimGrid ran
  bool stopped_ = false;
  double end_s_ = 0;                      // when it stopped
  std::vector<double> background_bytes_;  // by link, when it stopped
  bool disturbed_ = false;                // stopped by a failure: what was done before counts
  SimulationResult result_;
};

}  // namespace edgeflow
