// How good edgeflow-joint's plans are: against the best other strategy of each cell, and against
// the best of long searches, which stand in tests/bench/data/joint_reference.csv.
// usage: joint_bench [CELL...]                       compare; all cells by default
//        joint_bench --seeds N [CELL...]             the same with seeds 1 to N, a row each
//        joint_bench --reference SECONDS [CELL...]   search once more, and add a row to that file
//        joint_bench --pairs N                       plan for N random clusters and for each again with
//                                                    something better: does more ever make it slower?
//
// Devices have no cost of bytes and 20 us of overhead per layer; device 0 is source and sink; a
// full-duplex switch with 0.5 ms of latency; fp32. Latencies are estimate()'s with
// Sharing::kMaxMin; planning times are what one waits, with two cores.
//
// A reference search is edgeflow-joint's own with a long budget, each time with another seed and in
// turn from all other strategies' plans, from none of them, and from one of them.

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "partition/joint/search.hpp"
#include "partition/plans/validate.hpp"
#include "partition/prices/estimate.hpp"
#include "partition/strategy.hpp"
#include "workloads/model_yaml.hpp"

namespace edgeflow {
namespace {

constexpr const char* kReferences = EDGEFLOW_BENCH_DATA "/joint_reference.csv";
constexpr const char* kSpeedCell = "densenet121-300-8";  // 247 layers: for the planning time

struct Cell {
  const char* model;
  double Mbps;
  std::vector<double> GMACs;  // of the devices
};

const std::vector<double> kFour{5, 5, 5, 15};
const std::vector<double> kThree{5, 10, 30};
const std::vector<double> kSix{5, 5, 5, 10, 10, 40};
const std::vector<double> kEight{5, 5, 5, 5, 5, 5, 5, 5};

std::vector<Cell> cells() {
  return {{"yolov5s", 50, kFour},
          {"yolov5s", 100, kFour},
          {"yolov5s", 300, kFour},
          {"yolov5s", 300, kSix},
          {"yolov5s", 1000, kEight},
          {"resnet50", 100, kFour},
          {"resnet50", 300, kThree},
          {"resnet50", 50, kSix},
          {"inception_v3", 100, kEight},
          {"inception_v3", 300, kEight},
          {"inception_v3", 1000, kThree},
          {"vgg16", 100, kThree},
          {"vgg16", 50, kSix},
          {"mobilenet_v2", 50, kEight},
          {"mobilenet_v2", 300, kFour},
          {"mobilenet_v2", 1000, kSix},
          {"densenet121", 300, kEight},
          {"densenet201", 300, kEight},
          {"isnet_1024", 300, kFour},
          {"gpt2_small_seq128", 300, kFour},
          {"resnet50", 1000, std::vector<double>(16, 5)},
          {"yolov5s", 1000, std::vector<double>(32, 5)}};
}

std::string name_of(const Cell& cell) {
  return fmt::format("{}-{}-{}", cell.model, cell.Mbps, cell.GMACs.size());
}

std::vector<Device> devices_of(const std::vector<double>& all_GMACs) {
  std::vector<Device> devices;
  for (double GMACs : all_GMACs) {
    Device device;
    device.name = "d" + std::to_string(devices.size());
    device.compute.mac_rate = GMACs * 1e9;
    device.compute.overhead_s = 20e-6;
    device.memory_bytes = std::numeric_limits<double>::infinity();
    devices.push_back(device);
  }
  return devices;
}

/// Of the zoo, or of the bench's own: more than 400 layers, and an input of 1024 x 1024.
Graph graph_of(const Cell& cell) {
  const std::string own = fmt::format(EDGEFLOW_BENCH_DATA "/{}.yaml", cell.model);
  return fold(load_model(std::ifstream(own) ? own : cell.model, "."));
}

Cluster cluster_of(const Cell& cell) {
  return Cluster(name_of(cell), devices_of(cell.GMACs), NetworkType::kSwitch, cell.Mbps * 1e6 / 8,
                 0.5e-3, DeviceId{0}, DeviceId{0});
}

double cpu_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double latency_s(const Problem& problem, const Plan& plan) {
  return estimate(plan, problem.graph, problem.cluster, problem.size, {}, Sharing::kMaxMin)
      .latency_s;
}

struct Other {
  Plan plan;
  double s = 0;
};

/// Plans of the strategies besides edgeflow-joint that serve the problem.
std::vector<Other> other_plans(const Problem& problem) {
  std::vector<Other> others;
  for (const StrategyInfo& other : strategies()) {
    if (other.name == "edgeflow-joint") continue;
    try {
      Plan plan = make_plan(other, problem, {});
      const double s = latency_s(problem, plan);
      others.push_back({std::move(plan), s});
    } catch (const Infeasible&) {
    }
  }
  Plan plan = make_plan(*find_strategy("edgeflow"), problem, {{"lookahead", "yes"}});
  const double s = latency_s(problem, plan);
  others.push_back({std::move(plan), s});
  return others;
}

const Other& best_of(const std::vector<Other>& others) {
  return *std::min_element(others.begin(), others.end(),
                           [](const Other& a, const Other& b) { return a.s < b.s; });
}

struct Reference {
  double s = std::numeric_limits<double>::infinity();  // the least
  std::uint64_t searches = 0;
};

std::map<std::string, Reference> read_references() {
  std::map<std::string, Reference> references;
  std::ifstream file(kReferences);
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#' || line.starts_with("cell,")) continue;
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream fields(line);
    std::string cell, from;
    std::uint64_t seed = 0;
    std::int64_t effort = 0;
    double searched_s = 0, s = 0;
    if (!(fields >> cell >> from >> seed >> effort >> searched_s >> s)) continue;
    Reference& reference = references[cell];
    reference.s = std::min(reference.s, s);
    ++reference.searches;
  }
  return references;
}

/// Searches for about `seconds`, once, and appends what it found to the references.
void add_reference(const std::string& cell, const Problem& problem, double seconds) {
  const std::uint64_t turn = read_references()[cell].searches;
  std::vector<Plan> plans;
  for (Other& other : other_plans(problem)) plans.push_back(std::move(other.plan));
  joint::Settings settings;
  std::int64_t moves = 0;
  const double first_s = cpu_s();
  joint::search(problem, plans, settings, &moves);
  const double moves_per_s = static_cast<double>(moves) / (cpu_s() - first_s);
  settings.seed = 100 + turn;
  settings.effort = std::llround(moves_per_s * seconds);
  std::string from = "all";
  if (turn % 3 == 1) {
    from = "none";
    plans.clear();
  } else if (turn % 3 == 2) {
    const Plan one = plans[turn / 3 % plans.size()];
    from = one.strategy;
    plans = {one};
  }
  const double begin_s = cpu_s();
  const std::optional<Plan> plan = joint::search(problem, plans, settings);
  if (!plan) return;
  const std::string row =
      fmt::format("{},{},{},{},{:.0f},{:.9f}\n", cell, from, settings.seed, settings.effort,
                  cpu_s() - begin_s, latency_s(problem, *plan));
  std::ofstream(kReferences, std::ios::app) << row;
  fmt::print("{}", row);
  std::fflush(stdout);
}

void print_head() {
  fmt::print("{:24} {:>9} | {:>9} {:>6} {:>6} | {:>9} {:13} {:>7} | {:>9} {:>7}\n", "cell",
             "ref ms", "joint ms", "ratio", "s", "other ms", "strategy", "gain", "simple ms",
             "gain");
}

struct Row {
  double to_reference = 1;
  double to_other = 1;
};

Row compare(const Cell& cell, const Problem& problem, const Reference& reference,
            const std::vector<Other>& others, int seed) {
  const auto begin = std::chrono::steady_clock::now();
  const Plan plan =
      make_plan(*find_strategy("edgeflow-joint"), problem, {{"seed", std::to_string(seed)}});
  const std::chrono::duration<double> planning = std::chrono::steady_clock::now() - begin;
  const double s = latency_s(problem, plan);
  const Other& best = best_of(others);
  double simple_s = std::numeric_limits<double>::infinity();
  for (const Other& other : others) {
    const std::string& name = other.plan.strategy;
    if (name == "single" || name == "even" || name == "proportional") {
      simple_s = std::min(simple_s, other.s);
    }
  }
  fmt::print(
      "{:24} {:>9.2f} | {:>9.2f} {:>6.3f} {:>6.2f} | {:>9.2f} {:13} {:>6.1f}% | {:>9.2f} "
      "{:>6.1f}%{}\n",
      name_of(cell), reference.s * 1e3, s * 1e3, s / reference.s, planning.count(), best.s * 1e3,
      best.plan.strategy, 100 * (1 - s / best.s), simple_s * 1e3, 100 * (1 - s / simple_s),
      validate(plan, problem.graph, problem.cluster).empty() ? "" : " INVALID");
  std::fflush(stdout);
  return {s / reference.s, s / best.s};
}

void summarise(const std::vector<Row>& rows) {
  double log_reference = 0;
  double log_other = 0;
  double worst = 0;
  int referenced = 0;
  int within_3 = 0;
  int within_5 = 0;
  int lost = 0;
  for (const Row& row : rows) {
    log_other += std::log(row.to_other);
    if (row.to_other > 1) ++lost;
    if (row.to_reference == 0) continue;  // not searched yet
    ++referenced;
    log_reference += std::log(row.to_reference);
    worst = std::max(worst, row.to_reference);
    if (row.to_reference <= 1.03) ++within_3;
    if (row.to_reference <= 1.05) ++within_5;
  }
  const auto count = static_cast<double>(rows.size());
  fmt::print("{} plans: to best other {:.3f} (geometric mean), lost {}\n", rows.size(),
             std::exp(log_other / count), lost);
  if (referenced == 0) return;
  fmt::print(
      "{} with a reference: to it {:.3f} (geometric mean), worst {:.3f}, within 3 % {}, 5 % {}\n",
      referenced, std::exp(log_reference / referenced), worst, within_3, within_5);
}

/// A cluster at random, described so that one thing of it can be made better.
struct Draw {
  NetworkType network = NetworkType::kSwitch;
  double Mbps = 100;
  double latency_s = 0.5e-3;
  std::vector<double> GMACs;

