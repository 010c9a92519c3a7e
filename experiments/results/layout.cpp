#include "experiments/results/layout.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <system_error>
#include <vector>

#include "workloads/input/error.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDigits = "xxx";  // that differ within a thousand

std::string name_of(std::size_t thousand) { return fmt::format("{}{}", thousand, kDigits); }

/// The number that a name begins with, if `fits` holds for the rest.
template <typename Fits>
std::optional<std::size_t> number_in(const std::string& name, Fits fits) {
  std::size_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc{} || !fits(std::string_view(rest, end))) return std::nullopt;
  return number;
}

std::optional<std::size_t> thousand_of(const fs::path& path) {
  return number_in(path.stem().string(), [](std::string_view rest) { return rest == kDigits; });
}

/// Nothing if there is no such folder.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) entries.push_back(entry.path());
  return entries;
}

}  // namespace

fs::path Layout::folder_of(std::size_t thousand) const {
  const fs::path runs = folder_ / kRunsFolder;
  return runs_ > kThousand ? runs / name_of(thousand) : runs;
}

fs::path Layout::run(std::size_t index, const std::string& run_id) const {
  return folder_of(index / kThousand) / run_id;
}

fs::path Layout::log(std::size_t thousand) const {
  return folder_ / kRecordsFolder / (name_of(thousand) + ".jsonl");
}

std::set<std::size_t> Layout::thousands() const {
  std::set<std::size_t> all;
  for (std::size_t i = 0; i * kThousand < runs_; ++i) all.insert(i);
  for (const char* place : {kRunsFolder, kRecordsFolder}) {
    for (const fs::path& path : entries_of(folder_ / place)) {
      if (const auto thousand = thousand_of(path)) all.insert(*thousand);
    }
  }
  return all;
}

std::map<std::size_t, fs::path> Layout::runs_of(std::size_t thousand) const {
  std::map<std::size_t, fs::path> runs;
  for (const fs::path& path : entries_of(folder_of(thousand))) {
    const auto index = index_of_run(path);
    std::error_code error;
    if (!index || (runs_ > kThousand && *index / kThousand != thousand)) continue;
    if (!fs::exists(path / "status.json", error)) continue;
    if (!runs.emplace(*index, path).second) {
      throw InputError({path.string(), 0, 0}, "",
                       fmt::format("there are two runs with index {}", *index),
                       "run the sweep again: it removes what is not part of it");
    }
  }
  return runs;
}

std::optional<std::size_t> index_of_run(const fs::path& run) {
  return number_in(run.filename().string(),
                   [](std::string_view rest) { return rest.starts_with('-'); });
}

void for_each_run(const fs::path& folder, const std::function<void(const fs::path& run)>& use) {
  for (const fs::path& path : entries_of(folder / kRunsFolder)) {
    if (!thousand_of(path)) {
      use(path);
      continue;
    }
    for (const fs::path& run : entries_of(path)) use(run);
    std::error_code not_empty;
    fs::remove(path, not_empty);
  }
}

}  // namespace edgeflow
