#include "sim/records/result.hpp"

namespace edgeflow {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kInfeasible:
      return "infeasible";
    case Status::kOutOfMemory:
      return "out_of_memory";
    case Status::kDeadlock:
      return "deadlock";
    case Status::kTimeout:
      return "timeout";
    case Status::kFailed:
      return "failed";
    case Status::kCrashed:
      return "crashed";
    case Status::kOverloaded:
      return "overloaded";
  }
  return "";
}

}  // namespace edgeflow
