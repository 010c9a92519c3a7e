#pragma once
// Independent work on two threads.

#include <atomic>
#include <cstddef>
#include <future>

namespace edgeflow::joint {

/// Calls run(0) to run(count - 1), two at a time and in no certain order. An exception of a call is
/// thrown again when the others under way are done.
template <class Run>
void parallel_for(std::size_t count, const Run& run) {
  std::atomic<std::size_t> next = 0;
  const auto run_some = [&] {
    for (std::size_t i = next++; i < count; i = next++) run(i);
  };
  auto others = std::async(std::launch::async, run_some);
  run_some();
  others.get();
}

}  // namespace edgeflow::joint
