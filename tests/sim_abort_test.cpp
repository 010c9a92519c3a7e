// What is left of requests that failures throw back, and who bears it, in closed form. See the
// fixtures for the numbers: a layer is 1 s or 40 bytes; the hub carries 80 byte/s and messages take
// 0.25 s more.

#include <doctest/doctest.h>

#include "tests/support/replanned.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

TEST_CASE("of an aborted message the part counts that got through") {
  for (const bool contention : {true, false}) {
    // On the link from 0.25 on: half of its 40 bytes by 0.5; nothing while it waits for latency.
    for (const auto& [failure_s, bytes] : {std::pair(0.5, 20.0), std::pair(0.125, 0.0)}) {
      Replanned half = moved(failure_s);
      half.options.effects.contention = contention;
      const auto result = half.run_ok();
      CHECK(result.requests[0].finish_s == about(failure_s + 0.5 + 1));
      CHECK(result.devices[0].sent_bytes == about(bytes));
      CHECK(result.devices[1].received_bytes == about(bytes));
      CHECK(result.devices[0].transmit_s == about(bytes / 80));
      CHECK(result.links[0].busy_s == about(bytes / 80));
      CHECK(result.lost_bytes == about(bytes));
      REQUIRE(result.transfers.size() == 1);
      CHECK(result.transfers[0].aborted);
      CHECK(result.transfers[0].carried == about(bytes / 40));
      CHECK(result.transfers[0].finish_s == about(failure_s));
    }
  }
}

TEST_CASE("of aborted messages that have hardly left, next to nothing counts") {
  // Seven on the link from 0.25 on, together at 80 B/s. SimGrid knows times to a nanosecond.
  for (const double after_s : {3e-9, 1e-8, 1e-7, 1e-6, 1e-5}) {
    CAPTURE(after_s);
    const auto result = moved(0.25 + after_s, kHub, {0, 0, 0, 0, 0, 0, 0}).run_ok();
    CHECK(std::abs(result.devices[0].sent_bytes - 80 * after_s) <= 80 * 1.1e-9);
    CHECK(std::abs(result.devices[1].received_bytes - 80 * after_s) <= 80 * 1.1e-9);
  }
}

TEST_CASE("of aborted CPU work of messages the time counts until then") {
  auto list = devices(2);
  for (Device& device : list) device.compute.message_overhead_s = 1;
  const Cluster slow = cluster(list, NetworkType::kHub);
  // Device 0 packs until 1, the message is there at 1.75, device 1 unpacks until 2.75.
  const auto packing = moved(0.25, slow).run_ok();
  CHECK(packing.devices[0].busy_s == about(0.25 + 1));
  CHECK(packing.devices[1].busy_s == 0);
  CHECK(packing.lost_bytes == 0);
  const auto unpacking = moved(2, slow).run_ok();
  CHECK(unpacking.devices[0].busy_s == about(1 + 1));
  CHECK(unpacking.devices[1].busy_s == about(0.25));
  CHECK(unpacking.lost_bytes == 40);
  REQUIRE(unpacking.transfers.size() == 1);
  CHECK(unpacking.transfers[0].aborted);
  CHECK(unpacking.transfers[0].carried == 1);
}

TEST_CASE("a failure sets free who waits for its message to arrive") {
  auto list = devices(2);
  list[0].compute.sends = Sends::kBlock;
  for (const double at_s : {0.125, 0.5}) {  // in its latency, in flight; 0.5 s later it has a plan
    const auto result = moved(at_s, cluster(list, NetworkType::kHub)).run_ok();
    CHECK(result.requests[0].finish_s == about(at_s + 0.5 + 1));
  }
  list[0].compute.message_overhead_s = 0.25;  // while it is packed
  const auto result = moved(0.125, cluster(list, NetworkType::kHub)).run_ok();
  CHECK(result.requests[0].finish_s == about(0.125 + 0.5 + 1));
  CHECK(result.devices[0].busy_s == about(0.125 + 1));
}

TEST_CASE("a failure stops what a thread for messages does and what waits for it") {
  auto list = devices(2);
  for (Device& device : list) {
    device.compute.sends = Sends::kOverlap;
    device.compute.message_overhead_s = 1;
  }
  // Device 0 packs the first request's input until 1; the second's waits. Then both are its own.
  const auto result = moved(0.25, cluster(list, NetworkType::kHub), {0, 0}).run_ok();
  CHECK(result.requests[0].finish_s == about(0.75 + 1));
  CHECK(result.requests[1].finish_s == about(0.75 + 2));
  CHECK(result.devices[0].busy_s == about(2));
  CHECK(result.lost_bytes == 0);
}

