#include "tests/support/random_problem.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

namespace edgeflow::reference {
namespace {

/// Adds random layers to a graph, keeping those that make sense and stay small.
class GraphMaker {
 public:
  GraphMaker(Random& random, const GraphLimits& limits) : random_(random), limits_(limits) {
    LayerSpec input{"input", Op::kInput, {}, {}};
    input.attributes.dims = {random.between(1, 4), extent(), extent()};
    add(input);
  }

  Graph make() {
    const std::int64_t layers = random_.between(3, limits_.max_layers);
    for (int attempt = 0; attempt < 2000 && static_cast<std::int64_t>(dims_.size()) <= layers;
         ++attempt) {
      add(random_layer());
    }
    return Graph(graph_name(), "random", specs_);
  }

 private:
  using Dims = std::vector<std::int64_t>;

  std::int64_t extent() { return random_.between(1, limits_.max_extent); }

  void add(const LayerSpec& spec) {
    constexpr std::int64_t kMaxVolume = 6000;
    specs_.push_back(spec);
    try {
      const Graph graph("random", "random", specs_);
      const Tensor& output = graph.layers().back().output;
      if (output.volume() <= kMaxVolume) {
        dims_.push_back(output.dims);
        used_.push_back(false);
        for (std::size_t i = 0; i + 1 < specs_.size(); ++i) {
          used_[i] = used_[i] || std::count(spec.inputs.begin(), spec.inputs.end(), specs_[i].name);
        }
        return;
      }
    } catch (const ModelError&) {  // the draw made no sense
    }
    specs_.pop_back();
  }

  /// Names and quotes that a file format could stumble over, now and then.
  std::string graph_name() { return random_.chance(10) ? "a \"model\": #1" : "random"; }
  std::string next_name() {
    const std::string number = std::to_string(specs_.size());
    return random_.chance(10) ? "l: \"" + number + "\" #\\" : "layer." + number;
  }

  /// Mostly the last layer, else one without a consumer, else any.
  std::size_t pick_input() {
    const std::size_t last = specs_.size() - 1;
    if (random_.chance(50)) return last;
    std::vector<std::size_t> loose;
    for (std::size_t i = 0; i < last; ++i) {
      if (!used_[i]) loose.push_back(i);
    }
    if (!loose.empty() && random_.chance(60)) return random_.pick(loose);
    return static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(last)));
  }

  LayerSpec random_layer() {
    static const std::vector<Op> kOps = [] {
      const std::vector<std::pair<Op, int>> weights{
          {Op::kConv, 24},        {Op::kConvTranspose, 4},   {Op::kMaxPool, 6},
          {Op::kAvgPool, 5},      {Op::kAdaptiveAvgPool, 2}, {Op::kLinear, 4},
          {Op::kBatchNorm, 4},    {Op::kActivation, 6},      {Op::kElementwise, 14},
          {Op::kConcat, 10},      {Op::kSlice, 6},           {Op::kPad, 3},
          {Op::kUpsample, 5},     {Op::kReshape, 3},         {Op::kTranspose, 3},
          {Op::kSoftmax, 2},      {Op::kMatMul, 4},          {Op::kLayerNorm, 2},
          {Op::kInstanceNorm, 1}, {Op::kLocalNorm, 1},       {Op::kEmbedding, 1},
          {Op::kReduce, 3},       {Op::kGather, 2},          {Op::kResize, 3},
          {Op::kOpaque, 1}};
      std::vector<Op> ops;
      for (const auto& [op, weight] : weights) ops.insert(ops.end(), weight, op);
      return ops;
    }();
    LayerSpec spec{next_name(), random_.pick(kOps), {}, {}};
    const std::size_t from = pick_input();
    spec.inputs = {specs_[from].name};
    fill(spec, from);
    return spec;
  }

