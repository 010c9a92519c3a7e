#pragma once
// Executes a plan: one actor per device, fed with events.
//
// An actor wakes when something happened on its device, handles everything that happened at this
// instant, lets the device pick its next unit, and hands all sends and the next computation to
// SimGrid in one simcall. Units that take no time finish in the instant in which they are ready.
// Memory is proportional to the requests in flight.

#include <simgrid/s4u.hpp>

#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "sim/activities.hpp"
#include "sim/memory.hpp"
#include "sim/request_state.hpp"
#include "sim/simulate.hpp"
#include "sim/tables.hpp"

namespace edgeflow {

class Runtime {
 public:
  /// The arguments must outlive the runtime.
  Runtime(const Plan& plan, const Graph& graph, const Cluster& cluster, const PlanTables& tables,
          const SimulationOptions& options, const std::vector<simgrid::s4u::Host*>& hosts);

  /// Runs `engine` until every request is done or something stops the run. `hosts` by device.
  /// Throws std::logic_error if in the end bytes are missing.
  SimulationResult run(simgrid::s4u::Engine& engine, const std::vector<simgrid::s4u::Host*>& hosts);

 private:
  /// A unit that is ready and waits for its device; the least one runs first.
  struct Waiting {
    double ready_s;
    std::int32_t unit;
    RequestState* state;
    bool operator>(const Waiting& other) const;
  };
  struct DeviceState {
    explicit DeviceState(const MemoryMeter& meter) : memory(meter) {}
    std::vector<RuntimeEvent> inbox;
    simgrid::s4u::SemaphorePtr wake = simgrid::s4u::Semaphore::create(0);
    bool asleep = false;
    bool computing = false;
    std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> queue;
    MemoryMeter memory;
    double busy_s = 0;
  };
  /// What an actor wants the kernel to do.
  struct Command {
    enum class Kind : std::uint8_t { kCompute, kSend, kArrive, kReady };
    Kind kind;
    std::int32_t index;
    RequestState* state;
  };

  // Actors.
  void serve(std::int32_t device);
  void handle(const RuntimeEvent& event);
  void pick_next(DeviceState& device);
  void submit_commands();

  // Kernel mode.
  void post(const RuntimeEvent& event);
  void carry_out(const Command& command);
  void schedule_arrival(double date_s);

  // Requests.
  void admit_requests();
  void begin_request();
  void complete_request(RequestState& state, std::int32_t last_result);
  void retire(RequestState& state);

  // Units and messages.
  void feed(RequestState& state, std::int32_t unit, LastInput input);
  void make_ready(RequestState& state, std::int32_t unit);
  void start(RequestState& state, std::int32_t unit);
  void finish(RequestState& state, std::int32_t unit);
  void finish_instant_units();
  void send(RequestState& state, std::int32_t message);
  void deliver(RequestState& state, std::int32_t message);
  void release_inputs(RequestState& state, std::int32_t unit);
  void release_output(RequestState& state, std::int32_t unit);

  // The end.
  void change_memory(std::int32_t device, double bytes);
  void stop(Status status, std::string message);
  std::string waiting_units() const;
  void report_devices_and_links();
  void check_bytes() const;

  double now_s() const { return simgrid::s4u::Engine::get_clock(); }
  const UnitRow& row(std::int32_t unit) const {
    return tables_.units[static_cast<std::size_t>(unit)];
  }

  const Plan& plan_;
  const Graph& graph_;
  const Cluster& cluster_;
  const PlanTables& tables_;
  const SimulationOptions& options_;
  Activities activities_;
  std::vector<DeviceState> devices_;
  std::vector<Command> commands_;
  std::vector<Waiting> instant_;  // units that take no time, to be finished now

  std::vector<std::unique_ptr<RequestState>> states_;
  std::vector<RequestState*> idle_states_;
  std::size_t admitted_ = 0;
  std::size_t retired_ = 0;

  std::vector<std::int64_t> sent_;      // by message, how often
  std::vector<std::int64_t> received_;  // by message, how often
  bool stopped_ = false;
  SimulationResult result_;
};

}  // namespace edgeflow
