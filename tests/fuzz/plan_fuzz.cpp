// libFuzzer: a plan that can be read is written as it was read, and one that is valid can be run.

#include <cmath>

#include "partition/plans/plan_yaml.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workloads/model_yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  static const Graph graph = read_model(fuzz::own(fuzz::kModel));
  static const Cluster cluster = read_cluster(fuzz::own(fuzz::kCluster).root(), "seed");
  return fuzz::read([&] {
    const Document document(fuzz::text_of(data, size), "fuzz.yaml");
    const Plan plan = read_plan(document, graph, cluster);
    const std::string written = write_plan(plan, graph, cluster);
    const Document again(written, "again.yaml");
    if (write_plan(read_plan(again, graph, cluster), graph, cluster) != written) std::abort();
    if (!validate(plan, graph, cluster).empty()) return;
    if (!std::isfinite(estimate(plan, graph, cluster, {}).latency_s)) std::abort();
  });
}
