#pragma once
// The shapes of well-known models at a size that the reference can run: few channels, small images.

#include <string>
#include <utility>
#include <vector>

#include "workloads/graph/graph.hpp"

namespace edgeflow::reference {

struct SmallModel {
  std::string name;
  Graph graph;
};

/// VGG-11-like, ResNet-18-like, Inception-like, DenseNet-like, MobileNet-like, YOLO-like, as read
/// and after folding; and exports of real modules, folded: ShuffleNet, ViT, BERT, GPT-2
/// (tests/data/small).
std::vector<SmallModel> small_models();

}  // namespace edgeflow::reference
