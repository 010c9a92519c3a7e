#pragma once
// What a mistake in a user's file is answered with.

#include <string>

#include "workloads/input/error.hpp"

namespace edgeflow::test {

/// The text of the InputError that `action` throws; "no error" if it throws none.
template <typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace edgeflow::test
