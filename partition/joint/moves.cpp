#include "partition/joint/moves.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "partition/joint/boundaries.hpp"

namespace edgeflow::joint {

bool Moves::find_critical(Stretch& stretch) {
  const std::size_t layers = schedule_.tables().layers - 1;
  const std::size_t devices = schedule_.tables().devices;
  const std::size_t from = random_.below(layers);
  const std::size_t turn = random_.below(devices);
  for (std::size_t i = 0; i < layers; ++i) {
    const std::size_t l = 1 + (from + i) % layers;
    for (std::size_t k = 0; k < devices; ++k) {
      const std::size_t d = (turn + k) % devices;
      if (!(replay_ ? replay_->critical(l, d) : schedule_.critical(l, d))) continue;
      stretch.anchor = l;
      stretch.device = d;
      return true;
    }
  }
  return false;
}

Moves::Stretch Moves::pick_stretch() {
  // Long ones succeed more seldom and cost more.
  constexpr std::array<std::pair<double, std::size_t>, 3> kLongest{
      {{0.35, 1}, {0.7, 4}, {0.9, 16}}};
  const std::size_t layers = schedule_.tables().layers - 1;
  const double kind = random_.uniform();
  std::size_t longest = layers;
  for (const auto& [below, length] : kLongest) {
    if (kind >= below) continue;
    longest = std::min(layers, length);
    break;
  }
  const std::size_t length = 1 + random_.below(longest);
  Stretch stretch;
  stretch.device = random_.below(schedule_.tables().devices);
  if (!random_.chance(0.75) || !find_critical(stretch)) stretch.anchor = 1 + random_.below(layers);
  const std::size_t before = std::min(stretch.anchor - 1, random_.below(length));
  stretch.first = stretch.anchor - before;
  stretch.last = std::min(layers, stretch.first + length - 1);
  return stretch;
}

std::size_t Moves::pick_device(const Stretch& stretch) {
  return random_.chance(0.5) ? stretch.device : random_.below(schedule_.tables().devices);
}

void Moves::fine() {
  const Stretch stretch = pick_stretch();
  const double u = random_.uniform();
  if (u < 0.34) return shift_boundary(stretch);
  if (u < 0.54) return scale_share(stretch);
  if (u < 0.64) return assign_whole(stretch);
  if (u < 0.80) return copy_fractions(stretch);
  if (u < 0.88) return set_recompute(stretch);
  if (u < 0.95) return move_share(stretch);
  align_boundary(stretch);
}

void Moves::coarse() {
  const std::size_t layers = schedule_.tables().layers - 1;
  Stretch stretch = pick_stretch();
  if (random_.chance(0.15)) {
    stretch.last = std::min(layers, stretch.first + random_.below(10));
    return set_recompute(stretch);
  }
  if (random_.chance(0.2)) return spread(stretch);
  const std::size_t kind = random_.below(3);
  if (kind != 1) stretch.first = 1;
  if (kind != 0) stretch.last = layers;
  const double u = random_.uniform();
  if (u < 0.35) return shift_boundary(stretch);
  if (u < 0.75) return scale_share(stretch);
  if (u < 0.85) return assign_whole(stretch);
  if (u < 0.92) return move_share(stretch);
  copy_fractions(stretch);
}

void Moves::guided(const Encoding& other) {
  const std::size_t layers = schedule_.tables().layers - 1;
  const std::size_t devices = schedule_.tables().devices;
  Stretch stretch = pick_stretch();
  const std::size_t kind = random_.below(3);
  if (kind == 0) stretch.first = 1;
  if (kind == 1) stretch.last = layers;
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) {
    const std::int32_t* bounds = &other.boundaries[l * (devices + 1)];
    std::copy(bounds, bounds + devices + 1, schedule_.edit(l));
    schedule_.edit_recompute(l) = other.recompute[l];
  }
}

/// Moves one boundary to `at` and pushes those in its way.
void Moves::cut_at(std::size_t layer, std::size_t boundary, std::int32_t at) {
  std::int32_t* bounds = schedule_.edit(layer);
  at = std::clamp(at, 0, schedule_.tables().extent[layer]);
  bounds[boundary] = at;
  for (std::size_t k = boundary; k-- > 1;) bounds[k] = std::min(bounds[k], at);
  for (std::size_t k = boundary + 1; k < schedule_.tables().devices; ++k) {
    bounds[k] = std::max(bounds[k], at);
  }
}

void Moves::set_shares(std::size_t layer, const double* shares) {
  joint::set_shares(schedule_.edit(layer), schedule_.tables().devices,
                    schedule_.tables().extent[layer], shares);
}

void Moves::place_whole(std::size_t layer, std::size_t device) {
  joint::place_whole(schedule_.edit(layer), schedule_.tables().devices,
                     schedule_.tables().extent[layer], device);
}

void Moves::shift_boundary(const Stretch& stretch) {
  const std::size_t devices = schedule_.tables().devices;
  // A boundary of the critical device, if there is one.
  std::size_t boundary = pick_device(stretch) + random_.below(2);
  boundary = std::clamp<std::size_t>(boundary, 1, devices - 1);
  const double extent = schedule_.tables().extent[stretch.anchor];
  double fraction = (1 + static_cast<double>(random_.below(2))) / extent;
  if (random_.chance(0.4)) fraction = 0.3 * std::pow(random_.uniform(), 2);
  if (random_.chance(0.5)) fraction = -fraction;
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) {
    const double by = fraction * schedule_.tables().extent[l];
    const auto rows = static_cast<std::int32_t>(std::lround(by));
    if (rows != 0) cut_at(l, boundary, schedule_.boundaries(l)[boundary] + rows);
  }
}

