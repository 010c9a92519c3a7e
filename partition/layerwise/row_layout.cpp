#include "partition/layerwise/row_layout.hpp"

#include <algorithm>
#include <numeric>

#include "partition/plans/builder.hpp"
#include "partition/plans/placement.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow {
namespace {

bool has_macs(const Layer& layer) { return work(layer, layer.output.box).macs > 0; }

class Planner {
 public:
  Planner(const Problem& problem, std::span<const double> weights)
      : problem_(problem),
        graph_(problem.graph),
        weights_(weights.begin(), weights.end()),
        fastest_(fastest_device(problem.graph, problem.cluster)),
        layout_(graph_.size()) {
    const double sum = std::accumulate(weights_.begin(), weights_.end(), 0.0);
    for (double& weight : weights_) weight /= sum;
    for (std::size_t l = 0; l < graph_.size(); ++l) {  // as long as nothing better is known
      if (!splits_by_rows(graph_.layers()[l])) layout_[l] = fastest_;
    }
    layout_[index(graph_.input())] = problem.cluster.source();
  }

  RowLayout layout() {
    for (std::size_t l = graph_.size(); l-- > 1;) {
      const Layer& layer = graph_.layers()[l];
      if (!has_macs(layer)) layout_[l] = best_place(layer, layer_at(l));
    }
    return std::move(layout_);
  }

 private:
  std::optional<DeviceId> best_place(const Layer& layer, LayerId id) const {
    std::optional<DeviceId> best = layout_[index(id)];
    double least_bytes = bytes_moved(layer, id, best);
    for (std::size_t d = 0; d < weights_.size(); ++d) {
      const double bytes = bytes_moved(layer, id, device_at(d));
      if (bytes >= least_bytes) continue;
      least_bytes = bytes;
      best = device_at(d);
    }
    return best;
  }

  double bytes_moved(const Layer& layer, LayerId id, std::optional<DeviceId> place) const {
    double bytes = bytes_out(id, place);
    const Region& whole = layer.output.box;
    const std::vector<Share> parts = place ? on_one_device(layer, *place) : parts_of(whole);
    for (const Share& share : parts) {
      for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
        bytes += bytes_in(layer.inputs[i], required_input(layer, i, share.region), share.device);
      }
    }
    return bytes;
  }

  std::vector<Share> parts_of(const Region& whole) const {
    return cut(whole, Axis::kRow, proportional_boundaries(whole.row.size(), weights_));
  }

  /// What of `need` lies on other devices.
  double bytes_in(LayerId producer, const Region& need, DeviceId device) const {
    std::int64_t there = 0;
    if (const auto place = layout_[index(producer)]) {
      there = *place == device ? need.volume() : 0;
    } else {
      for (const Share& share : parts_of(graph_.layer(producer).output.box)) {
        if (share.device == device) there += intersect(share.region, need).volume();
      }
    }
    return static_cast<double>(need.volume() - there) * element_bytes(problem_, producer);
  }

  /// To the devices that have consumers whole, or the sink, and to those that cut them.
  double bytes_out(LayerId id, std::optional<DeviceId> place) const {
    std::vector<double> missing(weights_.size(), 0);  // share of the output that goes there
    const auto to = [&](std::size_t d, double needed) {
      const double there = !place ? weights_[d] : *place == device_at(d) ? 1 : 0;
      missing[d] = std::max(missing[d], needed - there);
    };
    for (const LayerId consumer : graph_.consumers(id)) {
      const auto behind = layout_[index(consumer)];
      if (behind) {
        to(index(*behind), 1);
      } else {
        for (std::size_t d = 0; d < weights_.size(); ++d) to(d, weights_[d]);
      }
    }
    if (graph_.consumers(id).empty()) to(index(problem_.cluster.sink()), 1);
    return output_bytes(problem_, id) * std::accumulate(missing.begin(), missing.end(), 0.0);
  }

  const Problem& problem_;
  const Graph& graph_;
  std::vector<double> weights_;  // sum 1
  DeviceId fastest_;
  RowLayout layout_;
};

}  // namespace

RowLayout row_layout(const Problem& problem, std::span<const double> weights) {
  return Planner(problem, weights).layout();
}

}  // namespace edgeflow
