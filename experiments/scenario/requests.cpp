#include "experiments/scenario/requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "experiments/scenario/scenario.hpp"
#include "experiments/scenario/times.hpp"
#include "workloads/input/csv.hpp"
#include "workloads/input/random.hpp"

namespace edgeflow {
namespace {

constexpr std::int64_t kMaxRequests = 1'000'000;
constexpr std::array<std::string_view, 5> kProcesses{"closed", "periodic", "poisson", "burst",
                                                     "trace"};

/// The column arrival_s of a table.
std::vector<double> read_trace_file(const Yaml& yaml) {
  CsvReader table = loaded_for(yaml, [&] { return CsvReader(folder_of(yaml) / yaml.as_string()); });
  const auto column = table.column("arrival_s");
  if (!column) throw InputError(table.position(), "", "expected a table with a column arrival_s");
  std::vector<double> times_s;
  while (table.next()) {
    times_s.push_back(
        read_instant(table, *column, "arrival_s", times_s.empty() ? 0 : times_s.back()));
  }
  return times_s;
}

std::vector<double> read_trace(const Yaml& arrivals) {
  const auto file = arrivals.find("file");
  const auto times = arrivals.find("times");
  if (file && times) times->fail("give \"file\" or \"times\", not both");
  if (!file && !times) {
    arrivals.fail("trace arrivals need a file or times",
                  "such as {process: trace, file: arrivals.csv}");
  }
  std::vector<double> times_s;
  if (file) {
    times_s = read_trace_file(*file);
  } else {
    for (const Yaml& item : times->items()) {
      times_s.push_back(read_instant(item));
      if (times_s.size() > 1 && times_s.back() < times_s[times_s.size() - 2]) {
        item.fail_expected("a time not before the one that it follows");
      }
    }
  }
  const Yaml& source = file ? *file : *times;
  if (times_s.empty()) source.fail("holds no request");
  if (times_s.size() > kMaxRequests) source.fail("holds more than a million requests");
  return times_s;
}

ArrivalProcess read_process(const Yaml& yaml) {
  const std::string text = yaml.is_scalar() ? yaml.as_string() : "";
  const auto found = std::find(kProcesses.begin(), kProcesses.end(), text);
  if (found != kProcesses.end()) return static_cast<ArrivalProcess>(found - kProcesses.begin());
  const auto near = nearest_name(text, kProcesses);
  yaml.fail_expected(fmt::format("one of {}", fmt::join(kProcesses, ", ")),
                     near ? fmt::format("did you mean \"{}\"?", *near) : "");
}

void refuse_foreign_keys(const Yaml& arrivals, ArrivalProcess process) {
  using Keys = std::vector<std::string_view>;
  static const std::array<Keys, 5> kKeys{
      {{"concurrency"}, {"rate"}, {"rate"}, {"rate", "size"}, {"file", "times"}}};
  const Keys& own = kKeys[static_cast<std::size_t>(process)];
  for (const auto& [key, value] : arrivals.entries()) {
    if (key == "process" || std::find(own.begin(), own.end(), key) != own.end()) continue;
    value.fail(fmt::format("{} arrivals have no {}", to_string(process), key),
               process == ArrivalProcess::kClosed
                   ? "the next request arrives when the last is done; or take periodic or poisson"
                   : fmt::format("they have {}", fmt::join(own, ", ")));
  }
}

int read_count(const Yaml& yaml) { return static_cast<int>(yaml.as_integer(1, kMaxRequests)); }

void read_arrivals(const Yaml& yaml, Requests& requests) {
  if (!yaml.is_map()) yaml.fail_expected("arrivals such as {process: poisson, rate: 2/s}");
  yaml.expect_keys({"process", "rate", "concurrency", "size", "file", "times"});
  requests.process = read_process(yaml.at("process"));
  refuse_foreign_keys(yaml, requests.process);
  switch (requests.process) {
    case ArrivalProcess::kClosed:
      if (const auto value = yaml.find("concurrency")) requests.concurrency = read_count(*value);
      break;
    case ArrivalProcess::kBurst:
      requests.burst_size = read_count(yaml.at("size"));
      [[fallthrough]];
    case ArrivalProcess::kPeriodic:
    case ArrivalProcess::kPoisson:
      requests.rate_per_s = yaml.at("rate").as_quantity(Quantity::kFrequency);
      break;
    case ArrivalProcess::kTrace:
      requests.trace_s = read_trace(yaml);
      break;
  }
}

/// Arrivals at a rate so low that the last one comes after kLatest_s, on average.
void refuse_rare(const Yaml& yaml, const Requests& requests) {
  if (requests.rate_per_s == 0) return;
  const int last = (requests.count - 1) / requests.burst_size;
  const double last_s = last / requests.rate_per_s;
  if (last_s <= kLatest_s) return;
  yaml.at("arrivals")
      .at("rate")
      .fail(fmt::format(
          "is so low that the last of {} requests arrives after {:g} s, expected at most "
          "{:.0f} s",
          requests.count, last_s, kLatest_s));
}

}  // namespace

std::string_view to_string(ArrivalProcess process) {
  return kProcesses[static_cast<std::size_t>(process)];
}

std::vector<double> Requests::arrivals_s(std::uint64_t seed, std::string_view stream) const {
  std::vector<double> dates_s(static_cast<std::size_t>(count), 0.0);
  Random random(seed, stream);
  double now_s = 0;
  double burst = 0;
  for (std::size_t i = 0; i < dates_s.size(); ++i) {
    switch (process) {
      case ArrivalProcess::kClosed:
        break;
      case ArrivalProcess::kPeriodic:
        dates_s[i] = static_cast<double>(i) / rate_per_s;
        break;
      case ArrivalProcess::kPoisson:
        dates_s[i] = now_s += random.exponential(rate_per_s);
        break;
      case ArrivalProcess::kBurst:
        dates_s[i] =
            i % static_cast<std::size_t>(burst_size) > 0 ? dates_s[i - 1] : burst++ / rate_per_s;
        break;
      case ArrivalProcess::kTrace:
        dates_s[i] = trace_s[i];
        break;
    }
  }
  return dates_s;
}

Requests read_requests(const Yaml& yaml) {
  yaml.expect_keys({"count", "arrivals", "warm_up", "deadline", "max_in_flight"});
  Requests requests;
  if (const auto arrivals = yaml.find("arrivals")) read_arrivals(*arrivals, requests);
  const auto traced = static_cast<int>(requests.trace_s.size());
  if (traced > 0) requests.count = traced;
  if (const auto count = yaml.find("count")) {
    requests.count = read_count(*count);
    if (traced > 0 && requests.count > traced) {
      count->fail(fmt::format("the trace holds {} requests only", traced));
    }
  }
  refuse_rare(yaml, requests);
  if (const auto warm_up = yaml.find("warm_up")) {
    requests.warm_up = static_cast<int>(warm_up->as_integer(0, kMaxRequests));
    if (requests.warm_up >= requests.count) {
      warm_up->fail(fmt::format("got {}, but there are {} requests: none would be left to measure",
                                requests.warm_up, requests.count));
    }
  }
  if (const auto deadline = yaml.find("deadline")) {
    requests.deadline_s = deadline->as_quantity(Quantity::kDuration);
  }
  if (const auto limit = yaml.find("max_in_flight")) {
    if (requests.closed()) {
      limit->fail("closed arrivals have no max_in_flight", "that is arrivals.concurrency");
    }
    requests.max_in_flight = read_count(*limit);
  }
  return requests;
}

YamlTree requests_node(const Requests& requests) {
  YamlTree node;
  node["count"] = requests.count;
  YamlTree& arrivals = node["arrivals"];
  arrivals["process"] = std::string(to_string(requests.process));
  if (requests.rate_per_s > 0) arrivals["rate"] = with_unit(requests.rate_per_s, "/s");
  if (requests.concurrency > 1) arrivals["concurrency"] = requests.concurrency;
  if (requests.process == ArrivalProcess::kBurst) arrivals["size"] = requests.burst_size;
  for (int i = 0; requests.process == ArrivalProcess::kTrace && i < requests.count; ++i) {
    arrivals["times"].push_back(with_unit(requests.trace_s[static_cast<std::size_t>(i)], "s"));
  }
  if (requests.warm_up > 0) node["warm_up"] = requests.warm_up;
  if (requests.deadline_s > 0) node["deadline"] = with_unit(requests.deadline_s, "s");
  if (requests.max_in_flight > 0) node["max_in_flight"] = requests.max_in_flight;
  return node;
}

}  // namespace edgeflow
