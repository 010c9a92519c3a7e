// Flows that share links, against hand computations and a simulation in small steps of its own.

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "partition/prices/flows.hpp"
#include "support/random_problem.hpp"

namespace edgeflow {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Sent {
  double start_s;
  std::vector<int> links;
  double bytes;
};

/// When each flow ends.
std::vector<double> ends_s(Flows& flows, const std::vector<Sent>& sent) {
  std::vector<double> result(sent.size(), kInfinity);
  std::vector<std::int32_t> ended;
  std::size_t next = 0;
  for (;;) {
    const double start_s = next < sent.size() ? sent[next].start_s : kInfinity;
    const double end_s = flows.next_end_s();
    if (start_s == kInfinity && end_s == kInfinity) return result;
    if (end_s <= start_s) {
      ended.clear();
      flows.end(end_s, 0, ended);
      for (const std::int32_t id : ended) result[static_cast<std::size_t>(id)] = end_s;
    } else {
      flows.start(start_s, static_cast<std::int32_t>(next), sent[next].links, sent[next].bytes);
      ++next;
    }
  }
}

std::vector<double> ends_s(const std::vector<double>& bandwidth_Bps,
                           const std::vector<Sent>& sent) {
  Flows flows(bandwidth_Bps);
  return ends_s(flows, sent);
}

/// Max-min fair rates of `active`: all rise alike, until a link of theirs is full.
std::vector<double> fair_rates_Bps(const std::vector<double>& bandwidth_Bps,
                                   const std::vector<Sent>& sent,
                                   const std::vector<std::size_t>& active) {
  std::vector<double> rates(sent.size(), 0);
  std::vector<std::size_t> rising = active;
  std::vector<double> left = bandwidth_Bps;
  while (!rising.empty()) {
    std::vector<double> users(left.size(), 0);
    for (const std::size_t f : rising) {
      for (const int l : sent[f].links) ++users[static_cast<std::size_t>(l)];
    }
    double rise = kInfinity;
    for (std::size_t l = 0; l < left.size(); ++l) {
      if (users[l] > 0) rise = std::min(rise, left[l] / users[l]);
    }
    for (std::size_t l = 0; l < left.size(); ++l) left[l] -= rise * users[l];
    for (const std::size_t f : rising) rates[f] += rise;
    std::erase_if(rising, [&](std::size_t f) {
      return std::any_of(sent[f].links.begin(), sent[f].links.end(), [&](int l) {
        return left[static_cast<std::size_t>(l)] <=
               1e-9 * bandwidth_Bps[static_cast<std::size_t>(l)];
      });
    });
  }
  return rates;
}

std::vector<double> reference_ends_s(const std::vector<double>& bandwidth_Bps,
                                     const std::vector<Sent>& sent) {
  std::vector<double> result(sent.size(), kInfinity);
  std::vector<double> left;
  for (const Sent& flow : sent) left.push_back(flow.bytes);
  std::vector<std::size_t> active;
  std::size_t next = 0;
  double now_s = 0;
  while (next < sent.size() || !active.empty()) {
    const std::vector<double> rates = fair_rates_Bps(bandwidth_Bps, sent, active);
    double until_s = next < sent.size() ? sent[next].start_s : kInfinity;
    std::size_t ends = sent.size();
    for (const std::size_t f : active) {
      if (now_s + left[f] / rates[f] > until_s) continue;
      until_s = now_s + left[f] / rates[f];
      ends = f;
    }
    for (const std::size_t f : active) left[f] -= rates[f] * (until_s - now_s);
    now_s = until_s;
    if (ends < sent.size()) {
      result[ends] = now_s;
      std::erase(active, ends);
    } else {
      active.push_back(next++);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("two hundred flows on one link: the n-th is through when all have sent as much") {
  // Flow i has i + 1 bytes: at its end the link of 2 B/s has carried sum_j min(i, j) + 1.
  constexpr int kFlows = 200;
  std::vector<Sent> sent;
  for (int i = 0; i < kFlows; ++i) sent.push_back({0, {0}, 1.0 + i});
  const std::vector<double> ends = ends_s({2}, sent);
  for (int i = 0; i < kFlows; ++i) {
    double carried = 0;
    for (int j = 0; j < kFlows; ++j) carried += std::min(i, j) + 1.0;
    CHECK(ends[static_cast<std::size_t>(i)] == doctest::Approx(carried / 2).epsilon(1e-12));
  }
}

TEST_CASE("many flows on two links: each link is shared by its own") {
  // As above, but every other flow on another link, of twice the rate.
  constexpr int kFlows = 150;  // of a link
  std::vector<Sent> sent;
  for (int i = 0; i < kFlows; ++i) {
    for (const int link : {0, 1}) sent.push_back({0, {link}, 1.0 + i});
  }
  const std::vector<double> ends = ends_s({2, 4}, sent);
  for (int i = 0; i < kFlows; ++i) {
    double carried = 0;
    for (int j = 0; j < kFlows; ++j) carried += std::min(i, j) + 1.0;
    const auto at = 2 * static_cast<std::size_t>(i);
    CHECK(ends[at] == doctest::Approx(carried / 2).epsilon(1e-12));
    CHECK(ends[at + 1] == doctest::Approx(carried / 4).epsilon(1e-12));
  }
}

TEST_CASE("cleared flows are as new ones") {
  const std::vector<Sent> three{{0, {0}, 6}, {0, {0, 1}, 6}, {0, {1}, 7}, {9, {0}, 1}};
  const std::vector<double> expected = ends_s({3, 5}, three);
  Flows flows(std::vector<double>{3, 5});
  CHECK(ends_s(flows, {{2, {0, 1}, 6}}) == std::vector<double>{4});  // one has come and gone
  flows.clear();
  CHECK(ends_s(flows, three) == expected);
  flows.start(20, 7, three[1].links, 100);  // one is under way
  flows.clear();
  CHECK(ends_s(flows, three) == expected);
}

TEST_CASE("flows end together within the precision, and no earlier") {
  Flows flows(std::vector<double>{1, 1, 1});
  const std::vector<std::vector<int>> links{{0}, {1}, {2}};
  flows.start(0, 0, links[0], 1);
  flows.start(0, 1, links[1], 1.25);
  flows.start(0, 2, links[2], 1.5);
  std::vector<std::int32_t> ended;
  REQUIRE(flows.next_end_s() == 1);
  flows.end(1, 0.25, ended);
  CHECK(ended == std::vector<std::int32_t>{0, 1});
  CHECK(flows.next_end_s() == 1.5);
}

TEST_CASE("a flow that lists a link twice takes twice its share of it") {
  // Three listings share 9 B/s: both flows get 3 B/s, of which the first fills 6 B/s of the link.
  const std::vector<double> ends = ends_s({9}, {{0, {0, 0}, 6}, {0, {0}, 6}});
  CHECK(ends[0] == doctest::Approx(2));
  CHECK(ends[1] == doctest::Approx(2));
}

TEST_CASE("random flows end when they do by rates that rise alike until a link is full") {
  reference::Random random(3);
  for (int problem = 0; problem < 100; ++problem) {
    const auto links = static_cast<int>(random.between(1, 8));
    std::vector<double> bandwidth_Bps;
    for (int l = 0; l < links; ++l) {
      bandwidth_Bps.push_back(static_cast<double>(random.between(1, 5)));
    }
    std::vector<Sent> sent;
    double start_s = 0;
    for (int f = 0; f < 40; ++f) {
      if (random.between(0, 2) == 0) start_s += static_cast<double>(random.between(1, 20)) / 7;
      Sent flow{start_s, {}, static_cast<double>(random.between(1, 60)) / 11};
      for (auto hops = random.between(1, 3); hops > 0; --hops) {
        flow.links.push_back(static_cast<int>(random.between(0, links - 1)));
      }
      sent.push_back(flow);
    }
    const std::vector<double> ends = ends_s(bandwidth_Bps, sent);
    const std::vector<double> expected = reference_ends_s(bandwidth_Bps, sent);
    for (std::size_t f = 0; f < sent.size(); ++f) {
      CHECK(ends[f] == doctest::Approx(expected[f]).epsilon(1e-6));
    }
  }
}

}  // namespace edgeflow
