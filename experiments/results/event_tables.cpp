#include "experiments/results/event_tables.hpp"

#include "workloads/input/csv.hpp"
#include "workloads/input/stream_file.hpp"

namespace edgeflow {
namespace {

/// What the rows of a plan have in common.
struct PlanRows {
  IdVector<UnitId, std::string> units;  // from the request to the times
  IdVector<MessageId, std::string> messages;
  std::string end;  // after the times: stream and plan
};

std::string middle(std::initializer_list<std::string> cells) {
  std::string text = csv_row(cells);
  text.back() = ',';
  return "," + text;
}

PlanRows make_rows(const ExecutablePlan& plan, const std::string& stream, std::size_t place) {
  PlanRows rows;
  for (const ExecutionUnit& unit : plan.plan.units) {
    rows.units.push_back(
        middle({std::to_string(rows.units.size()), std::string(to_string(unit.kind)),
                plan.graph.layer(unit.layer).name, plan.cluster.device(unit.device).name,
                to_string(unit.output)}));
  }
  for (const ExecutableMessage& message : plan.messages) {
    rows.messages.push_back(
        middle({std::to_string(rows.messages.size()), std::to_string(index(message.from)),
                plan.cluster.device(message.from_device).name, plan.cluster.device(message.to).name,
                cell(message.bytes)}));
  }
  rows.end = middle({stream, std::to_string(place)});
  return rows;
}

/// Everything of a row but the request and the times, which is most of its text, is made once.
class EventTables : public Recorder {
 public:
  EventTables(std::filesystem::path folder, const Plans& plans, const Scenario& scenario)
      : folder_(std::move(folder)) {
    const auto streams = scenario.all_streams();
    for (std::size_t s = 0; s < streams.size(); ++s) {
      const std::string name = scenario.streams.empty() ? "" : streams[s].name;
      streams_.emplace_back();
      for (std::size_t p = 0; p < plans[s].made.size(); ++p) {
        streams_.back().push_back(make_rows(*plans[s].made[p].executable, name, p));
      }
    }
  }

  void begin() override {
    units_file_.open(folder_ / "units.csv");
    transfers_file_.open(folder_ / "transfers.csv");
    units_file_ << "request,unit,kind,layer,device,output,ready_s,start_s,finish_s,stream,plan,"
                   "attempt,aborted\n";
    transfers_file_
        << "request,message,from_unit,from_device,to_device,bytes,start_s,finish_s,stream,plan,"
           "attempt,aborted,carried\n";
  }

  void unit_done(const Attempt& attempt, UnitId unit, const UnitTimes& times) override {
    const PlanRows& rows = rows_of(attempt);
    units_file_ << attempt.request << rows.units[unit] << times.ready_s << "," << times.start_s
                << "," << times.finish_s << rows.end << attempt.number
                << (attempt.aborted ? ",1\n" : ",0\n");
  }

  void message_done(const Attempt& attempt, MessageId message, const MessageTimes& times,
                    double carried) override {
    const PlanRows& rows = rows_of(attempt);
    transfers_file_ << attempt.request << rows.messages[message] << times.start_s << ","
                    << times.finish_s << rows.end << attempt.number
                    << (attempt.aborted ? ",1," : ",0,") << carried << "\n";
  }

  void end() override {
    units_file_.close();
    transfers_file_.close();
  }

 private:
  const PlanRows& rows_of(const Attempt& attempt) const {
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
