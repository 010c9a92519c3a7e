// required_input against measured row dependencies of real networks (tests/data/rowdeps/rows.csv).

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tests/csv.hpp"
#include "workloads/graph/graph.hpp"

namespace edgeflow {
namespace {

using test::read_csv;
using test::Row;
using test::split;

constexpr std::int64_t kAcross = 3;  // extent of the input along the other axis

struct Dependency {
  Range out;
  Range in;
};

Range read_range(const std::string& text) {
  const auto ends = split(text, ':');
  REQUIRE(ends.size() == 2);
  return {std::stoll(ends[0]), std::stoll(ends[1])};
}

std::vector<Dependency> measured(const Row& row) {
  std::vector<Dependency> all;
  std::int64_t out_row = 0;
  for (const std::string& range : split(row.at("rows"), ' ')) {
    all.push_back({{out_row, out_row + 1}, read_range(range)});
    ++out_row;
  }
  CHECK(out_row == std::stoll(row.at("out_rows")));
  for (const std::string& text : split(row.at("ranges"), ' ')) {
    const auto sides = split(text, '>');
    REQUIRE(sides.size() == 2);
    all.push_back({read_range(sides[0]), read_range(sides[1])});
  }
  return all;
}

const std::map<std::string, Op> kOps{{"conv", Op::kConv},
                                     {"conv_transpose", Op::kConvTranspose},
                                     {"max_pool", Op::kMaxPool},
                                     {"avg_pool", Op::kAvgPool},
                                     {"adaptive_avg_pool", Op::kAdaptiveAvgPool},
                                     {"upsample_nearest", Op::kUpsample},
                                     {"upsample_bilinear", Op::kUpsample},
                                     {"pad", Op::kPad}};

/// The layer, its window along `axis` only: a mix-up of rows and columns shows.
Graph build(const Row& row, Axis axis) {
  auto number = [&](const char* column) { return std::stoll(row.at(column)); };
  const std::size_t i = axis == Axis::kRow ? 0 : 1;
  LayerSpec input{"input", Op::kInput, {}, {}};
  input.attributes.dims = {number("in_channels"), kAcross, kAcross};
  input.attributes.dims[1 + i] = number("in_rows");
  LayerSpec spec{row.at("layer"), kOps.at(row.at("op")), {}, {"input"}};
  Attributes& a = spec.attributes;
  a.kernel[i] = number("kernel");
  a.stride[i] = number("stride");
  a.dilation[i] = number("dilation");
  a.pad[i] = number("pad_before");
  a.pad[i + 2] = number("pad_after");
  a.groups = number("groups");
  a.out_channels = number("out_channels");
  a.output_size.fill(kAcross);
  a.bilinear = row.at("op") == "upsample_bilinear";
  for (const std::string& option : split(row.at("options"), ' ')) {
    if (option == "ceil") a.ceil_mode = true;
    if (option.starts_with("scale=")) a.scale = std::stoll(option.substr(6));
    if (option.starts_with("size=")) a.output_size[i] = std::stoll(option.substr(5));
  }
  return Graph(row.at("network"), "", {input, spec});
}

// A tap of a dilated kernel that falls off a small map shortens the measured rows at one end: with
// 6 rows, kernel 3, dilation 4 and padding 4, output row 2 has taps -2, 2 and 6, of which only row
// 2 exists, where the interval clipped to the map is all six rows. These 14 layers (6 different
// shapes) are all where that happens; everywhere else the interval is exact.
const std::set<std::string> kCoveringMore{
    // 6 rows, kernel 3: dilation 2, and 4 in the last two.
    "fcn_resnet50 backbone.layer3.1.conv2",
    "fcn_resnet50 backbone.layer3.2.conv2",
    "fcn_resnet50 backbone.layer3.3.conv2",
    "fcn_resnet50 backbone.layer3.4.conv2",
    "fcn_resnet50 backbone.layer3.5.conv2",
    "fcn_resnet50 backbone.layer4.0.conv2",
    "fcn_resnet50 backbone.layer4.1.conv2",
    "fcn_resnet50 backbone.layer4.2.conv2",
    // 5 rows: kernel 5, dilation 2; then kernel 3, dilations 12, 24 and 36.
    "deeplabv3_mobilenet_v3_large backbone.13.block.1.0",
    "deeplabv3_mobilenet_v3_large backbone.14.block.1.0",
    "deeplabv3_mobilenet_v3_large backbone.15.block.1.0",
    "deeplabv3_mobilenet_v3_large classifier.0.convs.1.0",
    "deeplabv3_mobilenet_v3_large classifier.0.convs.2.0",
    "deeplabv3_mobilenet_v3_large classifier.0.convs.3.0",
};

}  // namespace

TEST_CASE("the rows and columns an output needs are those that were measured to matter") {
  std::set<std::string> covering_more;
  int ranges = 0;
  for (const Row& row : read_csv("rowdeps/rows.csv")) {
    const std::string name = row.at("network") + " " + row.at("layer");
    for (Axis axis : {Axis::kRow, Axis::kColumn}) {
      INFO(name << (axis == Axis::kRow ? ", rows" : ", columns"));
      const Graph graph = build(row, axis);
      const Layer& layer = graph.layers()[1];
      REQUIRE(layer.output.box[axis].end == std::stoll(row.at("out_rows")));
      for (const Dependency& d : measured(row)) {
        INFO("output " << d.out.begin << " to " << d.out.end);
        Region out = layer.output.box;
        out[axis] = d.out;
        const Region need = required_input(layer, 0, out);
        CHECK(need[axis].contains(d.in));
        CHECK(need.empty() == d.in.empty());
        if (!need.empty() && need[axis] != d.in) covering_more.insert(name);
        ++ranges;
      }
    }
  }
  CHECK(covering_more == kCoveringMore);
  CHECK(ranges == 2 * (5'812 + 2'398));  // both axes; of single rows, of several rows
}

}  // namespace edgeflow
