#include "experiments/results/merge.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/results/comparison.hpp"
#include "experiments/results/layout.hpp"
#include "experiments/results/manifest.hpp"
#include "experiments/results/repetitions.hpp"
#include "experiments/results/run_log.hpp"
#include "experiments/results/sweep_tables.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/files.hpp"
#include "workloads/input/stream_file.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMissingShown = 10;

/// A table that is there when it is whole.
class Table {
 public:
  Table(fs::path file, const std::string& header) : file_(std::move(file)) {
    partial_ = file_;
    partial_ += ".partial";
    stream_.open(partial_);
    stream_ << header;
  }
  ~Table() { unlink(partial_.c_str()); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void add(std::string_view rows) { stream_ << rows; }
  void finish(Durability durability) {
    stream_.close();
    put_in_place(partial_, file_, durability);
  }

 private:
  fs::path file_, partial_;
  StreamFile stream_;
};

/// The line of a table below its header.
std::string only_row(const std::string& table) {
  return table.substr(std::min(table.find('\n'), table.size() - 1) + 1);
}

[[noreturn]] void fail_manifest(const fs::path& folder, const std::string& what) {
  throw InputError({(folder / "manifest.json").string(), 0, 0}, "", "says " + what,
                   "run the sweep again: it goes on with what belongs to it");
}

/// What is stored of the runs of a sweep, a thousand of them at a time.
class StoredRuns {
 public:
  using Records = std::map<std::size_t, Record>;  // by index

  StoredRuns(const fs::path& folder, const Manifest& manifest)
      : folder_(folder), manifest_(manifest), layout_(folder, manifest.runs) {}

  std::set<std::size_t> thousands() const { return layout_.thousands(); }

  /// Throws InputError for what is not of this sweep.
  const Records& read(std::size_t thousand) {
    if (rows_.thousand != thousand) load(rows_, thousand);
    return rows_.records;
  }
  /// The record of any run, best of one in or near the thousand that was read; null if it is missing.
  const Record* find(std::size_t run) {
    const std::size_t thousand = run / kThousand;
    if (rows_.thousand != thousand && others_.thousand != thousand) load(others_, thousand);
    const Records& records = rows_.thousand == thousand ? rows_.records : others_.records;
    const auto found = records.find(run);
    return found == records.end() ? nullptr : &found->second;
  }

 private:
  struct Part {
    std::optional<std::size_t> thousand;
    Records records;
  };

  /// A run with a folder is that of the folder, whatever the log says.
  void load(Part& part, std::size_t thousand) const {
    part.thousand = thousand;
    const fs::path log = layout_.log(thousand);
    part.records = read_log(log);
    for (const auto& [index, record] : part.records) check(record, log);
    for (const auto& [index, run] : layout_.runs_of(thousand)) {
      part.records.insert_or_assign(index, read_run(index, run));
    }
  }

  Record read_run(std::size_t index, const fs::path& run) const {
    const fs::path file = run / "status.json";
    auto record = read_status(read_if_there(file).value_or(""));
    if (!record || record->index != index || record->baseline.value_or(0) >= manifest_.runs) {
      throw InputError({file.string(), 0, 0}, "", "is not what edgeflow wrote",
                       "remove it and run the sweep again");
    }
    check(*record, file);
    record->timing = only_row(read_if_there(run / "timing.csv").value_or(""));
    return *std::move(record);
  }

  void check(const Record& record, const fs::path& file) const {
    const bool same = std::equal(
        record.axes.begin(), record.axes.end(), manifest_.axes.begin(), manifest_.axes.end(),
        [](const auto& axis, const std::string& key) { return axis.first == key; });
    if (!same) fail_manifest(folder_, "other axes than " + file.string());
  }

  fs::path folder_;
  const Manifest& manifest_;
  Layout layout_;
  Part rows_, others_;
};

Fastest fastest_of(StoredRuns& stored) {
  Fastest fastest;
  for (const std::size_t thousand : stored.thousands()) {
    for (const auto& [index, record] : stored.read(thousand)) fastest.add(record);
  }
  return fastest;
}

/// Which runs are there.
class Roll {
 public:
  Roll(const fs::path& folder, std::size_t runs) : folder_(folder), runs_(runs) {}

  /// Runs come in ascending order.
  void add(std::size_t run) {
    ++count_;
    for (; next_ < std::min(run, runs_); ++next_) note_missing();
    next_ = run + 1;
  }

