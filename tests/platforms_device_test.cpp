#include "platforms/device.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <utility>

#include "tests/support/input_error.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/number.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

using test::error_of;

const std::string kHead = "schema: 1\nname: board\n";
const std::string kCompute =
    "compute:\n"
    "  - {framework: ncnn, threads: 4, mac_rate: 10GMAC/s, source: a paper}\n";

DeviceProfile read(const std::string& text) {
  const Document document(text, "board.yaml");
  return read_device(document);
}

std::string read_error(const std::string& text) {
  return error_of([&] { (void)read(text); });
}

/// Work with 1.75 million elements, that is 7 MB at 4 bytes each, and 2 GMAC.
Work work_of(MacKind kind) { return {kind, false, 2'000'000'000, 1'000'000, 500'000, 250'000}; }

ComputeProfile example_profile() {
  ComputeProfile profile;
  profile.mac_rate = 4e9;
  profile.byte_rate_Bps = 700e6;
  profile.overhead_s = 1e-3;
  profile.winograd_factor = 0.44;
  profile.spatial_factor = 1.5;
  profile.matrix_factor = 3;
  profile.fully_connected_factor = 0;
  return profile;
}

/// Time of a whole zoo model on a device, layer after layer.
double model_time_s(const std::string& model, const ComputeProfile& profile) {
  const Graph graph = fold(load_model(model, ""));
  double time_s = 0;
  for (const Layer& layer : graph.layers()) {
    if (layer.op == Op::kInput) continue;
    time_s += compute_time_s(profile, work(layer, layer.output.box));
  }
  return time_s;
}

}  // namespace

TEST_CASE("computing takes k*MAC/P + bytes/B + o") {
  const ComputeProfile profile = example_profile();
  // 2e9 / 4e9 = 0.5 s, 7 MB / 700 MB/s = 0.01 s, o = 0.001 s.
  CHECK(compute_time_s(profile, work_of(MacKind::kGeneral)) == doctest::Approx(0.511));
  // k = 0.44: 0.22 s of MACs.
  CHECK(compute_time_s(profile, work_of(MacKind::kDense3x3)) == doctest::Approx(0.231));
  // k = 0: bytes only.
  CHECK(compute_time_s(profile, work_of(MacKind::kFullyConnected)) == doctest::Approx(0.011));
  // k = 1.5 and 3.
  CHECK(compute_time_s(profile, work_of(MacKind::kSpatial)) == doctest::Approx(0.761));
  CHECK(compute_time_s(profile, work_of(MacKind::kMatrix)) == doctest::Approx(1.511));
  Work pooling = work_of(MacKind::kNone);
  pooling.macs = 0;
  CHECK(compute_time_s(profile, pooling) == doctest::Approx(0.011));
}

TEST_CASE("the elements that Winograd transforms cost their factor, weights do not") {
  ComputeProfile profile = example_profile();
  profile.winograd_byte_factor = 8;
  // 0.22 s of MACs, (8 * 6 MB + 1 MB) / 700 MB/s = 0.07 s, o = 0.001 s.
  CHECK(compute_time_s(profile, work_of(MacKind::kDense3x3)) == doctest::Approx(0.291));
  CHECK(compute_time_s(profile, work_of(MacKind::kGeneral)) == doctest::Approx(0.511));
  CHECK(input_element_time_s(profile, work_of(MacKind::kDense3x3)) ==
        doctest::Approx(8 * 4 / 700e6));
  CHECK(input_element_time_s(profile, work_of(MacKind::kGeneral)) == doctest::Approx(4 / 700e6));
}

TEST_CASE("a measured layer takes its time, and a part of it its share beyond the overhead") {
  const Graph graph = fold(load_model("resnet18", ""));
  const auto conv = std::find_if(graph.layers().begin(), graph.layers().end(),
                                 [](const Layer& layer) { return layer.name == "conv1"; });
  REQUIRE(conv != graph.layers().end());
  REQUIRE(!conv->folded.empty());
  const DeviceProfile device =
      read(kHead +
           "compute:\n  - {framework: ncnn, threads: 4, mac_rate: 10GMAC/s, overhead: 1ms, "
           "source: s, layer_time: {resnet18: {conv1: 8ms, maxpool: 0.5ms, " +
           conv->folded.front() + ": 1ms}}}\n");
  const ComputeProfile& profile = device.compute.front();
  // 8 ms and 1 ms of what is folded into it.
  CHECK(compute_time_s(profile, work(*conv, conv->output.box)) == doctest::Approx(9e-3));
  Region quarter = conv->output.box;
  quarter[Axis::kRow].end /= 4;
  CHECK(compute_time_s(profile, work(*conv, quarter)) == doctest::Approx(1e-3 + 8e-3 / 4));
  CHECK(compute_time_s(profile, work(*conv, quarter), false) == doctest::Approx(8e-3 / 4));
  CHECK(input_element_time_s(profile, work(*conv, quarter)) == 0);
  // A layer faster than the overhead takes its time, however small the part.
  const Layer& pool = *(conv + 1);
  REQUIRE(pool.name == "maxpool");
  Region row = pool.output.box;
  row[Axis::kRow].end = 1;
  CHECK(compute_time_s(profile, work(pool, row)) == doctest::Approx(0.5e-3));
  // The others are left to the formula: MAC / 10 GMAC/s + 1 ms.
  const Layer& other = *(conv + 2);
  const Work whole = work(other, other.output.box);
  CHECK(compute_time_s(profile, whole) ==
        doctest::Approx(static_cast<double>(whole.macs) / 10e9 + 1e-3));
}

TEST_CASE("mistakes in a table of layer times are answered with their line") {
  const auto error = [](const std::string& table) {
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / "layer_times";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "times.csv") << table;
    std::ofstream(folder / "board.yaml")
        << kHead +
               "compute: [{framework: ncnn, threads: 4, mac_rate: 1GMAC/s, source: s, "
               "layer_time: times.csv}]\n";
    std::string text = error_of([&] {
      const DeviceProfile device = load_device("board.yaml", folder);
      check_layer_times(*device.compute.front().layer_times, fold(load_model("resnet18", "")));
    });
    std::filesystem::remove_all(folder);
    const std::size_t start = text.find("times.csv:");
    return start == std::string::npos ? text : text.substr(start);
  };
  CHECK(error("model,layer,ms\nresnet18,conv1,3\n# remark\nresnet18,,90\n") == "no error");
  CHECK(error("") == "times.csv: is empty, expected the columns model, layer, ms");
  CHECK(error("model,ms\n") == "times.csv:1:1: there is no column \"layer\"");
  CHECK(error("model,layer,ms\nresnet18,conv1\n") == "times.csv:2:1: has 2 cells, expected 3");
  CHECK(error("model,layer,ms\nresnet18,conv1,-3\n") ==
        "times.csv:2:16: ms is \"-3\", expected a number over 0, at most 1e9");
  CHECK(error("model,layer,ms\nresnet18,conv1,nan\n") ==
        "times.csv:2:16: ms is \"nan\", expected a number over 0, at most 1e9");
  CHECK(error("model,layer,ms\nresnet18,conv1,3\nresnet18,conv1,4\n") ==
        "times.csv:3:10: layer \"conv1\" of model \"resnet18\" stands here twice");
  CHECK(error("model,layer,ms\nresnet18,konv1,3\n") ==
        "times.csv:2:10: model \"resnet18\" has no layer \"konv1\" (did you mean \"conv1\"?)");
  CHECK(error("device,model,layer,ms\na,resnet18,conv1,3\nb,resnet18,maxpool,3\n") ==
        "times.csv:3:1: device is \"b\", expected \"a\" as above: one file per device");
  // Rows of other frameworks and thread counts are of other profiles.
  CHECK(error("threads,model,layer,ms\n1,resnet18,konv1,3\n") == "no error");
}

