#include "experiments/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "experiments/scenario.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPoints = 100'000;

struct SweepAxis {
  std::string key;
  std::vector<Yaml> values;

  /// What stands in tables for a value: itself, or its position if it is a list or a map.
  std::string text(std::size_t i) const {
    return values[i].is_scalar() ? values[i].as_string() : fmt::format("#{}", i);
  }
};

bool is_strategy_axis(const std::string& key) {
  return key == "strategy" || key.starts_with("strategy.");
}

std::vector<SweepAxis> read_axes(const Yaml& yaml) {
  if (!yaml.is_map()) yaml.fail_expected("a map from key paths to lists of values");
  std::vector<SweepAxis> axes;
  for (const auto& [key, list] : yaml.entries()) {
    if (!list.is_list()) list.fail_expected("a list of values");
    if (key == "name" || key == "schema") list.fail("this cannot be varied");
    axes.push_back({key, list.items()});
    if (axes.back().values.empty()) list.fail("is empty, expected at least one value");
    for (std::size_t i = 0; i < axes.back().values.size(); ++i) (void)axes.back().text(i);
  }
  if (axes.empty()) yaml.fail("is empty, expected at least one axis");
  std::size_t points = 1;
  for (const SweepAxis& axis : axes) {
    points *= axis.values.size();
    if (points > kMaxPoints) yaml.fail(fmt::format("more than {} points", kMaxPoints));
  }
  return axes;
}

/// A point is the index of a value per axis.
using Point = std::vector<std::size_t>;

class Exclusions {
 public:
  Exclusions(const std::optional<Yaml>& yaml, const std::vector<SweepAxis>& axes) {
    if (!yaml) return;
    std::vector<std::string_view> keys;
    for (const SweepAxis& axis : axes) keys.push_back(axis.key);
    for (const Yaml& item : yaml->items()) {
      if (!item.is_map()) item.fail_expected("a map from axes to values");
      item.expect_keys(keys);
      Rule& rule = rules_.emplace_back();
      for (const auto& [key, value] : item.entries()) {
        const auto axis = std::find(keys.begin(), keys.end(), key) - keys.begin();
        rule.emplace_back(static_cast<std::size_t>(axis),
                          find_value(axes[static_cast<std::size_t>(axis)], value));
      }
      if (rule.empty()) item.fail("is empty and would exclude everything");
    }
  }

  bool contains(const Point& point) const {
    return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
      return std::all_of(rule.begin(), rule.end(),
                         [&](const auto& wanted) { return point[wanted.first] == wanted.second; });
    });
  }

 private:
  using Rule = std::vector<std::pair<std::size_t, std::size_t>>;  // axis and value

  static std::size_t find_value(const SweepAxis& axis, const Yaml& value) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < axis.values.size(); ++i) texts.push_back(axis.text(i));
    const auto found = std::find(texts.begin(), texts.end(), value.as_string());
    if (found == texts.end()) {
      value.fail_expected(fmt::format("one of the axis's values {}", fmt::join(texts, ", ")));
    }
    return static_cast<std::size_t>(found - texts.begin());
  }

  std::vector<Rule> rules_;
};

/// Where the scenario to vary is written: a file, and a key in it ("" for the root).
struct Base {
  fs::path file;
  std::string prefix;
};

Base find_base(const Yaml& base) {
  if (base.is_map()) return {base.document().file(), "base"};
  if (!base.is_scalar()) base.fail_expected("the path of a scenario file, or a scenario as a map");
  const fs::path file = base.document().folder() / base.as_string();
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    base.fail(fmt::format("there is no file \"{}\"", file.string()));
  }
  return {file, ""};
}

class Expansion {
 public:
  Expansion(const Yaml& root, const std::vector<SweepAxis>& axes)
      : name_(root.at("name")), base_(find_base(root.at("base"))), axes_(axes) {}

  void add(const Point& point) {
    Document document(base_.file);
    override_scenario(document, base_.prefix, "name", name_.node(), name_.position());
    std::vector<std::pair<std::string, std::string>> values;
    for (std::size_t a = 0; a < axes_.size(); ++a) {
      const Yaml& value = axes_[a].values[point[a]];
      override_scenario(document, base_.prefix, axes_[a].key, value.node(), value.position());
      values.emplace_back(axes_[a].key, axes_[a].text(point[a]));
    }
    const Yaml yaml = base_.prefix.empty() ? document.root() : document.root().at(base_.prefix);
    const auto scenario = std::make_shared<const Scenario>(read_scenario(yaml, shelf_));
    for (const StrategyChoice& strategy : scenario->strategies) {
      Job job;
      job.index = jobs_.size();
      job.scenario = scenario;
      job.strategy = strategy;
      job.axes = values;
      jobs_.push_back(std::move(job));
    }
  }

