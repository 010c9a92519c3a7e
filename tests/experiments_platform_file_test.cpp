// SimGrid's platform files: what `inspect --xml` writes, run again, gives the same; what cannot be
// read is refused at the exact place.

#include <doctest/doctest.h>

#include <vector>

#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

namespace edgeflow {
namespace {

using test::Outcome;
using test::Scratch;

/// Three devices on `network`, each with the keys in its place of `extra`.
std::string cluster_yaml(const std::string& network, const std::vector<std::string>& extra,
                         const std::vector<std::string>& names = {"a", "b", "c"}) {
  std::string text = "schema: 1\nname: three\nnetwork: " + network + "\ndevices:\n";
  for (std::size_t d = 0; d < 3; ++d) {
    text += std::string("  - {type: ") + (d == 1 ? "jetson-nano" : "rpi4") + ", name: " + names[d] +
            (extra.empty() || extra[d].empty() ? "" : ", " + extra[d]) + "}\n";
  }
  return text + "sink: c\n";
}

std::string scenario_yaml(const std::string& cluster, const std::string& network_model) {
  return "schema: 1\nname: " + cluster + "\nmodel: squeezenet1_1\ncluster: " + cluster +
         ".yaml\nstrategies: [single, even, heft, edgeflow" +
         (network_model == "cm02" ? ", edgeflow-joint" : "") +
         "]\n"
         "requests: {count: 3, arrivals: {process: poisson, rate: 20/s}}\n"
         "simulation: {network_model: " +
         network_model + "}\n";
}

/// Runs the scenario and returns every requests.csv and devices.csv, one after the other.
std::string results_of(const Scratch& scratch, const std::string& name) {
  const Outcome outcome = test::shell(
      scratch, "\"$edgeflow\" run " + name + ".yaml -o out_" + name + " > /dev/null && cat out_" +
                   name + "/runs/*/requests.csv out_" + name + "/runs/*/devices.csv");
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);
  return outcome.out;
}

struct Case {
  std::string network;
  std::vector<std::string> extra;
};

const Case kCases[] = {
    {"{type: switch, up: 90Mbps, down: 110Mbps, latency: 0.3ms, link_power: {idle: 1W, busy: 2W}}",
     {"latency: 0.1ms", "bandwidth: 33.3Mbps", "latency: 2ms"}},
    {"{type: wifi, bandwidth: 70Mbps, latency: 3ms, access_point: b}",
     {"bandwidth: 30Mbps", "", "bandwidth: 55Mbps"}},
    {"{type: hub, bandwidth: 100Mbps, latency: 0.5ms}", {}},
    {"{type: mesh, bandwidth: 80Mbps, latency: 1ms, links: [{between: [a, c], up: 9Mbps, down: "
     "20Mbps, latency: 5ms}]}",
     {}},
    {"{type: star-of-stars, bandwidth: 1Gbps, latency: 0.3ms, uplink: {up: 20Mbps, down: 100Mbps, "
     "latency: 10ms}, sites: [a, far]}",  // a site may be called like a device
     {"site: a", "site: a", "site: far"}},
    {"{type: graph, switches: [s], links: [{between: [a, s], bandwidth: 100Mbps, latency: 1ms}, "
     "{between: [b, s], bandwidth: 50Mbps, duplex: half}, {between: [b, c], bandwidth: 70Mbps, "
     "latency: 0.1ms}]}",
     {}},
};

const std::string kHead =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
    "<platform version=\"4.1\">";
const std::string kHosts = R"(<host id="a" speed="1f"/><host id="b" speed="1f"/>)";

/// Hosts a, b and c in one zone, and `rest`, which begins on line 5.
std::string platform(const std::string& rest, const std::string& c = "c") {
  return kHead + "\n<zone id=\"z\" routing=\"Full\">" + kHosts + "<host id=\"" + c +
         "\" speed=\"1f\"/>\n" + rest + "\n</zone></platform>";
}

/// Three hosts that all share one link, which has these attributes.
std::string shared(const std::string& attributes, const std::string& inside = "") {
  std::string routes;
  for (const char* pair : {"src=\"a\" dst=\"b\"", "src=\"a\" dst=\"c\"", "src=\"b\" dst=\"c\""}) {
    routes += std::string("\n<route ") + pair + "><link_ctn id=\"l\"/></route>";
  }
  return platform("<link id=\"l\" " + attributes + ">" + inside + "</link>" + routes);
}

struct BrokenFile {
  std::string contents;  // empty: there is none
  std::string error;
};

const std::string kGood = R"(bandwidth="1Mbps" latency="1ms")";
const std::string kBeyond = " (expected more than zero, and nothing beyond anything real)";
const std::string kRefuses = "SimGrid refuses the platform: ";

const BrokenFile kBroken[] = {
    {"", "c.yaml:3:32: at network.file: there is no file \"p.xml\""},
    {"<nonsense", "p.xml:1: " + kRefuses + "Unexpected character `<' in prolog."},
    {platform(R"(<link id="l" width="1Mbps"/>)"),
     "p.xml:5: " + kRefuses + "Bad attribute `width' in `link' element start tag."},
    {shared(R"(bandwidth="much" latency="1ms")"),
     "p.xml:5: " + kRefuses + "cannot parse number:much"},
    {platform(R"(<host id="a" speed="1f"/>)"),
     "p.xml: " + kRefuses + "Refusing to create a second host named 'a'."},
    {kHead + R"(<zone id="z" routing="Star"/></platform>)",  // aborts the process in SimGrid 3.32
     "p.xml: " + kRefuses + "Not a valid model!"},
    {platform("", "cc"),
     "p.xml: host \"cc\" is no device of the cluster (every host is a device of that name; what "
     "only forwards is a <router>)"},
    {kHead + "<zone id=\"z\" routing=\"Full\">" + kHosts + "</zone></platform>",
     "p.xml: there is no host \"c\", which is a device of the cluster"},
    {platform(R"(<host id="d" speed="1f"/>)"),
     "p.xml: host \"d\" is no device of the cluster (every host is a device of that name; what "
     "only "
     "forwards is a <router>)"},
    {platform("<link id=\"l\" " + kGood + R"(/><route src="a" dst="b"><link_ctn id="l"/></route>)"),
     "p.xml: no route leads from \"a\" to \"c\""},
    {shared(R"(bandwidth="0Mbps" latency="1ms")"),
     "p.xml: link \"l\" has a bandwidth of 0 byte/s" + kBeyond},
    {shared(R"(bandwidth="-1Mbps" latency="1ms")"),
     "p.xml: link \"l\" has a bandwidth of -125000 byte/s" + kBeyond},
    {shared(R"(bandwidth="nanMbps" latency="1ms")"),
     "p.xml: link \"l\" has a bandwidth of nan byte/s" + kBeyond},
    {shared(R"(bandwidth="1e30Mbps" latency="1ms")"),
     "p.xml: link \"l\" has a bandwidth of 1.25e+35 byte/s" + kBeyond},
    {shared(R"(bandwidth="1Mbps" latency="-1ms")"),
     "p.xml: link \"l\" has a latency of -0.001 s (expected zero or more, and nothing beyond "
     "anything real)"},
    {shared(R"(bandwidth="100" latency="0")"),
     "p.xml:5: got \"100\", expected a bandwidth with a unit (such as 100Mbps)"},
    {shared(R"(bandwidth="1Mbps" latency="1e-3")"),
     "p.xml:5: got \"1e-3\", expected a latency with a unit (such as 0.5ms)"},
    {shared(kGood + R"( sharing_policy="FATPIPE")"),
     "p.xml: link \"l\" is a FATPIPE, which messages do not share (give it "
     "sharing_policy=\"SHARED\")"},
    {kHead + R"(<zone id="w" routing="WIFI"><prop id="access_point" value="r"/>)" + kHosts +
         R"(<host id="c" speed="1f"/><router id="r"/>)" +
         R"(<link id="l" sharing_policy="WIFI" bandwidth="54Mbps,6Mbps" latency="0ms"/>)" +
         "</zone></platform>",
     "p.xml: link \"l\" is a Wi-Fi zone (describe the cluster's network as type wifi)"},
    {shared(kGood + R"( bandwidth_file="x")"),
     "p.xml:5: bandwidth_file is not supported (what changes over time belongs into the scenario)"},
    {kHead + R"(
<config><prop id="network/model" value="CM02"/></config></platform>)",
     "p.xml:4: <config> is not supported (only hosts, links and routes count)"},
    {kHead + R"(
<cluster id="z" prefix="n" suffix="" radical="0-99999999" speed="1f" bw="1Mbps" lat="0ms"/></platform>)",
     "p.xml:4: the file stands for 100000000 hosts or more, expected at most 4096 (every host is a "
     "device of the cluster; what only forwards is a <router>)"},
    {kHead + R"(
<zone id="z" routing="Full"><host id="a" speed="1f"/>
<cluster id="c" prefix="n" suffix="" radical="7,0-4000,9-8" speed="1f" bw="1Mbps" lat="0ms"/>
<cabinet id="d" prefix="m" suffix="" radical="1-94" speed="1f" bw="1Mbps" lat="0ms"/></zone></platform>)",
     "p.xml:6: the file stands for 4097 hosts or more, expected at most 4096 (every host is a "
     "device of the cluster; what only forwards is a <router>)"},
    {kHead + R"(<cluster id="z" prefix="n" suffix="" radical="0-1" topology="FAT_TREE"
topo_parameters="2;1,2;1,100000000;1,1" speed="1f" bw="1Mbps" lat="0ms"/></platform>)",
     "p.xml:4: topo_parameters \"2;1,2;1,100000000;1,1\" stand for millions of switches (a cluster "
     "has no use for so many)"},
    {shared("latency=\"0\" bandwidth=\"" + std::string(1'000'000, '1') + "\""),
     "p.xml:5: got \"" + std::string(60, '1') +
         "...\", expected a bandwidth with a unit (such as 100Mbps)"},
    {shared("latency=\"0\" bandwidth = '5'"),
     "p.xml:5: got \"5\", expected a bandwidth with a unit (such as 100Mbps)"},
    {"<!-- <config> bandwidth=\"1\" -->\n<platform><!----><trace_connect/></platform>",
     "p.xml:2: <trace_connect> is not supported (only hosts, links and routes count)"},
    {shared(kGood, R"(<prop id="wattage_range" value="much"/>)"),
     "p.xml: link \"l\" has wattage_range \"much\" (expected watts idle and busy such as 1:2)"},
};

}  // namespace

