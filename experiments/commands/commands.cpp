#include "experiments/commands/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "experiments/commands/explain.hpp"
#include "experiments/commands/file_kind.hpp"
#include "experiments/commands/lists.hpp"
#include "experiments/commands/mistakes.hpp"
#include "experiments/jobs/sweep.hpp"
#include "experiments/results/summary.hpp"
#include "experiments/run/steps.hpp"
#include "partition/external/problem_json.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "sim/files/platform_file.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/home.hpp"
#include "workloads/model_yaml.hpp"
#include "workloads/onnx/reader.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

/// The plans, by workload, of a scenario that names one strategy.
struct Planned {
  Scenario scenario;
  std::vector<Plan> plans;
};

Planned plan_scenario(const ScenarioArguments& arguments) {
  const Scenario scenario = read_scenario_file(arguments);
  const std::vector<Job> jobs = jobs_of(scenario);
  if (jobs.size() > 1) {
    throw InputError({arguments.file, 0, 0}, "strategies",
                     "the scenario compares several strategies",
                     fmt::format("choose one: --set strategy={}", jobs.back().strategy->name));
  }
  Planned planned{scenario, {}};
  for (const Workload& workload : scenario.workloads) {
    planned.plans.push_back(plan_of(jobs.front(), workload));
  }
  return planned;
}

/// Calls `plan`; 1 if a strategy cannot serve its problem.
template <typename Plans>
int unless_it_cannot(Plans plan) {
  try {
    plan();
    return kExitOk;
  } catch (const Infeasible& error) {
    fmt::print(stderr, "infeasible: {}\n", error.what());
    return kExitNotAllOk;
  } catch (const StrategyFailed& error) {
    fmt::print(stderr, "failed: {}\n", error.what());
    return kExitNotAllOk;
  }
}

/// Calls `use` with the planned scenario.
template <typename Use>
int with_plan(const ScenarioArguments& arguments, Use use) {
  return unless_it_cannot([&] { use(plan_scenario(arguments)); });
}

struct Topic {
  const char* name;
  Listing (*make)();
};
constexpr std::array<Topic, 10> kTopics{{{"strategies", list_strategies},
                                         {"models", list_models},
                                         {"devices", list_devices},
                                         {"clusters", list_clusters},
                                         {"columns", list_columns},
                                         {"rates", list_rates},
                                         {"messaging", list_messaging},
                                         {"networks", list_networks},
                                         {"effects", list_effects},
                                         {"operators", list_operators}}};

std::optional<fs::path> catalogue_of(const std::string& name) {
  for (const char* catalogue : kInspectedCatalogues) {
    const std::vector<std::string> names = catalogue_names(catalogue);
    if (std::find(names.begin(), names.end(), name) != names.end()) return catalogue;
  }
  return std::nullopt;
}

std::string unknown_name_hint(const std::string& name) {
  std::vector<std::string> known;
  for (const char* catalogue : kInspectedCatalogues) {
    for (std::string& one : catalogue_names(catalogue)) known.push_back(std::move(one));
  }
  const auto near = nearest_name(name, std::vector<std::string_view>(known.begin(), known.end()));
  return near ? fmt::format("did you mean \"{}\"?", *near)
              : "a path, or a name of 'edgeflow list models', 'clusters' or 'devices'";
}

Graph read_onnx_file(const ImportArguments& arguments) {
  OnnxOptions options;
  options.opaque = arguments.opaque;
  for (const std::string& input : arguments.inputs) {
    options.inputs.insert(parse_input_dims(input));
  }
  std::vector<std::string> warnings;
  Graph graph = read_onnx(arguments.file, options, &warnings);
  for (const std::string& warning : warnings) fmt::print(stderr, "{}\n", warning);
  return graph;
}

