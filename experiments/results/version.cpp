#include "experiments/results/version.hpp"

#include <fmt/format.h>

#include "workloads/input/origin.hpp"

namespace edgeflow {

const VersionInfo& version_info() {
  static const VersionInfo kInfo{EDGEFLOW_VERSION,         kOrigin.commit,       kOrigin.dirty,
                                 EDGEFLOW_SIMGRID_VERSION, EDGEFLOW_CLP_VERSION, EDGEFLOW_COMPILER};
  return kInfo;
}

std::string version_text() {
  const VersionInfo& info = version_info();
  return fmt::format("edgeflow {}\ncommit   {}{}\nSimGrid  {}\nCLP      {}\ncompiler {}",
                     info.version, info.commit, info.dirty ? ", with changes" : "", info.simgrid,
                     info.clp, info.compiler);
}

}  // namespace edgeflow
