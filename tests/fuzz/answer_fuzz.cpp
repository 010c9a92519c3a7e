// libFuzzer: what an external strategy answers is a plan, perhaps not a valid one, or a mistake.

#include "partition/external/problem_json.hpp"
#include "partition/plans/problem.hpp"
#include "partition/plans/validate.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workloads/model_yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  static const Graph graph = read_model(fuzz::own(fuzz::kModel));
  static const Cluster cluster = read_cluster(fuzz::own(fuzz::kCluster).root(), "seed");
  return fuzz::read([&] {
    try {
      const std::string answer(fuzz::text_of(data, size));
      validate(read_answer(answer, "fuzz", Problem{graph, cluster, {}}), graph, cluster);
    } catch (const Infeasible&) {
    }
  });
}
