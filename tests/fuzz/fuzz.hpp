#pragma once
// What the targets share. Whatever the bytes are, reading them gives something or an InputError.

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "workloads/input/error.hpp"
#include "workloads/input/yaml.hpp"

namespace edgeflow::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A folder of this process alone, for readers of files.
inline const std::filesystem::path& folder() {
  static const std::filesystem::path path = [] {
    const auto fresh =
        std::filesystem::temp_directory_path() / ("edgeflow-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(fresh);
    std::atexit([] { std::filesystem::remove_all(folder()); });
    return fresh;
  }();
  return path;
}

/// The file of this name in folder(), which now holds `text`.
inline std::filesystem::path write(const char* name, std::string_view text) {
  const std::filesystem::path file = folder() / name;
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

/// A document of the target's own, as if it stood in folder().
inline Document own(std::string_view text) { return {text, (folder() / "own.yaml").string()}; }

template <typename Read>
int read(Read read_input) {
  try {
    read_input();
  } catch (const InputError&) {
  }
  return 0;
}

inline constexpr const char* kModel = R"(
schema: 1
name: small
layers:
  - {name: input, op: input, dims: [1, 3, 16, 16]}
  - {name: a, op: conv, inputs: [input], out_channels: 4, kernel: [3, 3], pad: [1, 1, 1, 1]}
  - {name: b, op: conv, inputs: [a], out_channels: 4, kernel: [3, 3], pad: [1, 1, 1, 1], stride: 2}
  - {name: c, op: max_pool, inputs: [a], kernel: [2, 2], stride: 2}
  - {name: d, op: add, inputs: [b, c]}
)";
inline constexpr const char* kCluster = R"(
schema: 1
network: {type: switch, bandwidth: 100Mbps, latency: 0.5ms}
devices: [{name: p, mac_rate: 1GMAC/s}, {name: q, mac_rate: 2GMAC/s}]
source: p
)";

}  // namespace edgeflow::fuzz
