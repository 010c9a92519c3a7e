#include "partition/joint/cost_tables.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace edgeflow::joint {
namespace {

constexpr std::int64_t kParts = 4;  // devices that a layer may typically be cut for

Region at_index(const Layer& layer, Axis axis, std::int64_t index) {
  Region region = layer.output.box;
  region[axis] = {index, index + 1};
  return region;
}

Axis main_axis_of(const Graph& graph) {
  const Region& input = graph.layers().front().output.box;
  if (input.column.size() <= input.row.size()) return Axis::kRow;
  const auto macs_cut_by = [&](Axis axis) {
    std::int64_t macs = 0;
    for (const Layer& layer : graph.layers()) {
      if (weight_axis(layer) == axis || !has_axis(split_axes(layer), axis)) continue;
      macs += work(layer, layer.output.box).macs;
    }
    return macs;
  };
  return macs_cut_by(Axis::kColumn) >= macs_cut_by(Axis::kRow) ? Axis::kColumn : Axis::kRow;
}

}  // namespace

CostTables::CostTables(const Problem& p, std::vector<DeviceId> list)
    : problem(p),
      main_axis(main_axis_of(p.graph)),
      layers(p.graph.size()),
      nodes(layers + p.graph.outputs().size()),
      links(p.cluster.network().links.size()) {
  extent.assign(nodes, 1);
  axis.assign(nodes, main_axis);
  instant.assign(nodes, 1);
  wanted_per_index.assign(nodes, 0);
  bytes_per_element.assign(nodes, p.size.activation_bytes);
  bytes_per_element[0] = p.size.input_bytes;
  in_first.assign(nodes + 1, 0);
  for (std::size_t l = 0; l < layers; ++l) {
    choose_axis(l);
    add_edges(l);
  }
  add_relays();
  add_work();
  link_up();
  set_devices(std::move(list));
}

CostTables CostTables::on(std::vector<DeviceId> list) const {
  CostTables other = *this;
  other.set_devices(std::move(list));
  return other;
}

void CostTables::set_devices(std::vector<DeviceId> list) {
  device = std::move(list);
  devices = device.size();
  assert(devices <= kMaxDevices);
  add_times();
  add_paths();
  memory_limited = false;
  double all_bytes = 0;
  for (std::size_t l = 1; l < layers; ++l) {
    const Work whole = work(problem.graph.layers()[l], problem.graph.layers()[l].output.box);
    all_bytes +=
        problem.size.activation_bytes *
        static_cast<double>(whole.weight_elements + whole.in_elements + whole.out_elements);
  }
  messages.clear();
  free_messages = true;
  for (DeviceId d : device) {
    const Device& its = problem.cluster.device(d);
    if (its.memory_bytes < all_bytes) memory_limited = true;
    const double message_s = message_cpu_time_s(its.compute, 0);
    messages.push_back(
        {message_s, message_cpu_time_s(its.compute, 1) - message_s, its.compute.sends});
    const MessageCost& cost = messages.back();
    if (cost.cpu_s(1) > 0 || cost.blocks()) free_messages = false;
  }
}

/// The elements of one of the producer's indices that the consumer cut along `split` may need: the
/// same of each index in most layers, where a range's bytes and times follow from its size.
std::int64_t CostTables::elements_per_index(const Layer& layer, std::size_t input,
                                            Axis split) const {
  const std::size_t p = index(layer.inputs[input]);
  const Range whole = layer.output.box[split];
  std::int64_t most = 0;
  for (std::int64_t o = whole.begin; o <= whole.end; ++o) {  // each index, then all of them
    const Region need =
        required_input(layer, input, o < whole.end ? at_index(layer, split, o) : layer.output.box);
    if (need.empty()) continue;
    most = std::max(most, need.volume() / (extent[p] > 1 ? need[axis[p]].size() : 1));
  }
  return most;
}

/// True if needs as ranges of the producers' indices say about what is needed: of each quarter of
/// the layer at most 30 % more. More would be counted where producer and consumer are cut
/// crosswise, as of each of the producer's indices a part of the consumer needs a part only.
bool CostTables::separable(std::size_t node, Axis split) const {
  const Layer& layer = problem.graph.layers()[node];
  const Range whole = layer.output.box[split];
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const std::size_t p = index(layer.inputs[i]);
    const std::int64_t per_index = elements_per_index(layer, i, split);
    std::int64_t counted = 0;
    std::int64_t needed = 0;
    for (std::int64_t q = 0; q < kParts; ++q) {
      Region part = layer.output.box;
      part[split] = {whole.size() * q / kParts, whole.size() * (q + 1) / kParts};
      const Region need = required_input(layer, i, part);
      if (need.empty()) continue;
      counted += per_index * (extent[p] > 1 ? need[axis[p]].size() : 1);
      needed += need.volume();
    }
    if (10 * counted > 13 * needed) return false;
  }
  return true;
}

