// libFuzzer: what runs left behind, spoilt: a status is read or not, a manifest is or is a mistake.

#include "experiments/results/manifest.hpp"
#include "experiments/results/record.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  const std::string text(fuzz::text_of(data, size));
  if (const auto record = read_status(text)) {
    const std::string written = status_text(*record);
    const auto again = read_status(written);
    if (!again || status_text(*again) != written) std::abort();
  }
  return fuzz::read([&] {
    fuzz::write("manifest.json", text);
    read_manifest(fuzz::folder());
  });
}
