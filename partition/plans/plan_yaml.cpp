#include "partition/plans/plan_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/emitter.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <unordered_map>

#include "partition/plans/builder.hpp"
#include "partition/plans/validate.hpp"

namespace edgeflow {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"input", "compute", "relay"};

using Ids = std::unordered_map<std::string, std::int32_t>;

/// Quotes whatever YAML could take for something else.
std::string quoted(const std::string& text) {
  YAML::Emitter out;
  out << YAML::DoubleQuoted << text;
  return out.c_str();
}

/// Parses "c0:64 r0:80 w0:224".
Region read_region(const Yaml& yaml) {
  const std::string text = yaml.as_string();
  Region region;
  const char* at = text.data();
  const char* end = at + text.size();
  for (Axis axis : kAxes) {
    const char letter = "crw"[static_cast<std::size_t>(axis)];
    Range& range = region[axis];
    auto eat = [&](char c) {
      const bool good = at != end && *at == c;
      if (good) ++at;
      return good;
    };
    auto number = [&](std::int64_t& value) {
      const auto [next, error] = std::from_chars(at, end, value);
      at = next;
      return error == std::errc();
    };
    if ((axis != Axis::kChannel && !eat(' ')) || !eat(letter) || !number(range.begin) ||
        !eat(':') || !number(range.end)) {
      yaml.fail_expected("a region such as \"c0:64 r0:56 w0:56\"");
    }
  }
  if (at != end) yaml.fail_expected("a region such as \"c0:64 r0:56 w0:56\"");
  return region;
}

std::int32_t look_up(const Yaml& yaml, const Ids& ids, const char* what) {
  const std::string name = yaml.as_string();
  const auto found = ids.find(name);
  if (found != ids.end()) return found->second;
  std::vector<std::string_view> known;
  for (const auto& entry : ids) known.push_back(entry.first);
  std::sort(known.begin(), known.end());
  const auto nearest = nearest_name(name, known);
  constexpr std::size_t kShown = 6;
  const std::span some = std::span(known).first(std::min(known.size(), kShown));
  yaml.fail(fmt::format("there is no {} \"{}\"", what, name),
            nearest ? fmt::format("did you mean \"{}\"?", *nearest)
                    : fmt::format("there are {}{}", fmt::join(some, ", "),
                                  known.size() > kShown ? ", ..." : ""));
}

UnitKind read_kind(const Yaml& yaml) {
  const std::string text = yaml.as_string();
  const auto found = std::find(kKinds.begin(), kKinds.end(), text);
  if (found == kKinds.end()) yaml.fail_expected("one of input, compute, relay");
  return static_cast<UnitKind>(found - kKinds.begin());
}

/// Forwarding tables in the order that `sends` gives, where a unit has it.
void order_forwarding(ExecutionUnit& unit, const Yaml& sends) {
  std::vector<Forward> ordered;
  for (const Yaml& item : sends.items()) {
    const UnitId consumer{static_cast<std::int32_t>(item.as_integer(0, 1 << 30))};
    const std::size_t before = ordered.size();
    for (const Forward& forward : unit.forwarding) {
      if (forward.consumer == consumer) ordered.push_back(forward);
    }
    if (ordered.size() == before) {
      item.fail(fmt::format("unit {} needs nothing of this one", index(consumer)));
    }
  }
  if (ordered.size() != unit.forwarding.size()) {
    sends.fail("it must name every unit that needs something of this one, once");
  }
  unit.forwarding = std::move(ordered);
}

bool in_unit_order(const std::vector<Forward>& forwarding) {
  return std::is_sorted(forwarding.begin(), forwarding.end(),
                        [](const Forward& a, const Forward& b) { return a.consumer < b.consumer; });
}

class Reader {
 public:
  Reader(const Graph& graph, const Cluster& cluster) {
    for (std::size_t i = 0; i < graph.size(); ++i) {
      layers_.emplace(graph.layers()[i].name, static_cast<std::int32_t>(i));
    }
    for (std::size_t d = 0; d < cluster.size(); ++d) {
      devices_.emplace(cluster.devices()[d].name, static_cast<std::int32_t>(d));
    }
  }

