// `aofl`: fused blocks chosen anywhere in the chain, each divided as suits it best.
//
// Problem: cut the chain into blocks; the hub (the source) deals out a block's input, devices
// compute tiles of rows from end to end with recomputed halos, the hub gathers the output:
//   min sum over blocks of t(block), t = the time of that exchange, or of the block on the hub.
// Algorithm: dynamic programming over ends of blocks (blocks.hpp). Variants:
//   aofl       blocks, per block the number of devices (a prefix of the ranking by speed, then
//              bandwidth) and shares that make receiving, computing and sending equally long;
//   ofl        blocks, all devices, equal shares;
//   efl        only the first block is divided, as in DeepThings, the rest runs on the hub;
//   layerwise  no fusion: every segment is a block.
// Complexity: see best_blocks.
// Paper: Zhou et al., Adaptive Parallel Execution of Deep Neural Networks on Heterogeneous Edge
// Devices, SEC 2019.
// Deviations: the paper keeps residual blocks whole inside a fused block; here a DAG is cut only
// where a single tensor passes, for whatever branches. Any block may stay on the hub. Times come
// from the cost model, not from regressions, and overlap sending with computing as the executor
// does. Tiles are rows.

#include <fmt/format.h>

#include "partition/strategies/blocks.hpp"

namespace edgeflow {
namespace {

BlockRules rules_of(const std::string& variant) {
  if (variant == "aofl") return {};
  if (variant == "ofl") return {.adapt = false};
  if (variant == "efl") return {.first_only = true, .adapt = false};
  if (variant == "layerwise") return {.fuse = false, .adapt = false};
  throw OptionError("variant",
                    fmt::format("got \"{}\", expected aofl, ofl, efl or layerwise", variant));
}

}  // namespace

Plan plan_aofl(const Problem& problem, const Options& options) {
  return plan_of_blocks(problem, best_blocks(problem, rules_of(options.at("variant"))), "aofl");
}

}  // namespace edgeflow
