#include "sim/files/platform_file.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <simgrid/s4u.hpp>
#include <sstream>
#include <utility>

#include "sim/engine/child.hpp"
#include "sim/engine/platform.hpp"
#include "sim/files/platform_text.hpp"
#include "sim/setup/stream.hpp"
#include "workloads/input/ids.hpp"
#include "workloads/input/quantity.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;
namespace sg4 = simgrid::s4u;

constexpr double kTimeout_s = 300;

std::string property_of(const auto& owner, const char* name) {
  const char* value = owner.get_property(name);
  return value == nullptr ? "" : value;
}

/// In the child process: what SimGrid makes of the file, a line each, cells parted by tabs.
///   link NAME bandwidth latency policy wattage_range
///   host NAME wifi_rate
///   route from to latency link link ...      (indices in the order of the lines above)
/// Routes only if there are as many hosts as `devices`.
std::string describe(const fs::path& file, std::size_t devices) {
  std::vector<const sg4::Link*> links;  // in the order of the file
  std::vector<const sg4::Host*> hosts;
  std::set<const void*> told;  // some of them twice
  const auto remember = [&](auto& list, const auto& item) {
    if (told.insert(&item).second) list.push_back(&item);
  };
  sg4::Link::on_creation_cb([&](const sg4::Link& link) { remember(links, link); });
  sg4::Host::on_creation_cb([&](const sg4::Host& host) { remember(hosts, host); });
  sg4::Engine& engine = create_engine(NetworkModel::kCm02);
  engine.load_platform(file.string());
  engine.seal_platform();
  std::string text;
  std::map<const sg4::Link*, std::size_t> ids;
  for (const sg4::Link* link : links) {
    ids.emplace(link, ids.size());
    text +=
        fmt::format("link\t{}\t{:.17g}\t{:.17g}\t{}\t{}\n", link->get_name(), link->get_bandwidth(),
                    link->get_latency(), static_cast<int>(link->get_sharing_policy()),
                    property_of(*link, "wattage_range"));
  }
  for (const sg4::Host* host : hosts) {
    text += fmt::format("host\t{}\t{}\n", host->get_name(), property_of(*host, kWifiRate));
  }
  for (std::size_t from = 0; from < hosts.size() && hosts.size() == devices; ++from) {
    for (std::size_t to = 0; to < hosts.size(); ++to) {
      if (from == to) continue;
      std::vector<sg4::Link*> route;
      double latency_s = 0;
      hosts[from]->route_to(hosts[to], route, &latency_s);
      text += fmt::format("route\t{}\t{}\t{:.17g}", from, to, latency_s);
      for (const sg4::Link* link : route) text += fmt::format("\t{}", ids.at(link));
      text += '\n';
    }
  }
  return text;
}

/// A file in memory that takes what a child process says on stderr.
class Captured {
 public:
  Captured() : file_(memfd_create("stderr", MFD_CLOEXEC)) {}
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() { close(file_); }
  void redirect() const { dup2(file_, STDERR_FILENO); }  // in the child
  /// Its first line, without SimGrid's "[time] file:line: [category/LEVEL]".
  std::string first_line() const {
    std::string text(4096, '\0');
    const ssize_t count = pread(file_, text.data(), text.size(), 0);
    text.resize(index(std::max<ssize_t>(count, 0)));
    text.resize(std::min(text.size(), text.find('\n')));
    static const std::regex prefix(R"(^\[.*\] .*: \[[^\]]*\] )");
    return std::regex_replace(text, prefix, "");
  }

 private:
  int file_;
};

/// SimGrid's complaint, at the line that it names.
[[noreturn]] void fail_rejected(const fs::path& file, const std::string& complaint) {
  static const std::regex at_line(
      R"(^Parse error at .*?:(\d+): (?:Invalid XML \([^)]*\): )?([\s\S]*)$)");
  std::smatch match;
  const bool known = std::regex_match(complaint, match, at_line);
  std::string message = known ? match[2].str() : complaint;
  message.resize(std::min(message.size(), message.find('\n')));
  throw InputError({file.string(), known ? std::atoi(match[1].str().c_str()) : 0, 0}, "",
                   fmt::format("SimGrid refuses the platform: {}", printable(message)));
}