std::string inspect_document(const Document& document, InspectFormat format, bool fold_layers) {
  const FileKind kind = recognise(document);
  if (kind == FileKind::kModel) {
    if (format == InspectFormat::kXml) document.root().fail("--xml is for clusters");
    const Graph graph = read_model(document);
    return inspect_model(fold_layers ? fold(graph) : graph, fold_layers, format);
  }
  if (kind == FileKind::kCluster) {
    const std::string name = fs::path(document.file()).stem().string();
    return inspect_cluster(read_cluster(document.root(), name, read_platform_file), format);
  }
  if (kind == FileKind::kDevice) {
    if (format != InspectFormat::kText && format != InspectFormat::kJson) {
      document.root().fail("a device is shown as text or by --json");
    }
    return inspect_device(read_device(document), format);
  }
  if (kind == FileKind::kScenario) {
    ModelCache cache;
    return inspect_cluster(*read_scenario(document.root(), cache).cluster, format);
  }
  document.root().fail("is neither a model, a device, a cluster nor a scenario");
}

}  // namespace

Scenario read_scenario_file(const ScenarioArguments& arguments) {
  Document document{fs::path(arguments.file)};
  expect_kind(document, FileKind::kScenario);
  for (const std::string& change : arguments.changes) override_scenario(document, change);
  ModelCache cache;
  Scenario scenario;
  read_all(document, [&](const Document& its) { scenario = read_scenario(its.root(), cache); });
  return scenario;
}

Plan read_plan_file(const std::string& file, const Scenario& scenario) {
  const Document document{fs::path(file)};
  if (scenario.has_streams()) {
    throw InputError(
        {file, 0, 0}, "",
        fmt::format("holds the plan of one stream, the scenario has {}", scenario.workloads.size()),
        "use it with a scenario of that stream alone");
  }
  return read_plan(document, scenario.workloads.front().model->graph, *scenario.cluster);
}

std::string study_file(const std::string& name) {
  std::error_code error;
  if (fs::path(name).has_parent_path() || fs::exists(name, error)) return name;
  const std::vector<std::string> studies = catalogue_names("experiments/studies");
  if (std::find(studies.begin(), studies.end(), name) != studies.end()) {
    return (home_folder() / "experiments/studies" / (name + ".yaml")).string();
  }
  if (fs::path(name).has_extension()) return name;
  const auto near =
      nearest_name(name, std::vector<std::string_view>(studies.begin(), studies.end()));
  throw InputError({}, "", fmt::format("there is no file or study {}", in_quotes(name)),
                   near ? fmt::format("did you mean \"{}\"?", *near)
                        : fmt::format("a path, or one of: {}", fmt::join(studies, ", ")));
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return;
  }
  throw InputError({}, "", fmt::format("cannot write to stdout: {}", std::strerror(errno)));
}

int write_plan_file(const ScenarioArguments& arguments, const std::string& output) {
  if (read_scenario_file(arguments).has_streams()) {
    throw InputError({arguments.file, 0, 0}, "streams", "a plan file holds the plan of one stream",
                     "'edgeflow run' leaves one per stream in runs/");
  }
  return with_plan(arguments, [&](const Planned& planned) {
    const Plan& plan = planned.plans.front();
    const std::string text = write_plan(plan, planned.scenario.workloads.front().model->graph,
                                        *planned.scenario.cluster);
    if (output.empty()) return print(text);
    write_whole_file(output, text);
    fmt::print(stderr, "wrote {}: {} units by {}\n", output, plan.units.size(), plan.strategy);
  });
}

int write_problem_file(const ScenarioArguments& arguments, const std::string& output) {
  const Scenario scenario = read_scenario_file(arguments);
  if (scenario.has_streams()) {
    throw InputError({arguments.file, 0, 0}, "streams", "a problem is that of one stream",
                     "use it with a scenario of that stream alone");
  }
  write_whole_file(output, write_problem(problem_of(scenario.workloads.front())));
  fmt::print(stderr, "wrote {}\n", output);
  return kExitOk;
}

