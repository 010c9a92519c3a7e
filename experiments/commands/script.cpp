#include "experiments/commands/script.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "experiments/commands/commands.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/process.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDebiansPython = "/usr/bin/python3";
constexpr std::string_view kPlot = "plot_";

std::string script_of(std::string_view figure) { return fmt::format("{}{}.py", kPlot, figure); }

bool names_figure(const std::string& word) {
  const std::vector<std::string> names = figure_names();
  return std::find(names.begin(), names.end(), word) != names.end();
}

[[noreturn]] void fail_plot(const std::string& what) {
  throw InputError({"edgeflow plot", 0, 0}, "", what,
                   fmt::format("figures: {}", fmt::join(figure_names(), ", ")));
}

}  // namespace

std::string python_program() {
  const char* asked = std::getenv("EDGEFLOW_PYTHON");
  if (asked != nullptr && *asked != '\0') return asked;
  return access(kDebiansPython, X_OK) == 0 ? kDebiansPython : "python3";
}

int run_script(const std::string& name, std::vector<std::string> words) {
  const fs::path script = home_folder() / "scripts" / name;
  if (std::error_code error; !fs::exists(script, error)) {
    throw InputError({script.string(), 0, 0}, "", "no such file", "'edgeflow doctor' says more");
  }
  const std::string python = python_program();
  // Where the scripts are installed, nothing may be written.
  words.insert(words.begin(), {python, "-B", script.string()});
  setenv("EDGEFLOW", program_file().c_str(), 1);
  try {
    Process process = Process::start(words);
    return process.wait().shell_code() == 0 ? kExitOk : kExitUsage;
  } catch (const std::system_error& error) {
    throw InputError({python, 0, 0}, "", error.code().message(),
                     "'edgeflow doctor' says what is missing");
  }
}

int report(const std::string& folder) {
  const fs::path table = fs::path(folder) / "runs.csv";
  if (std::error_code error; !fs::exists(table, error)) {
    throw InputError({table.string(), 0, 0}, "", "no such file",
                     "a finished sweep or 'edgeflow merge' writes it");
  }
  // An absolute path cannot be taken for an option.
  return run_script("report.py", {fs::absolute(folder).string()});
}

int plot(const std::vector<std::string>& words) {
  const bool named = !words.empty() && names_figure(words.front());
  const std::size_t before = named ? 1 : 0;
  if (words.size() <= before) fail_plot("expected [FIGURE] DIR");
  if (!named && words.size() > 1 && !words[1].starts_with('-')) {
    fail_plot(fmt::format("there is no figure {}", in_quotes(words.front())));
  }
  const std::string figure = named ? words.front() : "all";
  return run_script(script_of(figure),
                    {words.begin() + static_cast<std::ptrdiff_t>(before), words.end()});
}

std::vector<std::string> figure_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(home_folder() / "scripts", error)) {
    const std::string file = entry.path().filename().string();
    if (!file.starts_with(kPlot) || entry.path().extension() != ".py") continue;
    names.push_back(entry.path().stem().string().substr(kPlot.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace edgeflow