TEST_CASE("what waits to be sent at a failure is not lost, it never left") {
  auto list = devices(2);
  list[0].compute.message_overhead_s = 1;
  // Device 0 packs the first request's input until 1; the second's waits.
  const auto result = moved(0.25, cluster(list, NetworkType::kHub), {0, 0}).run_ok();
  CHECK(result.requests[0].aborted == 1);
  CHECK(result.requests[1].aborted == 1);
  CHECK(result.lost_bytes == 0);
  CHECK(result.devices[0].sent_bytes == 0);
  CHECK(result.devices[0].busy_s == about(0.25 + 2 * 1));
  CHECK(result.requests[1].finish_s == about(0.75 + 2));
}

TEST_CASE("energy counts what was done in vain once, and requests bear it") {
  const auto result = moved(1, powered_hub()).run_ok();
  // Idle for 2.5 s each; 1 s and 0.25 s of computing; a message of 0.5 s sent and received.
  CHECK(result.devices[0].energy_J == about(2.5 + 2 * 1 + 1 * 0.5));
  CHECK(result.devices[1].energy_J == about(2.5 + 2 * 0.25 + 1 * 0.5));
  CHECK(sum(result.requests) == about(result.devices[0].energy_J + result.devices[1].energy_J));
}

TEST_CASE("what was done in vain counts for as long as it took, at any speed") {
  Replanned run = moved(1, powered_hub());
  run.options.disturbances.speeds = {{{1}, {{0, 0.5}}, 0}, {{0}, {{2, 0.25}}, 0}};
  const auto result = run.run_ok();
  // Device 1 works from 0.75 s to the failure; device 0 from 1.5 s, for 0.5 s at once, then 2 s.
  CHECK(result.makespan_s == about(4));
  CHECK(result.devices[1].busy_s == about(0.25));
  CHECK(result.devices[0].busy_s == about(2.5));
  CHECK(result.devices[0].energy_J == about(4 + 2 * 2.5 + 1 * 0.5));
  CHECK(result.devices[1].energy_J == about(4 + 2 * 0.25 + 1 * 0.5));
  CHECK(sum(result.requests) == about(result.devices[0].energy_J + result.devices[1].energy_J));
}

TEST_CASE("of an aborted message the part that got through counts by the bandwidths it met") {
  Replanned run = moved(0.5, powered_hub());
  run.options.disturbances.bandwidths = {{{0}, {{0.375, 40}, {0.75, 10}}, 0}};
  const auto result = run.run_ok();
  // On the hub from 0.25 s to the failure: 10 bytes at 80 byte/s and 5 at 40, so it is full. Then
  // device 0 does it all from 1 s on.
  CHECK(result.lost_bytes == about(15));
  CHECK(result.links[0].bytes == about(15));
  CHECK(result.links[0].busy_s == about(0.25));
  CHECK(result.devices[0].energy_J == about(2 + 2 * 1 + 1 * 0.25));
  CHECK(result.devices[1].energy_J == about(2 + 1 * 0.25));
  CHECK(sum(result.requests) == about(result.devices[0].energy_J + result.devices[1].energy_J));
}

TEST_CASE("SimGrid's own meter of energy sees what was aborted end") {
  auto list = devices(2);
  for (Device& device : list) {
    device.idle_W = 1;
    device.busy_W = 3;
  }
  const Cluster powered = cluster(list, NetworkType::kHub);
  Replanned metered = moved(1, powered);
  metered.options.energy_plugin = true;
  const auto result = metered.run_ok();
  for (const DeviceRecord& device : result.devices) {
    CHECK(device.plugin_energy_J == doctest::Approx(device.energy_J).epsilon(1e-9));
  }
}

TEST_CASE("memory is given back by what is aborted, and holds the weights of the plan in use") {
  // The layer has one weight, 4 bytes: now on device 0. What was on device 1 is gone. The input is
  // on its way there until 0.75 and held until 1.75, then the result is on its way back.
  for (const double failure_s : {0.125, 0.5, 1.0, 2.0}) {
    LastMemory memory({{DeviceId{0}, 4}, {DeviceId{1}, 0}});
    Replanned run = moved(failure_s);
    run.options.recorders = {&memory};
    run.run_ok();
  }
}
