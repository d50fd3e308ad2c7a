#include "guarded_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <initializer_list>

namespace nsameta {

std::string why_not_guarded(const std::string& path) {
  std::error_code unknown;
  const std::filesystem::path named(path), real = std::filesystem::canonical(named, unknown);
  if (unknown) return unknown.message();
  for (const std::filesystem::path& one : {real, real.parent_path(), named.parent_path()}) {
    struct stat state {};
    if (stat(one.c_str(), &state) != 0) return "asking who may write to " + one.string() + " failed";
    if ((state.st_mode & S_IWOTH) != 0) return "everybody may write to " + one.string();
  }
  return "";
}

}  // namespace nsameta
