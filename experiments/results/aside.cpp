#include "experiments/results/aside.hpp"

#include <fmt/format.h>

#include <array>
#include <system_error>

#include "experiments/results/layout.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/files.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::array kTables{"runs.csv", "summary.csv", "streams.csv", "timing.csv", "report.html"};
constexpr const char* kPlots = "plots";  // of scripts/plot_all.py
constexpr const char* kManifest = "manifest.json";

[[noreturn]] void fail(const fs::path& path, const std::error_code& error) {
  throw InputError({path.string(), 0, 0}, "", "cannot be moved aside: " + error.message());
}

}  // namespace

void Aside::open() {
  if (!place_.empty()) return;
  std::error_code error;
  for (int n = 1; place_.empty(); ++n) {
    const fs::path place = folder_ / fmt::format("runs.old-{}", n);
    if (fs::create_directory(place, error)) place_ = place;
    if (error) fail(place, error);
  }
  fs::copy_file(folder_ / kManifest, place_ / kManifest, error);
  if (error) fail(folder_ / kManifest, error);
  for (const char* name : kTables) move(folder_ / name);
  move(folder_ / kPlots);
}

void Aside::move(const fs::path& path) const {
  std::error_code error;
  if (!fs::exists(path, error)) return;
  fs::rename(path, target_of(path), error);
  if (error) fail(path, error);
}

fs::path Aside::target_of(const fs::path& path) const {
  fs::path target = place_ / fs::relative(path, folder_);
  create_folders(target.parent_path());
  return target;
}

fs::path Aside::place_for(const fs::path& path) {
  open();
  return target_of(path);
}

void Aside::move_all() {
  open();
  move(folder_ / kRunsFolder);
  move(folder_ / kRecordsFolder);
}

void Aside::move_run(const fs::path& run) {
  open();
  move(run);
}

void remove_tables(const fs::path& folder) {
  for (const char* name : kTables) clear_away(folder / name);
}

void clear_away(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return;
  throw InputError({path.string(), 0, 0}, "", "cannot be replaced: " + error.message());
}

}  // namespace edgeflow
