#include "experiments/results/trace.hpp"

#include <fmt/format.h>

#include "experiments/results/event_tables.hpp"
#include "workloads/input/json.hpp"
#include "workloads/input/stream_file.hpp"

namespace edgeflow {
namespace {

constexpr std::size_t kFirstMessageTrack = 1000;
constexpr std::size_t kTracksPerStream = 1'000'000;

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
  explicit PlanNames(const ExecutablePlan& its_plan)
      : plan(its_plan), served(its_plan.units.size()) {
    for (const ExecutionUnit& unit : plan.plan.units) {
      units.push_back(fmt::format("{},\"cat\":\"{}\",\"args\":{{\"rows\":{},\"request\":",
                                  json_text(plan.graph.layer(unit.layer).name),
                                  to_string(unit.kind), json_text(to_string(unit.output))));
    }
    for (const MessageId m : plan.messages.ids()) {
      served[plan.messages[m].consumers.front()].push_back(m);
    }
  }

  const ExecutablePlan& plan;
  IdVector<UnitId, std::string> units;              // of their slices, up to the request
  IdVector<UnitId, std::vector<MessageId>> served;  // messages that it is the first to need
  std::int64_t first_arrow = 0;
};

/// A stream's plans, and what it calls its tracks.
struct StreamNames {
  IdVector<PlanId, PlanNames> plans;
  std::string track_name;  // " detector"; empty without streams
  const StreamPlans* made = nullptr;
};

class TraceWriter : public Recorder {
 public:
  TraceWriter(std::filesystem::path folder, const Plans& plans, const Scenario& scenario)
      : folder_(std::move(folder)), cluster_(*scenario.cluster), memory_(cluster_.size()) {
    for (const Device& device : cluster_.devices()) {
      destinations_.push_back(json_text("to " + device.name));
      origins_.push_back(json_text("from " + device.name));
    }
    const std::vector<Workload>& streams = scenario.workloads;
    for (std::size_t s = 0; s < streams.size(); ++s) {
      StreamNames& names = streams_.emplace_back();
      names.track_name = streams[s].name.empty() ? "" : " " + streams[s].name;
      names.made = &plans[s];
      for (const MadePlan& made : plans[s].made) {
        PlanNames& names_of_plan = names.plans.emplace_back(*made.executable);
        names_of_plan.first_arrow = arrows_;
        arrows_ +=
            static_cast<std::int64_t>(made.executable->messages.size()) * streams[s].requests.count;
      }
      lanes_.emplace_back(cluster_.size());
    }
  }

  void begin() override {
    file_.open(folder_ / "trace.json");
    file_ << "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
    for (std::size_t d = 0; d < cluster_.size(); ++d) {
      name_process(d, json_text(cluster_.devices()[d].name));
    }
  }

  void unit_done(const Attempt& attempt, UnitId unit, const UnitTimes& times) override {
    const StreamId stream = attempt.stream;
    const PlanNames& names = names_of(attempt);
    const DeviceId device = names.plan.units[unit].device;
    // What takes no time may happen beside something that does: nested in it.
    const bool instant = times.finish_s == times.start_s;
    Tracks& tracks = lane(stream, device).units;
    const std::size_t track =
        first_track(stream) + (instant ? 0 : tracks.place(times.start_s, times.finish_s));
    slice(device, track, {times.start_s, times.finish_s});
    file_ << names.units[unit] << attempt.request;
    end_slice(attempt);
    for (const MessageId message : names.plan.sends(unit)) {
      arrow('s', names, attempt, message, {device, track, times.start_s});
    }
    for (const MessageId message : names.served[unit]) {
      arrow('f', names, attempt, message, {device, track, times.start_s});
    }
  }

  void message_worked(const Attempt& attempt, MessageId message, MessageWork work,
                      const MessageTimes& times) override {
    const bool sends = work == MessageWork::kSend;
    const StreamId stream = attempt.stream;
    const PlanNames& names = names_of(attempt);
    const ExecutableMessage& sent = names.plan.messages[message];
    const DeviceId device = sends ? sent.from_device : sent.to;
    Tracks& tracks = lane(stream, device).units;
    slice(device, first_track(stream) + tracks.place(times.start_s, times.finish_s), times);
    file_ << (sends ? destinations_[sent.to] : origins_[sent.from_device])
          << (sends ? R"(,"cat":"send")" : R"(,"cat":"receive")") << R"(,"args":{"message":)"
          << number(message) << R"(,"request":)" << attempt.request;
    end_slice(attempt);
  }

  void message_done(const Attempt& attempt, MessageId message, const MessageTimes& times,
                    double carried) override {
    const StreamId stream = attempt.stream;
    const PlanNames& names = names_of(attempt);
    const ExecutableMessage& sent = names.plan.messages[message];
    const DeviceId device = sent.from_device;
    Tracks& tracks = lane(stream, device).messages;
    const std::size_t track =
        first_track(stream) + kFirstMessageTrack + tracks.place(times.start_s, times.finish_s);
    slice(device, track, times);
    file_ << destinations_[sent.to] << R"(,"cat":"transfer","args":{"bytes":)"
          << sent.bytes * carried << R"(,"message":)" << number(message) << R"(,"request":)"
          << attempt.request;
    end_slice(attempt);
    arrow('t', names, attempt, message, {device, track, times.start_s});
  }

  void memory_changed(DeviceId device, double now_s, double bytes) override {
    Memory& memory = memory_[device];
    if (now_s > memory.since_s) write_memory(device);
    memory.since_s = now_s;
    memory.bytes = bytes;
  }

