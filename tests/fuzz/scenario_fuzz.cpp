// libFuzzer: a scenario that can be read is read again from how it is resolved, as the same.

#include "experiments/scenario/resolve.hpp"
#include "experiments/scenario/scenario.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  return fuzz::read([&] {
    ModelCache cache;
    const Document document(fuzz::text_of(data, size), "fuzz.yaml");
    const Scenario scenario = read_scenario(document.root(), cache);
    const std::string text = resolved_text(scenario, scenario.strategies.front());
    const Document again(text, "again.yaml");
    const Scenario same = read_scenario(again.root(), cache);
    if (resolved_text(same, same.strategies.front()) != text) std::abort();
  });
}
