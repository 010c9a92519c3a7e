#include "partition/prices/lp.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <coin/ClpFactorization.hpp>
#include <coin/ClpSimplex.hpp>
#include <utility>

#include "workloads/input/ids.hpp"

namespace edgeflow {
namespace {

// CLP takes |x| >= 1e30 as infinite.
std::vector<double> finite(std::span<const double> bounds) {
  std::vector<double> result(bounds.begin(), bounds.end());
  for (double& bound : result) bound = std::clamp(bound, -COIN_DBL_MAX, COIN_DBL_MAX);
  return result;
}

LpStatus status_of(int clp_status) {
  switch (clp_status) {
    case 0:
      return LpStatus::kOptimal;
    case 1:
      return LpStatus::kInfeasible;
    case 2:
      return LpStatus::kUnbounded;
    default:
      return LpStatus::kFailed;
  }
}

// By which bounds may contradict each other: CLP's default for rows.
constexpr double kTolerance = 1e-7;

// CLP's sparse factorization always allocates a megabyte, which makes up most of the time of a
// program with a few dozen rows; the dense one does not.
constexpr std::size_t kDenseRows = 100;

}  // namespace

struct LinearProgram::Solver {
  ClpSimplex clp;
  bool dense = false;
};

LinearProgram::LinearProgram() = default;
LinearProgram::~LinearProgram() = default;
LinearProgram::LinearProgram(LinearProgram&&) noexcept = default;
LinearProgram& LinearProgram::operator=(LinearProgram&&) noexcept = default;

int LinearProgram::add_variable(double lower, double upper, double cost) {
  lower_.push_back(lower);
  upper_.push_back(upper);
  cost_.push_back(cost);
  return static_cast<int>(cost_.size()) - 1;
}

void LinearProgram::add_row(std::span<const LpTerm> terms, double lower, double upper) {
  const int row = static_cast<int>(rows());
  const std::size_t first = entries_.size();
  for (const LpTerm& term : terms) {
    assert(term.variable >= 0 && index(term.variable) < variables());
    const auto same =
        std::find_if(entries_.begin() + static_cast<std::ptrdiff_t>(first), entries_.end(),
                     [&](const Entry& e) { return e.variable == term.variable; });
    if (same != entries_.end()) {
      same->coefficient += term.coefficient;
    } else {
      entries_.push_back({row, term.variable, term.coefficient});
    }
  }
  if (entries_.size() == first + 1 && entries_.back().coefficient != 0) {  // a bound
    const Entry bound = entries_.back();
    entries_.pop_back();
    if (bound.coefficient < 0) std::swap(lower, upper);
    tighten(index(bound.variable), lower / bound.coefficient, upper / bound.coefficient);
    return;
  }
  row_lower_.push_back(lower);
  row_upper_.push_back(upper);
}

void LinearProgram::tighten(std::size_t variable, double lower, double upper) {
  double& least = lower_[variable];
  double& most = upper_[variable];
  least = std::max(least, lower);
  most = std::min(most, upper);
  const double tolerance = kTolerance * std::max(1.0, std::abs(most));
  if (least > most && least - most <= tolerance) least = most;
}

LpSolution LinearProgram::minimize() {
  for (std::size_t v = 0; v < variables(); ++v) {
    if (lower_[v] > upper_[v]) return {LpStatus::kInfeasible, 0, {}};
  }
  // Column by column, as CLP wants it: a counting sort of the entries.
  std::vector<CoinBigIndex> starts(variables() + 1, 0);
  for (const Entry& entry : entries_) ++starts[index(entry.variable) + 1];
  for (std::size_t v = 0; v < variables(); ++v) starts[v + 1] += starts[v];
  std::vector<int> row_indices(entries_.size());
  std::vector<double> values(entries_.size());
  std::vector<CoinBigIndex> next(starts.begin(), starts.end());
  for (const Entry& entry : entries_) {
    const std::size_t at = index(next[index(entry.variable)]++);
    row_indices[at] = entry.row;
    values[at] = entry.coefficient;
  }

  const bool dense = rows() <= kDenseRows;
  if (!solver_ || solver_->dense != dense) {
    solver_ = std::make_unique<Solver>();
    solver_->dense = dense;
    solver_->clp.setLogLevel(0);
    solver_->clp.setPerturbation(100);  // off: solutions are vertices of the program as given
    if (dense) {
      solver_->clp.factorization()->forceOtherFactorization(1);
    } else {
      // Keeps the arrays, not what is in them: giving them back each time costs twice the solving.
      solver_->clp.factorization()->setPersistenceFlag(1);
    }
  }
  ClpSimplex& clp = solver_->clp;
  clp.loadProblem(static_cast<int>(variables()), static_cast<int>(rows()), starts.data(),
                  row_indices.data(), values.data(), finite(lower_).data(), finite(upper_).data(),
                  cost_.data(), finite(row_lower_).data(), finite(row_upper_).data());

  LpSolution solution;
  solution.status = status_of(clp.dual());
  if (solution.status == LpStatus::kOptimal) {
    solution.objective = clp.objectiveValue();
    const double* x = clp.primalColumnSolution();
    solution.values.assign(x, x + variables());
  }
  return solution;
}

void LinearProgram::clear() {
  lower_.clear();
  upper_.clear();
  cost_.clear();
  row_lower_.clear();
  row_upper_.clear();
  entries_.clear();
}

}  // namespace edgeflow
