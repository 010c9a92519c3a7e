// `edgeflow inspect`: models and clusters as text, CSV, JSON and Graphviz.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "platforms/device.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

namespace edgeflow {
namespace {

using test::edgeflow;
using test::Outcome;
using test::Scratch;

const std::string kData = test::data_folder();

}  // namespace

TEST_CASE("inspecting a model gives its published totals") {
  const Scratch scratch;
  const Outcome outcome = edgeflow(scratch, "inspect vgg16 --json --no-fold");
  REQUIRE(outcome.exit_code == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  CHECK(json["name"] == "vgg16");
  // torchvision: num_params of VGG16_Weights; its documentation gives 15.47 GFLOPS (MACs).
  CHECK(json["params"] == 138357544);
  CHECK(json["macs"] == 15470264320);
  CHECK(json["conv_layers"] == 13);
  CHECK(json["layers"] == json["nodes"].size());
  CHECK(json["nodes"][1]["name"] == "features.0");
  CHECK(json["nodes"][1]["out_shape"] == std::vector<int>{1, 64, 224, 224});
  CHECK(json["nodes"][1]["inputs"] == std::vector<std::string>{"input"});

  const auto folded = nlohmann::json::parse(edgeflow(scratch, "inspect vgg16 --json").out);
  CHECK(folded["macs"] == json["macs"]);
  CHECK(folded["layers"] < json["layers"]);
  CHECK(folded["granularity"] == "layers with batch-norm and activations folded");
  CHECK(json["granularity"] == "single operators");
  // Layer by layer, 64 x 224 x 224 in and out of features.1 (a relu) are the most at once.
  CHECK(json["peak_activation_elements"] == 2 * 64 * 224 * 224);
  CHECK(json["widest_frontier"] == 2);
  const std::string text = edgeflow(scratch, "inspect squeezenet1_1").out;
  CHECK(text.find("memory       4.7 MiB of weights in fp32") != std::string::npos);
  CHECK(text.find("cut points   21 (between layers with batch-norm and activations folded") !=
        std::string::npos);
  CHECK(text.find("\n             features.0 features.2 features.3.squeeze") != std::string::npos);
}

TEST_CASE("a cluster is inspected with all rates and powers, and drawn as it is wired") {
  const Scratch scratch;
  scratch.write("m.yaml",
                "schema: 1\n"
                "network: {type: mesh, bandwidth: 80Mbps, link_power: {idle: 1W, busy: 2W},\n"
                "          links: [{between: [b, c], up: 8Mbps, down: 16Mbps}]}\n"
                "devices:\n"
                "  - {name: a, mac_rate: 5GMAC/s, task_overhead: 0.4s, message_overhead: 2ms,\n"
                "     power: {idle: 1W, busy: 9W, transmit: 2W, receive: 3W}}\n"
                "  - {name: b, mac_rate: 5GMAC/s}\n"
                "  - {name: c, mac_rate: 5GMAC/s, layer_time: {tiny: {conv: 3ms}}}\n"
                "source: b\nsink: c\n");
  const auto json = nlohmann::json::parse(edgeflow(scratch, "inspect m.yaml --json").out);
  const auto& device = json["devices"][0];
  for (const Rate& rate : rates()) CHECK(device.contains(std::string(rate.name)));
  for (const Power& power : powers()) CHECK(device.contains(std::string(power.name)));
  CHECK(device["task_overhead_s"] == 0.4);
  CHECK(device["message_overhead_s"] == 0.002);
  CHECK(device["idle_W"] == 1);
  CHECK(device["busy_W"] == 9);
  CHECK(device["transmit_W"] == 2);
  CHECK(device["receive_W"] == 3);
  CHECK(json["devices"][1]["transmit_W"].is_null());
  CHECK(json["devices"][2]["layer_time_s"]["tiny"]["conv"] == 0.003);
  CHECK(json["source"] == "b");
  CHECK(json["sink"] == "c");
  CHECK(json["links"][0]["idle_W"] == 1);
  CHECK(json["links"][0]["busy_W"] == 2);

  const std::string csv = edgeflow(scratch, "inspect m.yaml --csv").out;
  CHECK(csv.starts_with(
      "name,type,framework,threads,mac_rate,byte_rate_Bps,overhead_s,task_overhead_s,"
      "winograd_factor,winograd_byte_factor,spatial_factor,matrix_factor,fully_connected_factor,"
      "message_overhead_s,serialization_rate_Bps,memory_bytes,idle_W,busy_W,transmit_W,receive_W,"
      "role,precision,messaging,sends\na,,,1,5e+09,,0,0.4,1,1,1,1,1,0.002,,,1,9,2,3,,,,hold\nb,"));

  const std::string text = edgeflow(scratch, "inspect m.yaml").out;
  CHECK(text.find("task overhead") != std::string::npos);
  CHECK(text.find("transmit  receive") != std::string::npos);
  CHECK(text.find("winograd") == std::string::npos);  // no device says anything of it

  CHECK(edgeflow(scratch, "inspect m.yaml --dot").out ==
        "graph \"m\" {\n"
        "  node [shape=box, fontname=sans, fontsize=10];\n"
        "  d0 [label=\"a\"];\n"
        "  d1 [label=\"b\\nsource\"];\n"
        "  d2 [label=\"c\\nsink\"];\n"
        "  d0 -- d1 [label=\"80 Mbit/s\"];\n"
        "  d0 -- d2 [label=\"80 Mbit/s\"];\n"
        "  d1 -- d2 [label=\"8 Mbit/s, back 16 Mbit/s\"];\n"
        "}\n");
}

TEST_CASE("a cluster shows how its devices send where any of them says so") {
  const Scratch scratch;
  const std::string devices =
      "devices:\n  - {name: a, mac_rate: 5GMAC/s, messaging: gloo, message_overhead: 1ms}\n"
      "  - {name: b, mac_rate: 5GMAC/s, sends: overlap}\n";
  scratch.write("m.yaml", "schema: 1\nnetwork: {type: switch, bandwidth: 80Mbps}\n" + devices);
  const std::string text = edgeflow(scratch, "inspect m.yaml").out;
  CHECK(text.find("messaging  sends") != std::string::npos);
  CHECK(text.find("gloo       block") != std::string::npos);
  CHECK(text.find("-          overlap") != std::string::npos);
  const auto json = nlohmann::json::parse(edgeflow(scratch, "inspect m.yaml --json").out);
  CHECK(json["devices"][0]["messaging"] == "gloo");
  CHECK(json["devices"][0]["message_overhead_s"] == 0.001);
  CHECK(json["devices"][1]["sends"] == "overlap");
  scratch.write("p.yaml", "schema: 1\nname: p\nsends: block\nsource: s\n");
  CHECK(edgeflow(scratch, "validate p.yaml").out.find("messaging profile p") != std::string::npos);
}

TEST_CASE("a wifi is drawn with the rate of each station, the access point without") {
  const Scratch scratch;
  scratch.write("w.yaml",
                "schema: 1\n"
                "network: {type: wifi, bandwidth: 80Mbps, access_point: a}\n"
                "devices:\n"
                "  - {name: a, mac_rate: 5GMAC/s}\n"
                "  - {name: b, mac_rate: 5GMAC/s, bandwidth: 8Mbps}\n");
  const std::string dot = edgeflow(scratch, "inspect w.yaml --dot").out;
  CHECK(dot.find("  d0 -- n0;\n  d1 -- n0 [label=\"8 Mbit/s\"];\n") != std::string::npos);
  CHECK(dot.find("n0 [shape=ellipse, label=\"wifi\"]") != std::string::npos);
}

TEST_CASE("a medium is shown with its efficiency, and its platform file carries as much") {
  const Scratch scratch;
  const auto devices = [](const std::string& rate) {  // none with a platform file, which has it
    return "devices:\n"
           "  - {name: a, mac_rate: 5GMAC/s}\n"
           "  - {name: b, mac_rate: 5GMAC/s" +
           rate +
           "}\n"
           "  - {name: c, mac_rate: 5GMAC/s}\n";
  };
  scratch.write("w.yaml",
                "schema: 1\n"
                "network: {type: wifi, bandwidth: 80Mbps, efficiency: 0.5, access_point: a}\n" +
                    devices(", bandwidth: 8Mbps"));
  const std::string text = edgeflow(scratch, "inspect w.yaml").out;
  CHECK(text.find("wifi at 0.5 of 80 Mbit/s") != std::string::npos);
  CHECK(edgeflow(scratch, "inspect w.yaml --dot").out.find("label=\"4 Mbit/s\"") !=
        std::string::npos);
  scratch.write("p.xml", edgeflow(scratch, "inspect w.yaml --xml").out);
  scratch.write("p.yaml", "schema: 1\nnetwork: {type: simgrid, file: p.xml}\n" + devices(""));
  const auto routes = [](const std::string& shown) { return shown.substr(shown.find("\nfrom ")); };
  CHECK(routes(text).find(" 4 Mbit/s") != std::string::npos);  // b to a
  CHECK(routes(edgeflow(scratch, "inspect p.yaml").out) == routes(text));
}

TEST_CASE("a network is described by its nodes, and by the links of its lines each way") {
  const Scratch scratch;
  scratch.write("w.yaml",
                "schema: 1\n"
                "network: {type: wifi, bandwidth: 80Mbps, latency: 3ms, access_point: a}\n"
                "devices:\n"
                "  - {name: a, mac_rate: 5GMAC/s}\n"
                "  - {name: b, mac_rate: 5GMAC/s, bandwidth: 8Mbps}\n");
  const auto wifi =
      nlohmann::json::parse(edgeflow(scratch, "inspect w.yaml --json").out)["network"];
  CHECK(wifi["type"] == "wifi");
  CHECK(wifi["nodes"][1] == nlohmann::json{{"name", "b"}, {"kind", "device"}});
  // A message between stations crosses the medium twice: half of its latency each time.
  CHECK(wifi["nodes"][2] ==
        nlohmann::json{
            {"name", "wifi"}, {"kind", "medium"}, {"bandwidth_Bps", 1e7}, {"latency_s", 0.0015}});
  CHECK(wifi["edges"][0]["forth"]["bandwidth_Bps"] == 1e7);
  const nlohmann::json air{{"link", "wifi"}, {"bandwidth_Bps", 1e6}, {"latency_s", 0.0015}};
  CHECK(wifi["edges"][1] == nlohmann::json{{"a", 1}, {"b", 2}, {"forth", air}, {"back", air}});

  scratch.write("s.yaml",
                "schema: 1\n"
                "network: {type: switch, bandwidth: 8Mbps, latency: 1ms}\n"
                "devices: [{name: a, mac_rate: 5GMAC/s, up: 16Mbps, down: 24Mbps}]\n");
  const auto port =
      nlohmann::json::parse(edgeflow(scratch, "inspect s.yaml --json").out)["network"];
  CHECK(port["nodes"][1] == nlohmann::json{{"name", "switch"}, {"kind", "switch"}});
  CHECK(port["edges"][0]["forth"] ==
        nlohmann::json{{"link", "a:up"}, {"bandwidth_Bps", 2e6}, {"latency_s", 0.0005}});
  CHECK(port["edges"][0]["back"]["bandwidth_Bps"] == 3e6);
}

TEST_CASE("a run describes its network, but not one that is too large to be drawn") {
  const Scratch scratch;
  for (const auto& [count, nodes] :
       {std::pair("99", 100U), std::pair("100", 0U)}) {  // and the switch
    const Outcome outcome = test::shell(
        scratch, "\"$edgeflow\" run " + kData + "/cli/tiny_scenario.yaml -o out" + count +
                     " --set 'cluster.devices=[{name: a, mac_rate: 96MAC/s, count: " + count +
                     "}]' --set strategies=[single] > /dev/null && cat out" + count +
                     "/runs/*/network.json");
    REQUIRE(outcome.exit_code == 0);
    const auto json = nlohmann::json::parse(outcome.out);
    CHECK(json["type"] == "switch");
    CHECK(json.value("nodes", nlohmann::json::array()).size() == nodes);
  }
}

TEST_CASE("models and clusters are inspected as text, table, JSON and graph") {
  const Scratch scratch;
  const std::string tiny = kData + "/cli/tiny.yaml";
  CHECK(edgeflow(scratch, "inspect " + tiny + " --csv").out ==
        "name,op,inputs,out_shape,params,macs,cut_point,split_axes,cost_kind,in_elements,"
        "out_elements,weight_elements\n"
        "input,input,,1x3x4x4,0,0,0,,view,0,0,0\n"
        // 3*4*4 in, 2*4*4 out, 2*3 weights and 2 biases.
        "conv,conv,input,1x2x4x4,8,96,0,channel row column,general,48,32,8\n");
  CHECK(edgeflow(scratch, "inspect " + tiny + " --dot").out.find("n0 -> n1;") != std::string::npos);
  CHECK(edgeflow(scratch, "inspect " + tiny).out.find("macs         96") != std::string::npos);
  const auto cluster = nlohmann::json::parse(edgeflow(scratch, "inspect pi4x3-nano --json").out);
  CHECK(cluster["devices"].size() == 4);
  CHECK(cluster["routes"].size() == 12);
  CHECK(cluster["network"]["bandwidth_Bps"] == 12.5e6);  // 100 Mbit/s
  CHECK(edgeflow(scratch, "inspect pi4x3-nano").out.find("nano") != std::string::npos);
  CHECK(edgeflow(scratch, "inspect pi4x3-nano --csv").out.starts_with("name,type,framework,"));
  const Outcome unknown = edgeflow(scratch, "inspect yolov55s");
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err ==
        "there is no model, device, cluster or file \"yolov55s\" (did you mean \"yolov5s\"?)\n");
  CHECK(edgeflow(scratch, "inspect vgg16 --csv --json").exit_code == 2);
}

}  // namespace edgeflow