  const Base& base() const { return base_; }
  std::vector<Job> take_jobs() { return std::move(jobs_); }

 private:
  Yaml name_;
  Base base_;
  const std::vector<SweepAxis>& axes_;
  ModelShelf shelf_;
  std::vector<Job> jobs_;
};

bool next_point(Point& point, const std::vector<SweepAxis>& axes) {
  for (std::size_t a = axes.size(); a-- > 0;) {
    if (++point[a] < axes[a].values.size()) return true;
    point[a] = 0;
  }
  return false;
}

void link_baselines(std::vector<Job>& jobs, const Yaml& baseline) {
  const std::string name = baseline.as_string();
  const auto point_of = [](const Job& job) {
    std::vector<std::string> point;
    for (const auto& [key, value] : job.axes) {
      if (!is_strategy_axis(key)) point.push_back(value);
    }
    return point;
  };
  std::map<std::vector<std::string>, std::size_t> baselines;
  std::set<std::string> names;
  for (const Job& job : jobs) {
    names.insert(job.strategy.name);
    if (job.strategy.name == name) baselines.emplace(point_of(job), job.index);
  }
  if (baselines.empty()) {
    baseline.fail_expected(fmt::format("a strategy of the sweep: {}", fmt::join(names, ", ")));
  }
  for (Job& job : jobs) {
    const auto found = baselines.find(point_of(job));
    if (found != baselines.end()) job.baseline = found->second;
  }
}

/// Options are understood by strategies only, while they plan: let each different one plan once.
void try_options(const std::vector<Job>& jobs) {
  std::set<std::string> tried;
  for (const Job& job : jobs) {
    if (job.strategy.options.empty()) continue;
    std::string key = fmt::format("{} {} {}", job.scenario->model->reference, job.strategy.name,
                                  options_text(job.strategy));
    for (const Device& device : job.scenario->cluster->devices()) key += " " + device.name;
    if (!tried.insert(key).second) continue;
    try {
      (void)plan_of(job);
    } catch (const InputError&) {
      throw;
    } catch (const std::exception&) {  // becomes a status when the run's turn comes
    }
  }
}

}  // namespace

Sweep read_sweep(const fs::path& file) {
  const Document document(file);
  const Yaml root = document.root();
  if (!root.is_map()) root.fail_expected("a sweep: schema, name, base, axes");
  root.expect_keys({"schema", "name", "description", "base", "axes", "exclude", "baseline"});
  (void)root.at("schema").as_integer(1, 1);
  if (const auto description = root.find("description")) (void)description->as_string();
  Sweep sweep;
  sweep.name = read_folder_name(root.at("name"));
  const std::vector<SweepAxis> axes = read_axes(root.at("axes"));
  for (const SweepAxis& axis : axes) sweep.axes.push_back(axis.key);
  const Exclusions exclusions(root.find("exclude"), axes);
  Expansion expansion(root, axes);
  Point point(axes.size(), 0);
  do {
    if (!exclusions.contains(point)) expansion.add(point);
  } while (next_point(point, axes));
  sweep.jobs = expansion.take_jobs();
  if (sweep.jobs.empty()) root.at("exclude").fail("excludes every run");
  if (const auto baseline = root.find("baseline")) link_baselines(sweep.jobs, *baseline);
  try_options(sweep.jobs);
  sweep.text = document.canonical_text();
  if (expansion.base().prefix.empty()) {
    sweep.base_text = Document(expansion.base().file).canonical_text();
  }
  return sweep;
}

std::vector<Job> jobs_of(const Scenario& scenario) {
  const auto shared = std::make_shared<const Scenario>(scenario);
  std::vector<Job> jobs;
  for (const StrategyChoice& strategy : shared->strategies) {
    Job job;
    job.index = jobs.size();
    job.scenario = shared;
    job.strategy = strategy;
    if (shared->strategies.size() > 1) job.baseline = 0;
    jobs.push_back(std::move(job));
  }
  try_options(jobs);
  return jobs;
}

std::string label_of(const Job& job) {
  std::string label;
  for (const auto& [key, value] : job.axes) {
    if (!is_strategy_axis(key)) label += value + " ";
  }
  label += job.strategy.name;
  const std::string options = options_text(job.strategy);
  return options.empty() ? label : fmt::format("{} ({})", label, options);
}

}  // namespace edgeflow
