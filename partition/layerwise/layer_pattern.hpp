#pragma once
// Overlap patterns of a layer problem and their linear programs; see layer_lp.hpp.

#include <cstddef>
#include <vector>

#include "partition/layerwise/layer_problem.hpp"
#include "partition/prices/lp.hpp"

namespace edgeflow {

inline constexpr double kSameRow = 1e-6;  // positions closer than this many rows are equal

/// The devices that have rows, in order, and their real boundaries (one more than devices).
struct RealSplit {
  std::vector<std::size_t> devices;
  std::vector<double> boundaries;
};

/// The parts of a predecessor that a device takes rows from, and where the input's edge clips them.
struct Overlap {
  bool empty = false;
  bool begin_clipped = false;
  bool end_clipped = false;
  std::size_t first = 0;
  std::size_t last = 0;
  friend bool operator==(const Overlap&, const Overlap&) = default;
};

struct Pattern {
  std::vector<std::size_t> devices;
  std::vector<Overlap> overlaps;  // device by device, predecessor by predecessor
  friend bool operator==(const Pattern&, const Pattern&) = default;
};

Pattern pattern_of(const LayerProblem& problem, const RealSplit& split);

/// The linear program of a pattern. Time counts from when the first device is free, in units of
/// what the best single device takes, so that all numbers are near one.
class PatternProgram {
 public:
  /// `single_s`: when the best single device is done; later than the first device is free.
  PatternProgram(const LayerProblem& problem, double single_s);

  /// Replaces `split` by the best one for the pattern, without the devices that get nothing; false
  /// if there is none.
  bool solve(const Pattern& pattern, RealSplit& split);

 private:
  /// constant + coefficient * variable
  struct Line {
    double constant = 0;
    int variable = -1;
    double coefficient = 0;
    bool fixed() const { return variable < 0; }
    Line scaled(double factor, double offset) const {
      return {factor * constant + offset, variable, factor * coefficient};
    }
  };

  void add_device(const Pattern& pattern, std::size_t i);
  /// Adds the rows of one predecessor; returns when the arrivals that do not depend on x are there.
  double add_arrivals(std::size_t d, std::size_t i, const Predecessor& m, const Overlap& overlap);
  /// T >= base_s + row_s*(to - from) + computed_s*(x_{i+1} - x_i)
  void add_finish(std::size_t i, double base_s, double computed_s, double row_s, const Line& from,
                  const Line& to);

  const LayerProblem& problem_;
  double origin_s_ = 0;
  double unit_s_ = 1;
  LinearProgram program_;
  int finish_ = 0;
  std::vector<Line> boundaries_;
};

}  // namespace edgeflow
