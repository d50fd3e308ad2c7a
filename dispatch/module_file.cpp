#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include "loader.h"

namespace nsameta {
namespace {

namespace fs = std::filesystem;

/// What the kernel calls the file mapped at `address`. A removed file has no name: its old one may be anybody's by now.
std::string mapped_file(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  maps.exceptions(std::ios::badbit);  // a line that memory was missing for must not read as the end
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    int name = 0;  // where it begins, after the range, the permissions, the offset, the device and the inode
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %*s %*s %*s %n", &begin, &end, &name) < 2 || name == 0) continue;
    if (wanted < begin || wanted >= end) continue;
    const std::string file = line.substr(static_cast<std::size_t>(name));
    return file.starts_with('/') && !file.ends_with(" (deleted)") ? file : "";
  }
  return "";
}

/// The sum, or the largest number if it leaves the address space.
std::uint64_t end_of(std::uint64_t at, std::uint64_t bytes) {
  std::uint64_t end = 0;
  return __builtin_add_overflow(at, bytes, &end) ? std::numeric_limits<std::uint64_t>::max() : end;
}

/// Of this process's class and byte order; the linker refuses all others by these bytes alone.
bool is_native(const unsigned char* identity) {
  constexpr unsigned char elf_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  constexpr unsigned char elf_data = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  return std::memcmp(identity, ELFMAG, SELFMAG) == 0 && identity[EI_CLASS] == elf_class &&
         identity[EI_DATA] == elf_data;
}

std::string machine_name(unsigned machine) {
  return machine == EM_X86_64 ? "x86-64" : machine == EM_AARCH64 ? "aarch64" : "ELF machine " + std::to_string(machine);
}

/// The processor that this process's code is for; `otherwise` if its headers are not mapped.
unsigned own_machine(unsigned otherwise) {
  static const char own_symbol = 0;
  Dl_info info;
  if (dladdr(&own_symbol, &info) == 0) return otherwise;
  const auto& header = *static_cast<const ElfW(Ehdr)*>(info.dli_fbase);
  return is_native(header.e_ident) ? header.e_machine : otherwise;
}

/// How long the ELF headers say the file is: up to the end of every segment and of the section headers.
std::uint64_t promised_bytes(const ElfW(Ehdr) & header, std::ifstream& file) {
  std::uint64_t bytes = end_of(header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    const std::uint64_t at = end_of(header.e_phoff, std::uint64_t{i} * header.e_phentsize);
    bytes = std::max(bytes, end_of(at, sizeof segment));
    file.seekg(static_cast<std::streamoff>(at));
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) break;
    bytes = std::max(bytes, end_of(segment.p_offset, segment.p_filesz));
  }
  return bytes;
}

}  // namespace

std::string library_path() {
  static const char own_symbol = 0;
  Dl_info info;
  void* found = nullptr;
  if (dladdr1(&own_symbol, &info, &found, RTLD_DL_LINKMAP) != 0 && found != nullptr)
    if (const std::string name = static_cast<const link_map*>(found)->l_name; name.starts_with('/')) return name;
  return getauxval(AT_SECURE) != 0 ? "" : mapped_file(&own_symbol);
}

std::string check_permissions(const std::string& path) {
  constexpr int most_links = 40;  // the kernel follows no more
  std::error_code unknown, no_link;
  const fs::path real = fs::canonical(path, unknown);
  if (unknown) return unknown.message();
  std::vector<fs::path> asked{real, fs::path(path).parent_path()};
  fs::path link = path;
  for (int i = 0; i < most_links; ++i) {
    const fs::path target = fs::read_symlink(link, no_link);
    if (no_link) break;
    link = link.parent_path() / target;  // the target alone where that is absolute
    asked.push_back(fs::canonical(link.parent_path(), unknown));
  }
  for (const fs::path& one : asked) {
    struct stat state{};
    if (stat(one.c_str(), &state) != 0) return "asking who may write to " + one.string() + " failed";
    if ((state.st_mode & S_IWOTH) != 0) return "everybody may write to " + one.string();
  }
  return "";
}

std::string check_elf(const std::string& path) {
  struct stat state{};
  if (stat(path.c_str(), &state) != 0) return std::strerror(errno);
  if (S_ISDIR(state.st_mode)) return "it is a directory";
  if (!S_ISREG(state.st_mode)) return "it is not a regular file";
  std::ifstream file(path, std::ios::binary);
  ElfW(Ehdr) header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (!file || !is_native(header.e_ident)) return "";
  const unsigned machine = header.e_machine, own = own_machine(machine);
  if (machine != own) return "it is for " + machine_name(machine) + ", this is " + machine_name(own);
  const std::uint64_t promised = promised_bytes(header, file), size = static_cast<std::uint64_t>(state.st_size);
  if (promised <= size) return "";
  return "it is cut short: it has " + std::to_string(size) + " of at least " + std::to_string(promised) + " bytes";
}

}  // namespace nsameta