  void fill(LayerSpec& spec, std::size_t from) {
    Attributes& a = spec.attributes;
    const Dims& in = dims_[from];
    const auto rank = static_cast<std::int64_t>(in.size());
    switch (spec.op) {
      case Op::kConv:
      case Op::kConvTranspose:
        return fill_conv(spec, in);
      case Op::kMaxPool:
      case Op::kAvgPool:
        return fill_pool(a);
      case Op::kAdaptiveAvgPool:
        a.output_size = {random_.between(1, 5), random_.between(1, 5)};
        return;
      case Op::kLinear:
        a.out_channels = random_.between(1, 12);
        a.bias = random_.chance(50);
        return;
      case Op::kActivation:
        a.function = random_.chance(50) ? "relu" : "silu";
        return;
      case Op::kElementwise:
        a.function = random_.chance(50) ? "add" : random_.chance(50) ? "mul" : "max";
        return add_partners(spec, from, random_.between(0, 2));
      case Op::kConcat:
        a.dim = random_.chance(70) ? 0 : random_.between(0, rank - 1);
        a.before = random_.chance(10) ? random_.between(0, 2) : 0;
        a.after = random_.chance(10) ? random_.between(0, 2) : 0;
        return add_partners(spec, from, random_.between(1, 3));
      case Op::kSlice:
        return fill_slice(a, in);
      case Op::kPad:
        for (auto& side : a.pad) side = random_.between(0, 3);
        a.reflect = random_.chance(30);
        return;
      case Op::kUpsample:
        a.scale = random_.between(1, 3);
        a.bilinear = random_.chance(50);
        return;
      case Op::kReshape:
        return fill_reshape(a, in);
      case Op::kTranspose:
        a.dims.resize(in.size());
        std::iota(a.dims.begin(), a.dims.end(), 0);
        for (std::size_t i = a.dims.size(); i > 1; --i) {
          std::swap(a.dims[i - 1], a.dims[static_cast<std::size_t>(
                                       random_.between(0, static_cast<std::int64_t>(i) - 1))]);
        }
        return;
      case Op::kSoftmax:
        a.dim = random_.between(0, rank - 1);
        return;
      default:
        return fill_tokens(spec, from);
    }
  }

  void fill_tokens(LayerSpec& spec, std::size_t from) {
    Attributes& a = spec.attributes;
    const auto rank = static_cast<std::int64_t>(dims_[from].size());
    switch (spec.op) {
      case Op::kMatMul:
        return add_factor(spec, from);
      case Op::kLayerNorm:
        a.dim = random_.between(0, rank - 1);
        return;
      case Op::kEmbedding:
        a.count = random_.between(1, 50);
        a.out_channels = random_.between(1, 8);
        return;
      case Op::kReduce:
        for (std::int64_t i = 0; i < rank; ++i) {
          if (random_.chance(40)) a.dims.push_back(i);
        }
        a.keep_dims = random_.chance(60);
        a.function = random_.chance(50) ? "reduce_mean" : "reduce_max";
        return;
      case Op::kGather:
        a.dim = random_.between(0, rank - 1);
        a.count = random_.between(1, 8);
        return;
      case Op::kResize:
        a.output_size = {random_.between(1, 12), random_.between(1, 12)};
        a.interpolation = random_.chance(50)   ? "bilinear"
                          : random_.chance(50) ? "bicubic"
                                               : "nearest";
        a.sampling = random_.chance(50)   ? "half_pixel"
                     : random_.chance(50) ? "asymmetric"
                                          : "align_corners";
        return;
      case Op::kOpaque:
        for (std::int64_t i = random_.between(1, 3); i > 0; --i) {
          a.dims.push_back(random_.between(1, 6));
        }
        return add_partners(spec, from, random_.between(0, 1));
      default:
        return;
    }
  }

