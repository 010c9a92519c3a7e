// The rules of execution, and a plan made executable: values by hand.

#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <vector>

#include "partition/plans/execution.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/prices/layers.hpp"
#include "tests/support/baselines_fixture.hpp"

namespace edgeflow {
namespace {

using namespace baselines;

struct Job {
  double arrived;
  double ready;
  int of_request;
  DeviceTask does;
  int place;

  double arrival_s() const { return arrived; }
  double ready_s() const { return ready; }
  int request() const { return of_request; }
  DeviceTask task() const { return does; }
  int position() const { return place; }
};

/// A 1x1 convolution on 4x4 pixels of one channel: 16 MAC, 64 bytes in and out.
Graph one_layer() {
  return Graph("one", "made up", {pixels({1, 4, 4}), pointwise("conv", "input", 1)});
}

/// Two devices that agree in nothing: of messages the first one takes 1 s and 1/64 s per byte, the
/// second 10 s and 1/16 s per byte; links carry 2, 4, 8 and 32 byte/s (up and down of the first, up
/// and down of the second), and messages take 0.5 s.
Cluster unequal() {
  Device first = device("first", 16);
  first.compute.message_overhead_s = 1;
  first.compute.serialization_rate_Bps = 64;
  Device second = device("second", 4);
  second.compute.message_overhead_s = 10;
  second.compute.serialization_rate_Bps = 16;
  const std::vector<std::string> names{"first", "second"};
  return Cluster("unequal", {first, second},
                 make_switch(names, {{2, 4, 0.25, 0}, {8, 32, 0.25, 0}}), kFirst, kFirst);
}

/// All of the layer on the second device.
Plan on_second(const Problem& problem) {
  Assignment assignment(2);
  assignment[1] = {{DeviceId{1}, problem.graph.layers()[1].output.box}};
  return build_plan(problem.graph, problem.cluster, assignment, "test");
}

}  // namespace

TEST_CASE("a device serves the oldest request, then by readiness, task and position") {
  const Job job{1, 2, 1, DeviceTask::kReceive, 1};
  const std::vector<Job> before{{0.5, 3, 2, DeviceTask::kCompute, 2},
                                {1, 3, 0, DeviceTask::kCompute, 2},
                                {1, 1.5, 1, DeviceTask::kCompute, 2},
                                {1, 2, 1, DeviceTask::kSend, 2},
                                {1, 2, 1, DeviceTask::kReceive, 0}};
  for (const Scheduling scheduling : {Scheduling::kOldestRequest, Scheduling::kExclusive}) {
    for (const Job& first : before) {
      CHECK(runs_before(first, job, scheduling));
      CHECK_FALSE(runs_before(job, first, scheduling));
      CHECK(RunsLater{scheduling}(job, first));
    }
    CHECK_FALSE(runs_before(job, job, scheduling));
  }
}

TEST_CASE("a device may serve what was ready first, then by request, task and position") {
  const Job job{1, 2, 1, DeviceTask::kReceive, 1};
  const std::vector<Job> before{{3, 1.5, 2, DeviceTask::kCompute, 2},
                                {3, 2, 0, DeviceTask::kCompute, 2},
                                {1, 2, 1, DeviceTask::kSend, 2},
                                {1, 2, 1, DeviceTask::kReceive, 0}};
  for (const Job& first : before) {
    CHECK(runs_before(first, job, Scheduling::kFirstReady));
    CHECK_FALSE(runs_before(job, first, Scheduling::kFirstReady));
  }
}

TEST_CASE("each end of a message pays its own prices") {
  const Graph graph = one_layer();
  const Cluster cluster = unequal();
  const Problem problem{graph, cluster, {}};
  const Plan plan = on_second(problem);
  const ExecutablePlan executable(plan, graph, cluster, {});
  REQUIRE(executable.messages.size() == 2);
  const ExecutableMessage& there = executable.messages[MessageId{0}];
  CHECK(there.from_device == DeviceId{0});
  CHECK(there.to == DeviceId{1});
  CHECK(there.send_s == doctest::Approx(1 + 1));      // 64 bytes at the first one's 64 byte/s
  CHECK(there.receive_s == doctest::Approx(10 + 4));  // and at the second one's 16 byte/s
  CHECK(there.transfer_s == doctest::Approx(32));     // by the narrower of 2 and 32 byte/s
  CHECK(there.latency_s == doctest::Approx(0.5));
  CHECK(there.transmitting_s == doctest::Approx(32));  // 2 byte/s up
  CHECK(there.receiving_s == doctest::Approx(2));      // 32 byte/s down
  const ExecutableMessage& back = executable.messages[MessageId{1}];
  CHECK(back.send_s == doctest::Approx(14));
  CHECK(back.receive_s == doctest::Approx(2));
  CHECK(back.transfer_s == doctest::Approx(16));     // by the narrower of 8 and 4 byte/s
  CHECK(back.transmitting_s == doctest::Approx(8));  // 8 byte/s up
  CHECK(back.receiving_s == doctest::Approx(16));    // 4 byte/s down
  // One after the other, with 4 s of computing between.
  const double sum_s = (2 + 0.5 + 32 + 14) + 4 + (14 + 0.5 + 16 + 2);
  for (const Sharing sharing : {Sharing::kFirstCome, Sharing::kMaxMin}) {
    CHECK(estimate(executable, sharing).latency_s == doctest::Approx(sum_s));
  }
  CHECK(message_cpu_s(problem, DeviceId{0}, DeviceId{1}, 64) == doctest::Approx(2 + 14));
  CHECK(send_s(problem, DeviceId{0}, DeviceId{1}, 64) == doctest::Approx(2 + 0.5 + 32 + 14));
}

TEST_CASE("effects that are left out cost nothing in an executable plan") {
  const Graph graph = one_layer();
  const Cluster cluster = unequal();
  const Plan plan = on_second({graph, cluster, {}});
  const Effects effects{.latency = false, .overheads = false};
  const ExecutablePlan executable(plan, graph, cluster, {}, effects);
  const ExecutableMessage& there = executable.messages[MessageId{0}];
  CHECK(there.latency_s == 0);
  CHECK(there.send_s == doctest::Approx(1));
  CHECK(there.receive_s == doctest::Approx(4));
}

TEST_CASE("an executable plan knows who feeds whom, and what devices hold") {
  const Graph graph = one_layer();
  const Cluster cluster = unequal();
  const Plan plan = on_second({graph, cluster, {}});
  const ExecutablePlan executable(plan, graph, cluster, {4, 1});
  // The input on the first device, the layer on the second, the result on the first.
  REQUIRE(executable.units.size() == 3);
  const UnitId input{0}, layer{1}, result{2};
  CHECK(executable.first_units == std::vector{input});
  CHECK(executable.units[input].output_bytes == 16);
  CHECK(executable.units[layer].output_bytes == 64);
  CHECK(executable.units[layer].duration_s == doctest::Approx(4));
  CHECK(executable.units[result].is_result);
  CHECK(executable.results == 1);
  for (const UnitId unit : executable.units.ids()) {
    CHECK(executable.local_consumers[unit].empty());
    CHECK(executable.output_users[unit] == (unit == result ? 0 : 1));
    CHECK(executable.providers[unit] == (unit == input ? 0 : 1));
    CHECK(executable.sends(unit).size() == (unit == result ? 0 : 1));
    CHECK(executable.arrivals[unit].size() == (unit == input ? 0 : 1));
  }
  CHECK(executable.message_bytes() == 16 + 64);
  CHECK(executable.computing_devices() == std::vector{DeviceId{1}});
  CHECK(executable.macs == executable.model_macs());
  // A weight and a bias; inputs and output of 16 elements each.
  CHECK(executable.memory().weight_bytes[DeviceId{0}] == 0);
  CHECK(executable.memory().weight_bytes[DeviceId{1}] == 2 * 4);
  CHECK(executable.memory().largest_unit_bytes[DeviceId{1}] == 32 * 4);
}

}  // namespace edgeflow
