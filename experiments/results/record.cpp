#include "experiments/results/record.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "experiments/results/sweep_tables.hpp"
#include "workloads/input/csv.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSpeedup = "speedup_over_baseline";  // needs other runs

std::size_t place_of(std::string_view column) {
  std::size_t place = 0;
  while (columns()[place].info.name != column) ++place;
  return place;
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Record record_of(const Json& json) {
  Record record;
  record.config_hash = json.at("config_hash");
  record.program = json.value("program", "");
  if (const auto axes = json.find("axes"); axes != json.end()) {
    for (const auto& [key, value] : axes->items()) record.axes.emplace_back(key, value);
  }
  if (json.contains("baseline")) record.baseline = json.at("baseline").get<std::size_t>();
  const Json& row = json.at("row");
  for (const auto& column : columns()) {
    record.cells.push_back(row.value(std::string(column.info.name), std::string()));
  }
  for (const Json& stream : json.value("streams", Json::array())) {
    std::vector<std::string>& cells = record.streams.emplace_back();
    for (const std::string_view column : stream_columns()) {
      cells.push_back(stream.value(std::string(column), std::string()));
    }
  }
  record.index = std::stoul(record.at("index"));
  return record;
}

}  // namespace

const std::string& Record::at(std::string_view column) const { return cells.at(place_of(column)); }

Record record_of(const RunReport& report) {
  Record record{report.index, report.config_hash, report.axes, report.baseline, {}, {}};
  for (const auto& column : columns()) record.cells.push_back(column.cell(report));
  for (const RunReport& stream : report.streams) record.streams.push_back(stream_cells(stream));
  return record;
}

std::string status_text(const Record& record) {
  Json json;
  json["config_hash"] = record.config_hash;
  json["program"] = record.program;
  json["status"] = record.at("status");
  json["message"] = record.at("message");
  for (const auto& [key, value] : record.axes) json["axes"][key] = value;
  if (record.baseline) json["baseline"] = *record.baseline;
  for (std::size_t i = 0; i < record.cells.size(); ++i) {
    const std::string_view column = columns()[i].info.name;
    if (column != kSpeedup) json["row"][std::string(column)] = record.cells[i];
  }
  for (const auto& cells : record.streams) {
    Json& stream = json["streams"].emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      stream[std::string(stream_columns()[i])] = cells[i];
    }
  }
  // Texts may hold bytes that are not UTF-8, such as file names.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Record> read_status(const std::string& text) {
  try {
    return record_of(Json::parse(text));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void compare_with_baselines(std::vector<Record>& records) {
  const std::size_t speedup = place_of(kSpeedup);
  const std::size_t latency = place_of("latency_s");
  for (Record& record : records) {
    if (!record.baseline) continue;
    const auto own_s = number_of(record.cells[latency]);
    const auto baseline_s = number_of(records.at(*record.baseline).cells[latency]);
    if (own_s && baseline_s) record.cells[speedup] = cell(*baseline_s / *own_s);
  }
}

}  // namespace edgeflow
