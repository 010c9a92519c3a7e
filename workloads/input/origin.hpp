#pragma once
// The commit that this program was built from, in a section of its own of the executable: results
// do not depend on it, so whoever asks whether two programs are equal can leave it out. The
// definition is made anew by every build (origin.cmake).

#include <string_view>

namespace edgeflow {

inline constexpr std::string_view kOriginSection = ".edgeflow_origin";
#define EDGEFLOW_ORIGIN [[gnu::section(".edgeflow_origin")]]

/// Of one size, whatever it says, so that everything else stays where it is.
struct Origin {
  char commit[64];  // "unknown" outside of a repository; NOLINT(modernize-avoid-c-arrays)
  bool dirty;       // with changes that are in no commit
};

extern const Origin kOrigin;

}  // namespace edgeflow
