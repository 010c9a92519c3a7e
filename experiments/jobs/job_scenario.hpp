#pragma once
// The scenario of a job: held, or read anew whenever it is asked for. Those of a large sweep would
// fill the memory, all of which every process that makes a run would have to copy.

#include <cstddef>
#include <memory>
#include <utility>

#include "experiments/scenario/scenario.hpp"

namespace edgeflow {

/// Reads scenarios by point and repetition of a sweep.
class ScenarioSource {
 public:
  ScenarioSource() = default;
  virtual ~ScenarioSource() = default;
  ScenarioSource(const ScenarioSource&) = delete;
  ScenarioSource& operator=(const ScenarioSource&) = delete;

  /// Holds the one that was read last. Throws InputError.
  virtual std::shared_ptr<const Scenario> read(std::size_t point, int repetition) = 0;
};

class JobScenario {
 public:
  JobScenario() = default;
  JobScenario(std::shared_ptr<const Scenario> held) : held_(std::move(held)) {}  // NOLINT: is one
  JobScenario(std::shared_ptr<ScenarioSource> source, std::size_t point, int repetition)
      : source_(std::move(source)), point_(point), repetition_(repetition) {}

  std::shared_ptr<const Scenario> operator->() const {
    return source_ ? source_->read(point_, repetition_) : held_;
  }
  /// Valid until the scenario of another job of the sweep is asked for.
  const Scenario& operator*() const { return *operator->(); }

  /// Whether its files are looked at again.
  bool is_read_anew() const { return source_ != nullptr; }

 private:
  std::shared_ptr<const Scenario> held_;
  std::shared_ptr<ScenarioSource> source_;
  std::size_t point_ = 0;
  int repetition_ = 0;
};

}  // namespace edgeflow
