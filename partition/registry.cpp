// The table of strategies. A new strategy is one file in partition/strategies/, its declaration in
// strategies.hpp, and one row here.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "partition/options/options.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "partition/strategies/strategies.hpp"

namespace edgeflow {
namespace {

// Of strategies with a hub.
constexpr OptionInfo kHub{"hub", "a device name or source", "who deals out and gathers", "source"};
constexpr OptionInfo kHubComputes{"hub_computes", "yes or no", "whether the hub takes parts, too",
                                  "yes"};

constexpr OptionInfo kIdle{"idle", "none, or names of devices", "who takes no part", "none"};

const std::vector<StrategyInfo>& table() {
  static const std::vector<StrategyInfo> kTable{
      {"single",
       "the whole model on one device",
       "the control without distribution",
       {{"device", "a device name or best", "where the model runs", "best"}},
       plan_single},
      {"even",
       "each layer's rows in equal parts",
       "the control without knowledge of speeds",
       {},
       plan_even},
      {"proportional",
       "each layer's rows in proportion to device speed",
       "shares after MoDNN (Mao et al., DATE 2017), halos exchanged directly",
       {},
       plan_proportional},
      {"modnn",
       "each layer cut in proportion to speed, gathered on the hub after every layer",
       "MoDNN (Mao et al., DATE 2017)",
       {{"strips", "speed or even", "how wide the strips are", "speed"},
        {"exchange", "gather or halo",
         "whole outputs through the hub, or only what the next layer's strips lack", "gather"},
        kHub,
        kHubComputes,
        kIdle},
       plan_modnn},
      {"deepthings",
       "a grid of fused tiles through the first layers, the hub does the rest",
       "DeepThings (Zhao, Barijough and Gerstlauer, TCAD 2018)",
       {{"grid", "rows x columns, such as 3x3",
         "tiles that the output of the last layer is cut into", "3x3"},
        {"layers", "a whole number from 1, or auto", "how many layers the tiles pass through",
         "auto"},
        {"dealing", "planned or work_queue",
         "tiles go where they would be done first, or a device that is free takes the next",
         "planned"},
        {"ahead", "a whole number from 0",
         "work_queue: tiles that a device takes besides the one that it computes", "0"},
        kHub,
        kHubComputes,
        kIdle},
       plan_deepthings},
      {"deeperthings",
       "weights divided by channels, inputs dealt out and outputs gathered by the hub",
       "Fully distributed inference (Stahl et al., SAMOS 2019)",
       {{"from", "auto or a layer's name",
         "the first of the layers whose weights are divided; auto: those with more weights than "
         "input and output",
         "auto"},
        kHub,
        kHubComputes,
        kIdle},
       plan_deeperthings},
      {"aofl",
       "fused blocks anywhere in the chain, dealt out and gathered by the hub",
       "AOFL (Zhou et al., SEC 2019)",
       {{"variant", "aofl, ofl, efl or layerwise",
         "blocks, devices and shares; blocks only; only the first block; no fusion", "aofl"},
        {"blocks", "auto, each, or names of layers",
         "given instead of found, whatever the variant: the last layers of the divided blocks",
         "auto"},
        {"grid", "rows, square, or rows x columns such as 2x3",
         "given blocks: a tile for each device; square: as square as their number allows", "rows"},
        {"sizes", "even or balanced", "given blocks: tiles of one size, or of one time with halos",
         "even"},
        {"shares", "auto, or a number for each device", "given blocks in rows: who gets how much",
         "auto"},
        {"input", "needed or whole", "given blocks: what each device gets of a block's input",
         "needed"},
        {"barrier", "yes or no",
         "given blocks: whether all devices scatter, compute and gather at a time", "no"},
        kHub,
        kHubComputes,
        kIdle},
       plan_aofl},
      {"coedge",
       "one division of rows for all layers, halos exchanged between neighbours",
       "after CoEdge (Zeng et al., ToN 2021)",
       {},
       plan_coedge},
      {"cutpoint",
       "the DAG as a chain of super-layers between its cut vertices",
       "reduction of DAGs to chains as in AOFL (SEC 2019) and SEIFER (arXiv 2210.12218)",
       {},
       plan_cutpoint},
      {"neurosurgeon",
       "the chain of layers cut between the source and another device",
       "Neurosurgeon (Kang et al., ASPLOS 2017)",
       {{"cuts", "a whole number from 0", "how often the chain may be cut at most", "1"}},
       plan_neurosurgeon},
      {"dads",
       "the DAG divided between the source and one other device by a minimum cut",
       "DADS (Hu et al., INFOCOM 2019)",
       {},
       plan_dads},
      {"heft",
       "whole layers by upward rank, each where it finishes first",
       "HEFT (Topcuoglu, Hariri and Wu, TPDS 2002)",
       {},
       plan_heft},
      {"pipeline",
       "contiguous stages on different devices, for the throughput of a stream",
       "PipeEdge (Hu et al., DSD 2022)",
       {},
       plan_pipeline},
      {"edgeflow",
       "layer by layer in topological order, each cut where it is done first",
       "after EdgeFlow (Hu and Li, INFOCOM 2022)",
       {{"solver", "lp or exact", "linear programs and rounding, or the layer's exact optimum",
         "lp"},
        {"order", "cluster or speed", "how the devices stand along a layer's rows", "cluster"},
        {"lookahead", "yes or no",
         "prices what a split costs the layers behind it; not in the paper", "no"}},
       plan_edgeflow},
      {"edgeflow-joint",
       "all layers together, by search from the best of the other strategies",
       "ours; boundaries and recompute bits by simulated annealing",
       {{"effort", "auto or a number", "plans to evaluate; auto: what takes about 2 s", "auto"},
        {"seed", "a whole number", "of the random changes", "1"},
        {"time_limit", "none or seconds",
         "stops the search early; a plan that it stopped is not reproducible", "none"},
        {"objective", "latency, energy or throughput",
         "what is best: least latency or energy of a request, or shortest period of a stream",
         "latency"},
        {"latency_limit", "none or seconds", "what one request may take at most", "none"}},
       plan_edgeflow_joint},
      {"external",
       "a program of yours: the problem as JSON on stdin, a plan or shares on stdout",
       "yours; partition/external/problem_json.hpp has the format, scripts/external_strategy.py an "
       "example",
       {{"command", "a list of words such as [./my_strategy.py]",
         "the program and its arguments; a path is relative to the scenario", ""},
        {"time_limit", "a duration", "after which it is stopped", "60s"}},
       plan_external},
  };
  return kTable;
}

}  // namespace

std::span<const StrategyInfo> strategies() { return table(); }

const StrategyInfo* find_strategy(std::string_view name) {
  const auto found = std::find_if(table().begin(), table().end(),
                                  [&](const StrategyInfo& info) { return info.name == name; });
  return found == table().end() ? nullptr : &*found;
}

Plan make_plan(const StrategyInfo& strategy, const Problem& problem, const Options& options) {
  Options complete = options;
  for (const OptionInfo& info : strategy.options) {
    complete.try_emplace(std::string(info.key), info.default_value);
  }
  for (const auto& [key, value] : options) {
    const bool known =
        std::any_of(strategy.options.begin(), strategy.options.end(),
                    [&key = key](const OptionInfo& info) { return info.key == key; });
    if (!known) {
      throw OptionError(key,
                        fmt::format("strategy \"{}\" has no option \"{}\"", strategy.name, key));
    }
  }
  Plan plan = strategy.plan(problem, complete);
  if (const auto shortage = memory_shortage(plan, problem.graph, problem.cluster, problem.size)) {
    throw Infeasible(fmt::format("the plan of {} does not fit: {}", strategy.name, *shortage));
  }
  return plan;
}

}  // namespace edgeflow
