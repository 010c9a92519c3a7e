#include "partition/prices/lp.hpp"

#include <doctest/doctest.h>

namespace edgeflow {
namespace {

std::vector<LpTerm> terms(std::initializer_list<LpTerm> list) { return list; }

/// max 3x + 2y  s.t.  x + y <= 4,  x + 3y <= 6,  0 <= x <= 3: the best vertex is (3, 1), value 11.
LinearProgram two_products() {
  LinearProgram program;
  const int x = program.add_variable(0, 3, -3);
  const int y = program.add_variable(0, kLpInfinity, -2);
  program.add_row(terms({{x, 1}, {y, 1}}), -kLpInfinity, 4);
  program.add_row(terms({{x, 1}, {y, 3}}), -kLpInfinity, 6);
  return program;
}

TEST_CASE("a program of two variables has its optimum at the vertex found by hand") {
  const LpSolution solution = two_products().minimize();
  REQUIRE(solution.status == LpStatus::kOptimal);
  CHECK(solution.objective == doctest::Approx(-11));
  CHECK(solution.values[0] == doctest::Approx(3));
  CHECK(solution.values[1] == doctest::Approx(1));
}

TEST_CASE("equality rows and free variables are kept") {
  // min x  s.t.  x - y = 2,  y >= -5, x free: x = -3.
  LinearProgram program;
  const int x = program.add_variable(-kLpInfinity, kLpInfinity, 1);
  const int y = program.add_variable(-5, kLpInfinity, 0);
  program.add_row(terms({{x, 1}, {y, -1}}), 2, 2);
  const LpSolution solution = program.minimize();
  REQUIRE(solution.status == LpStatus::kOptimal);
  CHECK(solution.values[0] == doctest::Approx(-3));
  CHECK(solution.values[1] == doctest::Approx(-5));
}

TEST_CASE("terms of the same variable in one row add up") {
  // 2x + x >= 6: x = 2.
  LinearProgram program;
  const int x = program.add_variable(0, kLpInfinity, 1);
  program.add_row(terms({{x, 2}, {x, 1}}), 6, kLpInfinity);
  CHECK(program.minimize().objective == doctest::Approx(2));
}

TEST_CASE("rows that contradict each other are infeasible") {
  LinearProgram program;
  const int x = program.add_variable(0, kLpInfinity, 1);
  program.add_row(terms({{x, 1}}), 2, kLpInfinity);
  program.add_row(terms({{x, 1}}), -kLpInfinity, 1);
  const LpSolution solution = program.minimize();
  CHECK(solution.status == LpStatus::kInfeasible);
  CHECK(solution.values.empty());
}

TEST_CASE("rows of one variable bound it, whatever the sign of their coefficients") {
  // min x - y  s.t.  -2x <= -6 (x >= 3),  1 <= -y <= 4 (-4 <= y <= -1),  x + y >= 1: x = 3, y = -1.
  LinearProgram program;
  const int x = program.add_variable(0, kLpInfinity, 1);
  const int y = program.add_variable(-kLpInfinity, kLpInfinity, -1);
  program.add_row(terms({{x, -2}}), -kLpInfinity, -6);
  program.add_row(terms({{y, -1}}), 1, 4);
  program.add_row(terms({{x, 1}, {y, 1}}), 1, kLpInfinity);
  const LpSolution solution = program.minimize();
  REQUIRE(solution.status == LpStatus::kOptimal);
  CHECK(solution.values[0] == doctest::Approx(3));
  CHECK(solution.values[1] == doctest::Approx(-1));
}

TEST_CASE("rows of one variable that miss each other by rounding meet") {
  LinearProgram program;
  const int x = program.add_variable(0, kLpInfinity, 1);
  program.add_row(terms({{x, 1}}), 2 + 1e-9, kLpInfinity);
  program.add_row(terms({{x, 1}}), -kLpInfinity, 2);
  const LpSolution solution = program.minimize();
  REQUIRE(solution.status == LpStatus::kOptimal);
  CHECK(solution.values[0] == doctest::Approx(2));
}

TEST_CASE("of several bounds of a variable the tightest holds, in whichever order they come") {
  // x >= 1 and x >= 3, y <= 3 and y <= 5: the least x and the largest y are 3.
  for (const bool tightest_first : {true, false}) {
    LinearProgram program;
    const int x = program.add_variable(0, 9, 1);
    const int y = program.add_variable(0, 9, -1);
    const double first = tightest_first ? 3 : 5;
    program.add_row(terms({{y, 1}}), -kLpInfinity, first);
    program.add_row(terms({{y, 1}}), -kLpInfinity, 8 - first);
    program.add_row(terms({{x, 1}}), first - 2, kLpInfinity);
    program.add_row(terms({{x, 1}}), 6 - first, kLpInfinity);
    const LpSolution solution = program.minimize();
    REQUIRE(solution.status == LpStatus::kOptimal);
    CHECK(solution.values[0] == 3);
    CHECK(solution.values[1] == 3);
  }
}

TEST_CASE("an objective that falls for ever is unbounded") {
  LinearProgram program;
  const int x = program.add_variable(0, kLpInfinity, -1);
  const int y = program.add_variable(0, kLpInfinity, 0);
  program.add_row(terms({{x, 1}, {y, -1}}), -kLpInfinity, 1);
  CHECK(program.minimize().status == LpStatus::kUnbounded);
}

TEST_CASE("an object that was cleared solves the next program as a new one does") {
  LinearProgram program;
  const int x = program.add_variable(0, kLpInfinity, -1);
  program.add_row(terms({{x, 1}}), -kLpInfinity, 7);
  REQUIRE(program.minimize().objective == doctest::Approx(-7));
  program.clear();
  const int y = program.add_variable(1, 2, 1);
  program.add_row(terms({{y, 1}}), 1.5, kLpInfinity);
  const LpSolution again = program.minimize();
  REQUIRE(again.status == LpStatus::kOptimal);
  CHECK(again.values == std::vector<double>{1.5});
}

TEST_CASE("programs of many rows are solved as well as small ones") {
  // max x_0 + ... + x_299 with x_i + x_{i+1} <= 1, 0 <= x_i <= 1: pair the 300 variables, 150.
  LinearProgram program;
  for (int i = 0; i < 300; ++i) program.add_variable(0, 1, -1);
  for (int i = 0; i + 1 < 300; ++i) {
    program.add_row(terms({{i, 1}, {i + 1, 1}}), -kLpInfinity, 1);
  }
  const LpSolution solution = program.minimize();
  REQUIRE(solution.status == LpStatus::kOptimal);
  CHECK(solution.objective == doctest::Approx(-150));
}

TEST_CASE("large programs, one after the other, are solved as by new objects, to the bit") {
  // Larger and smaller ones in turn: a solver that keeps its memory must not keep its contents.
  LinearProgram kept;
  for (const int size : {300, 120, 500, 150, 400, 150}) {
    const auto fill = [size](LinearProgram& program) {
      for (int i = 0; i < size; ++i) program.add_variable(0, 10, -1 - i % 7);
      for (int i = 0; i + 2 < size; ++i) {
        program.add_row(terms({{i, 1.0 + i % 3}, {i + 1, 2}, {i + 2, 1}}), -kLpInfinity,
                        5 + i % 11);
      }
    };
    kept.clear();
    fill(kept);
    LinearProgram fresh;
    fill(fresh);
    const LpSolution solution = kept.minimize();
    REQUIRE(solution.status == LpStatus::kOptimal);
    CHECK(solution.values == fresh.minimize().values);
  }
}

}  // namespace
}  // namespace edgeflow
