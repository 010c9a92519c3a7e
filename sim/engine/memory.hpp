#pragma once
// How full a device's memory is over time.
//
// The rule, for every device:
//  - the weights of all layers with a unit on the device are there all the time;
//  - a unit's output is there from its start until its last local consumer has finished and its
//    last message has arrived (results have no consumer: they leave as soon as they are done);
//  - a message's bytes are there, on the receiver, from the start of the transfer until the last
//    unit that it feeds has finished.
// Relays and views hold a copy of their own. What comes and goes within one instant does not count,
// so that the peak does not depend on the order in which simultaneous events are handled.

namespace edgeflow {

class MemoryMeter {
 public:
  MemoryMeter(double weight_bytes, double capacity_bytes)
      : capacity_bytes_(capacity_bytes), level_bytes_(weight_bytes) {}

  /// Adds `bytes` (negative: gives back) at time `now_s`, which never decreases from call to call.
  void change(double now_s, double bytes) {
    if (now_s > since_s_) settle();
    since_s_ = now_s;
    level_bytes_ += bytes;
  }
  /// Counts the present level as one that lasted.
  void settle() {
    if (level_bytes_ > peak_bytes_) peak_bytes_ = level_bytes_;
    if (overflow_bytes_ == 0 && level_bytes_ > capacity_bytes_) {
      overflow_bytes_ = level_bytes_;
      overflow_s_ = since_s_;
    }
  }

  double level_bytes() const { return level_bytes_; }
  double peak_bytes() const { return peak_bytes_; }
  /// The first level that lasted and did not fit, and since when; 0 bytes if all did.
  double overflow_bytes() const { return overflow_bytes_; }
  double overflow_s() const { return overflow_s_; }
  double capacity_bytes() const { return capacity_bytes_; }

 private:
  double capacity_bytes_;
  double level_bytes_;
  double since_s_ = 0;  // when the level last changed
  double peak_bytes_ = 0;
  double overflow_bytes_ = 0;
  double overflow_s_ = 0;
};

}  // namespace edgeflow
