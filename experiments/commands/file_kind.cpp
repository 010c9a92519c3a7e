#include "experiments/commands/file_kind.hpp"

#include <fmt/format.h>

#include <array>

#include "experiments/commands/mistakes.hpp"
#include "experiments/jobs/sweep.hpp"
#include "partition/plans/plan_yaml.hpp"
#include "sim/files/platform_file.hpp"
#include "workloads/model_yaml.hpp"
#include "workloads/onnx/reader.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

struct Mark {
  std::string_view key;
  FileKind kind;
};

/// The first key that a file has decides.
constexpr std::array<Mark, 17> kMarks{{{"axes", FileKind::kSweep},
                                       {"base", FileKind::kSweep},
                                       {"units", FileKind::kPlan},
                                       {"layers", FileKind::kModel},
                                       {"streams", FileKind::kScenario},
                                       {"strategies", FileKind::kScenario},
                                       {"requests", FileKind::kScenario},
                                       {"simulation", FileKind::kScenario},
                                       {"strategy", FileKind::kScenario},
                                       {"cluster", FileKind::kScenario},
                                       {"devices", FileKind::kCluster},
                                       {"compute", FileKind::kDevice},
                                       {"network", FileKind::kCluster},
                                       {"message_overhead", FileKind::kMessaging},
                                       {"serialization_rate", FileKind::kMessaging},
                                       {"sends", FileKind::kMessaging},
                                       {"model", FileKind::kScenario}}};

/// In the order of FileKind.
struct Naming {
  std::string_view name;
  std::string_view command;  // that takes such a file
};
constexpr std::array<Naming, 7> kNamings{{{"scenario", "run"},
                                          {"sweep", "sweep"},
                                          {"model", "inspect"},
                                          {"cluster", "inspect"},
                                          {"device", "validate"},
                                          {"messaging profile", "validate"},
                                          {"plan", "run SCENARIO --plan"}}};

std::optional<FileKind> kind_of(const Yaml& root) {
  if (!root.is_map()) return std::nullopt;
  for (const Mark& mark : kMarks) {
    if (root.find(mark.key)) return mark.kind;
  }
  return std::nullopt;
}

/// What can be wrong with a plan whatever its model and cluster.
std::string check_plan_form(const Document& document) {
  const Yaml root = document.root();
  root.expect_keys({"schema", "strategy", "model", "cluster", "units"});
  (void)root.at("schema").as_integer(1, 1);
  for (const char* key : {"strategy", "model", "cluster"}) (void)root.at(key).as_string();
  std::int64_t id = 0;
  for (const Yaml& unit : root.at("units").items()) {
    unit.expect_keys({"id", "kind", "layer", "device", "output", "task", "needs", "sends"});
    (void)unit.at("id").as_integer(id, id);
    for (const char* key : {"kind", "layer", "device", "output"}) (void)unit.at(key).as_string();
    if (const auto needs = unit.find("needs")) {
      for (const Yaml& need : needs->items()) {
        need.expect_keys({"from", "region"});
        (void)need.at("from").as_integer(0, id - 1);
        (void)need.at("region").as_string();
      }
    }
    ++id;
  }
  return fmt::format(
      "a plan of {} units; form only, --scenario checks it against a model and a "
      "cluster",
      id);
}

std::string check_plan(const Document& document, const std::optional<fs::path>& scenario_file) {
  if (!scenario_file) return check_plan_form(document);
  ModelCache cache;
  const Document scenario_document(*scenario_file);
  const Scenario scenario = read_scenario(scenario_document.root(), cache);
  if (scenario.has_streams()) {
    scenario_document.root().at("streams").fail("a plan is of one stream",
                                                "check it with a scenario of that stream alone");
  }
  const Plan plan = read_plan(document, scenario.workloads.front().model->graph, *scenario.cluster);
  return fmt::format("a plan of {} units that computes {} on {}", plan.units.size(), plan.model,
                     scenario.cluster->name());
}

std::string check_scenario(const Document& document) {
  ModelCache cache;
  std::vector<Job> jobs;
  read_all(document,
           [&](const Document& its) { jobs = jobs_of(read_scenario(its.root(), cache)); });
  return fmt::format("a scenario of {} run{}", jobs.size(), jobs.size() == 1 ? "" : "s");
}

}  // namespace

FileKind recognise(const Document& document) {
  const Yaml root = document.root();
  if (!root.is_map()) root.fail_expected("a map, as in all files of edgeflow");
  if (const auto kind = kind_of(root)) return *kind;
  root.fail("is not a scenario, sweep, model, cluster, device, messaging profile or plan",
            "which have a key strategy, axes, layers, devices, compute, sends or units");
}

void expect_kind(const Document& document, FileKind expected) {
  const auto kind = kind_of(document.root());
  if (!kind || *kind == expected) return;
  const Naming& naming = kNamings[static_cast<std::size_t>(*kind)];
  document.root().fail(fmt::format("is a {}, expected a {}", naming.name,
                                   kNamings[static_cast<std::size_t>(expected)].name),
                       fmt::format("try 'edgeflow {}'", naming.command));
}

std::string validate_file(const fs::path& file, const std::optional<fs::path>& scenario) {
  if (file.extension() == ".onnx") {
    return fmt::format("an ONNX model of {} layers", read_onnx(file).size());
  }
  const Document document(file);
  switch (recognise(document)) {
    case FileKind::kScenario:
      return check_scenario(document);
    case FileKind::kSweep:
      return fmt::format("a sweep of {} runs", read_sweep(file).jobs.size());
    case FileKind::kModel:
      return fmt::format("a model of {} layers", read_model(document).size());
    case FileKind::kCluster: {
      std::size_t devices = 0;
      read_all(document, [&](const Document& its) {
        devices = read_cluster(its.root(), file.stem().string(), read_platform_file).size();
      });
      return fmt::format("a cluster of {} devices", devices);
    }
    case FileKind::kDevice: {
      std::size_t profiles = 0;
      read_all(document, [&](const Document& its) { profiles = read_device(its).compute.size(); });
      return fmt::format("a device with {} compute profiles", profiles);
    }
    case FileKind::kMessaging:
      return fmt::format("the messaging profile {}", read_messaging(document).name);
    case FileKind::kPlan:
      return check_plan(document, scenario);
  }
  return "";
}

}  // namespace edgeflow
