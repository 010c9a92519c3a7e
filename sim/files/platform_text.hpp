#pragma once
// What of a SimGrid platform file is refused before SimGrid sees it.

#include <filesystem>

namespace edgeflow {

/// Reads the file as text and throws InputError at the line of what SimGrid takes and does not show,
/// or what would change a simulation behind our back (traces, <config>, bandwidths without a unit);
/// and of what SimGrid would be at for hours: `radical` and `topo_parameters` that stand for more
/// hosts or switches than a cluster has. Knows no SimGrid. Linear in the file.
void refuse_unsupported(const std::filesystem::path& file);

}  // namespace edgeflow
