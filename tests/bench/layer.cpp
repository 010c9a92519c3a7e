// How near `edgeflow`'s answer for a layer is to the optimum, and what both take: random layer
// problems of 2 to 6 devices, 2 to 60 rows and 1 to 3 predecessors.
// usage: layer_bench [PROBLEMS] [SEED]     (default: 12000 1)

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "partition/layerwise/layer_lp.hpp"
#include "partition/layerwise/layer_oracle.hpp"
#include "tests/support/random_layer.hpp"

namespace edgeflow {
namespace {

double seconds(std::clock_t from) {
  return static_cast<double>(std::clock() - from) / CLOCKS_PER_SEC;
}

void run(int count, std::uint64_t seed) {
  reference::Random random(seed);
  std::vector<LayerProblem> problems;
  std::vector<LayerSplit> best;
  for (int i = 0; i < count; ++i) {
    problems.push_back(random_layers::random_layer(
        random, {.max_devices = 6, .min_rows = 7, .max_rows = 60, .max_predecessors = 3}));
    best.push_back(solve_exactly(problems.back()));  // asks for what rows need, once and for all
  }
  std::clock_t start = std::clock();
  for (const LayerProblem& problem : problems) (void)solve_exactly(problem);
  const double exact_s = seconds(start);
  std::vector<double> rounded;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    rounded.push_back(round_lp(problems[i]).finish_s / best[i].finish_s - 1);
  }
  std::vector<double> gaps;
  start = std::clock();
  for (std::size_t i = 0; i < problems.size(); ++i) {
    gaps.push_back(solve_by_lp(problems[i]).finish_s / best[i].finish_s - 1);
  }
  const double lp_s = seconds(start);
  for (auto* list : {&rounded, &gaps}) {
    std::sort(list->begin(), list->end());
    const auto optimal =
        std::count_if(list->begin(), list->end(), [](double g) { return g <= 1e-12; });
    fmt::print(
        "{}: optimal {:.2f} %, gap median {:.3f} %, 99th percentile {:.3f} %, worst {:.3f} %\n",
        list == &gaps ? "improved" : "rounded LP", 100 * static_cast<double>(optimal) / count,
        100 * (*list)[list->size() / 2], 100 * (*list)[list->size() * 99 / 100],
        100 * list->back());
  }
  fmt::print("{:.1f} us a layer, exactly {:.1f} us: {:.2f} times\n", 1e6 * lp_s / count,
             1e6 * exact_s / count, lp_s / exact_s);
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) {
  edgeflow::run(argc > 1 ? std::atoi(argv[1]) : 12000,
                argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  return 0;
}