  /// The first tensor, from a random one on, that this one can be multiplied by.
  void add_factor(LayerSpec& spec, std::size_t from) {
    const Dims& left = dims_[from];
    const auto count = static_cast<std::int64_t>(dims_.size());
    const std::int64_t start = random_.between(0, count - 1);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto other = static_cast<std::size_t>((start + i) % count);
      const Dims& right = dims_[other];
      if (left.size() < 2 || right.size() < 2) continue;
      if (right[right.size() - 2] != left.back()) continue;
      spec.inputs.push_back(specs_[other].name);
      return;
    }
  }

  void fill_windows(Attributes& a) {
    for (std::size_t i = 0; i < 2; ++i) {
      a.kernel[i] = random_.chance(50) ? 3 : random_.between(1, 5);
      a.stride[i] = random_.chance(70) ? 1 : random_.between(1, 3);
      a.dilation[i] = random_.chance(80) ? 1 : random_.between(1, 3);
      a.pad[i] = a.pad[i + 2] = a.dilation[i] * (a.kernel[i] - 1) / 2;
      if (random_.chance(25)) {
        a.pad[i] = random_.between(0, 3);
        a.pad[i + 2] = random_.between(0, 3);
      }
    }
  }

  void fill_conv(LayerSpec& spec, const Dims& in) {
    Attributes& a = spec.attributes;
    fill_windows(a);
    a.bias = random_.chance(50);
    a.groups = random_.chance(70) ? 1 : random_.chance(50) ? in[0] : random_.between(1, in[0]);
    a.out_channels = a.groups * random_.between(1, std::max<std::int64_t>(1, 10 / a.groups));
    if (spec.op == Op::kConvTranspose) {
      for (std::size_t i = 0; i < 2; ++i) a.output_pad[i] = random_.between(0, a.stride[i] - 1);
    }
  }

  void fill_pool(Attributes& a) {
    fill_windows(a);
    for (std::size_t i = 0; i < 2; ++i) {
      a.kernel[i] = random_.between(1, 4);
      a.pad[i] = a.pad[i + 2] = random_.between(0, a.kernel[i] / 2);
    }
    a.ceil_mode = random_.chance(50);
  }

  void fill_slice(Attributes& a, const Dims& in) {
    a.dim = random_.between(0, static_cast<std::int64_t>(in.size()) - 1);
    const std::int64_t size = in[static_cast<std::size_t>(a.dim)];
    a.start = random_.between(0, size - 1);
    a.stop = random_.between(a.start + 1, size);
    a.step = random_.chance(60) ? 1 : random_.between(1, 3);
  }

  /// Merges two neighbouring dimensions, or splits one.
  void fill_reshape(Attributes& a, const Dims& in) {
    a.dims = in;
    const auto at =
        static_cast<std::ptrdiff_t>(random_.between(0, static_cast<std::int64_t>(in.size()) - 1));
    const auto place = a.dims.begin() + at;
    if (random_.chance(60) && place + 1 != a.dims.end()) {
      *place *= *(place + 1);
      a.dims.erase(place + 1);
      return;
    }
    for (std::int64_t factor : {2, 3, 5, 7}) {
      if (*place % factor != 0) continue;
      *place /= factor;
      a.dims.insert(place, factor);
      return;
    }
  }

  /// More inputs, such that the whole still makes sense.
  void add_partners(LayerSpec& spec, std::size_t from, std::int64_t count) {
    for (int attempt = 0; attempt < 12 && count > 0; ++attempt) {
      const std::size_t partner = pick_input();
      bool fits = dims_[partner].size() == dims_[from].size() || spec.op == Op::kElementwise;
      for (std::size_t i = 0; fits && spec.op == Op::kConcat && i < dims_[from].size(); ++i) {
        fits = static_cast<std::int64_t>(i) == spec.attributes.dim ||
               dims_[from][i] == dims_[partner][i];
      }
      const std::size_t shared = std::min(dims_[partner].size(), dims_[from].size());
      for (std::size_t i = 1; fits && spec.op == Op::kElementwise && i <= shared; ++i) {
        const std::int64_t a = dims_[partner][dims_[partner].size() - i];
        const std::int64_t b = dims_[from][dims_[from].size() - i];
        fits = a == b || a == 1 || b == 1;
      }
      if (!fits) continue;
      spec.inputs.push_back(specs_[partner].name);
      --count;
    }
    if (spec.inputs.size() > 1 && random_.chance(50)) {
      std::reverse(spec.inputs.begin(), spec.inputs.end());
    }
  }

  Random& random_;
  GraphLimits limits_;
  std::vector<LayerSpec> specs_;
  std::vector<Dims> dims_;
  std::vector<bool> used_;
};

/// Cuts [0, extent) at random, up to `parts` ways; no part is empty.
std::vector<Range> random_cuts(Random& random, std::int64_t extent, std::int64_t parts) {
  std::vector<std::int64_t> ends{0, extent};
  for (std::int64_t i = 1; i < parts; ++i) ends.push_back(random.between(0, extent));
  std::sort(ends.begin(), ends.end());
  std::vector<Range> ranges;
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    if (ends[i] < ends[i + 1]) ranges.push_back({ends[i], ends[i + 1]});
  }
  return ranges;
}

/// Of a hub, a mesh, a star of stars or a graph.
Network random_network(Random& random, const std::vector<Device>& devices, double bandwidth_Bps,
                       double latency_s) {
  const auto rate_Bps = [&] { return static_cast<double>(random.between(1, 100)) * 1e6; };
  std::vector<std::string> names;
  for (const Device& device : devices) names.push_back(device.name);
  switch (random.between(0, 3)) {
    case 0:
      return make_hub(devices.size(), bandwidth_Bps, latency_s);
    case 1: {
      Network mesh = make_mesh(names, bandwidth_Bps, latency_s);
      for (Link& link : mesh.links) link.bandwidth_Bps = rate_Bps();
      return mesh;
    }
    case 2: {
      std::vector<Port> ports;
      for (std::size_t d = 0; d < names.size(); ++d) {
        ports.push_back({rate_Bps(), rate_Bps(), latency_s / 2,
                         static_cast<std::int32_t>(random.between(0, 1))});
      }
      return make_switch(names, ports,
                         {{"here", {rate_Bps(), rate_Bps(), 3 * latency_s, 0}},
                          {"there", {rate_Bps(), rate_Bps(), 5 * latency_s, 0}}});
    }
    default: {  // every device on one of two switches, one of which the other hangs on
      Network graph;
      graph.type = NetworkType::kGraph;
      graph.devices = names.size();
      std::vector<Edge> edges;
      const auto connect = [&](std::size_t a, std::size_t b) {
        const auto forth = static_cast<int>(graph.links.size());
        graph.links.push_back({"up", rate_Bps(), latency_s, 0, 0});
        graph.links.push_back({"down", rate_Bps(), latency_s, 0, 0});
        edges.push_back({a, b, forth, random.chance(30) ? forth : forth + 1});
      };
      connect(names.size(), names.size() + 1);
      for (std::size_t d = 0; d < names.size(); ++d) {
        connect(d, names.size() + static_cast<std::size_t>(random.between(0, 1)));
      }
      graph.paths = shortest_paths(names.size(), names.size() + 2, edges);
      return graph;
    }
  }
}

}  // namespace

