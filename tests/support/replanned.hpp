#pragma once
// A stream whose plans change when something fails, on two devices of sim_fixture.hpp.

#include <doctest/doctest.h>

#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/sim_fixture.hpp"

namespace edgeflow::sim_fixture {

inline const Cluster kHub = cluster(devices(2), NetworkType::kHub);
inline const Graph kLayer = chain(1);

/// Requests of a stream whose plans compute the only layer on one device each.
class Replanned {
 public:
  explicit Replanned(Cluster where, std::vector<int> on, std::vector<double> arrivals_s = {0})
      : where_(std::move(where)) {
    for (const int device : on) plans_.push_back(whole_layers({device}));
    options.arrivals_s = std::move(arrivals_s);
    options.disturbances.policy = FailurePolicy::kReplan;
    options.record = true;
    options.timeout_s = 60;
  }
  Replanned& fails(std::int32_t device, double at_s) {
    options.disturbances.failures.push_back({device, -1, at_s});
    return *this;
  }
  Replanned& changes(std::vector<PlanChange> list) {
    changes_ = std::move(list);
    return *this;
  }
  Stream stream() const {
    Stream stream;
    static_cast<Arrivals&>(stream) = options;
    for (const Plan& plan : plans_) {
      stream.plans.push_back(executable(plan, kLayer, where_, options.effects));
    }
    stream.changes = changes_;
    return stream;
  }
  SimulationResult run() const {
    const Stream only = stream();
    return simulate({&only, 1}, options);
  }
  SimulationResult run_ok() const {
    SimulationResult result = run();
    INFO(result.message);
    REQUIRE(result.status == Status::kOk);
    REQUIRE(result.requests.size() == options.arrivals_s.size());
    return result;
  }

  SimulationOptions options;

 private:
  Cluster where_;
  std::vector<Plan> plans_;
  std::vector<PlanChange> changes_;
};

/// From device 1 to device 0, half a second after the failure.
inline Replanned moved(double failure_s, const Cluster& where = kHub,
                       std::vector<double> arrivals_s = {0}) {
  return Replanned(where, {1, 0}, std::move(arrivals_s))
      .fails(1, failure_s)
      .changes({{failure_s, kNoPlan, ""}, {failure_s + 0.5, PlanId{1}, ""}});
}

/// Devices that draw 1 W, 3 W when they compute and 2 W when they only send or receive.
inline Cluster powered_hub() {
  auto list = devices(2);
  for (Device& device : list) {
    device.idle_W = 1;
    device.busy_W = 3;
    device.transmit_W = device.receive_W = 2;
  }
  return cluster(list, NetworkType::kHub);
}

inline double sum(const std::vector<RequestRecord>& requests) {
  double energy_J = 0;
  for (const RequestRecord& request : requests) energy_J += request.energy_J;
  return energy_J;
}

/// Ends with the memory that it expects on each device, or the run fails.
class LastMemory : public Recorder {
 public:
  explicit LastMemory(std::map<DeviceId, double> bytes) : expected_(std::move(bytes)) {}
  void memory_changed(DeviceId device, double, double bytes) override { last_[device] = bytes; }
  void end() override {
    if (last_ != expected_) throw std::logic_error("other memory than expected");
  }

 private:
  std::map<DeviceId, double> expected_;
  std::map<DeviceId, double> last_;
};

}  // namespace edgeflow::sim_fixture
