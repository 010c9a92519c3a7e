#include "experiments/results/event_tables.hpp"

#include <algorithm>
#include <system_error>

#include "workloads/input/csv.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/stream_file.hpp"

namespace edgeflow {
namespace {

constexpr const char* kUnits = "units.csv";
constexpr const char* kTransfers = "transfers.csv";

/// A column of a table that is written while the simulation runs: what is known of a row before is
/// made once, the rest is written per event.
template <typename Part, typename Event>
struct EventColumn {
  ColumnInfo info;
  std::string (*before)(const Part& part);  // null: written per event
  void (*now)(StreamFile& file, const Event& event);
};

/// The rows of such a table: texts of what is known before, one more than there are columns written
/// per event, with all commas between them.
template <typename Part, typename Event>
class EventRows {
 public:
  using Columns = std::span<const EventColumn<Part, Event>>;
  explicit EventRows(Columns columns) : columns_(columns) {
    for (const auto& column : columns) {
      if (column.before == nullptr) writers_.push_back(column.now);
    }
  }

  std::string header() const {
    std::vector<std::string> cells;
    for (const auto& column : columns_) cells.emplace_back(column.info.name);
    return csv_row(cells);
  }

  /// Adds a row for each event of this unit or message; they are counted from 0.
  void add(const Part& part) {
    std::string text;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) text += ",";
      if (columns_[c].before != nullptr) {
        text += csv_quoted(columns_[c].before(part));
      } else {
        texts_.push_back(std::exchange(text, ""));
      }
    }
    texts_.push_back(text + "\n");
  }

  void write(StreamFile& file, std::size_t row, const Event& event) const {
    const std::string* text = &texts_[row * (writers_.size() + 1)];
    for (const auto write_cell : writers_) {
      file << *text++;
      write_cell(file, event);
    }
    file << *text;
  }

 private:
  Columns columns_;
  std::vector<void (*)(StreamFile&, const Event&)> writers_;
  std::vector<std::string> texts_;  // by row
};

/// A plan of a stream, and which.
struct PlanPart {
  const ExecutablePlan& plan;
  const std::string& stream;
  std::size_t place;

  const std::string& device(DeviceId id) const { return plan.cluster.device(id).name; }
};

struct UnitPart : PlanPart {
  UnitId id;
  const ExecutionUnit& unit() const { return plan.plan.unit(id); }
};

struct MessagePart : PlanPart {
  MessageId id;
  const ExecutableMessage& message() const { return plan.messages[id]; }
};

struct UnitEvent {
  const Attempt& attempt;
  const UnitTimes& times;
};

struct MessageEvent {
  const Attempt& attempt;
  const MessageTimes& times;
  double carried;
};

template <typename Event>
void write_request(StreamFile& file, const Event& e) {
  file << e.attempt.request;
}
template <typename Event>
void write_attempt(StreamFile& file, const Event& e) {
  file << e.attempt.number;
}
template <typename Event>
void write_aborted(StreamFile& file, const Event& e) {
  file << (e.attempt.aborted ? "1" : "0");
}
std::string stream_name(const PlanPart& p) { return p.stream; }
std::string plan_number(const PlanPart& p) { return std::to_string(p.place); }

constexpr ColumnInfo kRequest{"request", "", "number of the request in its stream, from 0"};
constexpr ColumnInfo kStream{"stream", "", "name of its stream; empty if there are none"};
constexpr ColumnInfo kPlan{"plan", "", "that it is part of: 0 is plan.yaml, n is plan@n.yaml"};
constexpr ColumnInfo kAttempt{"attempt", "", "how often the request was thrown back before"};
constexpr ColumnInfo kAborted{"aborted", "", "1 if a failure ended it, else 0"};

using U = UnitPart;
constexpr EventColumn<UnitPart, UnitEvent> kUnitColumns[] = {
    {kRequest, nullptr, write_request<UnitEvent>},
    {{"unit", "", "its number in the plan, from 0"},
     [](const U& u) { return std::to_string(index(u.id)); },
     nullptr},
    {{"kind", "", "input, compute or relay"},
     [](const U& u) { return std::string(to_string(u.unit().kind)); },
     nullptr},
    {{"layer", "", "name of its layer"},
     [](const U& u) { return u.plan.graph.layer(u.unit().layer).name; },
     nullptr},
    {{"device", "", "name of its device"},
     [](const U& u) { return u.device(u.unit().device); },
     nullptr},
    {{"output", "", "the box that it makes: first and number of channels c, rows r, columns w"},
     [](const U& u) { return to_string(u.unit().output); },
     nullptr},
    {{"ready_s", "s", "when all that it needs was there"},
     nullptr,
     [](StreamFile& file, const UnitEvent& e) { file << e.times.ready_s; }},
    {{"start_s", "s", "when its device began with it"},
     nullptr,
     [](StreamFile& file, const UnitEvent& e) { file << e.times.start_s; }},
    {{"finish_s", "s", "when it was done, or aborted"},
     nullptr,
     [](StreamFile& file, const UnitEvent& e) { file << e.times.finish_s; }},
    {kStream, [](const U& u) { return stream_name(u); }, nullptr},
    {kPlan, [](const U& u) { return plan_number(u); }, nullptr},
    {kAttempt, nullptr, write_attempt<UnitEvent>},
    {kAborted, nullptr, write_aborted<UnitEvent>},
};

