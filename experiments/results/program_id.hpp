#pragma once
// Which program made a run: what in it can change results.

#include <cstdint>
#include <string>
#include <string_view>

#include "experiments/jobs/job.hpp"

namespace edgeflow {

/// 16 hex digits over this executable's code and constants, SimGrid and CLP. A commit that changes
/// nothing of these, as of documentation, is the same program. Throws InputError if they cannot be
/// read.
const std::string& program_id();

/// The same with the plugins of the job's strategies, and their programs that were found in PATH.
std::string program_of(const Job& job);

/// Over what an ELF executable loads, without its origin (workloads/input/origin.hpp) and its build
/// id, which depends on that. Throws InputError for what is none.
std::uint64_t code_hash(std::string_view elf);

}  // namespace edgeflow
