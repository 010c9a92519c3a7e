// libFuzzer: tables as CSV, and what scenarios and devices read from them: bandwidths, arrivals,
// times of layers.

#include "experiments/scenario/disturbances.hpp"
#include "experiments/scenario/requests.hpp"
#include "platforms/cluster.hpp"
#include "platforms/layer_times.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "workloads/input/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  static const Cluster cluster = read_cluster(fuzz::own(fuzz::kCluster).root(), "seed");
  const std::filesystem::path file = fuzz::write("fuzz.csv", fuzz::text_of(data, size));
  fuzz::read([&] {
    CsvReader table(file);
    while (table.next()) {
      if (table.cells() > 0) table.text(table.cells() - 1);
    }
  });
  fuzz::read([&] {
    const Document document = fuzz::own("bandwidth: [{links: all, file: fuzz.csv}]");
    read_disturbances(document.root(), cluster);
  });
  fuzz::read(
      [&] { read_requests(fuzz::own("arrivals: {process: trace, file: fuzz.csv}").root()); });
  return fuzz::read(
      [&] { read_layer_times(fuzz::own("fuzz.csv").root(), cluster.devices().front().compute); });
}
