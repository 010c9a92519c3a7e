#include "experiments/jobs/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "experiments/jobs/factors.hpp"
#include "experiments/scenario/scenario.hpp"
#include "workloads/input/random.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPointsToSay = 10'000;  // seconds
constexpr std::int64_t kMaxRepetitions = 10'000;
constexpr std::array<std::string_view, 2> kOutputs{"all", "runs.csv only"};

bool is_strategy_axis(const std::string& key) {
  return key == "strategy" || key.starts_with("strategy.");
}

/// Where the scenario to vary is written: a file, and a key in it ("" for the root).
struct Base {
  fs::path file;
  std::string prefix;
};

Base find_base(const Yaml& base) {
  if (base.is_map()) return {base.document().file(), "base"};
  if (!base.is_scalar()) base.fail_expected("the path of a scenario file, or a scenario as a map");
  return {base.document().folder() / base.as_string(), ""};
}

Yaml expect_sweep(const Yaml& root) {
  if (!root.is_map()) root.fail_expected("a sweep: schema, name, base, axes");
  root.expect_keys({"schema", "name", "description", "base", "axes", "zip", "exclude", "repeat",
                    "baseline", "outputs"});
  (void)root.at("schema").as_integer(1, 1);
  if (const auto description = root.find("description")) (void)description->as_string();
  (void)read_folder_name(root.at("name"));
  return root;
}

/// The scenarios of a sweep's points: number 0 has the first values of all factors, and those of the
/// last factor vary fastest.
class Points : public ScenarioSource {
 public:
  explicit Points(const fs::path& file)
      : document_(file),
        root_(expect_sweep(document_.root())),
        factors_(read_factors(root_)),
        base_(find_base(root_.at("base"))),
        base_document_(loaded_for(root_.at("base"), [&] { return Document(base_.file); })) {}

  const Yaml& root() const { return root_; }
  const std::vector<Factor>& factors() const { return factors_; }
  /// Canonical, of a base that is a file of its own.
  std::string base_text() const {
    return base_.prefix.empty() ? base_document_.canonical_text() : "";
  }
  std::string text() const { return document_.canonical_text(); }

  Point point(std::size_t number) const {
    Point point(factors_.size());
    for (std::size_t f = factors_.size(); f-- > 0; number /= factors_[f].size()) {
      point[f] = number % factors_[f].size();
    }
    return point;
  }

  Axes axes(const Point& point) const {
    Axes axes;
    for_each_value(point, [&](const Factor& factor, std::size_t k, std::size_t i) {
      axes.emplace_back(factor.keys[k], factor.text(k, i));
    });
    return axes;
  }

  std::shared_ptr<const Scenario> read(std::size_t number, int repetition) override {
    if (!first_ || number_ != number) {
      first_.reset();
      first_ = std::make_shared<const Scenario>(read_first(point(number)));
      number_ = number;
      last_.reset();
    }
    if (!last_ || repetition_ != repetition) {
      Scenario scenario = *first_;
      scenario.seed = repetition_seed(first_->seed, repetition);
      last_ = std::make_shared<const Scenario>(std::move(scenario));
      repetition_ = repetition;
    }
    return last_;
  }

 private:
  /// Calls `use` with each factor, each of its keys by position, and the position of its value.
  template <typename Use>
  void for_each_value(const Point& point, Use use) const {
    for (std::size_t f = 0; f < factors_.size(); ++f) {
      for (std::size_t k = 0; k < factors_[f].keys.size(); ++k) use(factors_[f], k, point[f]);
    }
  }

  Scenario read_first(const Point& point) {
    Document document = base_document_;
    const auto vary = [&](const std::string& key, const Yaml& value) {
      override_scenario(document, base_.prefix, key, value.node(), value.position());
    };
    vary("name", root_.at("name"));
    for_each_value(point, [&](const Factor& factor, std::size_t k, std::size_t i) {
      if (!is_label(factor.keys[k])) vary(factor.keys[k], factor.values[k][i]);
    });
    return read_scenario(base_.prefix.empty() ? document.root() : document.root().at(base_.prefix),
                         cache_);
  }

  Document document_;  // of the sweep
  Yaml root_;
  std::vector<Factor> factors_;
  Base base_;
  Document base_document_;
  ModelCache cache_;
  // What was read last:
  std::shared_ptr<const Scenario> first_, last_;  // first repetition
  std::size_t number_ = 0;
  int repetition_ = 0;
};

/// One object for equal strategies.
class SharedStrategies {
 public:
  /// Throws InputError if another strategy of the sweep has its label.
  std::shared_ptr<const StrategyChoice> get(const StrategyChoice& strategy) {
    std::string key =
        fmt::format("{}\n{}\n{}\n", strategy.name, strategy.label, strategy.folder.string());
    for (const auto& [option, value] : strategy.options)
      key += fmt::format("{}={}\n", option, value);
    for (const auto& [option, place] : strategy.places) {
      key += fmt::format("{} {}:{}\n", place.path, place.position.line, place.position.column);
    }
    auto& place = by_text_[key];
    if (!place) {
      labels_.add(strategy);
      place = std::make_shared<const StrategyChoice>(strategy);
    }
    return place;
  }

 private:
  Labels labels_;
  std::map<std::string, std::shared_ptr<const StrategyChoice>> by_text_;
};