using M = MessagePart;
constexpr EventColumn<MessagePart, MessageEvent> kMessageColumns[] = {
    {kRequest, nullptr, write_request<MessageEvent>},
    {{"message", "", "its number in the plan, from 0"},
     [](const M& m) { return std::to_string(index(m.id)); },
     nullptr},
    {{"from_unit", "", "the unit whose output it carries"},
     [](const M& m) { return std::to_string(index(m.message().from)); },
     nullptr},
    {{"from_device", "", "name of the sender"},
     [](const M& m) { return m.device(m.message().from_device); },
     nullptr},
    {{"to_device", "", "name of the receiver"},
     [](const M& m) { return m.device(m.message().to); },
     nullptr},
    {{"bytes", "B", "payload"}, [](const M& m) { return cell(m.message().bytes); }, nullptr},
    {{"start_s", "s", "when it left, after the CPU time that it takes of its sender"},
     nullptr,
     [](StreamFile& file, const MessageEvent& e) { file << e.times.start_s; }},
    {{"finish_s", "s", "when it was there, after that of its receiver, or aborted"},
     nullptr,
     [](StreamFile& file, const MessageEvent& e) { file << e.times.finish_s; }},
    {kStream, [](const M& m) { return stream_name(m); }, nullptr},
    {kPlan, [](const M& m) { return plan_number(m); }, nullptr},
    {kAttempt, nullptr, write_attempt<MessageEvent>},
    {kAborted, nullptr, write_aborted<MessageEvent>},
    {{"carried", "", "the part of the payload that got through"},
     nullptr,
     [](StreamFile& file, const MessageEvent& e) { file << e.carried; }},
};

struct PlanRows {
  EventRows<UnitPart, UnitEvent> units{kUnitColumns};
  EventRows<MessagePart, MessageEvent> messages{kMessageColumns};
};

PlanRows rows_of(const PlanPart& part) {
  PlanRows rows;
  for (const UnitId id : part.plan.units.ids()) rows.units.add({part, id});
  for (const MessageId id : part.plan.messages.ids()) rows.messages.add({part, id});
  return rows;
}

class EventTables : public Recorder {
 public:
  EventTables(std::filesystem::path folder, const Plans& plans, const Scenario& scenario)
      : folder_(std::move(folder)) {
    for (std::size_t w = 0; w < plans.size(); ++w) {
      streams_.emplace_back();
      for (std::size_t p = 0; p < plans[w].made.size(); ++p) {
        streams_.back().push_back(
            rows_of({*plans[w].made[p].executable, scenario.workloads[w].name, p}));
      }
    }
  }

  void begin() override {
    units_file_.open(folder_ / kUnits);
    transfers_file_.open(folder_ / kTransfers);
    units_file_ << PlanRows().units.header();
    transfers_file_ << PlanRows().messages.header();
  }

  void unit_done(const Attempt& attempt, UnitId unit, const UnitTimes& times) override {
    rows(attempt).units.write(units_file_, index(unit), {attempt, times});
  }

  void message_done(const Attempt& attempt, MessageId message, const MessageTimes& times,
                    double carried) override {
    rows(attempt).messages.write(transfers_file_, index(message), {attempt, times, carried});
  }

  void end() override {
    units_file_.close();
    transfers_file_.close();
  }

 private:
  const PlanRows& rows(const Attempt& attempt) const {
    return streams_[attempt.stream][attempt.plan];
  }

  std::filesystem::path folder_;
  IdVector<StreamId, IdVector<PlanId, PlanRows>> streams_;
  StreamFile units_file_;
  StreamFile transfers_file_;
};

}  // namespace

std::unique_ptr<Recorder> make_event_tables(const std::filesystem::path& folder, const Plans& plans,
                                            const Scenario& scenario) {
  return std::make_unique<EventTables>(folder, plans, scenario);
}

void drop_half_lines(const std::filesystem::path& folder) {
  constexpr std::uintmax_t kLongestLine = 1 << 20;
  for (const char* name : {kUnits, kTransfers}) {
    std::error_code absent;
    const std::uintmax_t size = std::filesystem::file_size(folder / name, absent);
    if (absent) continue;
    const std::uintmax_t from = size - std::min(size, kLongestLine);
    const std::string end = read_if_there(folder / name, from).value_or("");
    if (end.ends_with('\n')) continue;
    std::filesystem::resize_file(folder / name, from + end.rfind('\n') + 1);  // or all of it
  }
}

std::vector<TableInfo> event_tables() {
  TableInfo units{kUnits, "unit of a request", {}};
  for (const auto& column : kUnitColumns) units.columns.push_back(column.info);
  TableInfo transfers{kTransfers, "message of a request", {}};
  for (const auto& column : kMessageColumns) transfers.columns.push_back(column.info);
  return {std::move(units), std::move(transfers)};
}

std::string_view to_string(UnitKind kind) {
  switch (kind) {
    case UnitKind::kInput:
      return "input";
    case UnitKind::kCompute:
      return "compute";
    case UnitKind::kRelay:
      return "relay";
  }
  return "";
}

}  // namespace edgeflow