Graph random_graph(Random& random, const GraphLimits& limits) {
  return GraphMaker(random, limits).make();
}

Cluster random_cluster(Random& random) {
  std::vector<Device> devices(static_cast<std::size_t>(random.between(1, 6)));
  const auto last = static_cast<std::int64_t>(devices.size()) - 1;
  std::vector<double> rates;
  for (std::size_t d = 0; d < devices.size(); ++d) {
    devices[d].name = (random.chance(10) ? "pi: #" : "pi-") + std::to_string(d);
    devices[d].memory_bytes = std::numeric_limits<double>::infinity();
    ComputeProfile& compute = devices[d].compute;
    compute.mac_rate = static_cast<double>(random.between(1, 100)) * 1e7;
    if (random.chance(70)) compute.byte_rate_Bps = static_cast<double>(random.between(1, 50)) * 1e8;
    if (random.chance(70)) compute.overhead_s = static_cast<double>(random.between(1, 500)) * 1e-6;
    if (random.chance(30)) {
      compute.winograd_factor = 0.25;
      compute.winograd_byte_factor = 8;
      compute.spatial_factor = 1.5;
    }
    if (random.chance(30)) {
      compute.fully_connected_factor = 0;
      compute.matrix_factor = 3;
    }
    rates.push_back(static_cast<double>(random.between(1, 100)) * 1e6);
  }
  const bool wifi = random.chance(40);
  const double bandwidth_Bps = static_cast<double>(random.between(1, 100)) * 1e6;
  const double latency_s =
      random.chance(30) ? 0 : static_cast<double>(random.between(1, 40)) * 5e-5;
  const bool own_rates = !wifi && random.chance(40);
  const auto source = static_cast<std::int32_t>(random.between(0, last));
  const auto sink = random.chance(50) ? source : static_cast<std::int32_t>(random.between(0, last));
  const std::string name = random.chance(10) ? "lab \"2\": #" : "lab";
  Random apart = random;
  for (Device& device : devices) {
    device.own_scheduling = static_cast<Scheduling>(apart.between(0, 2));
  }
  if (apart.chance(40)) {
    Network network = random_network(apart, devices, bandwidth_Bps, latency_s);
    network.bandwidth_Bps = bandwidth_Bps;
    network.latency_s = latency_s;
    return Cluster(name, std::move(devices), std::move(network), DeviceId{source}, DeviceId{sink});
  }
  return Cluster(name, std::move(devices), wifi ? NetworkType::kWifi : NetworkType::kSwitch,
                 bandwidth_Bps, latency_s, DeviceId{source}, DeviceId{sink},
                 own_rates ? std::span<const double>(rates) : std::span<const double>());
}

Assignment random_assignment(Random& random, const Graph& graph, const Cluster& cluster) {
  const auto devices = static_cast<std::int64_t>(cluster.size());
  auto any_device = [&] {
    return DeviceId{static_cast<std::int32_t>(random.between(0, devices - 1))};
  };
  Assignment assignment;
  for (const Layer& layer : graph.layers()) {
    const Region& box = layer.output.box;
    std::array<std::int64_t, 3> parts{1, 1, 1};
    const std::int64_t way = random.between(0, 5);
    if (way >= 1 && way <= 3) {  // along one axis; rows most often
      parts[way == 1 ? 0U : way == 2 ? 2U : 1U] = random.between(1, 6);
    } else if (way >= 4) {
      parts = {way == 4 ? 1 : random.between(1, 2), random.between(1, 3), random.between(1, 3)};
    }
    const int overlap_percent = random.chance(35) ? 60 : 0;
    std::vector<Share> shares;
    for (const Range& channel : random_cuts(random, box.channel.end, parts[0])) {
      for (const Range& row : random_cuts(random, box.row.end, parts[1])) {
        for (const Range& column : random_cuts(random, box.column.end, parts[2])) {
          Region part{channel, row, column};
          for (Axis axis : kAxes) {
            if (!random.chance(overlap_percent)) continue;
            part[axis] = intersect(
                {part[axis].begin - random.between(0, 2), part[axis].end + random.between(0, 2)},
                box[axis]);
          }
          shares.push_back({any_device(), part});
        }
      }
    }
    if (random.chance(5)) shares.push_back({any_device(), box});
    assignment.push_back(std::move(shares));
  }
  return assignment;
}

}  // namespace edgeflow::reference
