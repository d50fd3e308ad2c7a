#include "whole_file.h"

#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>

namespace nsameta {
namespace {

/// The end of what begins at `at`; past every file if it leaves the address space.
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

/// The bytes that the headers speak of: those of every segment, and the section headers, which linkers write last.
std::uint64_t promised_bytes(std::ifstream& file) {
  ElfW(Ehdr) header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (!file || !is_native(header.e_ident)) return 0;
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

std::string why_not_whole(const std::string& path) {
  struct stat state{};
  if (stat(path.c_str(), &state) != 0) return std::strerror(errno);
  if (S_ISDIR(state.st_mode)) return "it is a directory";
  if (!S_ISREG(state.st_mode)) return "it is not a regular file";
  std::ifstream file(path, std::ios::binary);
  const auto size = static_cast<std::uint64_t>(state.st_size);
  const std::uint64_t promised = promised_bytes(file);
  if (promised <= size) return "";
  return "it is cut short: it has " + std::to_string(size) + " of at least " + std::to_string(promised) + " bytes";
}

}  // namespace nsameta
