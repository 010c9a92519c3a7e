#pragma once
// `edgeflow validate`: any of our files, recognised by its keys.

#include <filesystem>
#include <optional>
#include <string>

#include "workloads/input/yaml.hpp"

namespace edgeflow {

enum class FileKind { kScenario, kSweep, kModel, kCluster, kDevice, kMessaging, kPlan };

/// By the keys that only files of that kind have. Throws InputError if there is none.
FileKind recognise(const Document& document);

/// Throws InputError, with the command that takes such files as hint, if the document is plainly of
/// another kind than `expected`.
void expect_kind(const Document& document, FileKind expected);

/// Reads `file` as what it is, and what it refers to. Plans are checked against the model and the
/// cluster of `scenario`; without one only their form is checked. Returns what there is to say
/// about the file in one line; throws InputError.
std::string validate_file(const std::filesystem::path& file,
                          const std::optional<std::filesystem::path>& scenario);

}  // namespace edgeflow
