#pragma once
// Executes plans: a state machine that is fed with everything that happened at an instant.
//
// First each event is handled: units become ready, finish, send. Then each device that is free
// picks its next unit. Units that take no time finish in the instant in which they are ready.
// Memory is proportional to the requests in flight.

#include <simgrid/s4u.hpp>

#include <cstdint>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <vector>

#include "sim/engine/activities.hpp"
#include "sim/engine/energy.hpp"
#include "sim/engine/environment.hpp"
#include "sim/engine/memory.hpp"
#include "sim/engine/platform.hpp"
#include "sim/engine/request_state.hpp"
#include "sim/engine/tables.hpp"
#include "sim/setup/stream.hpp"

namespace edgeflow {

class Runtime {
 public:
  /// `tables` by stream and plan, `routings` likewise: which of the platform's. The arguments must
  /// outlive the runtime. `disturbances` stand in for those of the options.
  Runtime(std::span<const Stream> streams, std::span<const std::vector<PlanTables>> tables,
          std::span<const std::vector<std::size_t>> routings, const SimulationOptions& options,
          const Disturbances& disturbances, const Platform& platform);

  /// Runs `engine` until every request is done or something stops the run.
  /// Throws std::logic_error if in the end bytes are missing.
  SimulationResult run(simgrid::s4u::Engine& engine);

 private:
  enum class Task : std::uint8_t { kSend, kReceive, kCompute };  // in order of precedence
  /// A unit, or the CPU work of a message, that is ready and waits for its device; the least one
  /// runs first.
  struct Waiting {
    double ready_s;
    Task task;
    std::int32_t index;  // of the message or unit
    RequestState* state;
    bool operator>(const Waiting& other) const;
  };
  struct DeviceState {
    explicit DeviceState(const MemoryMeter& meter) : memory(meter) {}
    bool computing = false;
    std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> queue;
    MemoryMeter memory;
    double busy_s = 0;
  };
  /// One of the plans of a stream.
  struct PlanState {
    const Plan* plan = nullptr;
    const Cluster* cluster = nullptr;
    const PlanTables* tables = nullptr;
    const std::vector<std::int32_t>* ends = nullptr;  // by device: the host of its messages
    double request_energy_J = 0;
    std::vector<bool> needs;    // by failure: whether it uses what fails
    bool loaded = false;        // its weights are there
    std::int64_t requests = 0;  // in flight, or done but not their last units
    std::int64_t done = 0;
    // By message, how often; what was aborted counts by the part that got through.
    std::vector<double> sent;
    std::vector<double> received;
    std::vector<double> lost;  // of requests that were aborted
  };
  /// A request that waits for a plan to begin again.
  struct Restart {
    std::int32_t request;
    std::int64_t sequence;
  };
  /// What there is of a request that is aborted.
  struct Aborted {
    WorkDone work;
    std::vector<bool> left;  // by message: it has left its sender
  };
  struct StreamState {
    const Stream* stream = nullptr;
    std::vector<PlanState> plans;
    std::int32_t plan = 0;         // that requests begin by; -1: none
    std::size_t changes = 0;       // of plan, until now
    std::size_t first_record = 0;  // in result_.requests
    std::size_t arrived = 0;
    std::size_t let_in = 0;
    std::size_t completed = 0;  // all results are there
    double counted_until_s = 0;
    double in_flight_s = 0;         // arrived - completed, integrated until then
    std::vector<Restart> restarts;  // by request
    std::vector<RequestState*> idle_states;
  };

  // Instants.
  bool handle_instant(std::span<const RuntimeEvent> events);
  void handle(const RuntimeEvent& event);
  void handle_changes(std::span<const RuntimeEvent> events);
  void pick_next(DeviceState& device);

  // Requests.
  void begin();
  void arrive(std::int32_t stream);
  void count_arrival(StreamState& stream);
  void let_in(std::int32_t stream);
  void begin_request(std::int32_t stream, const Restart& request);
  void count_in_flight(StreamState& stream);
  void complete(RequestState& state, std::int32_t last_result);
  void retire(RequestState& state);
  void put_away(RequestState& state);

  // Units and messages.
  void feed(RequestState& state, std::int32_t unit, LastInput input);
  void make_ready(RequestState& state, std::int32_t unit);
  void start(RequestState& state, std::int32_t unit);
  void enqueue(const Waiting& job);
  void begin(const Waiting& job);
  void occupy(std::int32_t device, double duration_s, const RuntimeEvent& done);
  void release(std::int32_t device, double duration_s);
  void message_worked(const RequestState& state, std::int32_t message, MessageWork work,
                      bool aborted = false);
  void record_unit(const RequestState& state, std::int32_t unit, bool aborted = false);
  void record_message(const RequestState& state, std::int32_t message, double carried = 1,
                      bool aborted = false);
  void finish(RequestState& state, std::int32_t unit);
  void finish_instant_units();
  void send(RequestState& state, std::int32_t message);
  void leave(RequestState& state, std::int32_t message);
  bool over_links(const MessageRow& message) const;
  void unpack(RequestState& state, std::int32_t message);
  void deliver(RequestState& state, std::int32_t message);
  void release_inputs(RequestState& state, std::int32_t unit);
  void release_output(RequestState& state, std::int32_t unit);
  void change_memory(std::int32_t device, double bytes);

  // Overload.
  std::size_t requests_in_flight() const;
  void check_backlog();

  // Failures.
  void handle_failure(std::size_t failure);
  bool can_begin(std::int32_t stream, std::int32_t request);
  std::string failing(const Failure& failure) const;
  void fail(const std::string& what);

  // Plans that change, in runtime_replan.cpp.
  void change_plan(std::int32_t stream);
  void settle_weights(std::int32_t stream, std::int32_t plan);
  void abort(RequestState& state);
  Aborted begin_abort(const RequestState& state) const;
  void stop_waiting(RequestState& state, Aborted& aborted);
  void stop_activity(RequestState& state, const Activities::Stopped& stopped, Aborted& aborted);
  void give_back_memory(const RequestState& state, const Aborted& aborted);

  // The end.
  void stop(Status status, std::string message);
  std::string waiting_units() const;
  void report_messages(const PlanState& plan);
  void report_devices_and_links();
  void check_bytes() const;

  PlanState& plan_of(const RequestState& state) {
    return streams_[static_cast<std::size_t>(state.stream)]
        .plans[static_cast<std::size_t>(state.plan)];
  }
  double now_s() const { return simgrid::s4u::Engine::get_clock(); }

  const Cluster& cluster_;
  const SimulationOptions& options_;
  const Disturbances& disturbances_;
  Activities activities_;
  Environment environment_;
  std::vector<StreamState> streams_;
  std::vector<DeviceState> devices_;
  std::vector<Waiting> instant_;  // units that take no time, to be finished now
  std::vector<std::unique_ptr<RequestState>> states_;
  std::int64_t sequence_ = 0;
  std::size_t requests_left_ = 0;
  std::size_t messages_under_way_ = 0;
  bool stopped_ = false;
  std::vector<double> background_bytes_;  // by link, when it stopped
  bool disturbed_ = false;                // stopped by a failure: what was done before counts
  SimulationResult result_;
};

}  // namespace edgeflow
