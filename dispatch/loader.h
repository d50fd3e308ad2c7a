/// Opens backend modules: nsameta_simt.so, nsameta_cuda.so and nsameta_hip.so. Their files are checked before the
/// linker sees them.
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

/// NSAMETA_PLUGIN_DIR, then the folder this library was loaded from, then where the build that linked it in makes
/// modules, if that is known. A process with raised privileges has the second alone.
search_places module_search_places(const char* made_in = "");

/// Absolute path of the shared library, or of the program that this library is linked into; "" if it is not known.
///
/// The linker's name of the library is taken only if it is absolute: a relative one (given to dlopen, or found in
/// LD_LIBRARY_PATH) meant the working directory of that moment, which may be another by now. Then, and for programs,
/// whose argv[0] is anybody's to choose, the kernel says which file is mapped here. But not in a setuid process, which
/// may have been started through a link in anybody's folder.
std::string library_path();

/// "", or who else could have put the module there: a message that names what everybody may write to. That is the file,
/// its folder, or the folder of a link on the way to it; with the sticky bit too, because anybody could create the file
/// first. Owners and groups are not asked, nor the folders above and links among them: whoever installs answers for
/// these.
std::string check_permissions(const std::string& path);

/// "", or why the file is not as long as its ELF headers say, for another processor, or not a regular one: dlopen waits
/// for ever on a pipe, calls a module of another processor no such file, and maps what headers promise without looking
/// whether it is there, so that a truncated module ends the process with SIGBUS. Anything else that is wrong with the
/// file is the linker's to say.
std::string check_elf(const std::string& path);

/// Opens nsameta_<name>.so from the first place that has the file; it is never closed again. `why_not_built` is "" if
/// this build made the module, and else the reason to give when no file is found.
opened_backend open_module(const char* name, const char* why_not_built, const search_places& places);

}  // namespace nsameta
