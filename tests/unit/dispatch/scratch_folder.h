/// A folder for one test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace nsameta::test {

/// A folder of its own, gone with the test.
struct scratch_folder {
  scratch_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nsameta_loader_XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~scratch_folder() { std::filesystem::remove_all(path); }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  std::filesystem::path path;
};

}  // namespace nsameta::test
