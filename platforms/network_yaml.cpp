#include "platforms/network_yaml.hpp"

#include <algorithm>
#include <set>

#include "platforms/device.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kMaxMesh = 256;

NetworkType read_type(const Yaml& yaml) {
  const std::string name = yaml.as_string();
  std::string known;
  std::vector<std::string_view> names;
  for (const NetworkType type : kNetworkTypes) {
    if (to_string(type) == name) return type;
    names.push_back(to_string(type));
    known += (known.empty() ? "" : ", ") + std::string(to_string(type));
  }
  const auto near = nearest_name(name, names);
  yaml.fail_expected("one of " + known, near ? "did you mean " + in_quotes(*near) + "?" : "");
}

bool contains(const std::vector<std::string_view>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

NetworkReader::Format NetworkReader::format(NetworkType type) {
  switch (type) {
    case NetworkType::kSwitch:
      return {{"bandwidth", "up", "down", "latency", "link_power"},
              {"bandwidth", "up", "down", "latency"},
              &NetworkReader::build_switch};
    case NetworkType::kWifi:
      return {{"bandwidth", "efficiency", "latency", "access_point", "link_power"},
              {"bandwidth"},
              &NetworkReader::build_wifi};
    case NetworkType::kHub:
      return {{"bandwidth", "efficiency", "latency", "link_power"}, {}, &NetworkReader::build_hub};
    case NetworkType::kMesh:
      return {{"bandwidth", "latency", "links", "link_power"}, {}, &NetworkReader::build_mesh};
    case NetworkType::kStarOfStars:
      return {{"bandwidth", "up", "down", "latency", "uplink", "sites", "link_power"},
              {"bandwidth", "up", "down", "latency", "site"},
              &NetworkReader::build_sites};
    case NetworkType::kGraph:
      return {
          {"switches", "links", "routes", "link_power"}, {}, &NetworkReader::build_graph, "links"};
    case NetworkType::kSimgrid:
      return {{"file"}, {}, &NetworkReader::build_simgrid, "file"};
  }
  return {};
}

NetworkReader::NetworkReader(const Yaml& yaml, PlatformFileReader read_platform_file)
    : yaml_(yaml),
      read_platform_file_(read_platform_file),
      type_(read_type(yaml.at("type"))),
      format_(format(type_)) {
  std::vector<std::string_view> keys = format_.keys;
  keys.insert(keys.begin(), "type");
  yaml.expect_keys(keys);
  if (!format_.needed.empty()) (void)yaml.at(format_.needed);
  if (contains(keys, "up")) {
    rates_ = rates(yaml);
  } else if (contains(keys, "bandwidth")) {
    rates_.up_Bps = rates_.down_Bps = yaml.at("bandwidth").as_quantity(Quantity::kBandwidth);
  }
  if (contains(keys, "latency")) latency_s_ = find_latency(yaml).value_or(0);
  if (contains(keys, "sites")) read_sites();
}

bool NetworkReader::device_may_have(std::string_view key) const {
  return contains(format_.device_keys, key);
}

std::optional<NetworkReader::Rates> NetworkReader::find_rates(const Yaml& yaml,
                                                              std::optional<double> measured_Bps) {
  const auto both = yaml.find("bandwidth");
  const auto up = yaml.find("up");
  const auto down = yaml.find("down");
  if (both) {
    if (up || down) both->fail("give \"bandwidth\", or \"up\" and \"down\", not both");
    const double rate_Bps = measured_Bps ? *measured_Bps : both->as_quantity(Quantity::kBandwidth);
    return Rates{rate_Bps, rate_Bps};
  }
  if (!up && !down) return std::nullopt;
  return Rates{yaml.at("up").as_quantity(Quantity::kBandwidth),
               yaml.at("down").as_quantity(Quantity::kBandwidth)};
}

NetworkReader::Rates NetworkReader::rates(const Yaml& yaml) {
  const auto found = find_rates(yaml);
  if (!found) (void)yaml.at("bandwidth");  // missing
  return *found;
}

std::optional<double> NetworkReader::find_latency(const Yaml& yaml) {
  const auto latency = yaml.find("latency");
  if (!latency) return std::nullopt;
  return latency->as_quantity(Quantity::kDuration, /*zero_ok=*/true);
}

void NetworkReader::read_sites() {
  const Yaml uplink = yaml_.at("uplink");
  uplink.expect_keys({"bandwidth", "up", "down", "latency"});
  const Rates wan = rates(uplink);
  const double latency_s = find_latency(uplink).value_or(0);
  const Yaml list = yaml_.at("sites");
  for (const Yaml& item : list.items()) {
    Site site{"", {wan.up_Bps, wan.down_Bps, latency_s, 0}};
    if (item.is_map()) {
      item.expect_keys({"name", "bandwidth", "up", "down", "latency"});
      site.name = read_name(item.at("name"));
      const Rates own = find_rates(item).value_or(wan);
      site.uplink = {own.up_Bps, own.down_Bps, find_latency(item).value_or(latency_s), 0};
    } else {
      site.name = read_name(item);
    }
    for (const Site& other : sites_) {
      if (other.name == site.name) item.fail("two sites are called " + in_quotes(site.name));
    }
    sites_.push_back(site);
  }
  if (sites_.empty()) list.fail("is empty, expected at least one site");
}

std::int32_t NetworkReader::read_site(const Yaml& entry) const {
  const Yaml site = entry.at("site");
  const std::string name = site.as_string();
  std::vector<std::string_view> names;
  for (std::size_t s = 0; s < sites_.size(); ++s) {
    if (sites_[s].name == name) return static_cast<std::int32_t>(s);
    names.push_back(sites_[s].name);
  }
  const auto near = nearest_name(name, names);
  site.fail_expected("the name of a site", near ? "did you mean " + in_quotes(*near) + "?"
                                                : "such as " + in_quotes(names.front()));
}

void NetworkReader::add_devices(const Yaml& entry, std::size_t count,
                                std::optional<double> measured_Bps) {
  for (const std::string_view key : kPortKeys) {
    const auto value = entry.find(key);
    if (!value || device_may_have(key)) continue;
    value->fail("devices on a network of type " + std::string(to_string(type_)) + " have no \"" +
                std::string(key) + "\"");
  }
  Rates own = rates_;
  if (device_may_have("bandwidth")) own = find_rates(entry, measured_Bps).value_or(rates_);
  Port port{own.up_Bps, own.down_Bps, 0, 0};
  if (device_may_have("latency")) port.latency_s = find_latency(entry).value_or(latency_s_ / 2);
  if (device_may_have("site")) port.site = read_site(entry);
  ports_.insert(ports_.end(), count, port);
}

Network NetworkReader::build(const std::vector<std::string>& names) {
  names_ = names;
  for (const std::string& name : names) nodes_.emplace(name, nodes_.size());
  Network network = (this->*format_.build)();
  if (const auto efficiency =
          contains(format_.keys, "efficiency") ? yaml_.find("efficiency") : std::nullopt) {
    const double part = efficiency->as_number(0, 1);
    if (part < kSmallestQuantity) efficiency->fail_expected("a number of more than 0, at most 1");
    set_efficiency(network, part);
  }
  const auto power = contains(format_.keys, "link_power") ? yaml_.find("link_power") : std::nullopt;
  if (power) {
    power->expect_keys({"idle", "busy"});
    const PowerDraw draw = read_power(*power);
    for (Link& link : network.links) {
      link.idle_W = draw.idle_W;
      link.busy_W = draw.busy_W;
    }
  }
  return network;
}

Network NetworkReader::build_switch() {
  Network network = make_switch(names_, ports_, sites_);
  network.bandwidth_Bps = rates_.up_Bps;
  network.latency_s = latency_s_;
  return network;
}

Network NetworkReader::build_sites() {
  Network network = build_switch();
  network.description = one_line_text(yaml_.node());
  return network;
}

Network NetworkReader::build_wifi() {
  std::vector<double> rates_Bps;
  for (const Port& port : ports_) rates_Bps.push_back(port.up_Bps);
  const auto access_point = yaml_.find("access_point");
  return make_wifi(names_.size(), rates_.up_Bps, latency_s_, rates_Bps,
                   access_point ? std::optional(node(*access_point)) : std::nullopt);
}

Network NetworkReader::build_hub() { return make_hub(names_.size(), rates_.up_Bps, latency_s_); }

std::size_t NetworkReader::node(const Yaml& yaml) const {
  const std::string name = yaml.as_string();
  const auto found = nodes_.find(name);
  if (found != nodes_.end()) return found->second;
  std::vector<std::string_view> known;
  for (const auto& [known_name, id] : nodes_) known.push_back(known_name);
  const bool switches = contains(format_.keys, "switches");
  const auto near = nearest_name(name, known);
  yaml.fail_expected(
      switches ? "the name of a device or switch" : "the name of a device",
      near ? "did you mean " + in_quotes(*near) + "?" : "such as " + in_quotes(names_.front()));
}

Network NetworkReader::build_simgrid() {
  const Yaml name = yaml_.at("file");
  if (read_platform_file_ == nullptr) name.fail("SimGrid's files cannot be read here");
  const std::filesystem::path file = name.document().folder() / name.as_string();
  try {
    Network network = read_platform_file_(file, names_);
    if (network.paths.empty()) return network;  // a medium, whose rates tell all
    const std::string path = std::filesystem::absolute(file).lexically_normal().string();
    YamlTree description;
    description["type"] = "simgrid";
    description["file"] = path;
    network.description = one_line_text(description);
    network.from_file = true;
    return network;
  } catch (const InputError& error) {
    if (!error.position().file.empty()) throw;
    name.fail(error.message(), error.hint());
  }
}

Network NetworkReader::build_mesh() {
  if (names_.size() > kMaxMesh) {
    yaml_.fail("a mesh has at most " + std::to_string(kMaxMesh) + " devices");
  }
  Network network = make_mesh(names_, rates_.up_Bps, latency_s_);
  network.description = one_line_text(yaml_.node());
  const auto links = yaml_.find("links");
  if (!links) return network;
  std::set<std::pair<std::size_t, std::size_t>> seen;
  for (const Yaml& item : links->items()) {
    item.expect_keys({"between", "bandwidth", "up", "down", "latency"});
    const std::vector<Yaml> ends = item.at("between").items();
    if (ends.size() != 2) item.at("between").fail_expected("two devices");
    const std::size_t a = node(ends[0]);
    const std::size_t b = node(ends[1]);
    if (a == b) item.at("between").fail("joins a device with itself");
    if (!seen.insert(std::minmax(a, b)).second) item.fail("this pair stands here twice");
    const Rates own = find_rates(item).value_or(rates_);
    Link& forth = network.links[mesh_link(names_.size(), a, b)];
    Link& back = network.links[mesh_link(names_.size(), b, a)];
    forth.bandwidth_Bps = own.up_Bps;
    back.bandwidth_Bps = own.down_Bps;
    forth.latency_s = back.latency_s = find_latency(item).value_or(latency_s_);
  }
  return network;
}

Network NetworkReader::build_graph() {
  Network network;
  network.description = one_line_text(yaml_.node());
  if (const auto switches = yaml_.find("switches")) {
    for (const Yaml& item : switches->items()) {
      const std::string name = read_name(item);
      if (!nodes_.emplace(name, nodes_.size()).second) {
        item.fail("two nodes are called " + in_quotes(name));
      }
      network.switches.push_back(name);
    }
  }
  network.type = NetworkType::kGraph;
  network.devices = names_.size();
  network.nodes = nodes_.size();
  std::vector<EdgeEntry> entries;
  for (const Yaml& item : yaml_.at("links").items()) {
    EdgeEntry entry = read_edge(item, network);
    for (const EdgeEntry& other : entries) {
      if (other.name == entry.name) item.fail("two links are called " + in_quotes(entry.name));
    }
    network.edges.push_back(entry.edge);
    entries.push_back(std::move(entry));
  }
  network.paths = shortest_paths(names_.size(), nodes_.size(), network.edges);
  if (const auto routes = yaml_.find("routes")) {
    for (const Yaml& item : routes->items()) read_route(item, entries, network);
  }
  check_connected(network);
  return network;
}

NetworkReader::EdgeEntry NetworkReader::read_edge(const Yaml& yaml, Network& network) {
  yaml.expect_keys({"name", "between", "bandwidth", "up", "down", "latency", "duplex"});
  const std::vector<Yaml> ends = yaml.at("between").items();
  if (ends.size() != 2) yaml.at("between").fail_expected("two devices or switches");
  EdgeEntry entry;
  entry.edge.a = node(ends[0]);
  entry.edge.b = node(ends[1]);
  if (entry.edge.a == entry.edge.b) yaml.at("between").fail("joins a node with itself");
  const auto name = yaml.find("name");
  entry.name = name ? read_name(*name) : ends[0].as_string() + ":" + ends[1].as_string();
  bool half = false;
  if (const auto duplex = yaml.find("duplex")) {
    half = duplex->as_string() == "half";
    if (!half && duplex->as_string() != "full") duplex->fail_expected("full or half");
  }
  const Rates own = rates(yaml);
  if (half && own.up_Bps != own.down_Bps)
    yaml.at("up").fail("a half-duplex link has one bandwidth");
  const double latency_s = find_latency(yaml).value_or(0);
  entry.edge.forth = entry.edge.back = static_cast<int>(network.links.size());
  network.links.push_back({half ? entry.name : entry.name + ":up", own.up_Bps, latency_s, 0, 0});
  if (!half) {
    entry.edge.back = static_cast<int>(network.links.size());
    network.links.push_back({entry.name + ":down", own.down_Bps, latency_s, 0, 0});
  }
  for (std::size_t l = static_cast<std::size_t>(entry.edge.forth); l < network.links.size(); ++l) {
    const auto device = [&](std::size_t node) {
      return node < names_.size() ? static_cast<std::int32_t>(node) : -1;
    };
    network.links[l].devices = {device(entry.edge.a), device(entry.edge.b)};
  }
  return entry;
}

void NetworkReader::read_route(const Yaml& yaml, const std::vector<EdgeEntry>& edges,
                               Network& network) const {
  yaml.expect_keys({"from", "to", "links"});
  const auto device = [&](std::string_view key) {
    const std::size_t id = node(yaml.at(key));
    if (id >= names_.size()) yaml.at(key).fail_expected("the name of a device");
    return id;
  };
  const std::size_t from = device("from");
  const std::size_t to = device("to");
  if (from == to) yaml.at("to").fail("is where the route starts");
  std::size_t at = from;
  std::vector<int> forth, back;
  for (const Yaml& item : yaml.at("links").items()) {
    const std::string name = item.as_string();
    const auto entry = std::find_if(edges.begin(), edges.end(),
                                    [&](const EdgeEntry& edge) { return edge.name == name; });
    if (entry == edges.end()) item.fail_expected("the name of a link");
    const Edge& edge = entry->edge;
    if (at != edge.a && at != edge.b) item.fail("does not go on from where the link before ends");
    const bool along = at == edge.a;
    forth.push_back(along ? edge.forth : edge.back);
    back.insert(back.begin(), along ? edge.back : edge.forth);
    at = along ? edge.b : edge.a;
  }
  if (at != to) yaml.at("links").fail("do not end at " + in_quotes(names_[to]));
  network.paths[from * names_.size() + to] = forth;
  network.paths[to * names_.size() + from] = back;
}

void NetworkReader::check_connected(const Network& network) const {
  for (std::size_t from = 0; from < names_.size(); ++from) {
    for (std::size_t to = 0; to < names_.size(); ++to) {
      if (from == to || !network.paths[from * names_.size() + to].empty()) continue;
      yaml_.fail("no links lead from " + in_quotes(names_[from]) + " to " + in_quotes(names_[to]));
    }
  }
}

}  // namespace edgeflow
