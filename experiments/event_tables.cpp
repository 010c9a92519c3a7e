#include "experiments/event_tables.hpp"

#include "experiments/csv.hpp"
#include "experiments/stream_file.hpp"

namespace edgeflow {
namespace {

/// Everything of a row but the request and the times, which is most of its text, is made once.
class EventTables : public Recorder {
 public:
  EventTables(std::filesystem::path folder, const Plan& plan, const Scenario& scenario)
      : folder_(std::move(folder)) {
    const Graph& graph = scenario.model->graph;
    const Cluster& cluster = *scenario.cluster;
    for (std::size_t u = 0; u < plan.units.size(); ++u) {
      const ExecutionUnit& unit = plan.units[u];
      units_.push_back(middle({std::to_string(u), std::string(to_string(unit.kind)),
                               graph.layer(unit.layer).name, cluster.device(unit.device).name,
                               to_string(unit.output)}));
    }
    for (const Message& message : messages_of(plan, scenario.element_size())) {
      messages_.push_back(
          middle({std::to_string(messages_.size()), std::to_string(index(message.from)),
                  cluster.device(plan.unit(message.from).device).name,
                  cluster.device(message.to).name, cell(message.bytes)}));
    }
  }

  void begin() override {
    units_file_.open(folder_ / "units.csv");
    transfers_file_.open(folder_ / "transfers.csv");
    units_file_ << "request,unit,kind,layer,device,output,ready_s,start_s,finish_s\n";
    transfers_file_ << "request,message,from_unit,from_device,to_device,bytes,start_s,finish_s\n";
  }

  void unit_done(std::int32_t /*stream*/, std::int32_t request, std::int32_t unit,
                 const UnitTimes& times) override {
    units_file_ << request << units_[static_cast<std::size_t>(unit)] << times.ready_s << ","
                << times.start_s << "," << times.finish_s << "\n";
  }

  void message_done(std::int32_t /*stream*/, std::int32_t request, std::int32_t message,
                    const MessageTimes& times) override {
    transfers_file_ << request << messages_[static_cast<std::size_t>(message)] << times.start_s
                    << "," << times.finish_s << "\n";
  }

  void end() override {
    units_file_.close();
    transfers_file_.close();
  }

 private:
  static std::string middle(std::initializer_list<std::string> cells) {
    std::string text = csv_row(cells);
    text.back() = ',';
    return "," + text;
  }

  std::filesystem::path folder_;
  std::vector<std::string> units_;
  std::vector<std::string> messages_;
  StreamFile units_file_;
  StreamFile transfers_file_;
};

}  // namespace

std::unique_ptr<Recorder> make_event_tables(const std::filesystem::path& folder, const Plan& plan,
                                            const Scenario& scenario) {
  return std::make_unique<EventTables>(folder, plan, scenario);
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
