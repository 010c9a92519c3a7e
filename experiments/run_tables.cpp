#include "experiments/run_tables.hpp"

#include "experiments/csv.hpp"

namespace edgeflow {
namespace {

std::string utilisation(double busy_s, const Run& run) {
  return run.result.makespan_s > 0 ? cell(busy_s / run.result.makespan_s) : "";
}

}  // namespace

std::string requests_csv(const SimulationResult& result, const Scenario& scenario) {
  std::string text =
      csv_row({"request", "arrival_s", "finish_s", "latency_s", "compute_s", "transfer_s",
               "queue_s", "wait_s", "warm_up", "missed", "energy_J", "stream"});
  for (const RequestRecord& r : result.requests) {
    const Scenario& stream = scenario.all_streams()[static_cast<std::size_t>(r.stream)];
    const Requests& requests = stream.requests;
    const double latency_s = r.finish_s - r.arrival_s;
    const bool limited = requests.deadline_s > 0;
    text += csv_row({std::to_string(r.request), cell(r.arrival_s), cell(r.finish_s),
                     cell(latency_s), cell(r.compute_s), cell(r.transfer_s), cell(r.queue_s),
                     cell(r.wait_s), r.request < requests.warm_up ? "1" : "0",
                     !limited                          ? ""
                     : latency_s > requests.deadline_s ? "1"
                                                       : "0",
                     cell(r.energy_J), scenario.streams.empty() ? "" : stream.name});
  }
  return text;
}

std::string devices_csv(const Run& run, const Scenario& scenario) {
  std::string text =
      csv_row({"device", "type", "busy_s", "sent_bytes", "received_bytes", "peak_memory_bytes",
               "memory_bytes", "energy_J", "utilisation", "transmit_s", "receive_s"});
  for (std::size_t d = 0; d < run.result.devices.size(); ++d) {
    const DeviceRecord& r = run.result.devices[d];
    const Device& device = scenario.cluster->devices()[d];
    text += csv_row({device.name, device.type, cell(r.busy_s), cell(r.sent_bytes),
                     cell(r.received_bytes), cell(r.peak_memory_bytes), cell(device.memory_bytes),
                     cell(r.energy_J), utilisation(r.busy_s, run), cell(r.transmit_s),
                     cell(r.receive_s)});
  }
  return text;
}

std::string links_csv(const Run& run, const Scenario& scenario) {
  std::string text = csv_row(
      {"link", "bandwidth_Bps", "bytes", "busy_s", "utilisation", "energy_J", "background_bytes"});
  for (std::size_t l = 0; l < run.result.links.size(); ++l) {
    const LinkRecord& r = run.result.links[l];
    const Link& link = scenario.cluster->network().links[l];
    text += csv_row({link.name, cell(link.bandwidth_Bps), cell(r.bytes), cell(r.busy_s),
                     utilisation(r.busy_s, run), cell(r.energy_J), cell(r.background_bytes)});
  }
  return text;
}

}  // namespace edgeflow
