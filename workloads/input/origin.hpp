#pragma once
// Where this program was built and from which commit, in a section of its own of the executable:
// results do not depend on it, so whoever asks whether two programs are equal can leave it out.
// The definition is made anew by every build (origin.cmake).

#include <string_view>

namespace edgeflow {

inline constexpr std::string_view kOriginSection = ".edgeflow_origin";
#define EDGEFLOW_ORIGIN [[gnu::section(".edgeflow_origin")]]

/// Of one size, whatever it says, so that everything else stays where it is.
struct Origin {
  char source_folder[4096];  // NOLINT(modernize-avoid-c-arrays)
  char commit[64];           // "unknown" outside of a repository
  bool dirty;                // with changes that are in no commit
};

extern const Origin kOrigin;

}  // namespace edgeflow
