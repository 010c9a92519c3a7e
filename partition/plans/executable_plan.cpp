#include "partition/plans/executable_plan.hpp"

#include <algorithm>

#include "partition/plans/execution.hpp"

namespace edgeflow {
namespace {

/// What messages from one device to another have in common.
struct Way {
  std::int32_t route = -1;  // not known yet
  std::int32_t messages = 0;
  double bandwidth_Bps = 0;
  double transmit_s_per_byte = 0;
  double receive_s_per_byte = 0;
};

/// How many different units a unit requires something of.
std::int32_t count_providers(const ExecutionUnit& unit, UnitId id,
                             IdVector<UnitId, UnitId>& counted_for) {
  std::int32_t count = 0;
  for (const Requirement& need : unit.requirements) {
    if (counted_for[need.provider] == id) continue;
    counted_for[need.provider] = id;
    ++count;
  }
  return count;
}

}  // namespace

MemoryNeeds::MemoryNeeds(const Plan& plan, const Graph& graph, const Cluster& cluster,
                         const ElementSize& size)
    : largest_unit_bytes(cluster.size(), 0) {
  for (const std::int64_t elements : weight_elements(plan, graph, cluster)) {
    weight_bytes.push_back(static_cast<double>(elements) * size.activation_bytes);
  }
  for (const ExecutionUnit& unit : plan.units) {
    const Work work = work_of(unit, graph);
    const auto elements = static_cast<double>(work.in_elements + work.out_elements);
    double& bytes = largest_unit_bytes[unit.device];
    bytes = std::max(bytes, elements * size.activation_bytes);
  }
}

ExecutablePlan::ExecutablePlan(const Plan& its_plan, const Graph& its_graph,
                               const Cluster& its_cluster, const ElementSize& element_size,
                               const Effects& its_effects)
    : plan(its_plan),
      graph(its_graph),
      cluster(its_cluster),
      size(element_size),
      effects(its_effects) {
  add_units();
  add_messages();
  jobs.resize(cluster.size());
  for (const ExecutableUnit& unit : units) {
    if (!takes_no_time(unit.duration_s)) ++jobs[unit.device];
  }
  for (const ExecutableMessage& message : messages) {
    if (message.has_send_job() && !message.send_overlaps) ++jobs[message.from_device];
    if (!takes_no_time(message.receiver_s())) ++jobs[message.to];
  }
}

void ExecutablePlan::add_units() {
  units.reserve(plan.units.size());
  IdVector<UnitId, UnitId> counted_for(plan.units.size(), kNoUnit);
  for (const ExecutionUnit& planned : plan.units) {
    const auto id = id_at<UnitId>(units.size());
    const double element_bytes =
        planned.layer == graph.input() ? size.input_bytes : size.activation_bytes;
    const Work work = work_of(planned, graph);
    macs += static_cast<double>(work.macs);
    ExecutableUnit unit;
    unit.device = planned.device;
    unit.duration_s = unit_time_s(planned, work, cluster, effects.overheads);
    unit.output_bytes = static_cast<double>(planned.output.volume()) * element_bytes;
    unit.is_result = is_result(planned, graph, cluster);
    results += unit.is_result ? 1 : 0;
    units.push_back(unit);
    providers.push_back(count_providers(planned, id, counted_for));
    if (planned.requirements.empty()) first_units.push_back(id);
    for (const Forward& forward : planned.forwarding) {
      if (plan.unit(forward.consumer).device != planned.device) continue;
      const auto known = local_consumers.open_list();
      if (std::ranges::find(known, forward.consumer) != known.end()) continue;
      local_consumers.push_back(forward.consumer);
    }
    output_users.push_back(static_cast<std::int32_t>(local_consumers.open_list().size()));
    local_consumers.end_list();
  }
  local_providers = local_consumers.inverse(units.size());
}

void ExecutablePlan::add_messages() {
  const Network& network = cluster.network();
  std::vector<Way> ways(cluster.size() * cluster.size());
  IdLists<MessageId, UnitId> fed;
  for (Message& planned : messages_of(plan, size)) {
    ExecutableMessage message;
    static_cast<Message&>(message) = std::move(planned);
    const DeviceId from = plan.unit(message.from).device;
    const DeviceId to = message.to;
    Way& way = ways[index(from) * cluster.size() + index(to)];
    if (way.route < 0) {
      way.route = static_cast<std::int32_t>(routes.size());
      routes.push_back(cluster.route(from, to));
      way.bandwidth_Bps = cluster.bandwidth_Bps(routes.back());
      way.transmit_s_per_byte = network.transmit_s_per_byte(index(from), index(to));
      way.receive_s_per_byte = network.receive_s_per_byte(index(from), index(to));
    }
    const auto cpu_s = [&](DeviceId device) {
      return message_cpu_time_s(cluster.device(device).compute, message.bytes, effects.overheads);
    };
    message.from_device = from;
    message.rank = way.messages++;
    message.route = way.route;
    message.link_bytes = message.bytes * route_of(message).crossings;
    message.latency_s = effects.latency ? route_of(message).latency_s : 0;
    message.transfer_s = message.bytes / way.bandwidth_Bps;
    message.send_s = cpu_s(from);
    message.receive_s = cpu_s(to);
    message.blocks = cluster.device(from).compute.sends == Sends::kBlock;
    message.send_overlaps = cluster.device(from).compute.sends == Sends::kOverlap;
    message.receive_overlaps = cluster.device(to).compute.sends == Sends::kOverlap;
    message.transmitting_s = message.bytes * way.transmit_s_per_byte;
    message.receiving_s = message.bytes * way.receive_s_per_byte;

    // Messages stand in the order of their senders.
    first_message_.resize(index(message.from) + 1, id_at<MessageId>(messages.size()));
    ++output_users[message.from];
    for (const UnitId consumer : message.consumers) fed.push_back(consumer);
    fed.end_list();
    message_users.push_back(static_cast<std::int32_t>(message.consumers.size()));
    messages.push_back(std::move(message));
  }
  first_message_.resize(units.size() + 1, id_at<MessageId>(messages.size()));
  arrivals = fed.inverse(units.size());
}

const MemoryNeeds& ExecutablePlan::memory() const {
  if (!memory_) memory_.emplace(plan, graph, cluster, size);
  return *memory_;
}

double ExecutablePlan::model_macs() const { return static_cast<double>(totals(graph).macs); }

double ExecutablePlan::message_bytes() const {
  double bytes = 0;
  for (const ExecutableMessage& message : messages) bytes += message.bytes;
  return bytes;
}

std::vector<DeviceId> ExecutablePlan::computing_devices() const {
  std::vector<bool> computes(cluster.size());
  for (const ExecutionUnit& unit : plan.units) {
    if (unit.kind == UnitKind::kCompute) computes[index(unit.device)] = true;
  }
  std::vector<DeviceId> devices;
  for (std::size_t d = 0; d < computes.size(); ++d) {
    if (computes[d]) devices.push_back(id_at<DeviceId>(d));
  }
  return devices;
}

}  // namespace edgeflow
