#include "sim/files/platform_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "platforms/cluster.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/number.hpp"

namespace edgeflow {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
/// Of the numbers that describe a topology: beyond, it has millions of switches.
constexpr double kMaxTopology = 1e7;

/// Takes what stands before the first of `separators` off the text, and the separator.
std::string_view take(std::string_view& text, std::string_view separators) {
  const std::size_t end = std::min(text.find_first_of(separators), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool is_bare_number(std::string_view value) {
  return !value.empty() && value.find_first_not_of("-+.0123456789eE") == std::string_view::npos;
}

bool is_zero(std::string_view value) { return parse_number(value) == 0.0; }

/// How many hosts "0-3,7" stands for. What SimGrid cannot read counts nothing: it says why.
double hosts_of(std::string_view radical) {
  double hosts = 0;
  while (!radical.empty()) {
    std::string_view group = take(radical, ",");
    const auto first = parse_number<std::int64_t>(take(group, "-"));
    const auto last = group.empty() ? first : parse_number<std::int64_t>(group);
    if (!first || !last || *last < *first) continue;
    hosts += static_cast<double>(*last) - static_cast<double>(*first) + 1;
  }
  return hosts;
}

class PlatformText {
 public:
  explicit PlatformText(const std::filesystem::path& file)
      : file_(file.string()), text_(read_input(file)) {}

  void check() {
    while ((at_ = text_.find('<', at_)) != std::string::npos) {
      if (here().starts_with("<!--")) {
        at_ = text_.find("-->", at_);
      } else {
        ++at_;
        if (at_ < text_.size() && std::string_view("/!?").find(text_[at_]) == std::string::npos) {
          check_element();
        }
      }
    }
  }

 private:
  std::string_view here() const { return std::string_view(text_).substr(at_); }
  bool ends() const { return at_ >= text_.size() || text_[at_] == '>' || text_[at_] == '<'; }

  /// What stands here up to one of these letters, which are not skipped.
  std::string_view word(std::string_view until) {
    const std::string_view rest = here();
    const std::string_view found = rest.substr(0, rest.find_first_of(until));
    at_ += found.size();
    return found;
  }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }

  [[noreturn]] void fail(std::size_t place, const std::string& message,
                         const std::string& hint) const {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(place);
    const auto line = 1 + std::count(text_.begin(), end, '\n');
    throw InputError({file_, static_cast<int>(line), 0}, "", message, hint);
  }

  void check_element() {
    constexpr std::array<std::string_view, 4> kRefused{"trace", "trace_connect", "config",
                                                       "include"};
    const std::size_t place = at_;
    const std::string_view name = word(" \t\r\n/<>");
    if (std::ranges::find(kRefused, name) != kRefused.end()) {
      fail(place, fmt::format("<{}> is not supported", name), "only hosts, links and routes count");
    }
    if (name == "host" || name == "peer") add_hosts(place, 1);
    while (true) {
      skip_blanks();
      if (ends()) return;
      check_attribute();
    }
  }

  void check_attribute() {
    const std::size_t place = at_;
    const std::string_view name = word(" \t\r\n=/<>");
    skip_blanks();
    if (ends()) return;
    if (text_[at_] != '=') {
      at_ = std::max(at_, place + 1);  // a slash, or what SimGrid will refuse
      return;
    }
    ++at_;
    skip_blanks();
    if (ends()) return;
    const char quote = text_[at_++];
    if (quote != '"' && quote != '\'') return;
    const std::string_view value = word({&quote, 1});
    ++at_;
    check_value(place, name, value);
  }

  void check_value(std::size_t place, std::string_view name, std::string_view value) {
    const bool over_time = name.ends_with("_file") || name.ends_with("_profile");
    constexpr std::array<std::string_view, 5> kOverTime{"bandwidth", "latency", "state",
                                                        "availability", "speed"};
    if (over_time &&
        std::ranges::find(kOverTime, name.substr(0, name.rfind('_'))) != kOverTime.end()) {
      fail(place, fmt::format("{} is not supported", name),
           "what changes over time belongs into the scenario");
    }
    if ((name == "bandwidth" || name == "latency") && is_bare_number(value) && !is_zero(value)) {
      fail(place, fmt::format("got {}, expected a {} with a unit", in_quotes(value), name),
           name == "bandwidth" ? "such as 100Mbps" : "such as 0.5ms");
    }
    if (name == "radical") add_hosts(place, hosts_of(value));
    if (name == "topo_parameters") check_topology(place, value);
  }

  void add_hosts(std::size_t place, double hosts) {
    hosts_ += hosts;
    if (hosts_ <= kMaxClusterDevices) return;
    fail(place,
         fmt::format("the file stands for {:.0f} hosts or more, expected at most {}", hosts_,
                     kMaxClusterDevices),
         "every host is a device of the cluster; what only forwards is a <router>");
  }

  void check_topology(std::size_t place, std::string_view numbers) const {
    double product = 1;
    for (std::string_view rest = numbers; !rest.empty();) {
      product *= std::max(1.0, parse_number(take(rest, ",;")).value_or(1));
    }
    if (product <= kMaxTopology) return;
    fail(place,
         fmt::format("topo_parameters {} stand for millions of switches", in_quotes(numbers)),
         "a cluster has no use for so many");
  }

  std::string file_;
  std::string text_;
  std::size_t at_ = 0;
  double hosts_ = 0;
};

}  // namespace

void refuse_unsupported(const std::filesystem::path& file) { PlatformText(file).check(); }

}  // namespace edgeflow