std::string load_text(const fs::path& file, std::size_t devices) {
  refuse_unsupported(file);
  const Captured captured;
  const SimulationResult outcome = run_in_child(
      [&] {
        captured.redirect();
        SimulationResult described;
        described.message = describe(file, devices);
        return described;
      },
      kTimeout_s);
  if (outcome.status == Status::kOk) return outcome.message;
  const std::string said = outcome.status == Status::kCrashed ? captured.first_line() : "";
  fail_rejected(file, said.empty() ? outcome.message : said);
}

/// Turns the lines of `describe` into a network between `names`.
class NetworkOfText {
 public:
  NetworkOfText(const fs::path& file, const std::vector<std::string>& names)
      : file_(file), names_(names) {
    network_.type = NetworkType::kSimgrid;
    network_.devices = names.size();
    network_.paths.resize(names.size() * names.size());
  }

  Network read(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
      std::vector<std::string> cells;
      std::istringstream row(line);
      for (std::string cell; std::getline(row, cell, '\t');) cells.push_back(cell);
      if (cells[0] == "link") add_link(cells);
      if (cells[0] == "host") hosts_.emplace_back(cells[1], cells.size() > 2 ? cells[2] : "");
      if (cells[0] != "route") continue;
      if (devices_.empty()) match_hosts();
      add_route(cells);
    }
    if (devices_.empty()) match_hosts();
    drop_unreal_links();
    return has_stations() ? wifi() : network_;
  }

 private:
  [[noreturn]] void fail(const std::string& message, const std::string& hint = "") const {
    throw InputError({file_.string(), 0, 0}, "", message, hint);
  }

  void add_link(const std::vector<std::string>& cells) {
    Link link{cells[1], std::strtod(cells[2].c_str(), nullptr),
              std::strtod(cells[3].c_str(), nullptr), 0, 0};
    const auto policy = static_cast<sg4::Link::SharingPolicy>(std::atoi(cells[4].c_str()));
    // Both directions of the latter are links of their own.
    real_.push_back(link.name != "__loopback__" && policy != sg4::Link::SharingPolicy::SPLITDUPLEX);
    if (!real_.back()) return network_.links.push_back(link);
    if (policy == sg4::Link::SharingPolicy::WIFI) {
      fail(fmt::format("link {} is a Wi-Fi zone", in_quotes(link.name)),
           "describe the cluster's network as type wifi");
    }
    if (policy == sg4::Link::SharingPolicy::FATPIPE) {
      fail(fmt::format("link {} is a FATPIPE, which messages do not share", in_quotes(link.name)),
           "give it sharing_policy=\"SHARED\"");
    }
    if (!(link.bandwidth_Bps >= kSmallestQuantity && link.bandwidth_Bps <= kLargestQuantity)) {
      fail(fmt::format("link {} has a bandwidth of {:g} byte/s", in_quotes(link.name),
                       link.bandwidth_Bps),
           "expected more than zero, and nothing beyond anything real");
    }
    if (!(link.latency_s >= 0 && link.latency_s <= kLargestQuantity)) {
      fail(fmt::format("link {} has a latency of {:g} s", in_quotes(link.name), link.latency_s),
           "expected zero or more, and nothing beyond anything real");
    }
    read_watts(cells.size() > 5 ? cells[5] : "", link);
    network_.links.push_back(link);
  }

  void read_watts(const std::string& range, Link& link) const {
    if (range.empty()) return;
    char* end = nullptr;
    link.idle_W = std::strtod(range.c_str(), &end);
    if (*end == ':') link.busy_W = std::strtod(end + 1, &end);
    const bool good = *end == '\0' && link.idle_W >= 0 && link.busy_W >= link.idle_W &&
                      link.busy_W <= kLargestQuantity;
    if (good) return;
    fail(fmt::format("link {} has wattage_range {}", in_quotes(link.name), in_quotes(range)),
         "expected watts idle and busy such as 1:2");
  }

  /// Fills in `devices_`: by host, which device it is.
  void match_hosts() {
    std::vector<std::string_view> known;
    for (const auto& [host, rate] : hosts_) {
      known.push_back(host);
      const auto device = std::find(names_.begin(), names_.end(), host);
      devices_.push_back(index(device - names_.begin()));
      if (device != names_.end()) continue;
      const auto near =
          nearest_name(host, std::vector<std::string_view>(names_.begin(), names_.end()));
      fail(fmt::format("host {} is no device of the cluster", in_quotes(host)),
           near ? fmt::format("did you mean {}?", in_quotes(*near))
                : "every host is a device of that name; what only forwards is a <router>");
    }
    for (const std::string& name : names_) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const auto near = nearest_name(name, known);
      fail(fmt::format("there is no host {}, which is a device of the cluster", in_quotes(name)),
           near ? fmt::format("did you mean {}?", in_quotes(*near)) : "");
    }
  }

  void add_route(const std::vector<std::string>& cells) {
    const std::size_t from = devices_[std::strtoul(cells[1].c_str(), nullptr, 10)];
    const std::size_t to = devices_[std::strtoul(cells[2].c_str(), nullptr, 10)];
    const double latency_s = std::strtod(cells[3].c_str(), nullptr);
    if (cells.size() == 4) {
      fail(fmt::format("no route leads from {} to {}", in_quotes(names_[from]),
                       in_quotes(names_[to])));
    }
    std::vector<int>& path = network_.paths[from * names_.size() + to];
    double sum_s = 0;
    for (std::size_t c = 4; c < cells.size(); ++c) {
      path.push_back(std::atoi(cells[c].c_str()));
      sum_s += network_.links[index(path.back())].latency_s;
    }
    if (std::abs(latency_s - sum_s) <= 1e-9 * latency_s) return;
    fail(fmt::format("messages from {} to {} take {:g} s, but their links {:g} s",
                     in_quotes(names_[from]), in_quotes(names_[to]), latency_s, sum_s),
         "coordinates (Vivaldi) are not supported");
  }

  /// Loopbacks, and the names that both directions of a link have in common.
  void drop_unreal_links() {
    std::vector<int> moved;
    std::vector<Link> kept;
    for (std::size_t l = 0; l < real_.size(); ++l) {
      moved.push_back(static_cast<int>(kept.size()));
      if (real_[l]) kept.push_back(network_.links[l]);
    }
    for (std::vector<int>& path : network_.paths) {
      for (int& link : path) link = moved[index(link)];
    }
    network_.links = std::move(kept);
  }

  bool has_stations() const {
    return std::any_of(hosts_.begin(), hosts_.end(),
                       [](const auto& host) { return !host.second.empty(); });
  }

  /// One medium, and stations with rates of their own.
  Network wifi() const {
    for (const std::vector<int>& path : network_.paths) {
      if (std::any_of(path.begin(), path.end(), [&](int link) { return link != 0; })) {
        fail(fmt::format("hosts have {}, but share more than one link", kWifiRate));
      }
    }
    if (network_.links.empty()) fail(fmt::format("hosts have {}, but no link", kWifiRate));
    const Link& air = network_.links.front();
    std::vector<double> rates_Bps(names_.size(), air.bandwidth_Bps);
    std::optional<std::size_t> access_point;
    for (std::size_t h = 0; h < hosts_.size(); ++h) {
      const std::string& rate = hosts_[h].second;
      if (rate == kAccessPoint && !access_point) {
        access_point = devices_[h];
        continue;
      }
      char* end = nullptr;
      double& rate_Bps = rates_Bps[devices_[h]];
      rate_Bps = std::strtod(rate.c_str(), &end);
      if (!rate.empty() && *end == '\0' && rate_Bps >= kSmallestQuantity &&
          rate_Bps <= kLargestQuantity) {
        continue;
      }
      fail(fmt::format("host {} has {} {}", in_quotes(hosts_[h].first), kWifiRate, in_quotes(rate)),
           "expected byte/s such as 12500000, at every host, or access_point at one");
    }
    Network network = make_wifi(names_.size(), air.bandwidth_Bps, 2 * air.latency_s,
                                std::move(rates_Bps), access_point);
    network.links = network_.links;
    return network;
  }

  const fs::path& file_;
  const std::vector<std::string>& names_;
  Network network_;
  std::vector<bool> real_;                                  // by link
  std::vector<std::pair<std::string, std::string>> hosts_;  // name and wifi rate
  std::vector<std::size_t> devices_;                        // by host
};

}  // namespace

Network read_platform_file(const fs::path& file, const std::vector<std::string>& names) {
  return NetworkOfText(file, names).read(load_text(file, names.size()));
}

}  // namespace edgeflow