  Cluster cluster() const {
    return Cluster("random", devices_of(GMACs), network, Mbps * 1e6 / 8, latency_s, DeviceId{0},
                   DeviceId{0});
  }
};

struct Pair {
  Draw less, more;
  std::string better;
};

Pair draw_pair(std::mt19937_64& random) {
  const auto between = [&](double low, double high) {
    return low * std::pow(high / low, std::uniform_real_distribution<>(0, 1)(random));
  };
  const auto below = [&](int n) { return std::uniform_int_distribution<>(0, n - 1)(random); };
  Draw draw;
  draw.network = below(2) == 0 ? NetworkType::kSwitch : NetworkType::kWifi;
  draw.Mbps = between(20, 1000);
  draw.latency_s = between(1e-4, 2e-3);
  const bool equal = below(2) == 0;
  const double first = between(3, 40);
  for (int d = 2 + below(4); d > 0; --d) draw.GMACs.push_back(equal ? first : between(3, 40));
  Pair pair{draw, draw, ""};
  switch (below(4)) {
    case 0:
      pair.better = "device";
      pair.more.GMACs.push_back(equal ? first : between(3, 40));
      break;
    case 1:
      pair.better = "bandwidth";
      pair.more.Mbps *= between(1.05, 2);
      break;
    case 2:
      pair.better = "latency";
      pair.more.latency_s /= between(1.05, 4);
      break;
    default:
      pair.better = "speed";
      pair.more.GMACs[index(below(static_cast<int>(draw.GMACs.size())))] *= between(1.05, 2);
  }
  return pair;
}

/// Prints how often, and by how much, the plan for more is slower than that for less, replayed.
int compare_pairs(int count) {
  constexpr std::array kModels{"squeezenet1_1", "mobilenet_v2", "resnet18", "resnet50",
                               "googlenet",     "yolov5n",      "yolov5s",  "vgg16"};
  constexpr double kTolerance = 1.001;
  std::mt19937_64 random(20);
  struct Tally {
    int pairs = 0, lost = 0;
    double worst = 0;
  };
  std::map<std::string, Tally> tallies;
  for (int i = 0; i < count; ++i) {
    const char* model = kModels[index(i) % kModels.size()];
    const Graph graph = fold(load_model(model, "."));
    const Pair pair = draw_pair(random);
    const Cluster less = pair.less.cluster();
    const Cluster more = pair.more.cluster();
    const StrategyInfo& joint = *find_strategy("edgeflow-joint");
    const Problem before{graph, less, {}};
    const Problem after{graph, more, {}};
    const Plan old = make_plan(joint, before, {});
    const double old_s = latency_s(before, old);
    const double replayed_s = latency_s(after, old);
    const double new_s = latency_s(after, make_plan(joint, after, {}));
    fmt::print(
        "{:14} {:7} {:6.1f} Mbps {:5.2f} ms {} better {:9} {:9.3f} replayed {:9.3f} anew {:9.3f} "
        "ms {:.4f}\n",
        model, pair.less.network == NetworkType::kWifi ? "wifi" : "switch", pair.less.Mbps,
        pair.less.latency_s * 1e3, pair.less.GMACs.size(), pair.better, old_s * 1e3,
        replayed_s * 1e3, new_s * 1e3, new_s / replayed_s);
    std::fflush(stdout);
    Tally& tally = tallies[pair.better];
    ++tally.pairs;
    tally.lost += new_s > kTolerance * replayed_s;
    tally.worst = std::max(tally.worst, new_s / replayed_s);
  }
  for (const auto& [better, tally] : tallies) {
    fmt::print("{:9} {} pairs, {} slower by more than 0.1 %, worst {:.4f}\n", better, tally.pairs,
               tally.lost, tally.worst);
  }
  return 0;
}

int run(const std::vector<std::string>& wanted, double search_seconds, int seeds) {
  std::vector<Row> rows;
  if (search_seconds <= 0) print_head();
  for (const Cell& cell : cells()) {
    const std::string name = name_of(cell);
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
    const Graph graph = graph_of(cell);
    const Cluster cluster = cluster_of(cell);
    const Problem problem{graph, cluster, {}};
    if (search_seconds > 0) {
      add_reference(name, problem, search_seconds);
      continue;
    }
    const Reference reference = read_references()[name];
    const std::vector<Other> others = other_plans(problem);
    for (int seed = 1; seed <= seeds; ++seed) {
      const Row row = compare(cell, problem, reference, others, seed);
      if (name != kSpeedCell) rows.push_back(row);
    }
  }
  if (!rows.empty()) summarise(rows);
  return 0;
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) {
  std::vector<std::string> wanted(argv + 1, argv + argc);
  double seconds = 0;
  int seeds = 1;
  if (wanted.size() > 1 && wanted[0].starts_with("--")) {
    if (wanted[0] == "--reference") seconds = std::atof(wanted[1].c_str());
    if (wanted[0] == "--pairs") return edgeflow::compare_pairs(std::atoi(wanted[1].c_str()));
    if (wanted[0] == "--seeds") seeds = std::atoi(wanted[1].c_str());
    wanted.erase(wanted.begin(), wanted.begin() + 2);
  }
  return edgeflow::run(wanted, seconds, seeds);
}
