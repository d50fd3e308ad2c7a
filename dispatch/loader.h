/// Opens backend modules: nsameta_cuda.so and nsameta_hip.so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry.h"

namespace nsameta {

/// Where modules are looked for, in order, and what was refused before looking.
struct search_places {
  std::vector<std::string> folders;  ///< absolute, without links and dots
  std::string refused;               ///< "" or a sentence on a place that is not searched
};

/// The folders that a plugin folder (null: none given) and the library's own folder ("": unknown) make. Only absolute
/// ones count: a relative one would name a folder of whatever the working directory is.
search_places make_search_places(const char* plugin_folder, std::string_view library_folder);

/// NSAMETA_PLUGIN_DIR, unless the process runs with raised privileges, then the folder this library was loaded from.
search_places module_search_places();

/// Opens nsameta_<name>.so from the first place that has the file; it is never closed again. `why_not_built` is "" if
/// this build made the module, and else the reason to give when no file is found.
opened_backend open_module(const char* name, const char* why_not_built, const search_places& places);

}  // namespace nsameta
