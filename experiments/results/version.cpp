#include "experiments/results/version.hpp"

#include <fmt/format.h>

namespace edgeflow {

const VersionInfo& version_info() {
  static const VersionInfo kInfo{EDGEFLOW_VERSION, EDGEFLOW_COMMIT, EDGEFLOW_SIMGRID_VERSION,
                                 EDGEFLOW_CLP_VERSION, EDGEFLOW_COMPILER};
  return kInfo;
}

std::string version_text() {
  const VersionInfo& info = version_info();
  return fmt::format("edgeflow {}\ncommit   {}\nSimGrid  {}\nCLP      {}\ncompiler {}",
                     info.version, info.commit, info.simgrid, info.clp, info.compiler);
}

}  // namespace edgeflow