namespace {

/// A plan file, or what a strategy of that name plans.
NamedPlan plan_named(const ScenarioArguments& arguments, const std::string& name) {
  if (find_strategy(name) == nullptr) {
    return {name, read_plan_file(name, read_scenario_file(arguments))};
  }
  ScenarioArguments by_strategy = arguments;
  by_strategy.changes.push_back("strategy=" + name);
  return {name, plan_scenario(by_strategy).plans.front()};
}

void explain_diff(const ExplainArguments& arguments) {
  const Scenario scenario = read_scenario_file(arguments.scenario);
  if (scenario.has_streams()) {
    throw InputError({arguments.scenario.file, 0, 0}, "streams",
                     "two plans of one stream are compared",
                     "use it with a scenario of that stream alone");
  }
  print(explain_difference(plan_named(arguments.scenario, arguments.diff.at(0)),
                           plan_named(arguments.scenario, arguments.diff.at(1)), scenario,
                           scenario.workloads.front()));
}

/// Explains a plan for each workload; as JSON: a list if there are streams.
void explain_plans(const Planned& planned, bool json) {
  const std::vector<Workload>& workloads = planned.scenario.workloads;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (std::size_t w = 0; w < workloads.size(); ++w) {
    if (json) {
      list.push_back(explain_json(planned.plans[w], planned.scenario, workloads[w]));
    } else {
      print((w > 0 ? "\n" : "") + workloads[w].label() +
            explain(planned.plans[w], planned.scenario, workloads[w]));
    }
  }
  print(json ? (planned.scenario.has_streams() ? list : list.front()).dump(2) + "\n"
             : note_lines(planned.scenario.notes()));
}

}  // namespace

int explain_scenario(const ExplainArguments& arguments) {
  if (!arguments.plan.empty()) {
    Planned planned{read_scenario_file(arguments.scenario), {}};
    planned.plans.push_back(read_plan_file(arguments.plan, planned.scenario));
    explain_plans(planned, arguments.json);
    return kExitOk;
  }
  if (arguments.diff.empty()) {
    return with_plan(arguments.scenario,
                     [&](const Planned& planned) { explain_plans(planned, arguments.json); });
  }
  return unless_it_cannot([&] { explain_diff(arguments); });
}

int import_model(const ImportArguments& arguments, const std::string& output) {
  const Graph graph = read_onnx_file(arguments);
  if (output.empty()) {
    print(write_model(graph));
    return kExitOk;
  }
  write_whole_file(output, write_model(graph));
  fmt::print(stderr, "wrote {}: {} layers\n", output, graph.size());
  return kExitOk;
}

int inspect(const ImportArguments& arguments, InspectFormat format, bool fold_layers) {
  const std::string& name = arguments.file;
  fs::path file = name;
  if (const auto catalogue = catalogue_of(name)) {
    file = home_folder() / *catalogue / (name + ".yaml");
  } else if (std::error_code error; !fs::exists(file, error)) {
    throw InputError({}, "",
                     fmt::format("there is no model, device, cluster or file {}", in_quotes(name)),
                     unknown_name_hint(name));
  }
  if (file.extension() == ".onnx") {
    const Graph graph = read_onnx_file(arguments);
    print(inspect_model(fold_layers ? fold(graph) : graph, fold_layers, format));
    return kExitOk;
  }
  if (!arguments.inputs.empty()) {
    throw InputError({name, 0, 0}, "", "--input is for ONNX files; this model says its dims");
  }
  print(inspect_document(Document(file), format, fold_layers));
  return kExitOk;
}

int validate_files(const std::vector<std::string>& files, const std::string& scenario) {
  int exit_code = kExitOk;
  for (const std::string& file : files) {
    try {
      const std::string verdict =
          validate_file(file, scenario.empty() ? std::nullopt : std::optional<fs::path>(scenario));
      print(fmt::format("{}: ok, {}\n", file, verdict));
    } catch (const InputError& error) {
      fmt::print(stderr, "{}\n", error.what());
      exit_code = kExitUsage;
    }
  }
  return exit_code;
}

int list(const std::string& what, bool json) {
  for (const Topic& topic : kTopics) {
    if (topic.name != what) continue;
    const Listing listing = topic.make();
    print(json ? listing.json.dump(2) + "\n" : listing.text);
  }
  return kExitOk;
}

std::vector<std::string> list_topics() {
  std::vector<std::string> names;
  names.reserve(kTopics.size());
  for (const Topic& topic : kTopics) names.emplace_back(topic.name);
  return names;
}

}  // namespace edgeflow
