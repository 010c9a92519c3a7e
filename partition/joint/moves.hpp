#pragma once
// Random changes of a plan, for search by small steps.
//
// Most changes act on an interval of layers at once, by the same fraction of each layer's extent,
// so that boundaries of neighbouring layers stay aligned and halos small. Three quarters of the
// intervals are laid around a random critical unit.

#include <cstdint>

#include "partition/joint/random.hpp"
#include "partition/joint/replay.hpp"

namespace edgeflow::joint {

class Moves {
 public:
  Moves(Schedule& schedule, Random& random) : schedule_(schedule), random_(random) {}

  /// Critical units are the replay's from now on, or the schedule's again.
  void follow(const Replay* replay) { replay_ = replay; }

  /// Edits the schedule; the caller tries the change. Precondition: at least two devices and one
  /// layer besides the input.
  void fine();
  /// Changes of long stretches: from the first layer, to the last one, or all.
  void coarse();
  /// Takes a stretch of another plan on the same devices.
  void guided(const Encoding& other);

 private:
  struct Stretch {
    std::size_t first = 1;
    std::size_t last = 1;
    std::size_t anchor = 1;  // a layer within
    std::size_t device = 0;  // critical there, if the stretch was laid around a critical unit
  };

  Stretch pick_stretch();
  bool find_critical(Stretch& stretch);
  std::size_t pick_device(const Stretch& stretch);

  void shift_boundary(const Stretch& stretch);
  void scale_share(const Stretch& stretch);
  void spread(const Stretch& stretch);
  void assign_whole(const Stretch& stretch);
  void copy_fractions(const Stretch& stretch);
  void set_recompute(const Stretch& stretch);
  void move_share(const Stretch& stretch);
  void align_boundary(const Stretch& stretch);

  void cut_at(std::size_t layer, std::size_t boundary, std::int32_t at);
  void set_shares(std::size_t layer, const double* shares);
  void place_whole(std::size_t layer, std::size_t device);

  Schedule& schedule_;
  Random& random_;
  const Replay* replay_ = nullptr;
};

}  // namespace edgeflow::joint
