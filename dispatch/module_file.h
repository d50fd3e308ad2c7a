/// Checks on the files of modules before the linker sees them, and where this library itself lies.
#pragma once

#include <string>

namespace nsameta {

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

/// "", or why the file is not as long as its ELF headers say, or not a regular one: dlopen waits for ever on a pipe,
/// and maps what headers promise without looking whether it is there, so that a truncated module ends the process with
/// SIGBUS. Anything else that is wrong with the file is the linker's to say.
std::string check_elf_size(const std::string& path);

}  // namespace nsameta
