// libFuzzer: of SimGrid's platform files, what is refused is refused before or by a process of its
// own.

#include "sim/files/platform_file.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgeflow;
  return fuzz::read([&] {
    read_platform_file(fuzz::write("fuzz.xml", fuzz::text_of(data, size)), {"p", "q"});
  });
}
