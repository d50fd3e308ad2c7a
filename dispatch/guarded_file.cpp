#include "guarded_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <vector>

namespace nsameta {
namespace {

namespace fs = std::filesystem;

/// The folders of all links from `path` to its file, and of that. Of finitely many: the kernel follows no more than 40.
std::vector<fs::path> folders_on_the_way(fs::path path) {
  constexpr int most_links = 40;
  std::vector<fs::path> folders{path.parent_path()};
  std::error_code no_link, unknown;
  for (int link = 0; link < most_links; ++link) {
    const fs::path target = fs::read_symlink(path, no_link);
    if (no_link) break;
    path = path.parent_path() / target;  // the target alone where that is absolute
    folders.push_back(fs::canonical(path.parent_path(), unknown));
  }
  return folders;
}

}  // namespace

std::string why_not_guarded(const std::string& path) {
  std::error_code unknown;
  const fs::path real = fs::canonical(path, unknown);
  if (unknown) return unknown.message();
  std::vector<fs::path> asked = folders_on_the_way(path);
  asked.push_back(real);
  for (const fs::path& one : asked) {
    struct stat state{};
    if (stat(one.c_str(), &state) != 0) return "asking who may write to " + one.string() + " failed";
    if ((state.st_mode & S_IWOTH) != 0) return "everybody may write to " + one.string();
  }
  return "";
}

}  // namespace nsameta