  void end() override {
    for (const DeviceId device : memory_.ids()) {
      write_memory(device);
      for (const StreamId stream : streams_.ids()) name_tracks(stream, device);
    }
    write_plans();
    file_ << R"({"ph":"M","name":"trace_end","pid":0})"
          << "\n]}\n";
    file_.close();
  }

 private:
  /// Begins the event of a span; its name and the rest follow.
  void slice(DeviceId device, std::size_t track, const MessageTimes& times) {
    slice(index(device), track, times);
  }
  void slice(std::size_t process, std::size_t track, const MessageTimes& times) {
    file_ << R"({"ph":"X","pid":)" << static_cast<std::int64_t>(process) << R"(,"tid":)"
          << static_cast<std::int64_t>(track) << R"(,"ts":)" << times.start_s * 1e6 << R"(,"dur":)"
          << (times.finish_s - times.start_s) * 1e6 << R"(,"name":)";
    slice_end_s_ = times.finish_s;
  }

  /// A track per stream, of a process of its own: which plan it had when.
  void write_plans() {
    const std::size_t process = cluster_.size();
    bool any = false;
    for (const StreamId s : streams_.ids()) {
      const std::vector<PlanChange>& changes = streams_[s].made->changes;
      for (std::size_t c = 0; c <= changes.size() && !changes.empty(); ++c) {
        const double from_s = c == 0 ? 0 : changes[c - 1].at_s;
        const double until_s = c == changes.size() ? last_s_ : std::min(changes[c].at_s, last_s_);
        const PlanId plan = c == 0 ? PlanId{0} : changes[c - 1].plan;
        if (until_s <= from_s) continue;
        slice(process, index(s), {from_s, until_s});
        file_ << json_text(plan == kNoPlan ? "no plan" : fmt::format("plan {}", number(plan)))
              << R"(,"cat":"plan","args":{"because":)"
              << json_text(c == 0 ? "" : streams_[s].made->causes[c - 1].because) << "}},\n";
        any = true;
      }
      if (any) name_track(process, index(s), "plan" + streams_[s].track_name);
    }
    if (any) name_process(process, json_text("plans"));
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
    DeviceId device;
    std::size_t track;
    double date_s;
  };
  void arrow(char step, const PlanNames& names, const Attempt& attempt, MessageId message,
             const Point& at) {
    if (attempt.aborted) return;
    const auto request = static_cast<std::int64_t>(attempt.request);
    file_ << R"({"ph":")" << std::string_view(&step, 1) << R"(","name":"data","cat":"data","id":)"
          << attempt.number * arrows_ + names.first_arrow +
                 request * static_cast<std::int64_t>(names.plan.messages.size()) + number(message)
          << R"(,"pid":)" << number(at.device) << R"(,"tid":)"
          << static_cast<std::int64_t>(at.track) << R"(,"ts":)" << at.date_s * 1e6
          << (step == 'f' ? R"(,"bp":"e"},)" : "},") << "\n";
  }

  void write_memory(DeviceId device) {
    Memory& memory = memory_[device];
    if (memory.bytes < 0 || memory.bytes == memory.written_bytes) return;
    memory.written_bytes = memory.bytes;
    file_ << R"({"ph":"C","name":"memory","pid":)" << number(device) << R"(,"ts":)"
          << memory.since_s * 1e6 << R"(,"args":{"bytes":)" << memory.bytes << "}},\n";
  }

  void name_tracks(StreamId stream, DeviceId device) {
    const std::size_t process = index(device);
    const Lane& its = lane(stream, device);
    const std::size_t first = first_track(stream);
    const std::string& name = streams_[stream].track_name;
    for (std::size_t t = 0; t < its.units.size(); ++t) {
      name_track(process, first + t, "compute" + name);
    }
    for (std::size_t t = 0; t < its.messages.size(); ++t) {
      name_track(process, first + kFirstMessageTrack + t, "send" + name);
    }
  }

  void name_track(std::size_t process, std::size_t track, const std::string& name) {
    file_ << R"({"ph":"M","name":"thread_name","pid":)" << static_cast<std::int64_t>(process)
          << R"(,"tid":)" << static_cast<std::int64_t>(track) << R"(,"args":{"name":)"
          << json_text(name) << "}},\n";
  }

  const PlanNames& names_of(const Attempt& attempt) const {
    return streams_[attempt.stream].plans[attempt.plan];
  }
  Lane& lane(StreamId stream, DeviceId device) { return lanes_[stream][device]; }
  static std::size_t first_track(StreamId stream) { return index(stream) * kTracksPerStream; }

  std::filesystem::path folder_;
  const Cluster& cluster_;
  IdVector<StreamId, StreamNames> streams_;
  std::int64_t arrows_ = 0;  // of all plans
  double slice_end_s_ = 0;
  double last_s_ = 0;
  IdVector<StreamId, IdVector<DeviceId, Lane>> lanes_;
  IdVector<DeviceId, Memory> memory_;
  IdVector<DeviceId, std::string> destinations_;
  IdVector<DeviceId, std::string> origins_;
  StreamFile file_;
};

}  // namespace

std::unique_ptr<Recorder> make_trace(const std::filesystem::path& folder, const Plans& plans,
                                     const Scenario& scenario) {
  return std::make_unique<TraceWriter>(folder, plans, scenario);
}

}  // namespace edgeflow
