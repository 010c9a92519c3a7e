#include "workloads/operators/attributes.hpp"

#include <algorithm>
#include <cassert>

namespace edgeflow {
namespace {

using A = Attributes;

constexpr std::array<std::string_view, 3> kInterpolations{"nearest", "bilinear", "bicubic"};
constexpr std::array<std::string_view, 3> kSamplings{"half_pixel", "align_corners", "asymmetric"};

constexpr std::array kTable{
    Attribute{
        .key = "dims",
        .member = &A::dims,
        .meaning = "of the output; of transpose the order of the input's; of reduce those that go",
        .needed = true,
        .written = true},
    Attribute{.key = "out_channels",
              .member = &A::out_channels,
              .meaning = "output channels or features",
              .min = 1,
              .needed = true,
              .written = true},
    Attribute{.key = "kernel",
              .member = &A::kernel,
              .meaning = "rows and columns of the window",
              .min = 1},
    Attribute{.key = "stride",
              .member = &A::stride,
              .meaning = "rows and columns from one window to the next",
              .min = 1},
    Attribute{.key = "dilation",
              .member = &A::dilation,
              .meaning = "rows and columns from one element of a window to the next",
              .min = 1},
    Attribute{.key = "pad", .member = &A::pad, .meaning = "rows and columns around the input"},
    Attribute{.key = "output_pad",
              .member = &A::output_pad,
              .meaning = "rows and columns that the output has more"},
    Attribute{.key = "groups",
              .member = &A::groups,
              .meaning = "of channels, each of them computed from its own alone",
              .min = 1},
    Attribute{.key = "bias",
              .member = &A::bias,
              .meaning = "whether it adds a number per channel or feature"},
    Attribute{.key = "affine",
              .member = &A::affine,
              .meaning = "whether it has a scale, and with bias a shift"},
    Attribute{.key = "tied",
              .member = &A::tied,
              .meaning = "whether the weights are those of an earlier layer"},
    Attribute{.key = "ceil_mode",
              .member = &A::ceil_mode,
              .meaning = "whether a last window may reach over the border"},
    Attribute{.key = "scale",
              .member = &A::scale,
              .meaning = "rows and columns of the output per row and column",
              .min = 1,
              .written = true},
    Attribute{.key = "bilinear",
              .member = &A::bilinear,
              .meaning = "whether neighbours are mixed, else the nearest is taken"},
    Attribute{.key = "reflect",
              .member = &A::reflect,
              .meaning = "whether values of the input are repeated, not a constant"},
    Attribute{.key = "dim",
              .member = &A::dim,
              .meaning = "the dimension it works along, from 0 without the batch",
              .max = 15,
              .written = true},
    Attribute{.key = "start", .member = &A::start, .meaning = "the first index", .written = true},
    Attribute{.key = "stop",
              .member = &A::stop,
              .meaning = "the index behind the last",
              .min = 1,
              .needed = true,
              .written = true},
    Attribute{.key = "step", .member = &A::step, .meaning = "from one index to the next", .min = 1},
    Attribute{
        .key = "before", .member = &A::before, .meaning = "extent of constants before the inputs"},
    Attribute{
        .key = "after", .member = &A::after, .meaning = "extent of constants behind the inputs"},
    Attribute{.key = "keep_dims",
              .member = &A::keep_dims,
              .meaning = "whether dimensions that go stay, with size 1"},
    Attribute{.key = "output_size",
              .member = &A::output_size,
              .meaning = "rows and columns of the output",
              .min = 1,
              .needed = true,
              .written = true},
    Attribute{.key = "interpolation",
              .member = &A::interpolation,
              .meaning = "nearest, bilinear or bicubic",
              .choices = kInterpolations},
    Attribute{.key = "sampling",
              .member = &A::sampling,
              .meaning = "half_pixel, align_corners or asymmetric",
              .choices = kSamplings},
    Attribute{.key = "count",
              .member = &A::count,
              .meaning = "rows of the table, or how many indices are picked",
              .min = 1,
              .needed = true,
              .written = true},
    Attribute{.key = "params",
              .member = &A::params,
              .meaning = "parameters that it stores",
              .max = std::int64_t{1} << 40},
};

}  // namespace

std::span<const Attribute> attribute_table() { return kTable; }

const Attribute& attribute_of(std::string_view key) {
  const auto* row = std::find_if(kTable.begin(), kTable.end(),
                                 [&](const Attribute& attribute) { return attribute.key == key; });
  assert(row != kTable.end());
  return *row;
}

}  // namespace edgeflow
