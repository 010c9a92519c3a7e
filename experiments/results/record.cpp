#include "experiments/results/record.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "experiments/results/sweep_tables.hpp"
#include "workloads/input/csv.hpp"

namespace edgeflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kOfOtherRuns{kSpeedup, kSpeedupLow, kSpeedupHigh, kFastestShare};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr const char* kCancelled = "cancelled";

std::size_t place_of(std::string_view column) {
  std::size_t place = 0;
  while (columns()[place].info.name != column) ++place;
  return place;
}

/// Cells by the names of their columns, or in their order: of an earlier version there may be fewer.
template <typename Columns, typename Name>
std::vector<std::string> read_cells(const Json& row, const Columns& columns, Name name) {
  std::vector<std::string> cells;
  if (row.is_array()) {
    cells = row.get<std::vector<std::string>>();
    cells.resize(columns.size());
    return cells;
  }
  for (const auto& column : columns) {
    cells.push_back(row.value(std::string(name(column)), std::string()));
  }
  return cells;
}

Record record_of(const Json& json) {
  Record record;
  record.program = json.value("program", "");
  record.timing = json.value("timing", "");
  if (const auto axes = json.find("axes"); axes != json.end()) {
    for (const auto& [key, value] : axes->items()) record.axes.emplace_back(key, value);
  }
  if (json.contains("baseline")) record.baseline = json.at("baseline").get<std::size_t>();
  record.cells = read_cells(json.at("row"), columns(), [](const auto& c) { return c.info.name; });
  for (const Json& stream : json.value("streams", Json::array())) {
    record.streams.push_back(read_cells(stream, stream_columns(), [](const auto& c) { return c; }));
  }
  for (const Json& draw_s : json.value("draws_s", Json::array())) {
    record.draws_s.push_back(draw_s.is_null() ? kInfinity : draw_s.get<double>());
  }
  record.config_hash = record.at("config_hash");
  record.index = std::stoul(record.at("index"));
  return record;
}

/// What does not depend on the form of cells. JSON has no infinity: null.
void add_origin(const Record& record, Json& json) {
  for (const double draw_s : record.draws_s) json["draws_s"].push_back(draw_s);
  json["program"] = record.program;
  for (const auto& [key, value] : record.axes) json["axes"][key] = value;
  if (record.baseline) json["baseline"] = *record.baseline;
}

/// Texts may hold bytes that are not UTF-8, such as file names.
std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

const std::string& Record::at(std::string_view column) const { return cells.at(place_of(column)); }

std::string& Record::at(std::string_view column) { return cells.at(place_of(column)); }

Record record_of(const RunReport& report) {
  Record record{report.index, report.config_hash, report.axes, report.baseline, {}, {}};
  for (const auto& column : columns()) record.cells.push_back(column.cell(report));
  for (const RunReport& stream : report.streams) record.streams.push_back(stream_cells(stream));
  record.timing = timing_row(report);
  record.draws_s = report.draws_s;
  return record;
}

std::string status_text(const Record& record) {
  Json json;
  json["config_hash"] = record.config_hash;
  json["status"] = record.at("status");
  json["message"] = record.at("message");
  add_origin(record, json);
  for (std::size_t i = 0; i < record.cells.size(); ++i) {
    const std::string_view column = columns()[i].info.name;
    const bool own = std::ranges::find(kOfOtherRuns, column) == kOfOtherRuns.end();
    if (own) json["row"][std::string(column)] = record.cells[i];
  }
  for (const auto& cells : record.streams) {
    Json& stream = json["streams"].emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      stream[std::string(stream_columns()[i])] = cells[i];
    }
  }
  return text_of(json, 2) + "\n";
}

std::optional<Record> read_status(const std::string& text) {
  try {
    return record_of(Json::parse(text));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string log_line(const Record& record) {
  Json json;
  add_origin(record, json);
  json["row"] = record.cells;
  if (!record.streams.empty()) json["streams"] = record.streams;
  json["timing"] = record.timing;
  return text_of(json, -1);
}

std::string cancelling_line(std::size_t run) { return text_of({{kCancelled, run}}, -1); }

std::optional<LogEntry> read_log_line(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    if (json.contains(kCancelled)) return LogEntry{json[kCancelled], std::nullopt};
    Record record = record_of(json);
    return LogEntry{record.index, std::move(record)};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace edgeflow
