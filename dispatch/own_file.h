/// The file that this code was loaded from: modules are looked for beside it.
#pragma once

#include <string>

namespace nsameta {

/// Absolute path of the shared library, or of the program that this library is linked into; "" if it is not known.
///
/// The linker's name of the library is taken only if it is absolute. A relative one (a relative path given to dlopen,
/// or found in LD_LIBRARY_PATH) meant the working directory of that moment, which may be another by now: resolving it
/// today could lead to somebody else's folder. The kernel is asked in its place: it knows the file that is mapped at
/// this code's address, wherever the process went since. So for programs too: argv[0] is anybody's to choose. But not
/// in a setuid process, which may have been started through a link in anybody's folder.
std::string own_file();

}  // namespace nsameta
