#include "experiments/event_tables.hpp"

#include "experiments/csv.hpp"
#include "experiments/stream_file.hpp"

namespace edgeflow {
namespace {

/// What a stream's rows have in common.
struct StreamRows {
  std::vector<std::string> units;     // by unit: from the request to the times
  std::vector<std::string> messages;  // by message
  std::string end;                    // after the times
};

std::string middle(std::initializer_list<std::string> cells) {
  std::string text = csv_row(cells);
  text.back() = ',';
  return "," + text;
}

StreamRows rows_of(const Plan& plan, const Scenario& stream, const std::string& name) {
  const Graph& graph = stream.model->graph;
  const Cluster& cluster = *stream.cluster;
  StreamRows rows;
  for (std::size_t u = 0; u < plan.units.size(); ++u) {
    const ExecutionUnit& unit = plan.units[u];
    rows.units.push_back(
        middle({std::to_string(u), std::string(to_string(unit.kind)), graph.layer(unit.layer).name,
                cluster.device(unit.device).name, to_string(unit.output)}));
  }
  for (const Message& message : messages_of(plan, stream.element_size())) {
    rows.messages.push_back(
        middle({std::to_string(rows.messages.size()), std::to_string(index(message.from)),
                cluster.device(plan.unit(message.from).device).name,
                cluster.device(message.to).name, cell(message.bytes)}));
  }
  rows.end = "," + csv_row({name});
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
      streams_.push_back(rows_of(*plans[s], streams[s], name));
    }
  }

  void begin() override {
    units_file_.open(folder_ / "units.csv");
    transfers_file_.open(folder_ / "transfers.csv");
    units_file_ << "request,unit,kind,layer,device,output,ready_s,start_s,finish_s,stream\n";
    transfers_file_
        << "request,message,from_unit,from_device,to_device,bytes,start_s,finish_s,stream\n";
  }

  void unit_done(std::int32_t stream, std::int32_t request, std::int32_t unit,
                 const UnitTimes& times) override {
    const StreamRows& rows = streams_[static_cast<std::size_t>(stream)];
    units_file_ << request << rows.units[static_cast<std::size_t>(unit)] << times.ready_s << ","
                << times.start_s << "," << times.finish_s << rows.end;
  }

  void message_done(std::int32_t stream, std::int32_t request, std::int32_t message,
                    const MessageTimes& times) override {
    const StreamRows& rows = streams_[static_cast<std::size_t>(stream)];
    transfers_file_ << request << rows.messages[static_cast<std::size_t>(message)] << times.start_s
                    << "," << times.finish_s << rows.end;
  }

  void end() override {
    units_file_.close();
    transfers_file_.close();
  }

 private:
  std::filesystem::path folder_;
  std::vector<StreamRows> streams_;
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