void CostTables::choose_axis(std::size_t node) {
  const Layer& layer = problem.graph.layers()[node];
  if (node == 0) {  // of token numbers, there is no main axis to cut along
    const Region& box = layer.output.box;
    axis[0] = box[main_axis].size() > 1 ? main_axis : Axis::kChannel;
    extent[0] = static_cast<std::int32_t>(box[axis[0]].size());
    return;
  }
  const Work whole = work(layer, layer.output.box);
  const AxisSet pays = split_axes(layer);
  const Axis weights = weight_axis(layer);
  for (Axis candidate : {main_axis == weights ? Axis::kRow : main_axis, Axis::kRow, weights}) {
    // Where each part needs all of the input, better cut like the layers around it than by weights,
    // and than not at all if that input is small.
    const bool harmless = (whole.macs > 0 && has_axis(pays, weights)) ||
                          kParts * whole.in_elements <= whole.out_elements;
    const bool useful = has_axis(pays, candidate) || (candidate == main_axis && harmless);
    if (!useful || layer.output.box[candidate].size() < 2 || !separable(node, candidate)) continue;
    axis[node] = candidate;
    extent[node] = static_cast<std::int32_t>(layer.output.box[candidate].size());
    return;
  }
}

void CostTables::add_edges(std::size_t node) {
  const Layer& layer = problem.graph.layers()[node];
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const std::size_t p = index(layer.inputs[i]);
    edges.push_back({static_cast<std::int32_t>(p), static_cast<std::int32_t>(node), lo.size()});
    std::vector<Range> needs;
    for (std::int32_t o = 0; o < extent[node]; ++o) {
      const Region out = extent[node] > 1 ? at_index(layer, axis[node], o) : layer.output.box;
      const Region need = required_input(layer, i, out);
      const Range range = need.empty() ? Range{} : extent[p] > 1 ? need[axis[p]] : Range{0, 1};
      needs.push_back(range);
    }
    // Where an index needs nothing, the neighbours' needs keep both bounds ascending.
    std::int64_t next = 0;
    for (const Range& r : needs) next = std::max(next, r.end);
    std::vector<std::int64_t> begins(needs.size());
    for (std::size_t o = needs.size(); o-- > 0;) {
      if (!needs[o].empty()) next = std::min(next, needs[o].begin);
      begins[o] = next;
    }
    std::int64_t last = begins.empty() ? 0 : begins.front();
    for (std::size_t o = 0; o < needs.size(); ++o) {
      if (!needs[o].empty()) last = std::max(last, needs[o].end);
      lo.push_back(static_cast<std::int32_t>(begins[o]));
      hi.push_back(static_cast<std::int32_t>(last));
    }
    const Axis split = extent[node] > 1 ? axis[node] : Axis::kRow;
    edge_elements.push_back(static_cast<double>(elements_per_index(layer, i, split)));
  }
  in_first[node + 1] = edges.size();
  instant[node] = node == 0 || work(layer, layer.output.box).view;
}

void CostTables::add_relays() {
  for (std::size_t r = 0; r < problem.graph.outputs().size(); ++r) {
    const std::size_t node = layers + r;
    const std::size_t p = index(problem.graph.outputs()[r]);
    edges.push_back({static_cast<std::int32_t>(p), static_cast<std::int32_t>(node), lo.size()});
    lo.push_back(0);
    hi.push_back(extent[p]);
    const std::int64_t elements = problem.graph.layers()[p].output.volume() / extent[p];
    edge_elements.push_back(static_cast<double>(elements));
    in_first[node + 1] = edges.size();
  }
}

/// Outgoing edges, and what of a tensor its consumers want per index.
void CostTables::link_up() {
  out_first.assign(nodes + 1, 0);
  for (const Edge& edge : edges) ++out_first[index(edge.producer) + 1];
  for (std::size_t n = 0; n < nodes; ++n) out_first[n + 1] += out_first[n];
  out_edges.resize(edges.size());
  std::vector<std::size_t> at(out_first.begin(), out_first.end() - 1);
  for (std::size_t e = 0; e < edges.size(); ++e) {
    out_edges[at[index(edges[e].producer)]++] = static_cast<std::int32_t>(e);
  }
  for (std::size_t p = 0; p < layers; ++p) {
    std::vector<Region> wanted;
    for (std::size_t e = 0; e < edges.size(); ++e) {
      if (index(edges[e].producer) != p) continue;
      const std::size_t c = index(edges[e].consumer);
      Region need = problem.graph.layers()[p].output.box;
      if (c < layers) {
        const Layer& layer = problem.graph.layers()[c];
        need = required_input(layer, e - in_first[c], layer.output.box);
      }
      if (extent[p] > 1) need[axis[p]] = {0, 1};
      wanted.push_back(need);
    }
    wanted_per_index[p] = static_cast<double>(union_volume(wanted));
  }
}

