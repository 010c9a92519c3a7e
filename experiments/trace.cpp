#include "experiments/trace.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "experiments/event_tables.hpp"
#include "experiments/stream_file.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kFirstMessageTrack = 1000;

std::string in_json(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Tracks on which nothing overlaps. Takes spans in the order of their ends: the track that has
/// been free for the shortest time then wastes least.
class Tracks {
 public:
  std::size_t place(double start_s, double finish_s) {
    std::size_t best = free_since_s_.size();
    for (std::size_t t = 0; t < free_since_s_.size(); ++t) {
      if (free_since_s_[t] > start_s) continue;
      if (best == free_since_s_.size() || free_since_s_[t] > free_since_s_[best]) best = t;
    }
    if (best == free_since_s_.size()) free_since_s_.push_back(0);
    free_since_s_[best] = finish_s;
    return best;
  }
  std::size_t size() const { return free_since_s_.size(); }

 private:
  std::vector<double> free_since_s_;
};

struct Lane {
  Tracks units;
  Tracks messages;
  double memory_since_s = 0;
  double memory_bytes = -1;
  double written_bytes = -1;
};

class Trace : public Recorder {
 public:
  Trace(std::filesystem::path folder, const Plan& plan, const Scenario& scenario)
      : folder_(std::move(folder)),
        plan_(plan),
        scenario_(scenario),
        lanes_(scenario.cluster->size()) {
    for (const ExecutionUnit& unit : plan.units) {
      names_.push_back(fmt::format("{},\"cat\":\"{}\",\"args\":{{\"rows\":{},\"request\":",
                                   in_json(scenario.model->graph.layer(unit.layer).name),
                                   to_string(unit.kind), in_json(to_string(unit.output))));
    }
    for (const Device& device : scenario.cluster->devices()) {
      destinations_.push_back(in_json("to " + device.name));
      origins_.push_back(in_json("from " + device.name));
    }
    messages_ = messages_of(plan, scenario.element_size());
    served_.resize(plan.units.size());
    for (std::size_t m = 0; m < messages_.size(); ++m) {
      served_[index(messages_[m].consumers.front())].push_back(static_cast<std::int64_t>(m));
    }
    sends_.resize(plan.units.size());
    for (std::size_t m = 0; m < messages_.size(); ++m) {
      sends_[index(messages_[m].from)].push_back(static_cast<std::int64_t>(m));
    }
  }

  void begin() override {
    file_.open(folder_ / "trace.json");
    file_ << "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
    for (std::size_t d = 0; d < lanes_.size(); ++d) {
      const auto device = static_cast<std::int64_t>(d);
      const std::string name = in_json(scenario_.cluster->devices()[d].name);
      file_ << R"({"ph":"M","name":"process_name","pid":)" << device
            << R"(,"tid":0,"args":{"name":)" << name << "}},\n";
    }
  }

  void unit_done(std::int32_t /*stream*/, std::int32_t request, std::int32_t unit,
                 const UnitTimes& times) override {
    const auto at = static_cast<std::size_t>(unit);
    const std::size_t device = index(plan_.units[at].device);
    // What takes no time may happen beside something that does: nested in it.
    const bool instant = times.finish_s == times.start_s;
    const std::size_t track =
        instant ? 0 : lanes_[device].units.place(times.start_s, times.finish_s);
    slice(device, track, {times.start_s, times.finish_s});
    file_ << names_[at] << request << "}},\n";
    for (const std::int64_t message : sends_[at]) {
      arrow('s', request, message, device, track, times.start_s);
    }
    for (const std::int64_t message : served_[at]) {
      arrow('f', request, message, device, track, times.start_s);
    }
  }

  void message_worked(std::int32_t /*stream*/, std::int32_t request, std::int32_t message,
                      MessageWork work, const MessageTimes& times) override {
    const bool sends = work == MessageWork::kSend;
    const Message& sent = messages_[static_cast<std::size_t>(message)];
    const std::size_t from = index(plan_.unit(sent.from).device);
    const std::size_t device = sends ? from : index(sent.to);
    slice(device, lanes_[device].units.place(times.start_s, times.finish_s), times);
    file_ << (sends ? destinations_[index(sent.to)] : origins_[from])
          << (sends ? R"(,"cat":"send")" : R"(,"cat":"receive")") << R"(,"args":{"message":)"
          << message << R"(,"request":)" << request << "}},\n";
  }

  void message_done(std::int32_t /*stream*/, std::int32_t request, std::int32_t message,
                    const MessageTimes& times) override {
    const Message& sent = messages_[static_cast<std::size_t>(message)];
    const std::size_t device = index(plan_.unit(sent.from).device);
    const std::size_t track =
        kFirstMessageTrack + lanes_[device].messages.place(times.start_s, times.finish_s);
    slice(device, track, times);
    file_ << destinations_[index(sent.to)] << R"(,"cat":"transfer","args":{"bytes":)" << sent.bytes
          << R"(,"message":)" << message << R"(,"request":)" << request << "}},\n";
    arrow('t', request, message, device, track, times.start_s);
  }

  void memory_changed(std::int32_t device, double now_s, double bytes) override {
    Lane& lane = lanes_[static_cast<std::size_t>(device)];
    if (now_s > lane.memory_since_s) write_memory(static_cast<std::size_t>(device));
    lane.memory_since_s = now_s;
    lane.memory_bytes = bytes;
  }

  void end() override {
    for (std::size_t d = 0; d < lanes_.size(); ++d) {
      write_memory(d);
      for (std::size_t t = 0; t < lanes_[d].units.size(); ++t) name_track(d, t, "compute");
      for (std::size_t t = 0; t < lanes_[d].messages.size(); ++t) {
        name_track(d, kFirstMessageTrack + t, "send");
      }
    }
    file_ << R"({"ph":"M","name":"trace_end","pid":0})"
          << "\n]}\n";
    file_.close();
  }

 private:
  /// Begins the event of a span; its name and the rest follow.
  void slice(std::size_t device, std::size_t track, const MessageTimes& times) {
    file_ << R"({"ph":"X","pid":)" << static_cast<std::int64_t>(device) << R"(,"tid":)"
          << static_cast<std::int64_t>(track) << R"(,"ts":)" << times.start_s * 1e6 << R"(,"dur":)"
          << (times.finish_s - times.start_s) * 1e6 << R"(,"name":)";
  }

  void arrow(char step, std::int64_t request, std::int64_t message, std::size_t device,
             std::size_t track, double date_s) {
    file_ << R"({"ph":")" << std::string_view(&step, 1) << R"(","name":"data","cat":"data","id":)"
          << request * static_cast<std::int64_t>(messages_.size()) + message << R"(,"pid":)"
          << static_cast<std::int64_t>(device) << R"(,"tid":)" << static_cast<std::int64_t>(track)
          << R"(,"ts":)" << date_s * 1e6 << (step == 'f' ? R"(,"bp":"e"},)" : "},") << "\n";
  }

  void write_memory(std::size_t device) {
    Lane& lane = lanes_[device];
    if (lane.memory_bytes < 0 || lane.memory_bytes == lane.written_bytes) return;
    lane.written_bytes = lane.memory_bytes;
    file_ << R"({"ph":"C","name":"memory","pid":)" << static_cast<std::int64_t>(device)
          << R"(,"ts":)" << lane.memory_since_s * 1e6 << R"(,"args":{"bytes":)" << lane.memory_bytes
          << "}},\n";
  }

  void name_track(std::size_t device, std::size_t track, std::string_view name) {
    file_ << R"({"ph":"M","name":"thread_name","pid":)" << static_cast<std::int64_t>(device)
          << R"(,"tid":)" << static_cast<std::int64_t>(track) << R"(,"args":{"name":")" << name
          << "\"}},\n";
  }

  std::filesystem::path folder_;
  const Plan& plan_;
  const Scenario& scenario_;
  std::vector<Lane> lanes_;
  std::vector<std::string> destinations_;  // by device
  std::vector<std::string> origins_;       // by device
  std::vector<std::string> names_;         // by unit: of its slices, up to the request
  std::vector<Message> messages_;
  std::vector<std::vector<std::int64_t>> sends_;   // by unit: messages
  std::vector<std::vector<std::int64_t>> served_;  // by unit: messages that it is the first to need
  StreamFile file_;
};

}  // namespace

std::unique_ptr<Recorder> make_trace(const std::filesystem::path& folder, const Plan& plan,
                                     const Scenario& scenario) {
  return std::make_unique<Trace>(folder, plan, scenario);
}

}  // namespace edgeflow
