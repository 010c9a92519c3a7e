#include "workloads/input/machine_error.hpp"

#include <cerrno>
#include <new>
#include <system_error>

#include "workloads/input/error.hpp"

namespace edgeflow {
namespace {

MachineError::Remedy remedy_of(int error) {
  const bool of_this_run = error == ENOMEM || error == EFBIG;
  return of_this_run ? MachineError::Remedy::kTryAgain : MachineError::Remedy::kStop;
}

}  // namespace

bool is_machines_fault(int error) {
  switch (error) {
    case EAGAIN:
    case EDQUOT:
    case EFBIG:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
      return true;
    default:
      return false;
  }
}

void fail_on_file(const std::string& file, const std::string& what, int error) {
  const std::string message = what + ": " + std::generic_category().message(error);
  if (is_machines_fault(error)) throw MachineError(file + ": " + message, remedy_of(error));
  throw InputError({file, 0, 0}, "", message);
}

void rethrow_machines_fault(const std::exception_ptr& thrown) {
  try {
    if (thrown) std::rethrow_exception(thrown);
  } catch (const MachineError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw MachineError("there is not enough memory", MachineError::Remedy::kTryAgain);
  } catch (const std::system_error& error) {
    const int code = error.code().value();
    if (is_machines_fault(code)) throw MachineError(error.what(), remedy_of(code));
  } catch (...) {  // somebody else's
  }
}

}  // namespace edgeflow
