// libFuzzer: whatever the text is, reading it gives a model or an InputError.

#include <cstdint>
#include <cstdlib>

#include "workloads/input/error.hpp"
#include "workloads/model_yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Document document(text, "fuzz.yaml");
    document.canonical_text();
    const Graph graph = read_model(document);
    const std::string written = write_model(graph);
    const Document again(written, "again.yaml");
    if (write_model(read_model(again)) != written) std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
