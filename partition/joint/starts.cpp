#include "partition/joint/starts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "partition/joint/boundaries.hpp"
#include "partition/prices/layers.hpp"

namespace edgeflow::joint {
namespace {

Encoding blank(const CostTables& tables) {
  Encoding encoding;
  encoding.boundaries.assign(tables.layers * (tables.devices + 1), 0);
  encoding.recompute.assign(tables.layers, 0);
  return encoding;
}

/// Speed by position: 1 / time for the whole model.
std::vector<double> speeds(const CostTables& tables) {
  std::vector<double> result;
  for (std::size_t d = 0; d < tables.devices; ++d) {
    double time_s = 0;
    for (std::size_t l = 0; l < tables.layers; ++l) {
      time_s += tables.unit_time_s(l, d, {0, tables.extent[l]});
    }
    result.push_back(time_s > 0 ? 1 / time_s : 1);
  }
  return result;
}

/// True if a prefix plan may split the layer.
bool splits(const CostTables& tables, std::size_t layer) {
  const bool spatial = tables.axis[layer] == Axis::kRow || tables.axis[layer] == tables.main_axis;
  return tables.extent[layer] > 1 && spatial;
}

/// A prefix plan and the last one that was better than all before.
class PrefixSearch {
 public:
  PrefixSearch(Schedule& schedule, Replay& replay)
      : schedule_(schedule), replay_(replay), tables_(schedule.tables()) {}

  struct Point {
    std::vector<double> shares;
    std::size_t last_split = 0;
    std::size_t gather = 0;
  };

  void try_point(const Point& point) {
    schedule_.load(prefix(tables_, point.shares, point.last_split, point.gather));
    judge(point);
  }

  /// The schedule holds the point's plan.
  void judge(const Point& point) {
    if (found_ && schedule_.latency_s() >= kPromising * best_s_) return;
    const double s = replay_.latency_s(found_ ? best_s_ : std::numeric_limits<double>::infinity());
    if (found_ && (s >= best_s_ || !schedule_.fits_memory())) return;
    best_s_ = s;
    best_ = point;
    found_ = true;
  }

  void enumerate() {
    const std::vector<double> speed = speeds(tables_);
    std::vector<std::size_t> order(tables_.devices);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return speed[a] > speed[b]; });
    std::vector<std::size_t> gathers{order[0]};
    for (std::size_t g : {tables_.source, tables_.sink}) {
      if (std::find(gathers.begin(), gathers.end(), g) == gathers.end()) gathers.push_back(g);
    }
    const std::size_t step = std::max<std::size_t>(1, tables_.layers / 40);
    Point point;
    for (std::size_t k = 1; k <= tables_.devices; ++k) {
      point.shares.assign(tables_.devices, 0);
      for (std::size_t i = 0; i < k; ++i) point.shares[order[i]] = speed[order[i]];
      for (std::size_t g : gathers) {
        point.gather = g;
        point.last_split = 0;
        try_point(point);
        while (point.last_split + step < tables_.layers) {
          split_more(point, point.last_split + step);
          judge(point);
        }
      }
    }
  }

  /// Splits the layers up to `last_split` too. The schedule holds the point's plan.
  void split_more(Point& point, std::size_t last_split) {
    while (point.last_split < last_split) {
      const std::size_t l = ++point.last_split;
      if (!splits(tables_, l)) continue;
      set_shares(schedule_.edit(l), tables_.devices, tables_.extent[l], point.shares.data());
    }
    if (schedule_.try_change(std::numeric_limits<double>::infinity())) {
      schedule_.accept();
    } else {
      schedule_.reject();  // nothing changed
    }
  }

  void improve(Random& random, std::int64_t effort) {
    for (std::int64_t i = 0; i < effort; ++i) {
      Point point = best_;
      const double u = random.uniform();
      if (u < 0.6) {
        double& share = point.shares[random.below(tables_.devices)];
        const double all = std::accumulate(point.shares.begin(), point.shares.end(), 0.0);
        if (share == 0) {
          share = random.uniform(0, 0.5) * all;
        } else {
          share *= random.chance(0.1) ? 0 : std::exp(random.uniform(-0.5, 0.5));
        }
        if (std::accumulate(point.shares.begin(), point.shares.end(), 0.0) <= 0) continue;
      } else if (u < 0.95) {
        const std::size_t reach = random.chance(0.5) ? 4 : tables_.layers;
        const std::size_t by = random.below(2 * reach + 1);
        point.last_split =
            std::clamp(point.last_split + by, reach, reach + tables_.layers - 1) - reach;
      } else {
        point.gather = random.below(tables_.devices);
      }
      try_point(point);
    }
    schedule_.load(prefix(tables_, best_.shares, best_.last_split, best_.gather));
  }

