#pragma once
// A plan as dense tables: everything the runtime looks up while it runs, by index. Knows no
// SimGrid.

#include <cstdint>
#include <span>
#include <vector>

#include "partition/plans/plan.hpp"
#include "platforms/effects.hpp"

namespace edgeflow {

/// Lists of indices, one per row, in a single array.
class IndexLists {
 public:
  IndexLists() = default;
  explicit IndexLists(const std::vector<std::vector<std::int32_t>>& rows);

  std::span<const std::int32_t> operator[](std::int32_t row) const {
    const auto at = static_cast<std::size_t>(row);
    return std::span(values_).subspan(begin_[at], begin_[at + 1] - begin_[at]);
  }

 private:
  std::vector<std::size_t> begin_;
  std::vector<std::int32_t> values_;
};

struct UnitRow {
  std::int32_t device = 0;
  double duration_s = 0;
  double output_bytes = 0;
  bool is_result = false;  // a relay that brings a result to the sink
};

struct MessageRow {
  std::int32_t from_unit = 0;
  std::int32_t from_device = 0;
  std::int32_t to_device = 0;
  double bytes = 0;  // payload
  double link_bytes =
      0;  // payload times crossings: what each link carries per listing in the route
  double latency_s = 0;
  double alone_s = 0;     // latency + transfer time when nothing shares the route
  double send_s = 0;      // CPU time on the sender
  double receive_s = 0;   // CPU time on the receiver
  double tx_s = 0;        // the sender's interface at work
  double rx_s = 0;        // the receiver's
  std::int32_t rank = 0;  // among the messages of its pair of devices
};

struct PlanTables {
  std::vector<UnitRow> units;
  std::vector<MessageRow> messages;  // as messages_of

  IndexLists local_consumers;  // by unit: units of its device that it feeds, each once
  IndexLists sends;            // by unit: messages, in sending order
  IndexLists receivers;        // by message: units it feeds, each once
  IndexLists local_providers;  // by unit: the inverse of local_consumers
  IndexLists arrivals;         // by unit: messages it needs, the inverse of receivers

  // Units that need nothing, ready on arrival: the input, and parts of layers that see padding
  // only.
  std::vector<std::int32_t> first_units;
  std::int32_t results = 0;  // units with is_result

  // What the counters of a new request start at.
  std::vector<std::int32_t> missing_inputs;   // by unit: distinct providers in its requirements
  std::vector<std::int32_t> output_holders;   // by unit: local consumers + messages
  std::vector<std::int32_t> message_holders;  // by message: units it feeds

  std::vector<double> weight_bytes;  // by device
};

PlanTables make_tables(const Plan& plan, const Graph& graph, const Cluster& cluster,
                       const ElementSize& size, const Effects& effects);

}  // namespace edgeflow
