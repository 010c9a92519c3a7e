#pragma once
// Points of a sweep, or the runs of a scenario, as a table for people.

#include <string>
#include <vector>

#include "experiments/results/repetitions.hpp"
#include "experiments/scenario/scenario.hpp"

namespace edgeflow {

/// The first points and streams of a table, however many follow.
class Summary {
 public:
  /// In the order of the table. Precondition: all have the same axes.
  void add(const Repetitions& point);

  /// A row per point: axes, strategy, status, latency, estimate, speedup, traffic, energy, memory;
  /// of repetitions means, with the half width of a 95 % interval or its ends; with draws also
  /// intervals, and in how many of them the run is the fastest. Precondition: there is one.
  std::string runs() const;
  /// A row per stream of each point: strategy, latencies, throughput, misses, energy.
  std::string streams() const;

  /// What to say below the tables of several scenarios: of assumed rates, repetitions and draws.
  std::vector<std::string> notes() const;

  std::size_t count() const { return runs_; }
  std::size_t not_ok() const { return not_ok_; }
  bool has_streams() const { return streams_ > 0; }

 private:
  using Cells = std::vector<std::string>;
  struct Shown {
    Cells axes, cells;
  };

  std::vector<std::size_t> shown_axes() const;
  std::string table(const std::vector<Shown>& rows, const Cells& header,
                    std::string alignment) const;

  std::vector<Shown> shown_, shown_streams_;
  std::size_t runs_ = 0, not_ok_ = 0, points_ = 0, streams_ = 0, assumed_ = 0;
  // Of all runs:
  Cells axes_;
  std::vector<bool> named_;  // by axis: not always by its position alone ("#0")
  bool repetitions_ = false, replans_ = false, draws_ = false;
};

/// Type and bandwidth of a network, or its number of links.
std::string headline(const Network& network);

/// What the runs of a scenario have in common, in one line.
std::string headline(const Scenario& scenario);

/// Lines for below a table, "note: ..." each, after an empty one; empty if there are none.
std::string note_lines(const std::vector<std::string>& notes);

}  // namespace edgeflow
