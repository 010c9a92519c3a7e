#include "experiments/commands/plugins.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <deque>
#include <filesystem>

#include "experiments/results/version.hpp"
#include "partition/plugin.hpp"
#include "workloads/input/error.hpp"
#include "workloads/input/file_hash.hpp"

namespace edgeflow {
namespace {

namespace fs = std::filesystem;

/// A function of the plugin, or null.
template <typename Result>
auto function_of(void* plugin, const char* name) {
  return reinterpret_cast<Result (*)()>(dlsym(plugin, name));
}

void expect_version(const std::string& file, const std::string& built_for) {
  const std::string& own = version_info().version;
  if (built_for == own) return;
  throw InputError({file, 0, 0}, "",
                   fmt::format("was built for edgeflow {}, this is {}", built_for, own),
                   "build it again with the headers of this version");
}

/// The strategy of a shared object, which stays loaded.
const StrategyInfo& strategy_of(const std::string& file) {
  const fs::path path = fs::absolute(file);  // else the dynamic linker looks for the name elsewhere
  if (std::error_code error; !fs::is_regular_file(path, error)) {
    throw InputError({file, 0, 0}, "", "there is no such file");
  }
  void* plugin = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    throw InputError({file, 0, 0}, "", fmt::format("cannot be loaded: {}", dlerror()));
  }
  const auto version = function_of<const char*>(plugin, kPluginVersion);
  const auto strategy = function_of<const StrategyInfo*>(plugin, kPluginStrategy);
  if (version == nullptr || strategy == nullptr) {
    throw InputError({file, 0, 0}, "",
                     fmt::format("is no strategy plugin: it has no function {}",
                                 version == nullptr ? kPluginVersion : kPluginStrategy),
                     "EDGEFLOW_STRATEGY_PLUGIN(kMine) defines what it needs");
  }
  expect_version(file, version());
  return *strategy();
}

}  // namespace

void load_strategy_plugin(const std::string& file) {
  static std::deque<std::string> hashes;
  StrategyInfo strategy = strategy_of(file);
  strategy.plugin_hash = hashes.emplace_back(content_hash(file));
  try {
    add_strategy(strategy);
  } catch (const InputError& error) {
    throw InputError({file, 0, 0}, "", error.message(), error.hint());
  }
}

}  // namespace edgeflow
