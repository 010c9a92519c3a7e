#pragma once
// How far a list of runs is, on stderr: a bar with the time that is left if it is a terminal, a
// line per run if it is not.

#include <chrono>
#include <string>

#include "experiments/run.hpp"

namespace edgeflow {

class Progress {
 public:
  explicit Progress(std::size_t runs);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void starts(const std::string& label);
  void done(const std::string& label, const RunReport& report);

 private:
  void draw(const std::string& label) const;

  std::size_t runs_;
  std::size_t done_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace edgeflow