  /// Throws InputError unless there are all and no others.
  void expect_all() {
    for (; next_ < runs_; ++next_) note_missing();
    if (missing_ > 0) fail_missing();
    if (count_ > runs_) fail_manifest(folder_, fmt::format("{} runs, there are {}", runs_, count_));
  }

 private:
  void note_missing() {
    if (++missing_ <= kMissingShown) shown_.push_back(next_);
  }

  [[noreturn]] void fail_missing() const {
    std::error_code error;
    const bool flat = runs_ > kThousand && fs::exists(folder_ / kRunsFolder, error) &&
                      Layout(folder_, 1).runs_of(0).size() == runs_;
    throw InputError(
        {folder_.string(), 0, 0}, "",
        flat ? fmt::format("all {} runs stand in one folder, as an earlier version has them", runs_)
             : fmt::format("{} of {} runs are missing: {}{}", missing_, runs_,
                           fmt::join(shown_, ", "), missing_ > kMissingShown ? ", ..." : ""),
        flat ? "that version merges them; this one makes them anew"
             : "run the sweep again: it goes on where it stopped");
  }

  fs::path folder_;
  std::size_t runs_;
  std::size_t next_ = 0, count_ = 0, missing_ = 0;
  std::vector<std::size_t> shown_;
};

/// The tables over all runs, on their way.
class Tables {
 public:
  Tables(const fs::path& folder, const Manifest& manifest)
      : folder_(folder),
        units_(manifest.units),
        runs_(folder / "runs.csv", runs_header(manifest.axes, units_)),
        points_(folder / "summary.csv", summary_header(manifest.axes, units_)),
        timing_(folder / "timing.csv", timing_header()) {}

  /// A run after all before it.
  void add(Record record) {
    runs_.add(runs_row(record, units_));
    timing_.add(record.timing);
    if (!record.streams.empty()) {
      if (!streams_) streams_.emplace(folder_ / "streams.csv", streams_header());
      streams_->add(streams_rows(record));
    }
    ++statuses_[record.at("status")];
    if (record.at("repetition") == "0") end_point();
    point_.runs.push_back(std::move(record));
  }

  Summary finish() {
    end_point();
    runs_.finish(Durability::kSynced);
    points_.finish(Durability::kNormal);
    if (streams_) streams_->finish(Durability::kNormal);
    timing_.finish(Durability::kNormal);
    finish_manifest(folder_, statuses_);
    return std::move(summary_);
  }

 private:
  /// Its repetitions follow each other.
  void end_point() {
    if (point_.runs.empty()) return;
    points_.add(summary_row(point_, units_));
    summary_.add(point_);
    point_.runs.clear();
  }

  fs::path folder_;
  std::vector<std::string> units_;
  Table runs_, points_, timing_;
  std::optional<Table> streams_;
  Repetitions point_;
  std::map<std::string, std::size_t> statuses_;
  Summary summary_;
};

/// Writes all tables, and finishes the manifest; nothing if there are draws that `fastest` does not know.
std::optional<Summary> write_tables(const fs::path& folder, const Manifest& manifest,
                                    StoredRuns& stored, const Fastest& fastest) {
  Roll roll(folder, manifest.runs);
  Tables tables(folder, manifest);
  for (const std::size_t thousand : stored.thousands()) {
    for (const auto& [index, stored_record] : stored.read(thousand)) {
      roll.add(index);
      if (index >= manifest.runs) continue;
      if (!fastest.knows(stored_record)) return std::nullopt;
      Record record = stored_record;
      const Record* baseline = record.baseline ? stored.find(*record.baseline) : nullptr;
      if (baseline != nullptr) compare(record, *baseline);
      fastest.compare(record);
      tables.add(std::move(record));
    }
  }
  roll.expect_all();
  return tables.finish();
}

}  // namespace

Summary merge_results(const fs::path& folder) {
  const std::optional<Manifest> manifest = read_manifest(folder);
  if (!manifest) throw InputError({folder.string(), 0, 0}, "", "holds no results of edgeflow");
  StoredRuns stored(folder, *manifest);
  if (auto summary = write_tables(folder, *manifest, stored, Fastest())) return *std::move(summary);
  return write_tables(folder, *manifest, stored, fastest_of(stored)).value();
}

}  // namespace edgeflow
