// Einsum of two tensors, as a matrix product between transposes.

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/onnx/importer.hpp"

namespace edgeflow::onnx_reader {
namespace {

/// "bhid, bhjd -> bhij" without blanks, in three parts; nothing if it has other forms.
struct Equation {
  std::string left, right, out;
};

std::optional<Equation> parse(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const auto comma = text.find(',');
  const auto arrow = text.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) return {};
  Equation parts{text.substr(0, comma), text.substr(comma + 1, arrow - comma - 1),
                 text.substr(arrow + 2)};
  for (const std::string* part : {&parts.left, &parts.right, &parts.out}) {
    std::string sorted = *part;
    std::sort(sorted.begin(), sorted.end());
    const bool letters = std::all_of(sorted.begin(), sorted.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    if (!letters || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return {};
  }
  return parts;
}

/// The letters of `from` for which `wanted` holds, in their order.
template <typename Wanted>
std::string letters(const std::string& from, Wanted wanted) {
  std::string result;
  std::copy_if(from.begin(), from.end(), std::back_inserter(result), wanted);
  return result;
}

bool has(const std::string& text, char c) { return text.find(c) != std::string::npos; }

/// `x` with the dimensions named `from` in the order `to`.
Activation ordered(Importer& in, const Activation& x, const std::string& from,
                   const std::string& to, const std::string& suffix) {
  if (from == to) return x;
  const Activation all = in.with_dropped(x, -1, suffix + "/view");
  Attributes a;
  Dims shape;
  for (char label : to) {
    a.dims.push_back(static_cast<std::int64_t>(from.find(label)));
    shape.push_back(x.shape[from.find(label)]);
  }
  return in.as(in.add(Op::kTranspose, a, {&all}, suffix), shape, -1);
}

}  // namespace

void einsum(Importer& in) {
  const auto equation = parse(in.node().text("equation", ""));
  if (!equation || in.inputs() != 2 || in.is_constant(0) || in.is_constant(1)) {
    return in.unknown("only products of two tensors that depend on the input are known");
  }
  const auto& [left, right, out] = *equation;
  const std::string &l = left, &r = right, &o = out;  // clang 14 captures no bindings
  const Activation &a = in.activation(0), &b = in.activation(1);
  if (a.shape.size() != l.size() || b.shape.size() != r.size()) {
    in.fail("its equation does not fit the dimensions of its inputs");
  }
  auto size = [&](char label) {
    return has(l, label) ? a.shape[l.find(label)] : b.shape[r.find(label)];
  };
  for (std::size_t i = 0; i < r.size(); ++i) {
    if (size(r[i]) != b.shape[i]) in.fail(fmt::format("sizes of {} differ", r[i]));
  }
  const std::string batch = letters(l, [&](char c) { return has(r, c) && has(o, c); });
  const std::string rows = letters(l, [&](char c) { return !has(r, c) && has(o, c); });
  const std::string columns = letters(r, [&](char c) { return !has(l, c) && has(o, c); });
  const std::string sum = letters(l, [&](char c) { return has(r, c) && !has(o, c); });
  if (batch.size() + rows.size() + sum.size() != l.size() ||
      batch.size() + columns.size() + sum.size() != r.size() ||
      batch.size() + rows.size() + columns.size() != o.size()) {
    return in.unknown("it sums over a dimension of one input, or repeats one");
  }
  Dims shape;
  auto times = [&](const std::string& labels) {
    Dims dims;
    for (char label : labels) dims.push_back(size(label));
    return volume_of(dims);
  };
  for (char label : batch) shape.push_back(size(label));
  Dims x = shape, y = shape, merged = shape;
  x.insert(x.end(), {times(rows), times(sum)});
  y.insert(y.end(), {times(sum), times(columns)});
  merged.insert(merged.end(), {times(rows), times(columns)});
  const Activation first =
      in.viewed(ordered(in, a, l, batch + rows + sum, "/left"), x, "/left_view");
  const Activation second =
      in.viewed(ordered(in, b, r, batch + sum + columns, "/right"), y, "/right_view");
  const Activation p = in.with_dropped(first, -1, "/left_all");
  const Activation q = in.with_dropped(second, -1, "/right_all");
  const std::size_t layer = in.add(Op::kMatMul, {}, {&p, &q});
  Dims spread = shape, wanted;
  for (char label : rows + columns) spread.push_back(size(label));
  for (char label : o) wanted.push_back(size(label));
  const Activation product = in.viewed(in.as(layer, merged, -1), spread, "/spread");
  const Activation turned = ordered(in, product, batch + rows + columns, o, "/turn");
  in.set(0, in.viewed(turned, wanted, "/view"));
}

}  // namespace edgeflow::onnx_reader