TEST_CASE("the overhead per layer can be left out, and views take no time") {
  const ComputeProfile profile = example_profile();
  CHECK(compute_time_s(profile, work_of(MacKind::kGeneral), false) == doctest::Approx(0.510));
  Work view;
  view.view = true;
  CHECK(compute_time_s(profile, view) == 0);
}

TEST_CASE("without a byte rate bytes cost nothing") {
  ComputeProfile profile;
  profile.mac_rate = 4e9;
  CHECK(compute_time_s(profile, work_of(MacKind::kDense3x3)) == 0.5);  // factors are 1 by default
}

TEST_CASE("a device file is read in full") {
  const DeviceProfile device = read(
      "schema: 1\nname: rpi4\ndescription: a board\n"
      "memory: {size: 4GiB, source: m}\n"
      "power: {idle: 1.6W, busy: 5W, source: p}\n"
      "compute:\n"
      "  - {framework: ncnn, threads: 4, mac_rate: 10.34GMAC/s, byte_rate: 7.747GB/s, overhead: "
      "126.6us, winograd_factor: 0.44, fully_connected_factor: 0, source: c4}\n"
      "  - {framework: tflite, threads: 1, mac_rate: 2GFLOP/s, source: c1}\n");
  CHECK(device.name == "rpi4");
  CHECK(device.description == "a board");
  CHECK(device.memory_bytes == 4294967296.0);
  CHECK(device.idle_W == 1.6);
  CHECK(device.busy_W == 5);
  REQUIRE(device.compute.size() == 2);
  CHECK(device.compute[0].framework == "ncnn");
  CHECK(device.compute[0].threads == 4);
  CHECK(device.compute[0].mac_rate == doctest::Approx(10.34e9).epsilon(1e-15));
  CHECK(device.compute[0].byte_rate_Bps == doctest::Approx(7.747e9).epsilon(1e-15));
  CHECK(device.compute[0].overhead_s == doctest::Approx(126.6e-6).epsilon(1e-15));
  CHECK(device.compute[0].winograd_factor == 0.44);
  CHECK(device.compute[0].fully_connected_factor == 0);
  CHECK(device.compute[0].source == "c4");
  CHECK(device.compute[1].mac_rate == 1e9);
  CHECK(std::isinf(device.compute[1].byte_rate_Bps));
  CHECK(device.compute[1].overhead_s == 0);
  CHECK(device.compute[1].winograd_factor == 1);
  CHECK(device.compute[1].fully_connected_factor == 1);
}

