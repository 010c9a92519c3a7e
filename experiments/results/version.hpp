#pragma once
// What the program was built from.

#include <string>

namespace edgeflow {

struct VersionInfo {
  std::string version;
  std::string commit;
  bool dirty;  // with changes that are in no commit
  std::string simgrid;
  std::string clp;
  std::string compiler;
};

const VersionInfo& version_info();

/// All of it, a line each.
std::string version_text();

}  // namespace edgeflow