void Moves::scale_share(const Stretch& stretch) {
  const std::size_t devices = schedule_.tables().devices;
  const std::size_t d = pick_device(stretch);
  std::size_t receiver = random_.below(devices - 1);  // takes over where d had everything
  if (receiver >= d) ++receiver;
  const double u = random_.uniform();
  const double factor = u < 0.25 ? 0 : std::exp(random_.uniform(-0.7, 0.7));
  const double added = u < 0.75 ? 0 : random_.uniform(0, 0.5);
  std::array<double, kMaxDevices> shares{};
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) {
    const std::int32_t* bounds = schedule_.boundaries(l);
    double others = 0;
    for (std::size_t k = 0; k < devices; ++k) {
      shares[k] = bounds[k + 1] - bounds[k];
      if (k != d) others += shares[k];
    }
    shares[d] =
        added > 0 ? std::max(shares[d], added * schedule_.tables().extent[l]) : shares[d] * factor;
    if (others == 0 && factor == 0) shares[receiver] = 1;
    set_shares(l, shares.data());
  }
}

void Moves::assign_whole(const Stretch& stretch) {
  const std::size_t d = random_.below(schedule_.tables().devices);
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) place_whole(l, d);
}

/// To some devices, by about their speed.
void Moves::spread(const Stretch& stretch) {
  const CostTables& tables = schedule_.tables();
  const Span whole{0, tables.extent[stretch.anchor]};
  const double chance = random_.uniform();
  std::array<double, kMaxDevices> shares{};
  bool any = false;
  for (std::size_t d = 0; d < tables.devices; ++d) {
    const double time_s = tables.unit_time_s(stretch.anchor, d, whole);
    if (time_s == 0 || !random_.chance(chance)) continue;
    shares[d] = std::exp(random_.uniform(-0.3, 0.3)) / time_s;
    any = true;
  }
  if (!any) return assign_whole(stretch);
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) set_shares(l, shares.data());
}

/// Takes the fractions of a layer just outside: before or behind, in order or along an edge.
void Moves::copy_fractions(const Stretch& stretch) {
  const CostTables& tables = schedule_.tables();
  std::size_t model = 0;
  if (random_.chance(0.5)) {
    const auto inputs = tables.inputs(stretch.first);
    model = random_.chance(0.5) || inputs.empty()
                ? stretch.first - 1
                : index(inputs[random_.below(inputs.size())].producer);
  } else {
    const auto outputs = tables.outputs(stretch.last);
    model = stretch.last + 1;
    if (random_.chance(0.5) && !outputs.empty()) {
      const std::size_t edge = index(outputs[random_.below(outputs.size())]);
      model = index(tables.edges[edge].consumer);
    }
  }
  if (model == 0) return assign_whole(stretch);
  std::array<double, kMaxDevices> shares{};
  if (model >= tables.layers) {
    shares[tables.sink] = 1;
  } else {
    const std::int32_t* bounds = schedule_.boundaries(model);
    for (std::size_t d = 0; d < tables.devices; ++d) shares[d] = bounds[d + 1] - bounds[d];
  }
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) set_shares(l, shares.data());
}

void Moves::set_recompute(const Stretch& stretch) {
  const std::size_t devices = schedule_.tables().devices;
  std::uint32_t mask = std::uint32_t{1} << pick_device(stretch);
  if (random_.chance(0.33)) mask = ~std::uint32_t{0} >> (32 - devices);
  const bool set = (schedule_.recompute(stretch.anchor) & mask) == 0;
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) {
    std::uint32_t& bits = schedule_.edit_recompute(l);
    bits = set ? bits | mask : bits & ~mask;
  }
}

/// From one device to another, leaving the others alone.
void Moves::move_share(const Stretch& stretch) {
  const std::size_t devices = schedule_.tables().devices;
  const std::size_t from = pick_device(stretch);
  std::size_t to = random_.below(devices - 1);
  if (to >= from) ++to;
  double fraction =
      (1 + static_cast<double>(random_.below(2))) / schedule_.tables().extent[stretch.anchor];
  if (random_.chance(0.33)) fraction = 1;
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) {
    const std::int32_t* old = schedule_.boundaries(l);
    const std::int32_t has = old[from + 1] - old[from];
    const auto wanted =
        static_cast<std::int32_t>(std::lround(fraction * schedule_.tables().extent[l]));
    const std::int32_t rows = std::min(has, std::max(wanted, l == stretch.anchor ? 1 : 0));
    if (rows == 0) continue;
    std::int32_t* bounds = schedule_.edit(l);
    for (std::size_t k = from + 1; k <= to; ++k) bounds[k] -= rows;
    for (std::size_t k = to + 1; k <= from; ++k) bounds[k] += rows;
  }
}

/// Cuts all layers where the anchor is cut.
void Moves::align_boundary(const Stretch& stretch) {
  const CostTables& tables = schedule_.tables();
  const std::size_t boundary = 1 + random_.below(tables.devices - 1);
  const double fraction = static_cast<double>(schedule_.boundaries(stretch.anchor)[boundary]) /
                          tables.extent[stretch.anchor];
  for (std::size_t l = stretch.first; l <= stretch.last; ++l) {
    cut_at(l, boundary, static_cast<std::int32_t>(std::lround(fraction * tables.extent[l])));
  }
}

}  // namespace edgeflow::joint