void CostTables::add_work() {
  for (std::size_t l = 0; l < layers; ++l) {
    const Layer& layer = problem.graph.layers()[l];
    work_first.push_back(size_work.size());
    for (std::int32_t n = 0; n <= extent[l]; ++n) {
      size_work.push_back(work(layer, region(l, {0, n})));
    }
  }
}

void CostTables::add_times() {
  time_first.assign(nodes, 0);
  size_time_s.clear();
  s_per_element.clear();
  for (std::size_t l = 0; l < layers; ++l) {
    time_first[l] = size_time_s.size();
    const Work* by_size = &size_work[work_first[l]];
    for (DeviceId d : device) {
      const ComputeProfile& profile = problem.cluster.device(d).compute;
      s_per_element.push_back(input_element_time_s(profile, by_size[extent[l]]));
      for (std::int32_t n = 0; n <= extent[l]; ++n) {
        Work part = by_size[n];
        part.in_elements = 0;
        size_time_s.push_back(n > 0 && !instant[l] ? compute_time_s(profile, part) : 0);
      }
    }
  }
}

void CostTables::add_paths() {
  const Cluster& cluster = problem.cluster;
  paths.assign(devices * devices, {});
  for (std::size_t s = 0; s < devices; ++s) {
    if (device[s] == cluster.source()) source = s;
    if (device[s] == cluster.sink()) sink = s;
    for (std::size_t d = 0; d < devices; ++d) {
      if (s == d) continue;
      const Route route = cluster.route(device[s], device[d]);
      paths[s * devices + d] = {1 / cluster.bandwidth_Bps(route),
                                route.crossings,
                                route.latency_s,
                                route.links,
                                route.links.front(),
                                route.links.back()};
    }
  }
}

double CostTables::unit_time_s(std::size_t node, std::size_t d, Span part) const {
  if (node >= layers || instant[node] || part.empty()) return 0;
  const std::size_t extents = index(extent[node]) + 1;
  double time_s = size_time_s[time_first[node] + d * extents + index(part.size())];
  const double element_time_s = s_per_element[node * devices + d];
  if (element_time_s > 0) {
    for (std::size_t e = in_first[node]; e < in_first[node + 1]; ++e) {
      time_s += element_time_s * edge_elements[e] * need(edges[e], part).size();
    }
  }
  return time_s;
}

Region CostTables::region(std::size_t node, Span part) const {
  Region region = problem.graph.layers()[node].output.box;
  if (part.empty()) return {};
  if (extent[node] > 1) region[axis[node]] = {part.begin, part.end};
  return region;
}

Span CostTables::part(std::size_t node, const Region& own) const {
  if (own.empty()) return {};
  if (extent[node] == 1) return {0, 1};
  const Region& whole = problem.graph.layers()[node].output.box;
  const Axis other = axis[node] == Axis::kRow ? Axis::kColumn : Axis::kRow;
  if (own[axis[node]] != whole[axis[node]] || own[other] == whole[other]) {
    const Range range = own[axis[node]];
    return {static_cast<std::int32_t>(range.begin), static_cast<std::int32_t>(range.end)};
  }
  const auto scaled = [&](std::int64_t at) {
    return static_cast<std::int32_t>(std::lround(static_cast<double>(at * extent[node]) /
                                                 static_cast<double>(whole[other].size())));
  };
  return {scaled(own[other].begin), scaled(own[other].end)};
}

double CostTables::weight_bytes(std::size_t node, Span part) const {
  const Layer& layer = problem.graph.layers()[node];
  if (part.empty() || layer.params == 0) return 0;
  return problem.size.activation_bytes *
         static_cast<double>(work(layer, region(node, part)).weight_elements);
}

double CostTables::activation_bytes(std::size_t node, Span part) const {
  const Work unit = work(problem.graph.layers()[node], region(node, part));
  return problem.size.activation_bytes * static_cast<double>(unit.in_elements + unit.out_elements);
}

}  // namespace edgeflow::joint
