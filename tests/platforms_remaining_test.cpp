// What is left of a cluster without some devices or links.

#include "platforms/remaining.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/support/input_error.hpp"

namespace edgeflow {
namespace {

Cluster read(const std::string& network, const std::string& devices = "{}",
             const std::string& ends = "") {
  std::string text = "schema: 1\nnetwork: " + network + "\ndevices:\n";
  for (const std::string name : {"a", "b", "c", "d"}) {
    text += "  - {name: " + name + ", mac_rate: 1GMAC/s" +
            (devices == "{}" ? "" : ", site: " + (name < "c" ? std::string("s") : "t")) + "}\n";
  }
  const Document document(text + ends, "test.yaml");
  return read_cluster(document.root(), "four");
}

std::string names(const std::optional<Remainder>& left) {
  if (!left) return "nothing";
  std::string text;
  for (const Device& device : left->cluster.devices()) text += device.name;
  return text;
}

std::int32_t link(const Cluster& cluster, const std::string& name) {
  const auto& links = cluster.network().links;
  for (std::size_t l = 0; l < links.size(); ++l) {
    if (links[l].name == name) return static_cast<std::int32_t>(l);
  }
  FAIL("no link ", name);
  return -1;
}

std::vector<int> path(const Cluster& cluster, std::int32_t from, std::int32_t to) {
  return cluster.route(DeviceId{from}, DeviceId{to}).links;
}

}  // namespace

TEST_CASE("without a device the others are as before, with ids of their own") {
  for (const char* network :
       {"{type: switch, bandwidth: 100Mbps, latency: 1ms}",
        "{type: wifi, bandwidth: 100Mbps, latency: 1ms}",
        "{type: hub, bandwidth: 100Mbps, latency: 1ms}",
        "{type: mesh, bandwidth: 100Mbps, latency: 1ms}",
        "{type: graph, switches: [x], links: [{between: [a, x], bandwidth: 100Mbps}, {between: [b, "
        "x], bandwidth: 10Mbps}, {between: [c, x], bandwidth: 20Mbps}, {between: [d, x], "
        "bandwidth: 40Mbps}]}"}) {
    CAPTURE(network);
    const Cluster whole = read(network, "{}", "source: d\nsink: a\n");
    const auto left = remaining(whole, {{1}, {}});
    REQUIRE(names(left) == "acd");
    CHECK_FALSE(left->rerouted);
    CHECK(left->original == std::vector{DeviceId{0}, DeviceId{2}, DeviceId{3}});
    CHECK(left->cluster.source() == DeviceId{2});
    CHECK(left->cluster.sink() == DeviceId{0});
    for (std::int32_t from = 0; from < 3; ++from) {
      for (std::int32_t to = 0; to < 3; ++to) {
        if (from == to) continue;
        const DeviceId before_from = left->original[static_cast<std::size_t>(from)];
        const DeviceId before_to = left->original[static_cast<std::size_t>(to)];
        CHECK(left->cluster.route_bandwidth_Bps(DeviceId{from}, DeviceId{to}) ==
              whole.route_bandwidth_Bps(before_from, before_to));
        CHECK(left->cluster.route(DeviceId{from}, DeviceId{to}).latency_s ==
              whole.route(before_from, before_to).latency_s);
      }
    }
  }
}

TEST_CASE("a cluster without its source or sink is none") {
  const Cluster whole = read("{type: switch, bandwidth: 1Mbps}", "{}", "source: a\nsink: b\n");
  CHECK(names(remaining(whole, {{0}, {}})) == "nothing");
  CHECK(names(remaining(whole, {{1}, {}})) == "nothing");
  CHECK(names(remaining(whole, {{2, 3}, {}})) == "ab");
  CHECK(names(remaining(whole, {{}, {link(whole, "b:up")}})) == "nothing");
}

TEST_CASE("a device on a switch needs its links both ways, a site its uplinks") {
  const Cluster whole = read("{type: switch, bandwidth: 1Mbps}");
  CHECK(names(remaining(whole, {{}, {link(whole, "b:up")}})) == "acd");
  CHECK(names(remaining(whole, {{}, {link(whole, "c:down"), link(whole, "b:up")}})) == "ad");
  CHECK(names(remaining(whole, {{}, {link(whole, "a:up")}})) == "a");
  const Cluster sites = read(
      "{type: star-of-stars, bandwidth: 1Mbps, uplink: {bandwidth: 1Mbps}, sites: [s, t]}", "s");
  CHECK(names(remaining(sites, {{}, {link(sites, "t:up")}})) == "ab");
  CHECK(names(remaining(sites, {{}, {link(sites, "s:down")}})) == "ab");
  const auto left = remaining(sites, {{0 + 1}, {}});
  REQUIRE(names(left) == "acd");
  CHECK(left->cluster.route(DeviceId{0}, DeviceId{1}).links.size() == 4);  // over both uplinks
  CHECK(left->cluster.route(DeviceId{1}, DeviceId{2}).links.size() == 2);
}

TEST_CASE("without the medium or its access point nobody reaches anybody") {
  CHECK(names(remaining(read("{type: hub, bandwidth: 1Mbps}"), {{}, {0}})) == "a");
  CHECK(names(remaining(read("{type: wifi, bandwidth: 1Mbps}"), {{}, {0}})) == "a");
  const Cluster whole = read("{type: wifi, bandwidth: 8Mbps, access_point: c}");
  CHECK(names(remaining(whole, {{2}, {}})) == "a");
  const auto left = remaining(whole, {{1}, {}});
  REQUIRE(names(left) == "acd");
  CHECK(left->cluster.network().access_point == 1);
  CHECK(left->cluster.route_bandwidth_Bps(DeviceId{0}, DeviceId{1}) == 1e6);    // one crossing
  CHECK(left->cluster.route_bandwidth_Bps(DeviceId{0}, DeviceId{2}) == 0.5e6);  // two
}

TEST_CASE("routes of a graph lead around what is lost, the others stay") {
  // a - x - b, and a spare way a - y - b; c at x, d at y.
  const Cluster whole = read(
      "{type: graph, switches: [x, y], links: [{between: [a, x], bandwidth: 8Mbps, duplex: "
      "half}, {between: [x, b], bandwidth: 8Mbps, duplex: half}, {between: [a, y], bandwidth: "
      "4Mbps, duplex: half}, {between: [y, b], bandwidth: 4Mbps, duplex: half}, {between: [c, "
      "x], bandwidth: 8Mbps, duplex: half}, {between: [d, y], bandwidth: 8Mbps, duplex: "
      "half}]}");
  REQUIRE(path(whole, 0, 1) == std::vector{0, 1});
  const auto left = remaining(whole, {{}, {1}});
  REQUIRE(names(left) == "abcd");
  REQUIRE(left->rerouted);
  CHECK(path(*left->rerouted, 0, 1) == std::vector{2, 3});
  CHECK(path(*left->rerouted, 1, 0) == std::vector{3, 2});
  CHECK(path(*left->rerouted, 0, 2) == std::vector{0, 4});
  CHECK(path(*left->rerouted, 2, 1) == std::vector{4, 0, 2, 3});  // through device a
  CHECK(left->cluster.route_bandwidth_Bps(DeviceId{0}, DeviceId{1}) == 0.5e6);
  // Without a's link to x as well: c is cut off.
  CHECK(names(remaining(whole, {{}, {0, 1}})) == "abd");
}

TEST_CASE("devices of a mesh forward for those that have lost their link") {
  const Cluster whole = read("{type: mesh, bandwidth: 8Mbps}");
  const auto left = remaining(whole, {{}, {link(whole, "a:b")}});
  REQUIRE(names(left) == "abcd");
  REQUIRE(left->rerouted);
  CHECK(path(*left->rerouted, 0, 1) == std::vector{link(whole, "a:c"), link(whole, "c:b")});
  CHECK(path(*left->rerouted, 1, 0) == std::vector{link(whole, "b:a")});
  // What forwards now has it in its links, so that its own failure is noticed.
  CHECK(left->rerouted->network().links[static_cast<std::size_t>(link(whole, "c:b"))].devices ==
        std::array<std::int32_t, 2>{2, 1});
}

TEST_CASE("each device that is left keeps its own links, both ways") {
  // Every link has another rate: a rate tells the link.
  for (const char* network :
       {"network: {type: switch, bandwidth: 1Mbps}\n"
        "devices: [{name: a, mac_rate: 1GMAC/s, up: 1Mbps, down: 2Mbps}, "
        "{name: b, mac_rate: 1GMAC/s, up: 3Mbps, down: 4Mbps}, "
        "{name: c, mac_rate: 1GMAC/s, up: 5Mbps, down: 6Mbps}, "
        "{name: d, mac_rate: 1GMAC/s, up: 7Mbps, down: 8Mbps}]\n",
        "network: {type: star-of-stars, bandwidth: 100Mbps, uplink: {bandwidth: 1Mbps}, sites: ["
        "{name: s, up: 11Mbps, down: 12Mbps}, {name: t, up: 13Mbps, down: 14Mbps}]}\n"
        "devices: [{name: a, site: s, mac_rate: 1GMAC/s, up: 21Mbps, down: 22Mbps}, "
        "{name: b, site: t, mac_rate: 1GMAC/s, up: 23Mbps, down: 24Mbps}, "
        "{name: c, site: t, mac_rate: 1GMAC/s, up: 5Mbps, down: 6Mbps}, "
        "{name: d, site: s, mac_rate: 1GMAC/s, up: 7Mbps, down: 8Mbps}]\n",
        "network: {type: wifi, bandwidth: 10Mbps}\n"
        "devices: [{name: a, mac_rate: 1GMAC/s, bandwidth: 1Mbps}, "
        "{name: b, mac_rate: 1GMAC/s, bandwidth: 2Mbps}, "
        "{name: c, mac_rate: 1GMAC/s, bandwidth: 3Mbps}, "
        "{name: d, mac_rate: 1GMAC/s, bandwidth: 4Mbps}]\n"}) {
    CAPTURE(network);
    const Document document("schema: 1\n" + std::string(network), "test.yaml");
    const Cluster whole = read_cluster(document.root(), "four");
    const auto left = remaining(whole, {{1}, {}});
    REQUIRE(names(left) == "acd");
    const auto rates_of = [](const Cluster& cluster, std::int32_t from, std::int32_t to) {
      std::vector<std::pair<std::string, double>> rates;
      for (const int l : path(cluster, from, to)) {
        const Link& it = cluster.network().links[static_cast<std::size_t>(l)];
        rates.emplace_back(it.name, it.bandwidth_Bps);
      }
      return rates;
    };
    const std::array<std::int32_t, 3> before{0, 2, 3};
    for (std::int32_t from = 0; from < 3; ++from) {
      for (std::int32_t to = 0; to < 3; ++to) {
        if (from == to) continue;
        const std::int32_t old_from = before[static_cast<std::size_t>(from)];
        const std::int32_t old_to = before[static_cast<std::size_t>(to)];
        CHECK(rates_of(left->cluster, from, to) == rates_of(whole, old_from, old_to));
        CHECK(left->cluster.route(DeviceId{from}, DeviceId{to}).crossings ==
              whole.route(DeviceId{old_from}, DeviceId{old_to}).crossings);
        CHECK(left->cluster.route_bandwidth_Bps(DeviceId{from}, DeviceId{to}) ==
              whole.route_bandwidth_Bps(DeviceId{old_from}, DeviceId{old_to}));
      }
    }
  }
}

TEST_CASE("a cable of a graph that has lost one direction carries nothing new") {
  // a - x - b, and a spare way a - y - b; c at x. Links 2i lead to the switch, 2i+1 back.
  const std::string links =
      "{between: [a, x], bandwidth: 8Mbps}, {between: [b, x], bandwidth: 8Mbps}, "
      "{between: [c, x], bandwidth: 8Mbps}, {between: [d, x], bandwidth: 8Mbps}";
  const std::string spare =
      ", {between: [a, y], bandwidth: 4Mbps}, {between: [b, y], bandwidth: 4Mbps}";
  const Cluster two_ways = read("{type: graph, switches: [x, y], links: [" + links + spare + "]}");
  for (const bool to_switch : {true, false}) {
    CAPTURE(to_switch);
    const auto left =
        remaining(two_ways, {{}, {link(two_ways, to_switch ? "b:x:up" : "b:x:down")}});
    REQUIRE(names(left) == "abcd");
    REQUIRE(left->rerouted);
    const std::vector<int> around{link(two_ways, "b:y:up"), link(two_ways, "a:y:down")};
    const std::vector<int> back{link(two_ways, "a:y:up"), link(two_ways, "b:y:down")};
    const std::vector<int> old{link(two_ways, "b:x:up"), link(two_ways, "a:x:down")};
    const std::vector<int> old_back{link(two_ways, "a:x:up"), link(two_ways, "b:x:down")};
    CHECK(path(*left->rerouted, 1, 0) == (to_switch ? around : old));
    CHECK(path(*left->rerouted, 0, 1) == (to_switch ? old_back : back));
  }
  const Cluster one_way = read("{type: graph, switches: [x], links: [" + links + "]}");
  CHECK(names(remaining(one_way, {{}, {link(one_way, "b:x:up")}})) == "acd");
  CHECK(names(remaining(one_way, {{}, {link(one_way, "b:x:down")}})) == "acd");
}

TEST_CASE("where routes are not replaced, each device must reach all before it") {
  // Links of their own between a and the others, one each way, and one between b and c.
  Network network;
  network.type = NetworkType::kSimgrid;
  network.devices = 3;
  for (const char* name : {"a:b", "b:a", "a:c", "c:a", "b:c", "c:b"}) {
    network.links.push_back({name, 1e6, 0, 0, 0, {-1, -1}});
  }
  network.paths = {{}, {0}, {2}, {1}, {}, {4}, {3}, {5}, {}};
  std::vector<Device> devices(3);
  for (std::size_t d = 0; d < 3; ++d) devices[d].name = std::string(1, static_cast<char>('a' + d));
  const Cluster cluster("three", devices, network, DeviceId{0}, DeviceId{0});
  CHECK(names(remaining(cluster, {{}, {0}})) == "ac");
  CHECK(names(remaining(cluster, {{}, {1}})) == "ac");
  CHECK(names(remaining(cluster, {{}, {4}})) == "ab");
  CHECK(names(remaining(cluster, {{}, {5}})) == "ab");
}

}  // namespace edgeflow
