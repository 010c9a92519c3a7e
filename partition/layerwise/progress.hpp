#pragma once
// How far planning layer by layer is: where the layers before lie, when their parts are done, what
// was brought where, and until when devices and the ways between them are taken.
//
// A device that has sent is taken by what that costs it only behind its part of the layer.
// Every device has a way in and a way out, which carry one message after the other; on a single
// medium (wifi, hub) they are all the same one. That is coarser than the network: backbones behind
// a device's own link are not seen to be shared.

#include <span>
#include <vector>

#include "partition/layerwise/progressive.hpp"

namespace edgeflow {

/// Where a layer's output is, by position, and when.
struct Parts {
  Axis axis = Axis::kRow;
  std::vector<std::int64_t> boundaries;
  std::vector<double> finish_s;
};

class Progress {
 public:
  /// `problem` must outlive it. `devices`: as they stand along a layer's rows.
  Progress(const Problem& problem, std::span<const DeviceId> devices);

  /// Of all layers so far.
  const std::vector<Parts>& parts() const { return parts_; }
  double free_s(std::size_t device) const { return free_s_[device]; }

  /// The problem of the next layer. Precondition: it is no view.
  LayerProblem problem_of(const LayerModel& model) const;
  Predecessor predecessor(const LayerInput& input) const;

  /// The input lies on the source.
  void add_input(const LayerModel& model);
  /// A view lies as its input does.
  void add_view(LayerId input);
  void add(const LayerModel& model, Parts parts);

 private:
  struct Message {
    double from_s = 0;  // can leave
    double takes_s = 0;
    double sender_s = 0;  // of its sender, who then does nothing else
    std::size_t from = 0, to = 0;
  };

  std::vector<Message> messages(const LayerProblem& layer, const LayerModel& model,
                                const Parts& parts) const;
  void carry(std::vector<Message> messages);
  void bring(const LayerInput& input, std::size_t device, const Range& rows);

  const Problem& problem_;
  std::vector<DeviceId> devices_;
  bool one_medium_;
  std::vector<double> byte_s_;     // [from*D + to], by position
  std::vector<double> latency_s_;  // likewise
  std::vector<double> sender_s_;   // what a message costs its sender's device, likewise
  std::vector<double> sender_byte_s_;
  std::vector<double> free_s_;  // by position, as the next two
  std::vector<double> in_free_s_;
  std::vector<double> out_free_s_;
  std::vector<Parts> parts_;                 // by layer
  std::vector<std::vector<Range>> brought_;  // by layer, device: others' rows that are there
};

}  // namespace edgeflow
