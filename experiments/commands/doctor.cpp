// edgeflow doctor: what this installation has, and what it lacks.

#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "experiments/commands/commands.hpp"
#include "experiments/commands/script.hpp"
#include "experiments/results/version.hpp"
#include "workloads/input/home.hpp"
#include "workloads/input/process.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

constexpr double kPythonsTime_s = 60;

/// One line, and whether all is well with it.
struct Finding {
  std::string topic;
  std::string what;
  bool well = true;
};

struct Catalogue {
  const char* topic;
  const char* folder;
};
constexpr std::array kCatalogues{
    Catalogue{"models", "workloads/models"}, Catalogue{"devices", "platforms/devices"},
    Catalogue{"clusters", "platforms/clusters"}, Catalogue{"messaging", "platforms/messaging"},
    Catalogue{"studies", "experiments/studies"}};

void add_data(std::vector<Finding>& findings) {
  const char* asked = std::getenv("EDGEFLOW_HOME");
  const bool by_name = asked != nullptr && *asked != '\0';
  findings.push_back(
      {"data", fmt::format("{}{}", home_folder().string(), by_name ? ", by EDGEFLOW_HOME" : "")});
  for (const Catalogue& catalogue : kCatalogues) {
    const std::size_t count = catalogue_names(catalogue.folder).size();
    findings.push_back({catalogue.topic, std::to_string(count), count > 0});
  }
}

/// What figures and reports need: modules of Python, by what a Python says itself.
Finding python_finding() {
  const std::string python = python_program();
  const std::string look = R"(
import importlib, sys
lacking = []
for name in ("matplotlib", "numpy", "pandas", "scipy", "yaml"):
    try:
        importlib.import_module(name)
    except ImportError:
        lacking.append("python3-" + name)
print(sys.version.split()[0] + ("; lacks " + " ".join(lacking) if lacking else ""))
)";
  try {
    const std::array<std::string, 4> words{python, "-B", "-c", look};
    Process process = Process::start_supervised(words, "");
    std::string text;
    const bool in_time = process.read_all(kPythonsTime_s, text);
    if (!in_time || process.wait().shell_code() != 0 || text.empty()) {
      return {"Python", python + " does not run", false};
    }
    text.pop_back();  // the line's end
    const bool lacks = text.find(';') != std::string::npos;
    return {"Python", fmt::format("{}, {}{}", python, text, lacks ? ": apt install them" : ""),
            !lacks};
  } catch (const std::system_error& error) {
    return {"Python", fmt::format("{}: {}", python, error.code().message()), false};
  }
}

/// Whether results can be written to the present folder, and runs be locked there.
Finding folder_finding() {
  std::string name = (fs::current_path() / ".edgeflow-doctor-XXXXXX").string();
  const int file = mkstemp(name.data());
  if (file < 0) return {"this folder", "cannot be written; results need -o", false};
  const bool locks = flock(file, LOCK_EX | LOCK_NB) == 0;
  close(file);
  unlink(name.c_str());
  return {"this folder",
          locks ? "can be written, has locks" : "can be written, has no locks: use --no-lock"};
}

}  // namespace

int doctor() {
  std::vector<Finding> findings{{"program", program_file().string()}};
  try {
    add_data(findings);
  } catch (const InputError& error) {
    findings.push_back({"data", error.what(), false});
  }
  findings.push_back(python_finding());
  findings.push_back(folder_finding());
  print(version_text() + "\n\n");
  bool well = true;
  for (const Finding& finding : findings) {
    print(fmt::format("{:11}  {}{}\n", finding.topic,
                      finding.well ? "" : "NOT WELL: ", finding.what));
    well = well && finding.well;
  }
  return well ? kExitOk : kExitNotAllOk;
}

}  // namespace edgeflow