  ExecutionUnit read_unit(const Yaml& yaml, std::int64_t id) const {
    yaml.expect_keys({"id", "kind", "layer", "device", "output", "task", "needs", "sends"});
    yaml.at("id").as_integer(id, id);
    ExecutionUnit unit;
    unit.kind = read_kind(yaml.at("kind"));
    unit.layer = LayerId{look_up(yaml.at("layer"), layers_, "layer")};
    unit.device = DeviceId{look_up(yaml.at("device"), devices_, "device")};
    unit.output = read_region(yaml.at("output"));
    if (const auto task = yaml.find("task")) unit.starts_task = task->as_bool();
    if (const auto needs = yaml.find("needs")) {
      if (!needs->is_list()) needs->fail_expected("a list such as [{from: 0, region: \"...\"}]");
      for (const Yaml& need : needs->items()) {
        need.expect_keys({"from", "region"});
        const std::int64_t from = need.at("from").as_integer(0, 1 << 30);
        if (from >= id) need.at("from").fail("a unit can only need units that stand before it");
        unit.requirements.push_back(
            {UnitId{static_cast<std::int32_t>(from)}, read_region(need.at("region"))});
      }
    }
    return unit;
  }

 private:
  Ids layers_;
  Ids devices_;
};

}  // namespace

std::string write_plan(const Plan& plan, const Graph& graph, const Cluster& cluster) {
  std::string text = fmt::format("schema: 1\nstrategy: {}\nmodel: {}\ncluster: {}\nunits:\n",
                                 quoted(plan.strategy), quoted(plan.model), quoted(plan.cluster));
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    const ExecutionUnit& unit = plan.units[u];
    text += fmt::format("  - {{id: {}, kind: {}, layer: {}, device: {}, output: \"{}\"", u,
                        kKinds[static_cast<std::size_t>(unit.kind)],
                        quoted(graph.layer(unit.layer).name),
                        quoted(cluster.device(unit.device).name), to_string(unit.output));
    if (unit.starts_task) text += ", task: true";
    std::vector<std::string> needs;
    for (const Requirement& r : unit.requirements) {
      needs.push_back(
          fmt::format("{{from: {}, region: \"{}\"}}", index(r.provider), to_string(r.region)));
    }
    if (!needs.empty()) text += fmt::format(",\n     needs: [{}]", fmt::join(needs, ", "));
    if (!in_unit_order(unit.forwarding)) {
      std::vector<std::size_t> sends;
      for (const Forward& forward : unit.forwarding) {
        const std::size_t consumer = index(forward.consumer);
        if (std::find(sends.begin(), sends.end(), consumer) == sends.end()) {
          sends.push_back(consumer);
        }
      }
      text += fmt::format(", sends: [{}]", fmt::join(sends, ", "));
    }
    text += "}\n";
  }
  return text;
}

Plan read_plan(const Document& document, const Graph& graph, const Cluster& cluster) {
  const Yaml root = document.root();
  root.expect_keys({"schema", "strategy", "model", "cluster", "units"});
  root.at("schema").as_integer(1, 1);
  Plan plan;
  plan.strategy = root.at("strategy").as_string();
  plan.model = root.at("model").as_string();
  plan.cluster = root.at("cluster").as_string();
  if (plan.model != graph.name()) {
    root.at("model").fail(fmt::format("the plan is for model \"{}\", the scenario's is \"{}\"",
                                      plan.model, graph.name()));
  }
  const Yaml list = root.at("units");
  if (!list.is_list()) list.fail_expected("a list of units");
  const std::vector<Yaml> items = list.items();
  const Reader reader(graph, cluster);
  for (const Yaml& item : items) {
    plan.units.push_back(reader.read_unit(item, static_cast<std::int64_t>(plan.units.size())));
  }
  fill_forwarding(plan);
  for (std::size_t u = 0; u < items.size(); ++u) {
    if (const auto sends = items[u].find("sends")) order_forwarding(plan.units[u], *sends);
  }
  const std::vector<Violation> violations = validate(plan, graph, cluster, 1);
  if (!violations.empty()) {
    const Violation& first = violations.front();
    const Yaml& place = first.unit < 0 ? list : items[index(first.unit)];
    place.fail(fmt::format("this is not a valid plan: {}", first.message));
  }
  return plan;
}

}  // namespace edgeflow