TEST_CASE("every rate is read into its own member, and tells profiles apart") {
  const ComputeProfile plain = read(kHead + kCompute).compute.front();
  CHECK(same_rates(plain, plain));
  for (const Rate& rate : rates()) {
    CAPTURE(rate.key);
    const std::string value = rate.unit ? with_unit(0.5, si_unit(*rate.unit)) : std::string("0.5");
    std::string text = kHead + kCompute;
    if (rate.key == "mac_rate") {
      text.replace(text.find("10GMAC/s"), 8, value);
    } else {
      text.insert(text.find(", source"), ", " + std::string(rate.key) + ": " + value);
    }
    const ComputeProfile changed = read(text).compute.front();
    CHECK_FALSE(same_rates(plain, changed));
    for (const Rate& other : rates()) {
      CHECK(changed.*other.member == (other.key == rate.key ? 0.5 : plain.*other.member));
    }
  }
}

TEST_CASE("profiles with the same layer times are alike wherever these were read") {
  const auto profile = [](const std::string& time) {
    return read(kHead + "compute: [{framework: f, threads: 1, mac_rate: 1GMAC/s, source: s, " +
                "layer_time: {m: {conv: " + time + "}}}]\n")
        .compute.front();
  };
  CHECK(same_rates(profile("3ms"), profile("3ms")));
  CHECK_FALSE(same_rates(profile("3ms"), profile("4ms")));
  ComputeProfile without = profile("3ms");
  without.layer_times = nullptr;
  CHECK_FALSE(same_rates(profile("3ms"), without));
  CHECK_FALSE(same_rates(without, profile("3ms")));
}