TEST_CASE("every network as a platform file gives the same requests by several strategies") {
  for (const Case& one : kCases) {
    CAPTURE(one.network);
    for (const std::string model : {"cm02", "lv08"}) {
      CAPTURE(model);
      const Scratch scratch;
      scratch.write("c_ours.yaml", cluster_yaml(one.network, one.extra));
      scratch.write("c_xml.yaml", cluster_yaml("{type: simgrid, file: network.xml}", {}));
      REQUIRE(
          test::shell(scratch, "\"$edgeflow\" inspect c_ours.yaml --xml > network.xml").exit_code ==
          0);
      for (const std::string name : {"ours", "xml"}) {
        scratch.write(name + ".yaml", scenario_yaml("c_" + name, model));
      }
      CHECK(results_of(scratch, "ours") == results_of(scratch, "xml"));
    }
  }
}

TEST_CASE("a platform file of zones and full-duplex links is read as SimGrid routes it") {
  const Scratch scratch;
  // A cluster zone: links of their own each way, and what both directions share in the middle.
  scratch.write("zones.xml", kHead + R"(
<zone id="all" routing="Full">
  <zone id="left" routing="Cluster">
    <host id="a" speed="1Gf"/><host id="b" speed="1Gf"/>
    <link id="la" bandwidth="100Mbps" latency="1ms" sharing_policy="SPLITDUPLEX"/>
    <link id="lb" bandwidth="50Mbps" latency="2ms" sharing_policy="SPLITDUPLEX"/>
    <host_link id="a" up="la_UP" down="la_DOWN"/><host_link id="b" up="lb_UP" down="lb_DOWN"/>
    <router id="left_out"/>
  </zone>
  <zone id="right" routing="Full"><host id="c" speed="1Gf"/></zone>
  <link id="wan" bandwidth="10Mbps" latency="10ms"/>
  <zoneRoute src="left" dst="right" gw_src="left_out" gw_dst="c"><link_ctn id="wan"/></zoneRoute>
</zone></platform>)");
  // Devices in another order than SimGrid's, which is that of names.
  scratch.write("c.yaml", cluster_yaml("{type: simgrid, file: zones.xml}", {}, {"b", "c", "a"}));
  const Outcome outcome = test::edgeflow(scratch, "inspect c.yaml");
  CHECK(outcome.err == "");
  for (const char* route :
       {"a     b   50 Mbit/s     3 ms  la_UP lb_DOWN", "b     c   10 Mbit/s    12 ms  lb_UP wan",
        "c     a   10 Mbit/s    11 ms  wan la_DOWN"}) {
    INFO(outcome.out);
    CAPTURE(route);
    CHECK(outcome.out.find(route) != std::string::npos);
  }
}

TEST_CASE("platform files that cannot be used are refused at the exact place") {
  for (const BrokenFile& broken : kBroken) {
    CAPTURE(broken.contents);
    const Scratch scratch;
    scratch.write("c.yaml", cluster_yaml("{type: simgrid, file: p.xml}", {}));
    if (!broken.contents.empty()) scratch.write("p.xml", broken.contents);
    for (const std::string command : {"validate c.yaml", "inspect c.yaml"}) {
      const Outcome outcome = test::edgeflow(scratch, command);
      CHECK(test::first_line(outcome.err) == broken.error);
      CHECK(outcome.exit_code == 2);
      CHECK(outcome.out == "");
    }
  }
}

}  // namespace edgeflow
