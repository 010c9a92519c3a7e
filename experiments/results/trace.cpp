#include "experiments/results/trace.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "experiments/results/event_tables.hpp"
#include "workloads/input/stream_file.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kFirstMessageTrack = 1000;
constexpr std::size_t kTracksPerStream = 1'000'000;

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

/// Of a device and a stream.
struct Lane {
  Tracks units;
  Tracks messages;
};

struct Memory {
  double since_s = 0;
  double bytes = -1;
  double written_bytes = -1;
};

/// What events say of the units and messages of a plan.
struct PlanNames {
  PlanNames(const Plan& its_plan, const Workload& stream)
      : plan(its_plan), messages(messages_of(plan, stream.element_size())) {
    for (const ExecutionUnit& unit : plan.units) {
      units.push_back(fmt::format("{},\"cat\":\"{}\",\"args\":{{\"rows\":{},\"request\":",
                                  in_json(stream.model->graph.layer(unit.layer).name),
                                  to_string(unit.kind), in_json(to_string(unit.output))));
    }
    sends.resize(plan.units.size());
    served.resize(plan.units.size());
    for (std::size_t m = 0; m < messages.size(); ++m) {
      sends[index(messages[m].from)].push_back(static_cast<std::int64_t>(m));
      served[index(messages[m].consumers.front())].push_back(static_cast<std::int64_t>(m));
    }
  }

  const Plan& plan;
  std::vector<std::string> units;  // by unit: of its slices, up to the request
  std::vector<Message> messages;
  std::vector<std::vector<std::int64_t>> sends;   // by unit: messages
  std::vector<std::vector<std::int64_t>> served;  // by unit: messages that it is the first to need
  std::int64_t first_arrow = 0;
};

/// A stream's plans, and what it calls its tracks.
struct StreamNames {
  std::vector<PlanNames> plans;
  std::string track_name;  // " detector"; empty without streams
  const StreamPlans* made = nullptr;
};

class Trace : public Recorder {
 public:
  Trace(std::filesystem::path folder, const Plans& plans, const Scenario& scenario)
      : folder_(std::move(folder)), cluster_(*scenario.cluster), memory_(cluster_.size()) {
    for (const Device& device : cluster_.devices()) {
      destinations_.push_back(in_json("to " + device.name));
      origins_.push_back(in_json("from " + device.name));
    }
    const std::vector<Workload>& streams = scenario.workloads;
    for (std::size_t s = 0; s < streams.size(); ++s) {
      StreamNames& names = streams_.emplace_back();
      names.track_name = streams[s].name.empty() ? "" : " " + streams[s].name;
      names.made = &plans[s];
      for (const MadePlan& made : plans[s].made) {
        PlanNames& plan = names.plans.emplace_back(*made.plan, streams[s]);
        plan.first_arrow = arrows_;
        arrows_ += static_cast<std::int64_t>(plan.messages.size()) * streams[s].requests.count;
      }
      lanes_.emplace_back(cluster_.size());
    }
  }

  void begin() override {
    file_.open(folder_ / "trace.json");
    file_ << "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
    for (std::size_t d = 0; d < cluster_.size(); ++d) {
      name_process(d, in_json(cluster_.devices()[d].name));
    }
  }

  void unit_done(const Attempt& attempt, std::int32_t unit, const UnitTimes& times) override {
    const auto at = static_cast<std::size_t>(unit);
    const std::int32_t stream = attempt.stream;
    const PlanNames& names = names_of(attempt);
    const std::size_t device = index(names.plan.units[at].device);
    // What takes no time may happen beside something that does: nested in it.
    const bool instant = times.finish_s == times.start_s;
    Tracks& tracks = lane(stream, device).units;
    const std::size_t track =
        first_track(stream) + (instant ? 0 : tracks.place(times.start_s, times.finish_s));
    slice(device, track, {times.start_s, times.finish_s});
    file_ << names.units[at] << attempt.request;
    end_slice(attempt);
    for (const std::int64_t message : names.sends[at]) {
      arrow('s', names, attempt, message, {device, track, times.start_s});
    }
    for (const std::int64_t message : names.served[at]) {
      arrow('f', names, attempt, message, {device, track, times.start_s});
    }
  }