TEST_CASE(
    "every power is read into its own member; sending and receiving are as idle if left out") {
  const DeviceProfile all = read(
      kHead + "power: {idle: 1W, busy: 5W, transmit: 2W, receive: 3W, source: p}\n" + kCompute);
  CHECK(all.idle_W == 1);
  CHECK(all.busy_W == 5);
  CHECK(all.transmit_W == 2);
  CHECK(all.receive_W == 3);
  const DeviceProfile some =
      read(kHead + "power: {idle: 1W, busy: 5W, receive: 3W, source: p}\n" + kCompute);
  CHECK(some.transmit_W == 1);
  CHECK(some.receive_W == 3);
  CHECK(read_error(kHead + "power: {idle: 2W, busy: 5W, transmit: 1W, source: p}\n" + kCompute) ==
        "board.yaml:3:39: at power.transmit: is less than the idle power");
}

TEST_CASE("what a device file leaves out is without limit or not known") {
  const DeviceProfile device = read(kHead + kCompute);
  CHECK(std::isinf(device.memory_bytes));
  CHECK(std::isnan(device.idle_W));
  CHECK(std::isnan(device.busy_W));
}

TEST_CASE("mistakes in a device file are answered with their place") {
  CHECK(read_error(kCompute) == "board.yaml:1:1: missing key \"schema\"");
  CHECK(read_error("schema: 2\nname: b\n" + kCompute) ==
        "board.yaml:1:9: at schema: got \"2\", expected an integer equal to 1");
  CHECK(read_error(kHead) == "board.yaml:1:1: missing key \"compute\"");
  CHECK(read_error(kHead + "memroy: 4GiB\n" + kCompute) ==
        "board.yaml:3:1: unknown key \"memroy\" (did you mean \"memory\"?)");
  CHECK(read_error(kHead + "memory: 4GiB\n" + kCompute) ==
        "board.yaml:3:9: at memory: got \"4GiB\", expected a map");
  CHECK(read_error(kHead + "memory: {size: 4GiB}\n" + kCompute) ==
        "board.yaml:3:9: at memory: missing key \"source\"");
  CHECK(read_error(kHead + "power: {idle: 2, busy: 5W, source: s}\n" + kCompute) ==
        "board.yaml:3:15: at power.idle: got \"2\", expected a power such as 5W");
  CHECK(read_error(kHead + "power: {idle: 6W, busy: 5W, source: s}\n" + kCompute) ==
        "board.yaml:3:25: at power.busy: is less than the idle power");
  CHECK(read_error(kHead + "power: {idle: 2W, source: s}\n" + kCompute) ==
        "board.yaml:3:8: at power: missing key \"busy\"");
  CHECK(read_error(kHead + "compute: []\n") ==
        "board.yaml:3:10: at compute: is empty, expected at least one compute profile");
  CHECK(read_error("schema: 1\nname: a board\n" + kCompute) ==
        "board.yaml:2:7: at name: got \"a board\", expected a name of letters, digits and any of "
        "-_.+");
}

