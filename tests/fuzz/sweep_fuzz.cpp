// libFuzzer: a sweep that can be read has jobs, numbered from 0.

#include "experiments/jobs/sweep.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  return fuzz::read([&] {
    const Sweep sweep = read_sweep(fuzz::write("fuzz.yaml", fuzz::text_of(data, size)));
    if (sweep.jobs.empty()) std::abort();
    for (std::size_t i = 0; i < sweep.jobs.size(); ++i) {
      if (sweep.jobs[i].index != i) std::abort();
    }
  });
}
