#include "experiments/results/repetitions.hpp"

#include "experiments/results/axis_columns.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "workloads/input/csv.hpp"

namespace edgeflow {
namespace {

/// A point with what several columns are of.
struct Row {
  const Repetitions& point;
  Statistics latency, speedup;

  const std::string& of_first(std::string_view column) const { return point.first().at(column); }
  std::string mean(std::string_view column) const {
    return cell(statistics_of(point.values(column)).mean);
  }
};

constexpr Column<Row> kColumns[] = {
    {{"index", "", "of the point's first run in runs.csv"},
     [](const Row& r) { return r.of_first("index"); }},
    {{"name", "", "as in runs.csv, like the next four and the axes that follow"},
     [](const Row& r) { return r.of_first("name"); }},
    {{"model", "", "name of the model"}, [](const Row& r) { return r.of_first("model"); }},
    {{"cluster", "", "name of the cluster"}, [](const Row& r) { return r.of_first("cluster"); }},
    {{"strategy", "", "name of the strategy"}, [](const Row& r) { return r.of_first("strategy"); }},
    {{kColumnBeforeAxes, "", "options that were given, key=value; the sweep's axes follow"},
     [](const Row& r) { return r.of_first(kColumnBeforeAxes); }},
    {{"label", "", "what figures and tables call the strategy"},
     [](const Row& r) { return r.of_first("label"); }},
    {{"devices", "", "devices in the cluster"}, [](const Row& r) { return r.of_first("devices"); }},
    {{"repetitions", "", "runs of the point"},
     [](const Row& r) { return std::to_string(r.point.runs.size()); }},
    {{"n", "", "runs that ended ok: all figures are of these"},
     [](const Row& r) { return std::to_string(r.point.ok()); }},
    {{"latency_mean_s", "s", "mean of their latency_s"},
     [](const Row& r) { return cell(r.latency.mean); }},
    {{"latency_sd_s", "s", "standard deviation of latency_s, with n - 1"},
     [](const Row& r) { return cell(r.latency.sd); }},
    {{"latency_ci_low_s", "s",
      "latency_mean_s - t latency_sd_s / sqrt(n), t = Student's 97.5 % with n - 1 degrees of "
      "freedom: a 95 % confidence interval; empty if n < 2"},
     [](const Row& r) { return cell(r.latency.low); }},
    {{"latency_ci_high_s", "s", "its other end"},
     [](const Row& r) { return cell(r.latency.high); }},
    {{"latency_median_s", "s", "median of latency_s; of an even n half-way between the middle two"},
     [](const Row& r) { return cell(r.latency.median); }},
    {{"speedup_n", "", "repetitions in which the point's run and its baseline's both ended ok"},
     [](const Row& r) { return std::to_string(r.speedup.count); }},
    {{"speedup_mean", "", "geometric mean of their speedup_over_baseline"},
     [](const Row& r) { return cell(r.speedup.mean); }},
    {{"speedup_ci_low", "",
      "exp(m - t s / sqrt(speedup_n)), m and s mean and standard deviation of ln "
      "speedup_over_baseline: a 95 % confidence interval of pairs; empty if speedup_n < 2"},
     [](const Row& r) { return cell(r.speedup.low); }},
    {{"speedup_ci_high", "", "its other end, with + for -"},
     [](const Row& r) { return cell(r.speedup.high); }},
    {{"throughput_mean_rps", "1/s", "mean of throughput_rps"},
     [](const Row& r) { return r.mean("throughput_rps"); }},
    {{"energy_mean_J", "J", "mean of energy_J"}, [](const Row& r) { return r.mean("energy_J"); }},
    {{"energy_per_request_mean_J", "J", "mean of energy_per_request_J"},
     [](const Row& r) { return r.mean("energy_per_request_J"); }},
    {kSchema, [](const Row&) { return std::string(kTableSchema); }},
};
constexpr std::span<const Column<Row>> kAll(kColumns);

void add_number(const std::string& cell, std::vector<double>& values) {
  if (const auto value = parse_number(cell)) values.push_back(*value);
}

bool is_ok(const Record& run) { return run.at("status") == "ok"; }

}  // namespace

std::size_t Repetitions::ok() const {
  return static_cast<std::size_t>(std::ranges::count_if(runs, is_ok));
}

std::vector<double> Repetitions::values(std::string_view column) const {
  std::vector<double> values;
  for (const Record& run : runs) {
    if (is_ok(run)) add_number(run.at(column), values);
  }
  return values;
}

std::vector<double> Repetitions::stream_values(std::size_t stream, std::string_view column) const {
  std::vector<double> values;
  for (const Record& run : runs) {
    if (is_ok(run)) add_number(run.streams.at(stream).at(stream_column(column)), values);
  }
  return values;
}

std::string summary_header(std::span<const std::string> axes, std::span<const std::string> units) {
  return header_with_axes(infos(kAll), axes, units);
}

std::string summary_row(const Repetitions& point, std::span<const std::string> units) {
  static const std::vector<ColumnInfo> kInfos = infos(kAll);
  const Row row{point, statistics_of(point.values("latency_s")),
                statistics_of_ratios(point.values(kSpeedup))};
  std::vector<std::string> cells;
  for (const Column<Row>& column : kAll) cells.push_back(column.cell(row));
  return line_with_axes(kInfos, cells, point.first().axes, units);
}

TableInfo summary_table() {
  return {"summary.csv", "point, which is all repetitions of a run", infos(kAll)};
}

}  // namespace edgeflow