/// The runs of one point after the other.
class Expansion {
 public:
  explicit Expansion(std::shared_ptr<Points> points) : points_(std::move(points)) {
    if (const auto repeat = points_->root().find("repeat")) {
      repeat_ = static_cast<int>(repeat->as_integer(1, kMaxRepetitions));
    }
  }

  void add(std::size_t number, const Point& point) {
    const auto axes = std::make_shared<const Axes>(points_->axes(point));
    const std::vector<StrategyChoice> strategies = points_->read(number, 0)->strategies;
    for (const StrategyChoice& strategy : strategies) {
      for (int r = 0; r < repeat_; ++r) {
        Job job;
        job.index = jobs_.size();
        job.scenario = {points_, number, r};
        job.strategy = strategies_.get(strategy);
        job.point_axes = axes;
        job.repetition = r;
        identify(job);
        jobs_.push_back(std::move(job));
      }
    }
    if (jobs_.size() > kMaxRuns) fail_too_many(points_->root().at("name"), "runs");
  }

  std::vector<Job> take_jobs() { return std::move(jobs_); }

 private:
  std::shared_ptr<Points> points_;
  int repeat_ = 1;
  SharedStrategies strategies_;
  std::vector<Job> jobs_;
};

/// Keys that vary together with the strategy: runs that differ in nothing else are compared.
std::set<std::string> strategy_keys(const std::vector<Factor>& factors) {
  std::set<std::string> keys;
  for (const Factor& factor : factors) {
    if (std::any_of(factor.keys.begin(), factor.keys.end(), is_strategy_axis)) {
      keys.insert(factor.keys.begin(), factor.keys.end());
    }
  }
  return keys;
}

void link_baselines(std::vector<Job>& jobs, const std::vector<Factor>& factors,
                    const Yaml& baseline) {
  const std::string name = baseline.as_string();
  const bool by_label = std::any_of(jobs.begin(), jobs.end(),
                                    [&](const Job& job) { return job.strategy->label == name; });
  const std::set<std::string> ignored = strategy_keys(factors);
  const auto point_of = [&](const Job& job) {
    std::vector<std::string> point{std::to_string(job.repetition)};
    for (const auto& [key, value] : job.axes()) {
      if (!ignored.contains(key)) point.push_back(value);
    }
    return point;
  };
  std::map<std::vector<std::string>, std::size_t> baselines;
  std::set<std::string> names;
  for (const Job& job : jobs) {
    names.insert(job.strategy->name);
    if (!job.strategy->label.empty()) names.insert(job.strategy->label);
    const std::string& own = by_label ? job.strategy->label : job.strategy->name;
    if (own == name) baselines.emplace(point_of(job), job.index);
  }
  if (baselines.empty()) {
    baseline.fail_expected(fmt::format("a strategy of the sweep: {}", fmt::join(names, ", ")));
  }
  for (Job& job : jobs) {
    const auto found = baselines.find(point_of(job));
    if (found != baselines.end()) job.baseline = found->second;
  }
}

}  // namespace

Sweep read_sweep(const fs::path& file) {
  const auto points = std::make_shared<Points>(file);
  const Yaml& root = points->root();
  const std::vector<Factor>& factors = points->factors();
  Sweep sweep;
  sweep.name = read_folder_name(root.at("name"));
  if (const auto outputs = root.find("outputs")) {
    sweep.run_files = outputs->as_choice(kOutputs) == 0;
  }
  for (const Factor& factor : factors) {
    for (std::size_t k = 0; k < factor.keys.size(); ++k) {
      sweep.axes.push_back(factor.keys[k]);
      sweep.texts.push_back(factor.texts(k));
    }
  }
  const Exclusions exclusions(root.find("exclude"), factors);
  Expansion expansion(points);
  const std::size_t count = count_points(root, factors);
  for (std::size_t n = 0; n < count; ++n) {
    const Point point = points->point(n);
    if (!exclusions.contains(point)) expansion.add(n, point);
    if ((n + 1) % kPointsToSay == 0) fmt::print(stderr, "read {} of {} points\n", n + 1, count);
  }
  sweep.jobs = expansion.take_jobs();
  if (sweep.jobs.empty()) root.at("exclude").fail("excludes every run");
  if (const auto baseline = root.find("baseline")) link_baselines(sweep.jobs, factors, *baseline);
  sweep.text = points->text();
  sweep.base_text = points->base_text();
  return sweep;
}

std::vector<Job> jobs_of(const Scenario& scenario) {
  const auto shared = std::make_shared<const Scenario>(scenario);
  std::vector<Job> jobs;
  for (const StrategyChoice& strategy : shared->strategies) {
    Job job;
    job.index = jobs.size();
    job.scenario = shared;
    job.strategy = std::make_shared<const StrategyChoice>(strategy);
    identify(job);
    if (shared->strategies.size() > 1) job.baseline = 0;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::string label_of(const Job& job) {
  const bool has_label = std::any_of(job.axes().begin(), job.axes().end(),
                                     [](const auto& axis) { return is_label(axis.first); });
  std::string label;
  for (const auto& [key, value] : job.axes()) {
    if (is_strategy_axis(key) || (has_label && value.starts_with('#'))) continue;
    label += value + " ";
  }
  label += label_of(*job.strategy);
  if (job.repetition > 0) label += fmt::format(" repetition {}", job.repetition);
  return label;
}

}  // namespace edgeflow
