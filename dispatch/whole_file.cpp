#include "whole_file.h"

#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace nsameta {
namespace {

/// The bytes that the headers speak of: those of every segment, and the section headers, which linkers write last.
std::uint64_t promised_bytes(std::ifstream& file) {
  ElfW(Ehdr) header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (!file || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return 0;
  std::uint64_t bytes = header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    const std::uint64_t at = header.e_phoff + std::uint64_t{i} * header.e_phentsize;
    bytes = std::max<std::uint64_t>(bytes, at + sizeof segment);
    file.seekg(static_cast<std::streamoff>(at));
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) break;
    bytes = std::max<std::uint64_t>(bytes, segment.p_offset + segment.p_filesz);
  }
  return bytes;
}

}  // namespace

std::string why_not_whole(const std::string& path) {
  struct stat state {};
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