TEST_CASE("mistakes in a compute profile are answered with their place") {
  const auto error = [](const std::string& profile) {
    return read_error(kHead + "compute: [{framework: ncnn, threads: 4, " + profile + "}]\n");
  };
  CHECK(error("mac_rate: 8GMAC/s") == "board.yaml:3:11: at compute[0]: missing key \"source\"");
  CHECK(error("source: s") == "board.yaml:3:11: at compute[0]: missing key \"mac_rate\"");
  CHECK(error("mac_rate: 8, source: s") ==
        "board.yaml:3:51: at compute[0].mac_rate: got \"8\", expected a MAC rate such as 8GMAC/s");
  CHECK(error("mac_rate: 0GMAC/s, source: s") ==
        "board.yaml:3:51: at compute[0].mac_rate: got \"0GMAC/s\", expected a MAC rate such as "
        "8GMAC/s, more than zero");
  CHECK(error("mac_rate: 8GMAC/s, source: s, byte_rate: 8Gbps") ==
        "board.yaml:3:82: at compute[0].byte_rate: got \"8Gbps\", expected a byte rate such as "
        "8GB/s");
  CHECK(error("mac_rate: 8GMAC/s, source: s, winograd_factor: -1") ==
        "board.yaml:3:88: at compute[0].winograd_factor: got \"-1\", expected a number from 0 to "
        "100");
  CHECK(error("mac_rate: 8GMAC/s, source: s, gpu: 1") ==
        "board.yaml:3:71: at compute[0]: unknown key \"gpu\" (known: framework, threads, "
        "precision, precision_inferred, mac_rate, byte_rate, overhead, task_overhead, "
        "winograd_factor, winograd_byte_factor, spatial_factor, matrix_factor, "
        "fully_connected_factor, message_overhead, serialization_rate, messaging, "
        "sends, layer_time, error, source)");
  CHECK(read_error(kHead + kCompute +
                   "  - {framework: ncnn, threads: 4, mac_rate: 1MAC/s, "
                   "source: s}\n") ==
        "board.yaml:5:5: at compute[1]: \"ncnn\" with 4 threads stands here twice");
  const std::string rates = "mac_rate: 8GMAC/s, source: s, ";
  CHECK(error(rates + "precision: int4") ==
        "board.yaml:3:82: at compute[0].precision: got \"int4\", expected one of fp32, fp16, int8 "
        "(did you mean \"int8\"?)");
  CHECK(error(rates + "precision_inferred: true") ==
        "board.yaml:3:91: at compute[0].precision_inferred: there is no precision beside it");
  CHECK(error(rates + "error: {median: 20%, p90: 9%, points: 8}") ==
        "board.yaml:3:97: at compute[0].error.p90: is less than the median");
  CHECK(error(rates + "error: {median: 0.2, p90: 9%, points: 8}") ==
        "board.yaml:3:87: at compute[0].error.median: got \"0.2\", expected a share such as 12.5%");
  CHECK(error(rates + "error: {median: 2%, p90: 9%, points: 0}")
            .starts_with("board.yaml:3:108: at compute[0].error.points: got \"0\""));
}

TEST_CASE("a profile knows what it was measured in, and how far its fit is off") {
  const DeviceProfile device =
      read(kHead +
           "precisions: [fp16, int8]\ncompute:\n"
           "  - {framework: f, threads: 4, mac_rate: 1GMAC/s, precision: fp16, source: s,\n"
           "     precision_inferred: true, error: {median: 0%, p90: 37.5%, points: 8}}\n"
           "  - {framework: f, threads: 4, mac_rate: 2GMAC/s, precision: int8, source: s}\n"
           "  - {framework: f, threads: 4, mac_rate: 3GMAC/s, source: s}\n");
  CHECK(device.precisions == std::vector<Precision>{Precision::kFp16, Precision::kInt8});
  const ComputeProfile& half = device.compute[0];
  CHECK(half.precision == Precision::kFp16);
  CHECK(half.precision_inferred);
  CHECK(half.error->median == 0);
  CHECK(half.error->p90 == 0.375);
  CHECK(half.error->points == 8);
  CHECK(describe(half) == "f, 4 threads, fp16");
  const ComputeProfile& bytes = device.compute[1];
  CHECK_FALSE(bytes.precision_inferred);
  CHECK_FALSE(bytes.error);
  const ComputeProfile& unknown = device.compute[2];
  CHECK_FALSE(unknown.precision);
  // Only what was measured in the precision is known; floating point stands for what nobody states.
  CHECK(assumes_rates(half, Precision::kFp32));
  CHECK_FALSE(assumes_rates(half, Precision::kFp16));
  CHECK(assumes_rates(half, Precision::kInt8));
  CHECK(assumes_rates(bytes, Precision::kFp16));
  CHECK_FALSE(assumes_rates(bytes, Precision::kInt8));
  CHECK_FALSE(assumes_rates(unknown, Precision::kFp32));
  CHECK_FALSE(assumes_rates(unknown, Precision::kFp16));
  CHECK(assumes_rates(unknown, Precision::kInt8));
  CHECK(read_error(
            kHead + "compute:\n" +
            "  - {framework: f, threads: 4, mac_rate: 1MAC/s, precision: int8, source: s}\n"
            "  - {framework: f, threads: 4, mac_rate: 1MAC/s, precision: int8, source: s}\n") ==
        "board.yaml:5:5: at compute[1]: \"f\" with 4 threads in int8 stands here twice");
}

