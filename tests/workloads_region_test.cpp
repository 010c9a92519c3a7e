// The arithmetic of boxes against counting cells one by one.

#include "workloads/tensors/region.hpp"

#include <doctest/doctest.h>

#include "tests/support/random_problem.hpp"

namespace edgeflow {
namespace {

constexpr std::int64_t kExtent = 5;  // boxes lie in a cube of this edge, or are empty

using reference::Random;

Range random_range(Random& random) {
  const std::int64_t begin = random.between(0, kExtent);
  // Now and then empty, or turned around, which is empty as well.
  return {begin, random.chance(10) ? random.between(0, begin) : random.between(begin, kExtent)};
}

Region random_box(Random& random) {
  return {random_range(random), random_range(random), random_range(random)};
}

std::vector<Region> random_boxes(Random& random, std::int64_t most) {
  std::vector<Region> boxes(static_cast<std::size_t>(random.between(0, most)));
  for (Region& box : boxes) box = random_box(random);
  return boxes;
}

bool covers(const Region& box, std::int64_t c, std::int64_t r, std::int64_t w) {
  return box.channel.begin <= c && c < box.channel.end && box.row.begin <= r && r < box.row.end &&
         box.column.begin <= w && w < box.column.end;
}

int times_covered(std::span<const Region> boxes, std::int64_t c, std::int64_t r, std::int64_t w) {
  int times = 0;
  for (const Region& box : boxes) times += covers(box, c, r, w) ? 1 : 0;
  return times;
}

template <typename Visit>
void for_each_cell(Visit visit) {
  for (std::int64_t c = 0; c < kExtent; ++c) {
    for (std::int64_t r = 0; r < kExtent; ++r) {
      for (std::int64_t w = 0; w < kExtent; ++w) visit(c, r, w);
    }
  }
}

bool none_empty(std::span<const Region> boxes) {
  for (const Region& box : boxes) {
    if (box.empty()) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a box has as many elements as cells, and an intersection those that both have") {
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    const Region a = random_box(random);
    const Region b = random_box(random);
    INFO(to_string(a) << " and " << to_string(b));
    const Region both = intersect(a, b);
    std::int64_t cells = 0;
    bool wrong = false;
    bool b_in_a = true;
    for_each_cell([&](auto c, auto r, auto w) {
      const bool in_a = covers(a, c, r, w);
      const bool in_b = covers(b, c, r, w);
      cells += in_a ? 1 : 0;
      wrong = wrong || covers(both, c, r, w) != (in_a && in_b);
      b_in_a = b_in_a && (in_a || !in_b);
    });
    CHECK(a.volume() == cells);
    CHECK(a.empty() == (cells == 0));
    CHECK(!wrong);
    CHECK(a.contains(b) == b_in_a);
  }
}

TEST_CASE("a hull is the smallest box that holds both") {
  Random random(2);
  for (int round = 0; round < 2000; ++round) {
    const Region a = random_box(random);
    const Region b = random_box(random);
    INFO(to_string(a) << " and " << to_string(b));
    const Region both = hull(a, b);
    CHECK(both.contains(a));
    CHECK(both.contains(b));
    if (a.empty() && b.empty()) {
      CHECK(both.empty());
      continue;
    }
    // Nothing can be cut off any side.
    for (Axis axis : kAxes) {
      Region less = both;
      ++less[axis].begin;
      CHECK(!(less.contains(a) && less.contains(b)));
      less = both;
      --less[axis].end;
      CHECK(!(less.contains(a) && less.contains(b)));
    }
  }
}

TEST_CASE("a difference consists of at most six disjoint boxes that cover what is left, once") {
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    const Region from = random_box(random);
    const Region minus = random_box(random);
    INFO(to_string(from) << " without " << to_string(minus));
    const Region before = random_box(random);
    std::vector<Region> out{before};
    subtract(from, minus, out);
    CHECK(out.front() == before);  // appended
    out.erase(out.begin());
    CHECK(out.size() <= 6);
    CHECK(none_empty(out));
    bool wrong = false;
    for_each_cell([&](auto c, auto r, auto w) {
      const bool left = covers(from, c, r, w) && !covers(minus, c, r, w);
      wrong = wrong || times_covered(out, c, r, w) != (left ? 1 : 0);
    });
    CHECK(!wrong);
  }
}

TEST_CASE("what boxes leave uncovered is exactly the cells that none of them has, each once") {
  Random random(4);
  for (int round = 0; round < 1000; ++round) {
    const Region target = random_box(random);
    const std::vector<Region> cover = random_boxes(random, 6);
    const std::vector<Region> rest = uncovered(target, cover);
    CHECK(none_empty(rest));
    bool wrong = false;
    for_each_cell([&](auto c, auto r, auto w) {
      const bool bare = covers(target, c, r, w) && times_covered(cover, c, r, w) == 0;
      wrong = wrong || times_covered(rest, c, r, w) != (bare ? 1 : 0);
    });
    CHECK(!wrong);
  }
}

TEST_CASE("the volume of a union counts each cell once") {
  Random random(5);
  for (int round = 0; round < 1000; ++round) {
    const std::vector<Region> boxes = random_boxes(random, 7);
    std::int64_t cells = 0;
    for_each_cell([&](auto c, auto r, auto w) { cells += times_covered(boxes, c, r, w) > 0; });
    CHECK(union_volume(boxes) == cells);
  }
}

}  // namespace edgeflow
