#pragma once
// The subcommands that are Python: report, plot and calibrate run the scripts of that name.

#include <filesystem>
#include <string>
#include <vector>

namespace edgeflow {

/// $EDGEFLOW_PYTHON, else Debian's own, which has the modules, else what PATH has.
std::string python_program();

/// Runs home_folder()/scripts/`name` with `words`, as users give them; the scripts find this program
/// by $EDGEFLOW. The value returned is the exit code: kExitOk or kExitUsage. Throws InputError if
/// there is no such script or Python.
int run_script(const std::string& name, std::vector<std::string> words);

/// Writes report.html into a results folder.
int report(const std::string& folder);

/// `words`: [FIGURE] DIR [option of the script]...; all figures that the folder has data for unless
/// one is named.
int plot(const std::vector<std::string>& words);

/// Names of the figures that home_folder() has scripts for, sorted.
std::vector<std::string> figure_names();

}  // namespace edgeflow