  void message_worked(const Attempt& attempt, std::int32_t message, MessageWork work,
                      const MessageTimes& times) override {
    const bool sends = work == MessageWork::kSend;
    const std::int32_t stream = attempt.stream;
    const PlanNames& names = names_of(attempt);
    const Message& sent = names.messages[static_cast<std::size_t>(message)];
    const std::size_t from = index(names.plan.unit(sent.from).device);
    const std::size_t device = sends ? from : index(sent.to);
    Tracks& tracks = lane(stream, device).units;
    slice(device, first_track(stream) + tracks.place(times.start_s, times.finish_s), times);
    file_ << (sends ? destinations_[index(sent.to)] : origins_[from])
          << (sends ? R"(,"cat":"send")" : R"(,"cat":"receive")") << R"(,"args":{"message":)"
          << message << R"(,"request":)" << attempt.request;
    end_slice(attempt);
  }

  void message_done(const Attempt& attempt, std::int32_t message, const MessageTimes& times,
                    double carried) override {
    const std::int32_t stream = attempt.stream;
    const PlanNames& names = names_of(attempt);
    const Message& sent = names.messages[static_cast<std::size_t>(message)];
    const std::size_t device = index(names.plan.unit(sent.from).device);
    Tracks& tracks = lane(stream, device).messages;
    const std::size_t track =
        first_track(stream) + kFirstMessageTrack + tracks.place(times.start_s, times.finish_s);
    slice(device, track, times);
    file_ << destinations_[index(sent.to)] << R"(,"cat":"transfer","args":{"bytes":)"
          << sent.bytes * carried << R"(,"message":)" << message << R"(,"request":)"
          << attempt.request;
    end_slice(attempt);
    arrow('t', names, attempt, message, {device, track, times.start_s});
  }

  void memory_changed(std::int32_t device, double now_s, double bytes) override {
    Memory& memory = memory_[static_cast<std::size_t>(device)];
    if (now_s > memory.since_s) write_memory(static_cast<std::size_t>(device));
    memory.since_s = now_s;
    memory.bytes = bytes;
  }

  void end() override {
    for (std::size_t d = 0; d < cluster_.size(); ++d) {
      write_memory(d);
      for (std::size_t s = 0; s < streams_.size(); ++s)
        name_tracks(static_cast<std::int32_t>(s), d);
    }
    write_plans();
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
    slice_end_s_ = times.finish_s;
  }

  /// A track per stream, of a process of its own: which plan it had when.
  void write_plans() {
    const std::size_t process = cluster_.size();
    bool any = false;
    for (std::size_t s = 0; s < streams_.size(); ++s) {
      const std::vector<PlanChange>& changes = streams_[s].made->changes;
      for (std::size_t c = 0; c <= changes.size() && !changes.empty(); ++c) {
        const double from_s = c == 0 ? 0 : changes[c - 1].at_s;
        const double until_s = c == changes.size() ? last_s_ : std::min(changes[c].at_s, last_s_);
        const std::int32_t plan = c == 0 ? 0 : changes[c - 1].plan;
        if (until_s <= from_s) continue;
        slice(process, s, {from_s, until_s});
        file_ << in_json(plan < 0 ? "no plan" : fmt::format("plan {}", plan))
              << R"(,"cat":"plan","args":{"because":)"
              << in_json(c == 0 ? "" : streams_[s].made->because[c - 1]) << "}},\n";
        any = true;
      }
      if (any) name_track(process, s, "plan" + streams_[s].track_name);
    }
    if (any) name_process(process, in_json("plans"));
  }

