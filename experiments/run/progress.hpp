#pragma once
// How far a list of runs is, on stderr: a bar with the time that is left if it is a terminal, a
// line per run if it is not.

#include <chrono>
#include <string>

#include "experiments/run/pool.hpp"

namespace edgeflow {

class ProgressBar {
 public:
  /// Of `runs` in all, `done` are there already.
  ProgressBar(std::size_t runs, std::size_t done);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void done(const std::string& label, const Outcome& outcome);

 private:
  void draw(const std::string& label) const;

  std::size_t runs_;
  std::size_t done_before_;
  std::size_t done_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace edgeflow
