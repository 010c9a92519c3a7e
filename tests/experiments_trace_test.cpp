// trace.json of whole runs against the tables of the same runs.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/csv_table.hpp"
#include "tests/support/program.hpp"

namespace edgeflow {
namespace {

using test::read_table;
using test::read_text;
using test::Scratch;
using test::sum_of;
using test::Table;

/// The folder of the only run of a scenario, traced.
std::filesystem::path traced_run(const Scratch& scratch, const std::string& scenario,
                                 const std::string& changes) {
  const auto outcome = test::edgeflow(scratch, "run " + scenario + " --trace -o out " + changes);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return std::filesystem::directory_iterator(scratch.folder() / "out/runs")->path();
}

/// What trace.json says, put together by device (process) and track (thread).
struct Events {
  std::map<std::pair<int, int>, std::vector<std::pair<double, double>>> tracks;  // start, end
  std::map<int, double> busy_us, peak_bytes;                                     // by device
  std::map<char, std::map<std::int64_t, int>> arrows;  // by step: how often each message
  double sent_bytes = 0;
  std::size_t units = 0, transfers = 0, message_works = 0;

  explicit Events(const std::filesystem::path& file) {
    const auto trace = nlohmann::json::parse(read_text(file));
    for (const auto& event : trace["traceEvents"]) add(event);
  }

  void add(const nlohmann::json& event) {
    const std::string kind = event["ph"];
    const int device = event["pid"];
    if (kind == "C") {
      peak_bytes[device] = std::max(peak_bytes[device], event["args"]["bytes"].get<double>());
    }
    if (kind == "s" || kind == "t" || kind == "f") ++arrows[kind[0]][event["id"]];
    if (kind != "X") return;
    const double start_us = event["ts"];
    const double length_us = event["dur"];
    tracks[{device, event["tid"]}].emplace_back(start_us, start_us + length_us);
    if (event["cat"] == "transfer") {
      ++transfers;
      sent_bytes += event["args"]["bytes"].get<double>();
      return;
    }
    busy_us[device] += length_us;
    ++(event["cat"] == "send" || event["cat"] == "receive" ? message_works : units);
  }
};

void check_sums(const std::filesystem::path& folder, const Events& events) {
  const Table devices = read_table(folder / "devices.csv");
  const Table transfers = read_table(folder / "transfers.csv");
  CHECK(events.units == read_table(folder / "units.csv").size());
  CHECK(events.transfers == transfers.size());
  for (std::size_t d = 0; d < devices.size(); ++d) {
    const int device = static_cast<int>(d);
    INFO(devices[d].at("device"));
    REQUIRE(events.busy_us.contains(device));
    CHECK(events.busy_us.at(device) * 1e-6 ==
          doctest::Approx(std::stod(devices[d].at("busy_s"))).epsilon(1e-9));
    CHECK(events.peak_bytes.at(device) == std::stod(devices[d].at("peak_memory_bytes")));
  }
  CHECK(events.sent_bytes == doctest::Approx(sum_of(devices, "sent_bytes")).epsilon(1e-12));
  CHECK(events.sent_bytes == doctest::Approx(sum_of(transfers, "bytes")).epsilon(1e-12));
  for (const char step : {'s', 't', 'f'}) {
    REQUIRE(events.arrows.contains(step));
    CHECK(events.arrows.at(step).size() == transfers.size());
    for (const auto& [id, count] : events.arrows.at(step)) CHECK(count == 1);
  }
}

void check_nesting(Events events) {
  for (auto& [track, list] : events.tracks) {
    INFO("device " << track.first << ", track " << track.second);
    std::ranges::sort(list);
    double end_us = 0;
    int overlaps = 0;
    for (const auto& [start, end] : list) {
      // What takes no time may lie within something that does.
      const bool later = start >= end_us - 1e-6;
      const bool within = end <= end_us + 1e-6 && end - start <= 1e-9;
      overlaps += later || within ? 0 : 1;
      end_us = std::max(end_us, end);
    }
    CHECK(overlaps == 0);
  }
}

}  // namespace

TEST_CASE("a trace of events nests on every track and sums to the tables") {
  const Scratch scratch;
  const auto folder =
      traced_run(scratch, test::data_folder() + "/cli/tiny_scenario.yaml",
                 "--set strategy=even --set requests.count=5"
                 " --set \"requests.arrivals={process: burst, rate: 1/s, size: 2}\"");
  const Events events(folder / "trace.json");
  check_sums(folder, events);
  check_nesting(events);
  CHECK(events.message_works == 0);
}

TEST_CASE("a trace of a busy cluster holds the CPU work of messages, and still sums") {
  const Scratch scratch;
  const auto folder = traced_run(scratch, test::data_folder() + "/cli/busy_scenario.yaml", "");
  const Events events(folder / "trace.json");
  CHECK(events.units > 3000);
  // Every message is packed and unpacked, whatever its size.
  CHECK(events.message_works == 2 * events.transfers);
  check_sums(folder, events);
  check_nesting(events);
}

TEST_CASE("in a trace of several streams each has tracks of its own") {
  const Scratch scratch;
  const auto folder = traced_run(scratch, test::data_folder() + "/cli/streams_scenario.yaml", "");
  const Events events(folder / "trace.json");
  check_sums(folder, events);
  check_nesting(events);
  CHECK(events.tracks.contains({3, 0}));
  CHECK(events.tracks.contains({3, 1'000'000}));
}

}  // namespace edgeflow