  void name_process(std::size_t process, const std::string& name) {
    file_ << R"({"ph":"M","name":"process_name","pid":)" << static_cast<std::int64_t>(process)
          << R"(,"tid":0,"args":{"name":)" << name << "}},\n";
  }

  void end_slice(const Attempt& attempt) {
    last_s_ = std::max(last_s_, slice_end_s_);
    file_ << (attempt.aborted ? R"(,"aborted":true}},)" : "}},") << "\n";
  }

  struct Point {
    std::size_t device;
    std::size_t track;
    double date_s;
  };
  void arrow(char step, const PlanNames& names, const Attempt& attempt, std::int64_t message,
             const Point& at) {
    if (attempt.aborted) return;
    const auto request = static_cast<std::int64_t>(attempt.request);
    file_ << R"({"ph":")" << std::string_view(&step, 1) << R"(","name":"data","cat":"data","id":)"
          << attempt.number * arrows_ + names.first_arrow +
                 request * static_cast<std::int64_t>(names.messages.size()) + message
          << R"(,"pid":)" << static_cast<std::int64_t>(at.device) << R"(,"tid":)"
          << static_cast<std::int64_t>(at.track) << R"(,"ts":)" << at.date_s * 1e6
          << (step == 'f' ? R"(,"bp":"e"},)" : "},") << "\n";
  }

  void write_memory(std::size_t device) {
    Memory& memory = memory_[device];
    if (memory.bytes < 0 || memory.bytes == memory.written_bytes) return;
    memory.written_bytes = memory.bytes;
    file_ << R"({"ph":"C","name":"memory","pid":)" << static_cast<std::int64_t>(device)
          << R"(,"ts":)" << memory.since_s * 1e6 << R"(,"args":{"bytes":)" << memory.bytes
          << "}},\n";
  }

  void name_tracks(std::int32_t stream, std::size_t device) {
    const Lane& its = lane(stream, device);
    const std::size_t first = first_track(stream);
    const std::string& name = streams_[static_cast<std::size_t>(stream)].track_name;
    for (std::size_t t = 0; t < its.units.size(); ++t) {
      name_track(device, first + t, "compute" + name);
    }
    for (std::size_t t = 0; t < its.messages.size(); ++t) {
      name_track(device, first + kFirstMessageTrack + t, "send" + name);
    }
  }

  void name_track(std::size_t device, std::size_t track, const std::string& name) {
    file_ << R"({"ph":"M","name":"thread_name","pid":)" << static_cast<std::int64_t>(device)
          << R"(,"tid":)" << static_cast<std::int64_t>(track) << R"(,"args":{"name":)"
          << in_json(name) << "}},\n";
  }

  const PlanNames& names_of(const Attempt& attempt) const {
    return streams_[static_cast<std::size_t>(attempt.stream)]
        .plans[static_cast<std::size_t>(attempt.plan)];
  }
  Lane& lane(std::int32_t stream, std::size_t device) {
    return lanes_[static_cast<std::size_t>(stream)][device];
  }
  static std::size_t first_track(std::int32_t stream) {
    return static_cast<std::size_t>(stream) * kTracksPerStream;
  }

  std::filesystem::path folder_;
  const Cluster& cluster_;
  std::vector<StreamNames> streams_;
  std::int64_t arrows_ = 0;  // of all plans
  double slice_end_s_ = 0;
  double last_s_ = 0;
  std::vector<std::vector<Lane>> lanes_;   // by stream and device
  std::vector<Memory> memory_;             // by device
  std::vector<std::string> destinations_;  // by device
  std::vector<std::string> origins_;       // by device
  StreamFile file_;
};

}  // namespace

std::unique_ptr<Recorder> make_trace(const std::filesystem::path& folder, const Plans& plans,
                                     const Scenario& scenario) {
  return std::make_unique<Trace>(folder, plans, scenario);
}

}  // namespace edgeflow