 private:
  static constexpr double kPromising = 1.03;  // by schedule

  Schedule& schedule_;
  Replay& replay_;
  const CostTables& tables_;
  Point best_;
  double best_s_ = 0;
  bool found_ = false;
};

}  // namespace

Encoding from_plan(const CostTables& tables, const Plan& plan) {
  std::vector<Span> ranges(tables.layers * tables.devices);
  for (const ExecutionUnit& unit : plan.units) {
    const std::size_t l = index(unit.layer);
    const auto at = std::find(tables.device.begin(), tables.device.end(), unit.device);
    if (unit.kind != UnitKind::kCompute || at == tables.device.end()) continue;
    Span& mine = ranges[l * tables.devices + index(at - tables.device.begin())];
    mine = hull(mine, tables.part(l, unit.output));
  }
  Encoding encoding = blank(tables);
  for (std::size_t l = 1; l < tables.layers; ++l) {
    std::int32_t* bounds = &encoding.boundaries[l * (tables.devices + 1)];
    std::int32_t covered = 0;
    for (std::size_t d = 0; d < tables.devices; ++d) {
      const Span mine = ranges[l * tables.devices + d];
      bounds[d + 1] = covered;
      if (mine.empty()) continue;
      std::int32_t end = mine.end;  // up to the middle of the overlap with the next one
      for (std::size_t n = d + 1; n < tables.devices; ++n) {
        const Span next = ranges[l * tables.devices + n];
        if (next.empty()) continue;
        if (next.begin < end) {
          end = (std::max(next.begin, mine.begin) + end) / 2;
          encoding.recompute[l] |= std::uint32_t{1} << d | std::uint32_t{1} << n;
        }
        break;
      }
      bounds[d + 1] = covered = std::max(covered, end);
    }
    // Whatever nobody has (a plan in another device order) goes to the last that has something.
    for (std::size_t d = tables.devices; d-- > 0;) {
      bounds[d + 1] = tables.extent[l];
      if (!ranges[l * tables.devices + d].empty()) break;
    }
  }
  return encoding;
}

Encoding carry_over(const CostTables& tables, const CostTables& from, const Encoding& encoding) {
  Encoding result = blank(tables);
  for (std::size_t l = 1; l < tables.layers; ++l) {
    const std::int32_t* theirs = &encoding.boundaries[l * (from.devices + 1)];
    std::int32_t* bounds = &result.boundaries[l * (tables.devices + 1)];
    std::size_t passed = 0;  // devices of theirs
    for (std::size_t d = 0; d < tables.devices; ++d) {
      for (; passed < from.devices && from.device[passed] <= tables.device[d]; ++passed) {
        const bool same = from.device[passed] == tables.device[d];
        if (same && (encoding.recompute[l] >> passed & 1U) != 0) {
          result.recompute[l] |= std::uint32_t{1} << d;
        }
      }
      bounds[d + 1] = theirs[passed];
    }
    bounds[tables.devices] = tables.extent[l];
  }
  return result;
}

Encoding prefix(const CostTables& tables, std::span<const double> shares, std::size_t last_split,
                std::size_t gather) {
  Encoding encoding = blank(tables);
  for (std::size_t l = 1; l < tables.layers; ++l) {
    std::int32_t* bounds = &encoding.boundaries[l * (tables.devices + 1)];
    if (l <= last_split && splits(tables, l)) {
      set_shares(bounds, tables.devices, tables.extent[l], shares.data());
    } else {
      place_whole(bounds, tables.devices, tables.extent[l], gather);
    }
  }
  return encoding;
}

Encoding by_memory(const CostTables& tables) {
  Encoding encoding = blank(tables);
  std::size_t d = 0;
  double weights = 0;
  double largest = 0;
  for (std::size_t l = 1; l < tables.layers; ++l) {
    const Span whole{0, tables.extent[l]};
    for (;;) {
      const double memory = tables.problem.cluster.device(tables.device[d]).memory_bytes;
      weights += tables.weight_bytes(l, whole);
      largest = std::max(largest, tables.activation_bytes(l, whole));
      if (weights + largest <= memory || d + 1 == tables.devices) break;
      ++d;
      weights = largest = 0;
    }
    place_whole(&encoding.boundaries[l * (tables.devices + 1)], tables.devices, tables.extent[l],
                d);
  }
  return encoding;
}

void search_prefix(Schedule& schedule, Replay& replay, Random& random, std::int64_t effort) {
  PrefixSearch search(schedule, replay);
  search.enumerate();
  search.improve(random, effort);
}

}  // namespace edgeflow::joint
