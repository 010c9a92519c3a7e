#pragma once
// Linear programs, solved by CLP (COIN-OR). lp.cpp is the only file that sees CLP's headers.
//
//   min  cost.x   s.t.  lower_i <= a_i.x <= upper_i  for every row i,   l <= x <= u

#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace edgeflow {

inline constexpr double kLpInfinity = std::numeric_limits<double>::infinity();

struct LpTerm {
  int variable;
  double coefficient;
};

enum class LpStatus {
  kOptimal,
  kInfeasible,
  kUnbounded,
  kFailed,  // the solver gave up: numerical trouble
};

struct LpSolution {
  LpStatus status = LpStatus::kFailed;
  double objective = 0;        // meaningful if optimal
  std::vector<double> values;  // by variable; empty unless optimal
};

class LinearProgram {
 public:
  LinearProgram();
  ~LinearProgram();
  LinearProgram(LinearProgram&&) noexcept;
  LinearProgram& operator=(LinearProgram&&) noexcept;

  /// Returns the variable's index: 0, 1, ... Bounds may be infinite.
  int add_variable(double lower, double upper, double cost);
  /// Terms of the same variable add up. Bounds may be infinite. A row of one variable becomes
  /// bounds of that, which cost the solver nothing.
  void add_row(std::span<const LpTerm> terms, double lower, double upper);

  std::size_t variables() const { return cost_.size(); }
  std::size_t rows() const { return row_lower_.size(); }

  /// Solves from scratch: nothing is carried over from programs solved before.
  LpSolution minimize();

  /// Forgets variables and rows. Solving several programs with one object is faster.
  void clear();

 private:
  struct Solver;  // CLP
  struct Entry {
    int row;
    int variable;
    double coefficient;
  };
  void tighten(std::size_t variable, double lower, double upper);

  std::vector<double> lower_, upper_, cost_;   // by variable
  std::vector<double> row_lower_, row_upper_;  // by row
  std::vector<Entry> entries_;                 // row by row
  std::unique_ptr<Solver> solver_;
};

}  // namespace edgeflow
