#include "workloads/tensors/precision.hpp"

#include "workloads/input/yaml.hpp"

namespace edgeflow {

Precision read_precision(const Yaml& yaml) {
  if (yaml.is_scalar() && yaml.as_string() == to_string(Precision::kUint8)) {
    yaml.fail("only the model's input can be uint8", "that is input_precision");
  }
  return static_cast<Precision>(yaml.as_choice(kComputePrecisions));
}

}  // namespace edgeflow
