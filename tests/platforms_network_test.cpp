#include "platforms/network.hpp"

#include <doctest/doctest.h>

#include "platforms/cluster.hpp"
#include "tests/support/input_error.hpp"

namespace edgeflow {
namespace {

using test::error_of;

Cluster read(const std::string& network, const std::string& devices) {
  const Document document("schema: 1\nnetwork: " + network + "\ndevices: [" + devices + "]\n",
                          "c.yaml");
  return read_cluster(document.root(), "default");
}

std::string read_error(
    const std::string& network,
    const std::string& devices = "{type: rpi4, name: a}, {type: rpi4, name: b}") {
  return error_of([&] { (void)read(network, devices); });
}

Route route(const Cluster& cluster, int from, int to) {
  return cluster.route(DeviceId{from}, DeviceId{to});
}

std::vector<std::string> link_names(const Cluster& cluster, int from, int to) {
  std::vector<std::string> names;
  for (const int link : route(cluster, from, to).links) {
    names.push_back(cluster.network().links[static_cast<std::size_t>(link)].name);
  }
  return names;
}

using Names = std::vector<std::string>;

const std::string kThree = "{type: rpi4, name: a}, {type: rpi4, name: b}, {type: rpi4, name: c}";
const std::string kGraph =
    "{type: graph, switches: [s, t], links: ["
    "{between: [a, s], bandwidth: 80Mbps, latency: 1ms}, "
    "{between: [s, t], up: 8Mbps, down: 16Mbps, latency: 4ms, name: wan}, "
    "{between: [t, b], bandwidth: 80Mbps, latency: 1ms}, "
    "{between: [t, c], bandwidth: 80Mbps, duplex: half}";

}  // namespace

TEST_CASE("a graph's messages take the fewest links, each way at its own rate") {
  const Cluster cluster = read(kGraph + "]}", kThree);
  CHECK(link_names(cluster, 0, 1) == Names{"a:s:up", "wan:up", "t:b:up"});
  CHECK(link_names(cluster, 1, 0) == Names{"t:b:down", "wan:down", "a:s:down"});
  CHECK(link_names(cluster, 1, 2) == Names{"t:b:down", "t:c"});
  CHECK(link_names(cluster, 2, 1) == Names{"t:c", "t:b:up"});
  CHECK(route(cluster, 0, 1).latency_s == doctest::Approx(6e-3));
  CHECK(cluster.route_bandwidth_Bps(DeviceId{0}, DeviceId{1}) == 1e6);
  CHECK(cluster.route_bandwidth_Bps(DeviceId{1}, DeviceId{0}) == 2e6);
}

TEST_CASE("devices of a graph forward for others only where there is no other way") {
  const std::string cables =
      "{type: graph, switches: [s, t], links: [{between: [a, b], bandwidth: "
      "1Mbps}, {between: [b, c], bandwidth: 1Mbps}";
  CHECK(link_names(read(cables + "]}", kThree), 0, 2) == Names{"a:b:up", "b:c:up"});
  CHECK(link_names(read(cables + "]}", kThree), 2, 0) == Names{"b:c:down", "a:b:down"});
  const std::string switched = cables +
                               ", {between: [a, s], bandwidth: 1Mbps}, {between: [s, t], "
                               "bandwidth: 1Mbps}, {between: [t, c], bandwidth: 1Mbps}]}";
  CHECK(link_names(read(switched, kThree), 0, 2) == Names{"a:s:up", "s:t:up", "t:c:up"});
}

TEST_CASE("a route of a graph can be given, for both directions") {
  const Cluster cluster = read(kGraph +
                                   ", {between: [a, b], bandwidth: 1Mbps, name: direct}], "
                                   "routes: [{from: b, to: a, links: [\"t:b\", wan, \"a:s\"]}]}",
                               kThree);
  CHECK(link_names(cluster, 0, 1) == Names{"a:s:up", "wan:up", "t:b:up"});
  CHECK(link_names(cluster, 1, 0) == Names{"t:b:down", "wan:down", "a:s:down"});
}

TEST_CASE("a star of stars joins sites by their uplinks") {
  const Cluster cluster = read(
      "{type: star-of-stars, bandwidth: 80Mbps, latency: 1ms, "
      "uplink: {up: 8Mbps, down: 16Mbps, latency: 10ms}, "
      "sites: [here, {name: there, bandwidth: 40Mbps, latency: 20ms}]}",
      "{type: rpi4, name: a, site: here}, {type: rpi4, name: b, site: here}, "
      "{type: rpi4, name: c, site: there, up: 4Mbps, down: 2Mbps, latency: 3ms}");
  CHECK(link_names(cluster, 0, 1) == Names{"a:up", "b:down"});
  CHECK(link_names(cluster, 0, 2) == Names{"a:up", "here:up", "there:down", "c:down"});
  CHECK(route(cluster, 0, 1).latency_s == doctest::Approx(1e-3));
  CHECK(route(cluster, 0, 2).latency_s == doctest::Approx(33.5e-3));
  CHECK(cluster.route_bandwidth_Bps(DeviceId{0}, DeviceId{2}) == 0.25e6);
  CHECK(cluster.route_bandwidth_Bps(DeviceId{2}, DeviceId{0}) == 0.5e6);
}

TEST_CASE("a mesh has a link per pair and direction, with exceptions") {
  const Cluster cluster = read(
      "{type: mesh, bandwidth: 80Mbps, latency: 1ms, "
      "links: [{between: [c, a], up: 8Mbps, down: 16Mbps, latency: 2ms}]}",
      kThree);
  CHECK(cluster.network().links.size() == 6);
  CHECK(link_names(cluster, 1, 2) == Names{"b:c"});
  CHECK(cluster.route_bandwidth_Bps(DeviceId{1}, DeviceId{2}) == 10e6);
  CHECK(cluster.route_bandwidth_Bps(DeviceId{2}, DeviceId{0}) == 1e6);
  CHECK(cluster.route_bandwidth_Bps(DeviceId{0}, DeviceId{2}) == 2e6);
  CHECK(route(cluster, 2, 0).latency_s == 2e-3);
}

TEST_CASE("stations of a wifi have their own rates, and one may be the access point") {
  const Cluster cluster = read(
      "{type: wifi, bandwidth: 80Mbps, latency: 2ms, access_point: c}",
      "{type: rpi4, name: a, bandwidth: 40Mbps}, {type: rpi4, name: b}, {type: rpi4, name: c}");
  // Air time per byte: 1/5e6 + 1/10e6.
  CHECK(cluster.route_bandwidth_Bps(DeviceId{0}, DeviceId{1}) == doctest::Approx(10e6 / 3));
  CHECK(cluster.route_bandwidth_Bps(DeviceId{0}, DeviceId{2}) == 5e6);
  CHECK(route(cluster, 0, 1).latency_s == 2e-3);
  CHECK(route(cluster, 0, 2).latency_s == 1e-3);
}

TEST_CASE("a station's rate is a share of the air, also where that is not what it was") {
  Cluster cluster = read("{type: wifi, bandwidth: 80Mbps, access_point: hub}",
                         "{type: rpi4, name: a, bandwidth: 40Mbps}, {type: rpi4, name: hub}");
  Network network = cluster.network();
  CHECK(network.transmit_s_per_byte(0, 1) == 1 / 5e6);
  network.links[0].bandwidth_Bps = 2.5e6;  // a quarter
  CHECK(network.transmit_s_per_byte(0, 1) == 4 / 5e6);
  CHECK(network.receive_s_per_byte(1, 0) == 4 / 5e6);
}

TEST_CASE("a medium carries the part of its rates that its efficiency says") {
  const std::string devices =
      "{type: rpi4, name: a, bandwidth: 40Mbps}, {type: rpi4, name: b}, {type: rpi4, name: c}";
  const Cluster air =
      read("{type: wifi, bandwidth: 80Mbps, efficiency: 0.5, access_point: c}", devices);
  CHECK(air.network().links[0].bandwidth_Bps == 5e6);
  CHECK(air.network().bandwidth_Bps == 10e6);  // as described
  // Half of what it is without: see above.
  CHECK(air.route_bandwidth_Bps(DeviceId{0}, DeviceId{1}) == doctest::Approx(10e6 / 6));
  CHECK(air.route_bandwidth_Bps(DeviceId{0}, DeviceId{2}) == 2.5e6);
  CHECK(air.network().transmit_s_per_byte(0, 1) == 2 / 5e6);
  CHECK(air.network().receive_s_per_byte(0, 1) == 2 / 10e6);
  const Cluster hub = read("{type: hub, bandwidth: 80Mbps, efficiency: 0.25}", kThree);
  CHECK(hub.route_bandwidth_Bps(DeviceId{0}, DeviceId{1}) == 2.5e6);
  CHECK(hub.network().transmit_s_per_byte(0, 1) == 4 / 10e6);
}

TEST_CASE("interfaces send at the sender's rate up and receive at the receiver's rate down") {
  const Cluster cluster = read("{type: switch, up: 80Mbps, down: 800Mbps}",
                               "{type: rpi4, name: a, up: 8Mbps, down: 16Mbps}, "
                               "{type: rpi4, name: b, up: 32Mbps, down: 64Mbps}");
  const Network& network = cluster.network();
  CHECK(network.transmit_s_per_byte(0, 1) == 1 / 1e6);
  CHECK(network.receive_s_per_byte(0, 1) == 1 / 8e6);
  CHECK(network.transmit_s_per_byte(1, 0) == 1 / 4e6);
  CHECK(network.receive_s_per_byte(1, 0) == 1 / 2e6);
}

/// The lines of a picture as text, with the names of their links.
static std::vector<std::string> lines_of(const Cluster& cluster) {
  const Network& network = cluster.network();
  const Drawing picture = drawing(network);
  const auto name = [&](std::size_t node) {
    return node < cluster.size() ? cluster.devices()[node].name
                                 : "(" + picture.nodes[node - cluster.size()].name + ")";
  };
  std::vector<std::string> lines;
  for (const Edge& edge : picture.edges) {
    std::string line = name(edge.a) + " -- " + name(edge.b);
    for (const int link : {edge.forth, edge.back}) {
      if (link >= 0) line += " " + network.links[static_cast<std::size_t>(link)].name;
    }
    lines.push_back(line);
  }
  return lines;
}

TEST_CASE("every type of network is drawn as what it is") {
  const auto drawn = [](const std::string& network, const std::string& devices = kThree) {
    return lines_of(read(network, devices));
  };
  CHECK(drawn("{type: mesh, bandwidth: 1Mbps}") ==
        Names{"a -- b a:b b:a", "a -- c a:c c:a", "b -- c b:c c:b"});
  CHECK(drawn("{type: switch, bandwidth: 1Mbps}") == Names{"a -- (switch) a:up a:down",
                                                           "b -- (switch) b:up b:down",
                                                           "c -- (switch) c:up c:down"});
  CHECK(drawn("{type: hub, bandwidth: 1Mbps}") ==
        Names{"a -- (hub) hub hub", "b -- (hub) hub hub", "c -- (hub) hub hub"});
  CHECK(drawn("{type: wifi, bandwidth: 1Mbps}") ==
        Names{"a -- (wifi) wifi wifi", "b -- (wifi) wifi wifi", "c -- (wifi) wifi wifi"});
  CHECK(drawn("{type: star-of-stars, bandwidth: 1Mbps, uplink: {bandwidth: 1Mbps}, sites: [x, y]}",
              "{type: rpi4, name: a, site: y}, {type: rpi4, name: b, site: x}") ==
        Names{"a -- (y) a:up a:down", "b -- (x) b:up b:down", "(x) -- (wide area) x:up x:down",
              "(y) -- (wide area) y:up y:down"});
  CHECK(drawn(kGraph + "]}") == Names{"a -- (s) a:s:up a:s:down", "(s) -- (t) wan:up wan:down",
                                      "(t) -- b t:b:up t:b:down", "(t) -- c t:c t:c"});
  Network file = make_hub(2, 1e6, 0);  // as a platform file gives: routes over links a-x-b
  file.type = NetworkType::kSimgrid;
  file.links = {{"x"}, {"y"}};
  file.paths = {{}, {0, 1}, {1, 0}, {}};
  std::vector<Device> devices(2);
  devices[0].name = "a";
  devices[1].name = "b";
  CHECK(lines_of(Cluster("c", devices, file, DeviceId{0}, DeviceId{0})) ==
        Names{"a -- (x)", "b -- (y)", "(x) -- (y)"});
}

TEST_CASE("mistakes in a network are answered with their place") {
  CHECK(read_error("{type: graph, links: [{between: [a, s], bandwidth: 1Mbps}]}") ==
        "c.yaml:2:46: at network.links[0].between[1]: got \"s\", expected the name of a device or "
        "switch (such as \"a\")");
  CHECK(read_error("{type: graph, switches: [s], links: [{between: [a, s], bandwidth: 1Mbps}]}") ==
        "c.yaml:2:10: at network: no links lead from \"a\" to \"b\"");
  CHECK(read_error("{type: graph, switches: [a], links: []}") ==
        "c.yaml:2:35: at network.switches[0]: two nodes are called \"a\"");
  CHECK(read_error("{type: graph, links: [{between: [a, b], bandwidth: 1Mbps, name: x}, {between: "
                   "[a, b], bandwidth: 1Mbps, name: x}]}") ==
        "c.yaml:2:78: at network.links[1]: two links are called \"x\"");
  CHECK(read_error("{type: graph, links: [{between: [a, b], up: 1Mbps}]}") ==
        "c.yaml:2:32: at network.links[0]: missing key \"down\"");
  CHECK(
      read_error("{type: graph, links: [{between: [a, b], bandwidth: 1e30Mbps}]}") ==
      "c.yaml:2:61: at network.links[0].bandwidth: got \"1e30Mbps\", expected a bandwidth such as "
      "100Mbps (beyond anything real)");
  CHECK(read_error("{type: graph, links: [{between: [a, b], bandwidth: 1Mbps, name: x}], "
                   "routes: [{from: a, to: b, links: [y]}]}") ==
        "c.yaml:2:113: at network.routes[0].links[0]: got \"y\", expected the name of a link");
  CHECK(
      read_error("{type: mesh, bandwidth: 1Mbps, links: [{between: [a, c], bandwidth: 1Mbps}]}") ==
      "c.yaml:2:63: at network.links[0].between[1]: got \"c\", expected the name of a device "
      "(such as \"a\")");
  CHECK(read_error("{type: hub, bandwidth: 1Mbps}", "{type: rpi4, bandwidth: 1Mbps}") ==
        "c.yaml:3:35: at devices[0].bandwidth: devices on a network of type hub have no "
        "\"bandwidth\"");
  CHECK(read_error("{type: switch, bandwidth: 1Mbps, up: 2Mbps, down: 1Mbps}") ==
        "c.yaml:2:36: at network.bandwidth: give \"bandwidth\", or \"up\" and \"down\", not both");
  CHECK(read_error("{type: star-of-stars, bandwidth: 1Mbps, uplink: {bandwidth: 1Mbps}, sites: [x, "
                   "x]}") == "c.yaml:2:89: at network.sites[1]: two sites are called \"x\"");
  CHECK(read_error("{type: star-of-stars, bandwidth: 1Mbps, uplink: {bandwidth: 1Mbps}, sites: "
                   "[plant]}",
                   "{type: rpi4, site: plan}") ==
        "c.yaml:3:30: at devices[0].site: got \"plan\", expected the name of a site (did you mean "
        "\"plant\"?)");
  CHECK(read_error("{type: wifi, bandwidth: 1Mbps, access_point: d}") ==
        "c.yaml:2:55: at network.access_point: got \"d\", expected the name of a device (such as "
        "\"a\")");
}

}  // namespace edgeflow
