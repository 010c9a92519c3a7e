#include "experiments/run_tables.hpp"

#include "experiments/csv.hpp"

namespace edgeflow {
namespace {

const char* kind_name(UnitKind kind) {
  switch (kind) {
    case UnitKind::kInput:
      return "input";
    case UnitKind::kCompute:
      return "compute";
    case UnitKind::kRelay:
      return "relay";
  }
  return "";
}

}  // namespace

std::string requests_csv(const SimulationResult& result) {
  std::string text = csv_row({"request", "arrival_s", "finish_s", "latency_s", "compute_s",
                              "transfer_s", "queue_s", "wait_s"});
  for (std::size_t i = 0; i < result.requests.size(); ++i) {
    const RequestRecord& r = result.requests[i];
    text += csv_row({std::to_string(i), cell(r.arrival_s), cell(r.finish_s),
                     cell(r.finish_s - r.arrival_s), cell(r.compute_s), cell(r.transfer_s),
                     cell(r.queue_s), cell(r.wait_s)});
  }
  return text;
}

std::string units_csv(const Run& run, const Scenario& scenario) {
  std::string text = csv_row(
      {"request", "unit", "kind", "layer", "device", "output", "ready_s", "start_s", "finish_s"});
  for (const UnitRecord& r : run.result.units) {
    const ExecutionUnit& unit = run.plan->unit(UnitId{r.unit});
    text += csv_row({std::to_string(r.request), std::to_string(r.unit), kind_name(unit.kind),
                     scenario.model->graph.layer(unit.layer).name,
                     scenario.cluster->device(unit.device).name, to_string(unit.output),
                     cell(r.ready_s), cell(r.start_s), cell(r.finish_s)});
  }
  return text;
}

std::string transfers_csv(const Run& run, const Scenario& scenario) {
  const std::vector<Message> messages = messages_of(*run.plan, scenario.element_size());
  std::string text = csv_row({"request", "message", "from_unit", "from_device", "to_device",
                              "bytes", "start_s", "finish_s"});
  for (const TransferRecord& r : run.result.transfers) {
    const Message& message = messages[static_cast<std::size_t>(r.message)];
    text += csv_row({std::to_string(r.request), std::to_string(r.message),
                     std::to_string(index(message.from)),
                     scenario.cluster->device(run.plan->unit(message.from).device).name,
                     scenario.cluster->device(message.to).name, cell(message.bytes),
                     cell(r.start_s), cell(r.finish_s)});
  }
  return text;
}

std::string devices_csv(const Run& run, const Scenario& scenario) {
  std::string text = csv_row({"device", "type", "busy_s", "sent_bytes", "received_bytes",
                              "peak_memory_bytes", "memory_bytes", "energy_J"});
  for (std::size_t d = 0; d < run.result.devices.size(); ++d) {
    const DeviceRecord& r = run.result.devices[d];
    const Device& device = scenario.cluster->devices()[d];
    text += csv_row({device.name, device.type, cell(r.busy_s), cell(r.sent_bytes),
                     cell(r.received_bytes), cell(r.peak_memory_bytes), cell(device.memory_bytes),
                     cell(r.energy_J)});
  }
  return text;
}

std::string links_csv(const Run& run, const Scenario& scenario) {
  std::string text = csv_row({"link", "bandwidth_Bps", "bytes", "busy_s"});
  for (std::size_t l = 0; l < run.result.links.size(); ++l) {
    const LinkRecord& r = run.result.links[l];
    const Link& link = scenario.cluster->network().links[l];
    text += csv_row({link.name, cell(link.bandwidth_Bps), cell(r.bytes), cell(r.busy_s)});
  }
  return text;
}

}  // namespace edgeflow
