// That a run which breaks a law is noticed: results are spoilt, one figure at a time.

#include "sim/engine/laws.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <utility>

#include "tests/support/sim_fixture.hpp"

using namespace edgeflow;
using namespace edgeflow::sim_fixture;

namespace {

/// Of there and back, with device 0 sending for 0.5 s and receiving for 0.5 s of 2.5 s.
class Spoilt {
 public:
  explicit Spoilt(const Effects& effects = {}) {
    auto list = devices(2);
    for (Device& device : list) {
      device.idle_W = 2;
      device.busy_W = 3;
    }
    options_.effects = effects;
    where_ = std::make_unique<Cluster>(cluster(list));
    stream_.plans = {executable(whole_layers({1}), chain(1), *where_, effects)};
    result_ = simulate_ok(whole_layers({1}), chain(1), *where_, options_);
  }

  std::string by(const std::function<void(SimulationResult&)>& spoil) const {
    SimulationResult result = result_;
    spoil(result);
    return broken_law({&stream_, 1}, NetworkModel::kCm02, {}, result.makespan_s, result);
  }

 private:
  SimulationOptions options_;
  std::unique_ptr<Cluster> where_;
  Stream stream_;
  SimulationResult result_;
};

}  // namespace

TEST_CASE("nothing is busy for longer than the run, and nothing draws less than when idle") {
  const Spoilt run;
  CHECK(run.by([](auto&) {}) == "");
  CHECK(run.by([](auto& r) { r.links[3].busy_s = 2.5; }) == "");
  CHECK(run.by([](auto& r) { r.links[3].busy_s = 2.75; }) ==
        "bug: link pi-1:down is busy for 2.75 s of 2.5 s; please report it");
  CHECK(run.by([](auto& r) { r.devices[1].busy_s = 2.500001; }) ==
        "bug: pi-1 is busy for 2.500001 s of 2.5 s; please report it");
  CHECK(run.by([](auto& r) { r.devices[0].transmit_s = 4; })
            .starts_with("bug: pi-0 transmits for 4 s"));
  CHECK(run.by([](auto& r) { r.devices[0].receive_s = 4; })
            .starts_with("bug: pi-0 receives for 4 s"));
  CHECK(run.by([](auto& r) { r.devices[1].energy_J = 4.75; }) ==
        "bug: pi-1 draws 4.75 J and would idle at 5 J; please report it");
  CHECK(run.by([](auto& r) { r.links[0].busy_s = std::nan(""); }) != "");
}

TEST_CASE("a device sends at once on as many links as its messages leave by") {
  // One layer in halves on devices 1 and 2 of a mesh: device 0 sends to both, each of them to it.
  const std::vector<std::string> names{"pi-0", "pi-1", "pi-2"};
  const Cluster mesh("bench", devices(3), make_mesh(names, kBandwidth_Bps, kLatency_s), DeviceId{0},
                     DeviceId{0});
  SimulationResult result = simulate_ok(two_halves(1, 2), chain(1), mesh);
  Stream stream;
  stream.plans = {executable(two_halves(1, 2), chain(1), mesh)};
  const auto broken = [&](double& figure, double spoilt) {
    const double before = std::exchange(figure, spoilt);
    const bool noticed =
        !broken_law({&stream, 1}, NetworkModel::kCm02, {}, result.makespan_s, result).empty();
    figure = before;
    return noticed;
  };
  CHECK(!broken(result.devices[0].transmit_s, 1.9 * result.makespan_s));
  CHECK(broken(result.devices[0].transmit_s, 2.1 * result.makespan_s));
  CHECK(broken(result.devices[1].transmit_s, 1.1 * result.makespan_s));
  CHECK(!broken(result.devices[0].receive_s, 1.9 * result.makespan_s));
  CHECK(broken(result.devices[2].receive_s, 1.1 * result.makespan_s));
}

TEST_CASE("without contention links carry several messages at once, without queueing devices do") {
  Effects effects;
  effects.contention = false;
  const Spoilt shared(effects);
  CHECK(shared.by([](auto& r) { r.links[3].busy_s = r.devices[0].transmit_s = 9; }) == "");
  CHECK(shared.by([](auto& r) { r.devices[1].busy_s = 9; }) != "");
  effects = {};
  effects.queueing = false;
  const Spoilt many(effects);
  CHECK(many.by([](auto& r) { r.devices[1].busy_s = 9; }) == "");
  CHECK(many.by([](auto& r) { r.links[3].busy_s = 9; }) != "");
}
