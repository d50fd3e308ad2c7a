/// A look at a module before the linker's: dlopen waits for ever on a pipe, and maps what the headers of a file promise
/// without asking whether it is there, so that a module that was cut short ends the process with SIGBUS.
#pragma once

#include <string>

namespace nsameta {

/// "" if the file is a regular one, and as long as its ELF headers say when it has any; else why it is not. What else
/// may be wrong with it is the linker's to say.
std::string why_not_whole(const std::string& path);

}  // namespace nsameta
