#include "partition/blocks/barrier.hpp"

#include <algorithm>
#include <map>

namespace edgeflow {
namespace {

class Barriers {
 public:
  Barriers(const Plan& plan, DeviceId hub) : old_(plan), hub_(hub), plan_(plan) {
    plan_.units.clear();
  }

  Plan build(std::span<const Block> blocks) {
    std::size_t u = 0;
    for (const Block& block : blocks) {
      while (!in(block, old_.units[u])) take_over(u++);
      const std::size_t first = u;
      while (u < old_.units.size() && in(block, old_.units[u])) ++u;
      divide(block, first, u);
    }
    while (u < old_.units.size()) take_over(u++);
    fill_forwarding(plan_);
    return std::move(plan_);
  }

 private:
  static bool in(const Block& block, const ExecutionUnit& unit) {
    const std::size_t l = index(unit.layer);
    return unit.kind == UnitKind::kCompute && l >= block.first && l < block.end;
  }

  UnitId add(ExecutionUnit unit) {
    plan_.units.push_back(std::move(unit));
    return UnitId{static_cast<std::int32_t>(plan_.units.size() - 1)};
  }

  UnitId add_relay(LayerId layer, DeviceId device, const Region& box, UnitId provider) {
    return add({UnitKind::kRelay, layer, device, box, {{provider, box}}, {}});
  }

  UnitId take_over(std::size_t u) {
    ExecutionUnit unit = old_.units[u];
    for (Requirement& r : unit.requirements) r.provider = renamed_[index(r.provider)];
    renamed_.push_back(add(std::move(unit)));
    return renamed_.back();
  }

  /// A unit on the hub that waits for all of `tokens`.
  UnitId add_barrier(UnitId whole, const std::vector<UnitId>& tokens) {
    const ExecutionUnit& source = plan_.unit(whole);
    const UnitId barrier = add_relay(source.layer, hub_, source.output, whole);
    for (UnitId token : tokens) plan_.units[index(barrier)].requirements.push_back({token, {}});
    return barrier;
  }

  /// The units `first` to `end` - 1, those of a block.
  void divide(const Block& block, std::size_t first, std::size_t end) {
    const LayerId entry{static_cast<std::int32_t>(block.first - 1)};
    std::map<DeviceId, Region> needs;  // of the entry
    std::map<DeviceId, UnitId> provider;
    for (std::size_t u = first; u < end; ++u) {
      for (const Requirement& r : old_.units[u].requirements) {
        if (old_.unit(r.provider).layer != entry) continue;
        Region& box = needs[old_.units[u].device];
        box = hull(box, r.region);
        provider[old_.units[u].device] = renamed_[index(r.provider)];
      }
    }
    std::vector<UnitId> there;
    UnitId whole = provider.begin()->second;
    for (auto& [device, unit] : provider) {
      if (plan_.unit(unit).device == hub_) whole = unit;
      if (device != hub_) there.push_back(unit = add_relay(entry, device, needs[device], unit));
    }
    if (plan_.unit(whole).device != hub_) whole = plan_.unit(whole).requirements[0].provider;
    const UnitId dealt = add_barrier(whole, there);

    std::vector<UnitId> computed;
    for (std::size_t u = first; u < end; ++u) {
      const UnitId id = take_over(u);
      ExecutionUnit& unit = plan_.units[index(id)];
      for (std::size_t i = 0; i < unit.requirements.size(); ++i) {
        if (old_.unit(old_.units[u].requirements[i].provider).layer == entry) {
          unit.requirements[i].provider = provider[unit.device];
        }
      }
      if (index(unit.layer) == block.first) unit.requirements.push_back({dealt, {}});
      if (index(unit.layer) == block.end - 1) computed.push_back(id);
    }
    const UnitId done = add_barrier(whole, computed);
    std::size_t u = end - computed.size();
    for (UnitId id : computed) {
      const ExecutionUnit& unit = plan_.unit(id);
      if (unit.device != hub_) {
        renamed_[u] = add_relay(unit.layer, unit.device, Region(unit.output), id);
        plan_.units[index(renamed_[u])].requirements.push_back({done, {}});
      }
      ++u;
    }
  }

  const Plan& old_;
  const DeviceId hub_;
  Plan plan_;
  std::vector<UnitId> renamed_;  // by old unit
};

}  // namespace

Plan with_barriers(const Plan& plan, DeviceId hub, std::span<const Block> blocks) {
  return Barriers(plan, hub).build(blocks);
}

}  // namespace edgeflow
