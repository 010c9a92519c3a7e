// How long models take to be read and analysed, and in how much memory: ONNX files one by one, then
// made-up graphs of 1,000, 3,000 and 10,000 layers as YAML.
// usage: read_bench [FILE.onnx...]     (default: tests/data/onnx of the current folder)

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "workloads/input/error.hpp"
#include "workloads/model_yaml.hpp"
#include "workloads/onnx/reader.hpp"

namespace edgeflow {
namespace {

/// Milliseconds of processor time, the least of some runs.
template <typename Function>
double least_ms(Function function) {
  double least = 1e9;
  for (int run = 0; run < 5; ++run) {
    const std::clock_t start = std::clock();
    function();
    least = std::min(least, 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return least;
}

/// Reads `file` in a process of its own, so that the peak is that file's.
void report_file(const std::filesystem::path& file) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    try {
      OnnxOptions options;
      if (file.filename().string().find("dynhw") != std::string::npos) {
        options.inputs[""] = {1, 3, 224, 224};
      }
      std::size_t layers = 0;
      const double ms = least_ms([&] { layers = read_onnx(file, options).size(); });
      fmt::print("{:36} {:>10.2f} {:>7} {:>9.1f}", file.filename().string(),
                 static_cast<double>(std::filesystem::file_size(file)) * 1e-6, layers, ms);
    } catch (const InputError& error) {
      fmt::print("{}", error.what());
    }
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  fmt::print(" {:>9.1f}\n", static_cast<double>(usage.ru_maxrss) / 1024);
}

/// Residual blocks of convolution, batch-norm, relu, convolution and sum.
std::string made_up_model(int layers) {
  std::string text = "schema: 1\nname: made-up\nlayers:\n";
  auto add = [&, number = 0](const std::string& op, const std::string& rest) mutable {
    std::string name = fmt::format("{}{}", op, number++);
    text += fmt::format("  - {{name: {}, op: {}{}}}\n", name, op, rest);
    return name;
  };
  std::string x = add("input", ", dims: [1, 16, 32, 32]");
  for (int made = 1; made + 5 <= layers; made += 5) {
    const std::string conv = ", out_channels: 16, kernel: [3, 3], pad: [1, 1, 1, 1], inputs: [";
    std::string y = add("conv", conv + x + "]");
    y = add("batch_norm", ", inputs: [" + y + "]");
    y = add("relu", ", inputs: [" + y + "]");
    y = add("conv", conv + y + "]");
    x = add("add", ", inputs: [" + x + ", " + y + "]");
  }
  return text;
}

void report_made_up() {
  fmt::print("\n{:>7} {:>9} {:>9} {:>11} {:>11}\n", "layers", "read ms", "fold ms", "analyse ms",
             "us a layer");
  for (const int layers : {1'000, 3'000, 10'000}) {
    const std::string text = made_up_model(layers);
    const Document document(text, "made-up.yaml");
    const double read = least_ms([&] { read_model(Document(text, "made-up.yaml")); });
    const Graph graph = read_model(document);
    const double folding = least_ms([&] { fold(graph); });
    const double analysis = least_ms([&] {
      totals(graph);
      cut_points(graph);
      widest_frontier(graph);
    });
    fmt::print("{:>7} {:>9.1f} {:>9.1f} {:>11.1f} {:>11.1f}\n", graph.size(), read, folding,
               analysis, 1e3 * (read + folding + analysis) / static_cast<double>(graph.size()));
  }
}

}  // namespace
}  // namespace edgeflow

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files(argv + 1, argv + argc);
  if (files.empty() && std::filesystem::exists("tests/data/onnx")) {
    for (const auto& entry : std::filesystem::directory_iterator("tests/data/onnx")) {
      if (entry.path().extension() == ".onnx") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  }
  fmt::print("{:36} {:>10} {:>7} {:>9} {:>9}\n", "file", "MB", "layers", "ms", "peak MiB");
  for (const auto& file : files) edgeflow::report_file(file);
  edgeflow::report_made_up();
}
