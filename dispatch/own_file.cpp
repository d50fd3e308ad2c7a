#include "own_file.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string_view>

namespace nsameta {
namespace {

/// What the kernel calls the file mapped at `address`. A file that was removed has no name: its old one, and the folder
/// in it, may by now be anybody's.
std::string mapped_file(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  maps.exceptions(std::ios::badbit);  // a line that memory was missing for must not read as the end
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    int name = 0;  // where it begins, after the range, the permissions, the offset, the device and the inode
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %*s %*s %*s %n", &begin, &end, &name) < 2 || name == 0) continue;
    if (wanted < begin || wanted >= end) continue;
    const std::string_view file = std::string_view(line).substr(static_cast<std::size_t>(name));
    return file.starts_with('/') && !file.ends_with(" (deleted)") ? std::string(file) : "";
  }
  return "";
}

}  // namespace

std::string own_file() {
  static const char own_symbol = 0;
  Dl_info info;
  void* found = nullptr;
  if (dladdr1(&own_symbol, &info, &found, RTLD_DL_LINKMAP) != 0 && found != nullptr) {
    const std::string_view name = static_cast<const link_map*>(found)->l_name;
    if (name.starts_with('/')) return std::string(name);
  }
  // A setuid program may be started through a link in anybody's folder.
  return getauxval(AT_SECURE) != 0 ? "" : mapped_file(&own_symbol);
}

}  // namespace nsameta
