#include "platforms/cluster.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/input_error.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/ids.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using test::error_of;

constexpr DeviceId kFirst{0};
constexpr DeviceId kSecond{1};

const std::string kNetwork = "schema: 1\nnetwork: {type: switch, bandwidth: 80Mbps}\n";
const std::string kWifi = "schema: 1\nnetwork: {type: wifi, bandwidth: 80Mbps, latency: 2ms}\n";

Cluster read(const std::string& text) {
  const Document document(text, "c.yaml");
  return read_cluster(document.root(), "default");
}

std::string read_error(const std::string& text) {
  return error_of([&] { (void)read(text); });
}

std::string devices_error(const std::string& devices) {
  return read_error(kNetwork + "devices: " + devices + "\n");
}

std::vector<std::string> names(const Cluster& cluster) {
  std::vector<std::string> result;
  for (const Device& device : cluster.devices()) result.push_back(device.name);
  return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("behind a switch a message takes the sender's uplink and the receiver's downlink") {
  const Cluster cluster = read(
      "schema: 1\nnetwork: {type: switch, bandwidth: 80Mbps, latency: 0.5ms}\n"
      "devices: [{type: rpi4, count: 2}, {type: rpi3b+, bandwidth: 40Mbps}]\n");
  // 80 Mbit/s is 10 MB/s.
  const Network& network = cluster.network();
  CHECK(network.type == NetworkType::kSwitch);
  REQUIRE(network.links.size() == 6);
  CHECK(network.links[2].name == "rpi4-1:up");
  CHECK(network.links[3].name == "rpi4-1:down");
  CHECK(network.links[3].bandwidth_Bps == 10e6);
  CHECK(network.links[4].bandwidth_Bps == 5e6);

  const Route route = cluster.route(kSecond, kFirst);
  CHECK(route.links == std::vector<int>{2, 1});
  CHECK(route.crossings == 1);
  CHECK(route.latency_s == 0.5e-3);
  CHECK(cluster.route_bandwidth_Bps(kFirst, kSecond) == 10e6);
  CHECK(cluster.route_bandwidth_Bps(kFirst, DeviceId{2}) == 5e6);  // the narrowest link
  CHECK(cluster.route_bandwidth_Bps(DeviceId{2}, kFirst) == 5e6);
}

TEST_CASE("on wifi every message crosses the one medium twice") {
  const Cluster cluster = read(kWifi + "devices: [{type: rpi4, count: 3}]\n");
  REQUIRE(cluster.network().links.size() == 1);
  CHECK(cluster.network().links[0].name == "wifi");
  CHECK(cluster.network().links[0].bandwidth_Bps == 10e6);
  const Route route = cluster.route(kFirst, DeviceId{2});
  CHECK(route.links == std::vector<int>{0, 0});
  CHECK(route.crossings == 1);
  CHECK(route.latency_s == 2e-3);
  CHECK(cluster.route_bandwidth_Bps(kFirst, kSecond) == 5e6);  // 10 MB/s over two crossings
}

TEST_CASE("devices without a name are numbered by type throughout the cluster") {
  const std::string devices =
      "devices:\n  - {type: rpi4, count: 2}\n  - {type: jetson-nano}\n  - {type: rpi4}\n"
      "  - {type: rpi5, name: fast}\n  - {type: rpi4, name: old, count: 2}\n";
  CHECK(names(read(kNetwork + devices)) ==
        Names{"rpi4-0", "rpi4-1", "jetson-nano-0", "rpi4-2", "fast", "old-0", "old-1"});
}

TEST_CASE("source is the first device and sink the source unless named") {
  const std::string devices = "devices: [{type: rpi4, count: 3}]\n";
  CHECK(read(kNetwork + devices).source() == DeviceId{0});
  const Cluster named = read(kNetwork + devices + "source: rpi4-2\n");
  CHECK(named.source() == DeviceId{2});
  CHECK(named.sink() == DeviceId{2});
  CHECK(read(kNetwork + devices + "sink: rpi4-1\n").sink() == DeviceId{1});
  CHECK(read(kNetwork + devices + "sink: rpi4-1\n").source() == DeviceId{0});
}

TEST_CASE("a device has the numbers of its type unless the cluster says otherwise") {
  const Cluster cluster =
      read(kNetwork +
           "devices:\n  - {type: rpi4}\n"
           "  - {type: rpi4, threads: 1, framework: ncnn, memory: 1GiB, overhead: 0s,\n"
           "     power: {idle: 2W, busy: 3W}, mac_rate: 3GMAC/s}\n");
  const DeviceProfile rpi4 = load_device("rpi4", "");
  const Device& plain = cluster.device(kFirst);
  CHECK(plain.type == "rpi4");
  CHECK(plain.compute.threads == rpi4.compute[0].threads);
  CHECK(plain.compute.mac_rate == rpi4.compute[0].mac_rate);
  CHECK(plain.memory_bytes == rpi4.memory_bytes);
  CHECK(plain.busy_W == rpi4.busy_W);
  const Device& changed = cluster.device(kSecond);
  CHECK(changed.compute.threads == 1);
  CHECK(changed.compute.mac_rate == 3e9);
  CHECK(changed.compute.byte_rate_Bps == rpi4.compute[1].byte_rate_Bps);
  CHECK(changed.compute.overhead_s == 0);
  CHECK(changed.compute.winograd_factor == rpi4.compute[1].winograd_factor);
  CHECK(changed.memory_bytes == 1073741824.0);
  CHECK(changed.idle_W == 2);
  CHECK(changed.busy_W == 3);
}

TEST_CASE("a device has the profile of a precision, of its framework and threads") {
  const Cluster cluster =
      read(kNetwork +
           "devices:\n  - {type: rpi4, threads: 1}\n  - {type: rpi4, threads: 1, precision: fp32}\n"
           "  - {type: rpi4, threads: 1, mac_rate: 3GMAC/s}\n"
           "  - {type: rpi4, mac_rate: 3GMAC/s, precision: fp16}\n"
           "  - {type: rpi4, threads: 1, byte_rate: 2GB/s, rates_in: {int8: {mac_rate: 9GMAC/s}}}\n"
           "  - {type: rpi4, threads: 1, rates_in: {int8: {overhead: 7us}}}\n");
  const DeviceProfile rpi4 = load_device("rpi4", "");
  const ComputeProfile& fp32 = rpi4.compute[1];
  const ComputeProfile& int8 = rpi4.compute[3];
  REQUIRE(fp32.precision == Precision::kFp32);
  REQUIRE(int8.precision == Precision::kInt8);
  REQUIRE(int8.threads == 1);
  CHECK_FALSE(cluster.with_precision(Precision::kFp32));  // all are so already
  const Cluster in_int8 = *cluster.with_precision(Precision::kInt8);
  const auto compute = [&](int d) { return in_int8.device(DeviceId{d}).compute; };
  CHECK(compute(0).mac_rate == int8.mac_rate);
  CHECK(compute(0).error->points == int8.error->points);
  CHECK(compute(1).mac_rate == fp32.mac_rate);  // its own precision
  CHECK(compute(1).precision == Precision::kFp32);
  CHECK(compute(2).mac_rate == 3e9);  // its own rate, in every precision
  CHECK(compute(2).byte_rate_Bps == fp32.byte_rate_Bps);
  CHECK_FALSE(compute(2).precision);
  CHECK_FALSE(compute(2).error);
  CHECK(compute(3).precision == Precision::kFp16);
  CHECK(compute(4).mac_rate == 9e9);
  CHECK(compute(4).byte_rate_Bps == 2e9);
  CHECK(compute(4).precision == Precision::kInt8);
  CHECK(compute(5).mac_rate == int8.mac_rate);
  CHECK(compute(5).overhead_s == 7e-6);
  CHECK(cluster.device(DeviceId{5}).compute.overhead_s == fp32.overhead_s);
  // And back.
  const Cluster again = *in_int8.with_precision(Precision::kFp16);
  for (const DeviceId d : ids_of<DeviceId>(cluster)) {
    CHECK(same_rates(again.device(d).compute, cluster.device(d).compute));
  }
}

TEST_CASE("mistakes in precisions of a device are answered with their place") {
  CHECK(devices_error("[{type: rpi4, precision: uint8}]") ==
        "c.yaml:3:35: at devices[0].precision: only the model's input can be uint8 (that is "
        "input_precision)");
  CHECK(devices_error("[{type: rpi4, precisions: int8}]") ==
        "c.yaml:3:36: at devices[0].precisions: got \"int8\", expected a list such as [int8]");
  CHECK(
      devices_error("[{type: rpi4, precisions: []}]") ==
      "c.yaml:3:36: at devices[0].precisions: is empty, expected at least one of fp32, fp16, int8");
  CHECK(devices_error("[{type: rpi4, rates_in: int8}]") ==
        "c.yaml:3:34: at devices[0].rates_in: got \"int8\", expected rates by precision such as "
        "{int8: {mac_rate: 40GMAC/s}}");
  CHECK(devices_error("[{type: rpi4, rates_in: {int4: {}}}]")
            .starts_with("c.yaml:3:35: at devices[0].rates_in: unknown key \"int4\""));
  CHECK(devices_error("[{type: rpi4, rates_in: {int8: {threads: 4}}}]")
            .starts_with("c.yaml:3:42: at devices[0].rates_in.int8: unknown key \"threads\""));
}

TEST_CASE("a device without a type needs a name and a MAC rate") {
  const Cluster cluster = read(kNetwork + "devices: [{name: fast, mac_rate: 15GMAC/s}]\n");
  const Device& device = cluster.device(kFirst);
  CHECK(device.name == "fast");
  CHECK(device.type.empty());
  CHECK(device.compute.mac_rate == 15e9);
  CHECK(std::isinf(device.compute.byte_rate_Bps));
  CHECK(std::isinf(device.memory_bytes));
  CHECK(std::isnan(device.idle_W));
  CHECK(devices_error("[{mac_rate: 15GMAC/s}]") ==
        "c.yaml:3:11: at devices[0]: missing key \"type\", or \"name\" and \"mac_rate\"");
  CHECK(devices_error("[{name: fast}]") == "c.yaml:3:11: at devices[0]: missing key \"mac_rate\"");
}

TEST_CASE("mistakes in a network are answered with their place") {
  const auto error = [](const std::string& network) {
    return read_error("schema: 1\nnetwork: {" + network + "}\ndevices: [{type: rpi4}]\n");
  };
  CHECK(error("type: swich, bandwidth: 1Mbps") ==
        "c.yaml:2:17: at network.type: got \"swich\", expected one of switch, wifi, hub, mesh, "
        "star-of-stars, graph, simgrid (did you mean \"switch\"?)");
  CHECK(error("type: switch") == "c.yaml:2:10: at network: missing key \"bandwidth\"");
  CHECK(error("type: switch, bandwidth: 100") ==
        "c.yaml:2:36: at network.bandwidth: got \"100\", expected a bandwidth such as 100Mbps");
  CHECK(error("type: switch, bandwidth: 0bps") ==
        "c.yaml:2:36: at network.bandwidth: got \"0bps\", expected a bandwidth such as 100Mbps, "
        "more than zero");
  CHECK(error("type: wifi, bandwidth: 1Mbps, latency: -1ms") ==
        "c.yaml:2:50: at network.latency: got \"-1ms\", expected a duration such as 0.5ms");
  CHECK(error("type: wifi, bandwidth: 1Mbps, latncy: 1ms") ==
        "c.yaml:2:41: at network: unknown key \"latncy\" (did you mean \"latency\"?)");
}

TEST_CASE("mistakes in the list of devices are answered with their place") {
  CHECK(devices_error("[]") == "c.yaml:3:10: at devices: is empty, expected at least one device");
  CHECK(devices_error("rpi4") == "c.yaml:3:10: at devices: got \"rpi4\", expected a list");
  CHECK(devices_error("[rpi4]") == "c.yaml:3:11: at devices[0]: got \"rpi4\", expected a map");
  CHECK(devices_error("[{type: rpi4, cuont: 3}]") ==
        "c.yaml:3:24: at devices[0]: unknown key \"cuont\" (did you mean \"count\"?)");
  CHECK(devices_error("[{type: rpi4, count: 0}]") ==
        "c.yaml:3:31: at devices[0].count: got \"0\", expected an integer from 1 to 4096");
  CHECK(devices_error("[{type: rpi4}, {type: rpi4, memory: 4Gb}]") ==
        "c.yaml:3:46: at devices[1].memory: got \"4Gb\", expected a size such as 4GiB");
  CHECK(devices_error("[{type: rpi4, name: a b}]") ==
        "c.yaml:3:30: at devices[0].name: got \"a b\", expected a name of letters, digits and any "
        "of -_.+");
  CHECK(devices_error("[{type: rpi4, name: x}, {type: rpi5, name: x}]") ==
        "c.yaml:3:34: at devices[1]: two devices are called \"x\"");
  CHECK(devices_error("[{type: rpi4, power: {idle: 9W, busy: 5W}}]") ==
        "c.yaml:3:48: at devices[0].power.busy: is less than the idle power");
  CHECK(devices_error("[{type: rpi4, count: 4096}, {type: rpi4}]") ==
        "c.yaml:3:38: at devices[1]: more than 4096 devices");
}

TEST_CASE("a type, thread count or framework that is not there is answered with those that are") {
  const std::string unknown = devices_error("[{type: rpi-4}]");
  CHECK(unknown.starts_with("c.yaml:3:18: at devices[0].type: "));
  CHECK(unknown.ends_with("(did you mean \"rpi4\"?)"));
  CHECK(devices_error("[{type: rpi4, threads: 3}]") ==
        "c.yaml:3:33: at devices[0].threads: rpi4 has no such compute profile (framework and "
        "threads: ncnn with 4 in fp32, ncnn with 1 in fp32, ncnn with 4 in int8, ncnn with 1 in "
        "int8)");
  CHECK(devices_error("[{type: rpi4, threads: 1, precision: fp16}]") ==
        "c.yaml:3:47: at devices[0].precision: rpi4 has no such compute profile (framework and "
        "threads: ncnn with 4 in fp32, ncnn with 1 in fp32, ncnn with 4 in int8, ncnn with 1 in "
        "int8)");
  CHECK(devices_error("[{type: rpi4, framework: tflite}]") ==
        "c.yaml:3:35: at devices[0].framework: rpi4 has no such compute profile (framework and "
        "threads: ncnn with 4 in fp32, ncnn with 1 in fp32, ncnn with 4 in int8, ncnn with 1 in "
        "int8)");
}

TEST_CASE("source and sink must be devices") {
  const std::string devices = kNetwork + "devices: [{type: rpi4, count: 2}]\n";
  CHECK(read_error(devices + "source: rpi4\n") ==
        "c.yaml:4:9: at source: got \"rpi4\", expected the name of a device (such as \"rpi4-0\")");
  CHECK(read_error(devices + "sink: rpi4-5\n") ==
        "c.yaml:4:7: at sink: got \"rpi4-5\", expected the name of a device (did you mean "
        "\"rpi4-0\"?)");
}

TEST_CASE("a cluster file starts with its schema and has known keys") {
  const std::string body = "network: {type: switch, bandwidth: 80Mbps}\ndevices: [{type: rpi4}]\n";
  CHECK(read_error(body) == "c.yaml:1:1: missing key \"schema\"");
  CHECK(read_error("schema: 2\n" + body) ==
        "c.yaml:1:9: at schema: got \"2\", expected an integer equal to 1");
  CHECK(read_error("schema: 1\nlinks: []\n" + body) ==
        "c.yaml:2:1: unknown key \"links\" (known: schema, name, description, network, messaging, "
        "devices, source, sink)");
  CHECK(read_error("schema: 1\n") == "c.yaml:1:1: missing key \"network\"");
  CHECK(read(std::string("schema: 1\n") + body).name() == "default");
  CHECK(read("schema: 1\nname: mine\n" + body).name() == "mine");
}

TEST_CASE("a scenario names a cluster or writes it out") {
  const Document document(
      "cluster:\n  network: {type: wifi, bandwidth: 1Mbps}\n  devices: [{type: rpi4}]\n"
      "named: pi4x3-nano\nmisspelt: pi4x3-nana\n",
      "s.yaml");
  const Yaml root = document.root();
  CHECK(read_cluster(root.at("cluster"), "inline").name() == "inline");
  const Cluster shipped = read_cluster(root.at("named"), "inline");
  CHECK(shipped.name() == "pi4x3-nano");
  CHECK(names(shipped) == Names{"rpi4-0", "rpi4-1", "rpi4-2", "nano"});
  const std::string error = error_of([&] { (void)read_cluster(root.at("misspelt"), "inline"); });
  CHECK(error.starts_with("s.yaml:5:11: at misspelt: "));
  CHECK(error.ends_with("(did you mean \"pi4x3-nano\"?)"));
}

TEST_CASE("every shipped cluster can be read and is called like its file") {
  const std::vector<std::string> shelf = catalogue_names("platforms/clusters");
  CHECK(shelf.size() >= 3);
  for (const std::string& name : shelf) {
    CAPTURE(name);
    const Cluster cluster = load_cluster(name, "");
    CHECK(cluster.name() == name);
    CHECK(cluster.size() >= 2);
  }
}

}  // namespace edgeflow
