#pragma once
// What is the machine's fault, not that of the input or of the program: never the result of a run.
// Caught once, in main: exit code 3.

#include <exception>
#include <stdexcept>
#include <string>

namespace edgeflow {

/// Memory, processes, open files or space on a disk have run out, or somebody ended a process.
class MachineError : public std::runtime_error {
 public:
  /// What may help: a better time for the whole sweep, or for this run when others are done.
  enum class Remedy : bool { kStop, kTryAgain };

  explicit MachineError(const std::string& message, Remedy remedy = Remedy::kStop)
      : std::runtime_error(message), remedy_(remedy) {}
  Remedy remedy() const { return remedy_; }

 private:
  Remedy remedy_;
};

/// Whether errno says that the machine is short of something, or its hardware failed.
bool is_machines_fault(int error);

/// Throws InputError that names `file`, or MachineError if `error` (errno) is the machine's fault.
[[noreturn]] void fail_on_file(const std::string& file, const std::string& what, int error);

/// Throws MachineError if `thrown` is the machine's fault: one, no memory, or such an errno.
/// Otherwise returns.
void rethrow_machines_fault(const std::exception_ptr& thrown = std::current_exception());

}  // namespace edgeflow
