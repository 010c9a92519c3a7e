#include "sim/engine/tables.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace edgeflow {
namespace {

using Rows = std::vector<std::vector<std::int32_t>>;

std::int32_t to_index(std::size_t value) { return static_cast<std::int32_t>(value); }

void fill_units(PlanTables& tables, const Plan& plan, const Graph& graph, const Cluster& cluster,
                const ElementSize& size, const Effects& effects) {
  for (const ExecutionUnit& unit : plan.units) {
    const double element = unit.layer == graph.input() ? size.input_bytes : size.activation_bytes;
    UnitRow row;
    row.device = to_index(index(unit.device));
    row.duration_s = unit_time_s(unit, graph, cluster, effects.overheads);
    row.output_bytes = static_cast<double>(unit.output.volume()) * element;
    row.is_result = is_result(unit, graph, cluster);
    tables.results += row.is_result ? 1 : 0;
    if (unit.requirements.empty()) {
      tables.first_units.push_back(to_index(tables.units.size()));
    }
    tables.units.push_back(row);

    std::set<UnitId> providers;
    for (const Requirement& need : unit.requirements) providers.insert(need.provider);
    tables.missing_inputs.push_back(to_index(providers.size()));
  }
}

void fill_local(PlanTables& tables, const Plan& plan) {
  Rows consumers(plan.units.size());
  Rows providers(plan.units.size());
  for (std::size_t from = 0; from < plan.units.size(); ++from) {
    std::set<UnitId> seen;
    for (const Forward& forward : plan.units[from].forwarding) {
      const bool local = plan.unit(forward.consumer).device == plan.units[from].device;
      if (!local || !seen.insert(forward.consumer).second) continue;
      consumers[from].push_back(to_index(index(forward.consumer)));
      providers[index(forward.consumer)].push_back(to_index(from));
    }
  }
  tables.local_consumers = IndexLists(consumers);
  tables.local_providers = IndexLists(providers);
}

void fill_messages(PlanTables& tables, const Plan& plan, const Cluster& cluster,
                   const ElementSize& size, const Effects& effects) {
  Rows sends(plan.units.size());
  Rows receivers;
  Rows arrivals(plan.units.size());
  std::map<std::pair<std::int32_t, std::int32_t>, std::int32_t> ranks;
  for (const Message& message : messages_of(plan, size)) {
    const std::int32_t id = to_index(tables.messages.size());
    const DeviceId from = plan.unit(message.from).device;
    const Route route = cluster.route(from, message.to);
    MessageRow row;
    row.from_unit = to_index(index(message.from));
    row.from_device = to_index(index(from));
    row.to_device = to_index(index(message.to));
    row.rank = ranks[{row.from_device, row.to_device}]++;
    row.bytes = message.bytes;
    row.link_bytes = message.bytes * route.crossings;
    row.latency_s = effects.latency ? route.latency_s : 0;
    row.alone_s = row.latency_s + message.bytes / cluster.bandwidth_Bps(route);
    const auto cpu_s = [&](DeviceId device) {
      return message_cpu_time_s(cluster.device(device).compute, message.bytes, effects.overheads);
    };
    row.send_s = cpu_s(from);
    row.receive_s = cpu_s(message.to);
    const Network& network = cluster.network();
    row.tx_s = message.bytes * network.transmit_s_per_byte(index(from), index(message.to));
    row.rx_s = message.bytes * network.receive_s_per_byte(index(from), index(message.to));
    tables.messages.push_back(row);

    sends[index(message.from)].push_back(id);
    receivers.emplace_back();
    for (const UnitId consumer : message.consumers) {
      receivers.back().push_back(to_index(index(consumer)));
      arrivals[index(consumer)].push_back(id);
    }
    tables.message_holders.push_back(to_index(message.consumers.size()));
  }
  tables.sends = IndexLists(sends);
  tables.receivers = IndexLists(receivers);
  tables.arrivals = IndexLists(arrivals);
}

}  // namespace

IndexLists::IndexLists(const std::vector<std::vector<std::int32_t>>& rows) {
  begin_.reserve(rows.size() + 1);
  begin_.push_back(0);
  for (const auto& row : rows) {
    values_.insert(values_.end(), row.begin(), row.end());
    begin_.push_back(values_.size());
  }
}

PlanTables make_tables(const Plan& plan, const Graph& graph, const Cluster& cluster,
                       const ElementSize& size, const Effects& effects) {
  PlanTables tables;
  fill_units(tables, plan, graph, cluster, size, effects);
  fill_local(tables, plan);
  fill_messages(tables, plan, cluster, size, effects);
  for (std::int32_t unit = 0; unit < to_index(plan.units.size()); ++unit) {
    tables.output_holders.push_back(
        to_index(tables.local_consumers[unit].size() + tables.sends[unit].size()));
  }
  for (const std::int64_t elements : weight_elements(plan, graph, cluster)) {
    tables.weight_bytes.push_back(static_cast<double>(elements) * size.activation_bytes);
  }
  return tables;
}

}  // namespace edgeflow
