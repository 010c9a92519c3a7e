// libFuzzer: a cluster that can be read has a route for every pair of devices.

#include "platforms/cluster.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  return fuzz::read([&] {
    const Document document(fuzz::text_of(data, size), "fuzz.yaml");
    const Cluster cluster = read_cluster(document.root(), "fuzz");
    for (std::size_t from = 0; from < cluster.size(); ++from) {
      for (std::size_t to = 0; to < cluster.size(); ++to) {
        if (from == to) continue;
        const auto id = [](std::size_t d) { return DeviceId{static_cast<std::int32_t>(d)}; };
        if (cluster.route(id(from), id(to)).links.empty()) std::abort();
      }
    }
  });
}
