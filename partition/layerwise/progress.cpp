#include "partition/layerwise/progress.hpp"

#include <algorithm>

#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

/// A device's part in units of what is cut.
Range part_of(const LayerModel& model, const Parts& parts, std::size_t d) {
  const std::int64_t unit = model.rows / model.extent;
  return {parts.boundaries[d] / unit, parts.boundaries[d + 1] / unit};
}

}  // namespace

Progress::Progress(const Problem& problem, std::span<const DeviceId> devices)
    : problem_(problem),
      devices_(devices.begin(), devices.end()),
      one_medium_(problem.cluster.network().links.size() == 1),
      free_s_(devices.size(), 0),
      in_free_s_(devices.size(), 0),
      out_free_s_(devices.size(), 0) {
  for (DeviceId from : devices_) {
    for (DeviceId to : devices_) {
      const bool same = from == to;
      const double cpu_s = message_cpu_s(problem, from, to, 0);
      byte_s_.push_back(same ? 0
                             : 1 / problem.cluster.route_bandwidth_Bps(from, to) +
                                   message_cpu_s(problem, from, to, 1) - cpu_s);
      latency_s_.push_back(same ? 0 : problem.cluster.route(from, to).latency_s + cpu_s);
      const double none_s = same ? 0 : sender_s(problem, from, to, 0);
      sender_s_.push_back(none_s);
      sender_byte_s_.push_back(same ? 0 : sender_s(problem, from, to, 1) - none_s);
    }
  }
}

LayerProblem Progress::problem_of(const LayerModel& model) const {
  LayerProblem result{model.extent, model.devices, {}, byte_s_, latency_s_};
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    LayerDevice& device = result.devices[d];
    device.free_s = free_s_[d];
    device.in_free_s = in_free_s_[d];
    device.out_free_s = out_free_s_[d];
  }
  for (const LayerInput& input : model.inputs) result.predecessors.push_back(predecessor(input));
  return result;
}

Predecessor Progress::predecessor(const LayerInput& input) const {
  const Parts& parts = parts_[index(input.producer)];
  return {.needs = input.needs,
          .boundaries = parts.boundaries,
          .finish_s = parts.finish_s,
          .row_bytes = input.row_bytes,
          .brought = brought_[index(input.producer)]};
}

void Progress::add_input(const LayerModel& model) {
  Parts parts{model.cut.axis, {0}, std::vector<double>(devices_.size(), 0)};
  for (DeviceId device : devices_) {
    parts.boundaries.push_back(device == problem_.cluster.source() ? model.rows
                                                                   : parts.boundaries.back());
  }
  parts_.push_back(std::move(parts));
  brought_.emplace_back(devices_.size());
}

void Progress::add_view(LayerId input) {
  parts_.push_back(Parts(parts_[index(input)]));
  brought_.push_back(std::vector(brought_[index(input)]));
}

void Progress::add(const LayerModel& model, Parts parts) {
  std::vector<Message> sent = messages(problem_of(model), model, parts);
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    free_s_[d] = std::max(free_s_[d], parts.finish_s[d]);
    const Range rows = part_of(model, parts, d);
    if (rows.empty()) continue;
    for (const LayerInput& input : model.inputs) bring(input, d, rows);
  }
  for (const Message& message : sent) free_s_[message.from] += message.sender_s;
  carry(std::move(sent));
  parts_.push_back(std::move(parts));
  brought_.emplace_back(devices_.size());
}

std::vector<Progress::Message> Progress::messages(const LayerProblem& layer,
                                                  const LayerModel& model,
                                                  const Parts& parts) const {
  std::vector<Message> result;
  for (std::size_t d = 0; d < devices_.size(); ++d) {
    const Range rows = part_of(model, parts, d);
    if (rows.empty()) continue;
    for (const Predecessor& m : layer.predecessors) {
      for_each_overlap(m, d, rows, [&](std::size_t j, std::int64_t missing) {
        if (missing == 0) return;
        const std::size_t pair = j * devices_.size() + d;
        const double bytes = static_cast<double>(missing) * m.row_bytes;
        result.push_back({m.finish_s[j], bytes * byte_s_[pair],
                          sender_s_[pair] + bytes * sender_byte_s_[pair], j, d});
      });
    }
  }
  return result;
}

/// One after the other as they can leave.
void Progress::carry(std::vector<Message> messages) {
  std::ranges::stable_sort(messages, {}, &Message::from_s);
  for (const Message& message : messages) {
    double& out_s = out_free_s_[message.from];
    double& in_s = in_free_s_[message.to];
    const double end_s = std::max({message.from_s, out_s, in_s}) + message.takes_s;
    out_s = in_s = end_s;
    if (!one_medium_) continue;
    std::ranges::fill(out_free_s_, end_s);
    std::ranges::fill(in_free_s_, end_s);
  }
}

/// What `rows` need is on the device from now on. Of two separate ranges only the longer counts.
void Progress::bring(const LayerInput& input, std::size_t device, const Range& rows) {
  const Range need = input.needs.of(rows);
  Range& brought = brought_[index(input.producer)][device];
  if (need.begin <= brought.end && brought.begin <= need.end && !brought.empty()) {
    brought = {std::min(brought.begin, need.begin), std::max(brought.end, need.end)};
  } else if (need.size() > brought.size()) {
    brought = need;
  }
}

}  // namespace edgeflow
