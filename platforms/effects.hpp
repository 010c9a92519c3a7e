#pragma once
// Effects of reality that estimate and simulation can both leave out (`simulation.ablate`).

#include <array>
#include <string_view>

namespace edgeflow {

/// What is not switched off; kEffects says what each of them is.
struct Effects {
  bool contention = true;
  bool latency = true;
  bool overheads = true;
  bool queueing = true;
  bool disturbances = true;
};

struct Effect {
  std::string_view name;  // in scenarios
  bool Effects::*member;
  std::string_view meaning;
};

/// All of them.
inline constexpr std::array kEffects{
    Effect{"contention", &Effects::contention, "messages share links"},
    Effect{"latency", &Effects::latency, "messages take the latency of their route"},
    Effect{"overheads", &Effects::overheads,
           "devices pay their overhead per layer, per task and per message"},
    Effect{"queueing", &Effects::queueing, "a device computes one unit at a time"},
    Effect{"disturbances", &Effects::disturbances,
           "what changes, contends or fails during a run; has no part in estimates"},
};
static_assert(kEffects.size() == sizeof(Effects) / sizeof(bool), "a row for each effect");

}  // namespace edgeflow
