// Messaging profiles, and which of several costs counts.

#include "platforms/messaging.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "platforms/cluster.hpp"
#include "tests/support/input_error.hpp"
#include "tests/support/scratch.hpp"
#include "workloads/input/home.hpp"

namespace edgeflow {
namespace {

using test::error_of;

const std::string kNetwork = "schema: 1\nnetwork: {type: switch, bandwidth: 80Mbps}\n";

Messaging read(const std::string& text) {
  return read_messaging(Document("schema: 1\nname: mine\n" + text, "m.yaml"));
}

ComputeProfile device_of(const std::string& text) {
  const Document document(kNetwork + text, "c.yaml");
  return read_cluster(document.root(), "c").devices()[0].compute;
}

}  // namespace

TEST_CASE("a messaging profile says what a message costs and what its device does meanwhile") {
  const Messaging plain = read("source: s\n");
  CHECK(plain.name == "mine");
  CHECK(plain.message_overhead_s == 0);
  CHECK(std::isinf(plain.serialization_rate_Bps));
  CHECK(plain.sends == Sends::kHold);
  const Messaging full = read(
      "description: d\nmessage_overhead: 90us\nserialization_rate: 500MB/s\nsends: overlap\n"
      "source: s\n");
  CHECK(full.message_overhead_s == doctest::Approx(90e-6));
  CHECK(full.serialization_rate_Bps == 5e8);
  CHECK(full.sends == Sends::kOverlap);
  CHECK(full.source == "s");
}

TEST_CASE("mistakes in a messaging profile are told at their place") {
  CHECK(error_of([] { (void)read(""); }) == "m.yaml:1:1: missing key \"source\"");
  CHECK(error_of([] { (void)read("sends: never\nsource: s\n"); }) ==
        "m.yaml:3:8: at sends: got \"never\", expected one of hold, block, overlap");
  CHECK(error_of([] {
          (void)read("message_overhead: 9\nsource: s\n");
        }).starts_with("m.yaml:3:19: at message_overhead: got \"9\", expected a duration"));
  CHECK(error_of([] {
          (void)read("overhead: 9us\nsource: s\n");
        }).starts_with("m.yaml:3:1: unknown key \"overhead\""));
}

TEST_CASE("every shipped messaging profile can be read and is called like its file") {
  const std::vector<std::string> names = catalogue_names("platforms/messaging");
  CHECK(names.size() >= 4);
  for (const std::string& name : names) CHECK(load_messaging(name, "").name == name);
  const Messaging none = load_messaging("none", "");
  CHECK(none.message_overhead_s == 0);
  CHECK(std::isinf(none.serialization_rate_Bps));
  CHECK(none.sends == Sends::kHold);
}

TEST_CASE("a device's messaging counts before its cluster's, and numbers beside it before both") {
  const double gloo_s = load_messaging("gloo", "").message_overhead_s;
  const double rpc_s = load_messaging("rpc", "").message_overhead_s;
  CHECK(gloo_s != rpc_s);
  const ComputeProfile unnamed = device_of("devices: [{name: a, mac_rate: 1GMAC/s}]\n");
  CHECK(unnamed.messaging.empty());
  CHECK(unnamed.message_overhead_s == 0);
  const ComputeProfile common =
      device_of("messaging: gloo\ndevices: [{name: a, mac_rate: 1GMAC/s}]\n");
  CHECK(common.messaging == "gloo");
  CHECK(common.message_overhead_s == gloo_s);
  CHECK(common.sends == Sends::kBlock);
  const ComputeProfile own =
      device_of("messaging: gloo\ndevices: [{name: a, mac_rate: 1GMAC/s, messaging: rpc}]\n");
  CHECK(own.messaging == "rpc");
  CHECK(own.message_overhead_s == rpc_s);
  const ComputeProfile given = device_of(
      "messaging: gloo\n"
      "devices: [{name: a, mac_rate: 1GMAC/s, message_overhead: 5us, sends: hold}]\n");
  CHECK(given.messaging == "gloo");
  CHECK(given.message_overhead_s == doctest::Approx(5e-6));
  CHECK(given.sends == Sends::kHold);
  const ComputeProfile freed =
      device_of("messaging: none\ndevices: [{name: a, mac_rate: 1GMAC/s}]\n");
  CHECK(freed.messaging == "none");
  CHECK(freed.message_overhead_s == 0);
}

TEST_CASE("a device file names the messaging of its frameworks; numbers count before that") {
  const auto type_of = [](const std::string& more, const std::string& all = "") {
    const std::string text = "schema: 1\nname: board\n" + all +
                             "compute:\n"
                             "  - {framework: f, threads: 1, mac_rate: 1GMAC/s, source: s, " +
                             more + "}\n";
    return read_device(Document(text, "board.yaml")).compute[0];
  };
  CHECK(type_of("messaging: gloo").sends == Sends::kBlock);
  CHECK(type_of("messaging: gloo, message_overhead: 7us").message_overhead_s ==
        doctest::Approx(7e-6));
  const ComputeProfile common = type_of("byte_rate: 1GB/s", "messaging: gloo\n");
  CHECK(common.messaging == "gloo");
  CHECK(common.sends == Sends::kBlock);
  const ComputeProfile other = type_of("messaging: none", "messaging: gloo\n");
  CHECK(other.messaging == "none");
  CHECK(other.message_overhead_s == 0);
  CHECK(other.sends == Sends::kHold);
  CHECK(type_of("message_overhead: 7us", "messaging: gloo\n").message_overhead_s ==
        doctest::Approx(7e-6));
  CHECK(error_of([&] {
          (void)type_of("messaging: glo");
        }).find("at compute[0].messaging: there is no \"glo\" in platforms/messaging") !=
        std::string::npos);
}

TEST_CASE("the boards that are shipped send by sockets, as a cluster or a device may change") {
  for (const std::string& name : catalogue_names("platforms/devices")) {
    for (const ComputeProfile& compute : load_device(name, "").compute) {
      CHECK_MESSAGE(compute.messaging == "sockets", name);
    }
  }
  const double sockets_s = load_messaging("sockets", "").message_overhead_s;
  CHECK(device_of("devices: [{type: rpi4}]\n").message_overhead_s == sockets_s);
  CHECK(device_of("messaging: none\ndevices: [{type: rpi4}]\n").message_overhead_s == 0);
  CHECK(device_of("devices: [{type: rpi4, messaging: gloo}]\n").sends == Sends::kBlock);
}

}  // namespace edgeflow