TEST_CASE("every shipped device can be read and is called like its file") {
  const std::vector<std::string> names = catalogue_names("platforms/devices");
  CHECK(names.size() >= 30);
  for (const std::string& name : names) {
    CAPTURE(name);
    const DeviceProfile device = load_device(name, "");
    CHECK(device.name == name);
    CHECK(device.description != "");
    CHECK(std::isnan(device.idle_W) == std::isnan(device.busy_W));
    for (const ComputeProfile& compute : device.compute) {
      // Leave-one-model-out; no run times fewer than 6 networks.
      REQUIRE(compute.error);
      CHECK(compute.error->points >= 6);
      CHECK(compute.error->median <= compute.error->p90);
      // What ncnn computed in follows from the cores, int8 from the networks.
      CHECK(compute.precision_inferred ==
            (compute.precision && *compute.precision != Precision::kInt8));
    }
  }
}

TEST_CASE("the shipped Raspberry Pi 4 takes about as long as published") {
  // 4 threads, fastest of the runs: github.com/Tencent/ncnn, commit a4d2ea1d, benchmark/README.md,
  // Raspberry Pi 4B, 2023-06-15. Its profile is a fit to these and other networks whose
  // leave-one-model-out error has its median at 18 % and its 90th percentile at 56 %. (ncnn's
  // SqueezeNet reads 227x227 pixels instead of the zoo's 224x224, 3 % more.)
  const ComputeProfile rpi4 = load_device("rpi4", "").compute.front();
  CHECK(model_time_s("squeezenet1_1", rpi4) == doctest::Approx(46.28e-3).epsilon(0.4));
  CHECK(model_time_s("mobilenet_v2", rpi4) == doctest::Approx(61.63e-3).epsilon(0.4));
  CHECK(model_time_s("resnet18", rpi4) == doctest::Approx(122.27e-3).epsilon(0.4));
  CHECK(model_time_s("vgg16", rpi4) == doctest::Approx(541.66e-3).epsilon(0.4));
  // In int8, from the same run.
  const ComputeProfile int8 = load_device("rpi4", "").compute[2];
  REQUIRE(int8.precision == Precision::kInt8);
  REQUIRE(int8.threads == rpi4.threads);
  CHECK(model_time_s("squeezenet1_1", int8) == doctest::Approx(42.18e-3).epsilon(0.4));
  CHECK(model_time_s("resnet18", int8) == doctest::Approx(82.19e-3).epsilon(0.4));
  CHECK(model_time_s("resnet50", int8) == doctest::Approx(195.60e-3).epsilon(0.4));
  CHECK(model_time_s("vgg16", int8) == doctest::Approx(391.44e-3).epsilon(0.4));
}

TEST_CASE("the default profile of every shipped device is the one that was timed the fastest") {
  using Entry = std::pair<std::string, int>;  // framework, threads
  std::map<std::string, std::map<Entry, std::map<std::string, double>>> times_ms;  // by network
  CsvReader table(home_folder() / "platforms/measured/ncnn.csv");  // in floating point
  while (table.next()) {
    const auto text = [&](const char* column) { return table.text(table.column(column).value()); };
    times_ms[text("device")][{text("framework"), std::stoi(text("threads"))}][text("model")] =
        std::stod(text("ms"));
  }
  for (const std::string& name : catalogue_names("platforms/devices")) {
    CAPTURE(name);
    const ComputeProfile first = load_device(name, "").compute[0];
    CHECK(first.precision != Precision::kInt8);
    const auto& entries = times_ms.at(name);
    const auto& own = entries.at({first.framework, first.threads});
    const auto everywhere = [&](const std::string& model) {
      return std::all_of(entries.begin(), entries.end(),
                         [&](const auto& entry) { return entry.second.contains(model); });
    };
    for (const auto& [key, other] : entries) {
      INFO(key.first << " with " << key.second << " threads");
      double logarithms = 0;  // of how many times as long the default takes
      for (const auto& [model, ms] : own) {
        if (everywhere(model)) logarithms += std::log(ms / other.at(model));
      }
      CHECK(logarithms <= 0);
    }
  }
}

TEST_CASE("a device that is not there is answered with the nearest name") {
  CHECK(error_of([] { (void)load_device("rpi-4", ""); }).find("(did you mean \"rpi4\"?)") !=
        std::string::npos);
}

}  // namespace edgeflow
