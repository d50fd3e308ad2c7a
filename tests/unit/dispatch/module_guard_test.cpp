// Modules that somebody else could have put there, or that this process may not read.
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "../../child.h"
#include "expect.h"
#include "loader.h"
#include "scratch_folder.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

namespace fs = std::filesystem;

/// A good module in a folder of its own.
struct placed_module {
  placed_module() {
    // Others may pass through, so that what a test sees is the module's own mode.
    REQUIRE(chmod(scratch.path.c_str(), 0755) == 0);
    fs::create_directory(folder);
    fs::copy_file(std::string(NSAMETA_TEST_MODULES) + "/good/nsameta_cuda.so", file);
  }
  opened_backend open() const { return open_module("cuda", "", {{folder.string()}, ""}); }

  scratch_folder scratch;
  fs::path folder = fs::canonical(scratch.path) / "plugins", file = folder / "nsameta_cuda.so";
};

void expect_refused(const opened_backend& opened, const fs::path& writable) {
  CHECK(opened.table == nullptr);
  CHECK(opened.state == NSAMETA_BACKEND_NOT_FOUND);
  const std::string why = "everybody may write to " + writable.string();
  expect_words(opened.reason, {"cannot open", why.c_str()});
}

/// What `tell()` returns as a user without rights; the caller is root.
std::string told_without_rights(const std::function<std::string()>& tell) {
  return test::in_child(test::ending::without_exit, [&] {
    constexpr uid_t nobody = 65534;
    if (setgroups(0, nullptr) != 0 || setgid(nobody) != 0 || setuid(nobody) != 0) return std::string("root stays root");
    return tell();
  });
}

std::string reason_without_rights(const placed_module& placed) {
  const auto tell = [&] { return placed.open().reason; };
  return geteuid() == 0 ? told_without_rights(tell) : tell();
}

}  // namespace

TEST_CASE("a module that only its owner and group may write opens") {
  const placed_module placed;
  fs::permissions(placed.folder, fs::perms{0775});
  fs::permissions(placed.file, fs::perms{0664});
  const opened_backend opened = placed.open();
  CHECK_MESSAGE(opened.table != nullptr, opened.reason);
}

TEST_CASE("a module in a folder that everybody may write to is refused, sticky or not") {
  const placed_module placed;
  for (const unsigned mode : {0777u, 01777u, 0703u}) {
    fs::permissions(placed.folder, fs::perms{mode});
    expect_refused(placed.open(), placed.folder);
  }
}

TEST_CASE("a module that everybody may write to is refused") {
  const placed_module placed;
  fs::permissions(placed.file, fs::perms{0666});
  expect_refused(placed.open(), placed.file);
}

TEST_CASE("a link is refused in a folder that everybody may write to, and into one") {
  const placed_module placed;
  const fs::path links = fs::canonical(placed.scratch.path) / "links";
  fs::create_directory(links);
  fs::create_symlink(placed.file, links / "nsameta_cuda.so");
  const auto open = [&] { return open_module("cuda", "", {{links.string()}, ""}); };
  CHECK(open().table != nullptr);
  fs::permissions(links, fs::perms{01777});
  expect_refused(open(), links);
  fs::permissions(links, fs::perms{0755});
  fs::permissions(placed.folder, fs::perms{0777});
  expect_refused(open(), placed.folder);
}

TEST_CASE("a chain of links is refused where one stands in a folder that everybody may write to") {
  const placed_module placed;
  const fs::path root = fs::canonical(placed.scratch.path), links = root / "links", between = root / "between";
  for (const fs::path& folder : {links, between}) fs::create_directory(folder);
  fs::create_symlink(placed.file, between / "module");
  fs::create_symlink("../between/module", links / "nsameta_cuda.so");
  const auto open = [&] { return open_module("cuda", "", {{links.string()}, ""}); };
  CHECK(open().table != nullptr);
  fs::permissions(between, fs::perms{01777});
  expect_refused(open(), between);
}

TEST_CASE("a module that may not be read tells so") {
  const placed_module placed;
  fs::permissions(placed.file, fs::perms{0});
  expect_words(reason_without_rights(placed), {"cannot open", placed.file.c_str(), "Permission denied"});
}

TEST_CASE("a folder that may not be searched tells so") {
  const placed_module placed;
  fs::permissions(placed.folder, fs::perms{0});
  expect_words(reason_without_rights(placed), {"no file", placed.file.c_str(), "Permission denied"});
  fs::permissions(placed.folder, fs::perms{0700});
}
