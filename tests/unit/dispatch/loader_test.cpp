#include <elf.h>
#include <sys/stat.h>

#include <fstream>

#include "expect.h"
#include "loader.h"
#include "registry.h"
#include "scratch_folder.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

/// A module that the build made for these tests.
opened_backend open_test_module(const char* folder, const char* name = "cuda") {
  return open_module(name, "", {{std::string(NSAMETA_TEST_MODULES) + "/" + folder}, ""});
}

}  // namespace

TEST_CASE("a module of this version opens") {
  const opened_backend opened = open_test_module("good");
  REQUIRE_MESSAGE(opened.table != nullptr, opened.reason);
  CHECK(opened.state == NSAMETA_BACKEND_READY);
  CHECK(std::string(opened.table->name) == "cuda");
}

TEST_CASE("a library that is no module of this version is refused") {
  struct refused {
    const char* folder;
    const char* reason;
  };
  for (const refused& each : {refused{"wrong_version", "interface version 999"},
                              {"garbage_version", "interface version 3735928559"},
                              {"no_entry", "has no symbol nsameta_backend_entry_v1"},
                              {"other_name", "holds the backend hip, not cuda"},
                              {"no_table", "gives no backend"},
                              {"throws", "gives no backend"}}) {
    const opened_backend opened = open_test_module(each.folder);
    CHECK(opened.table == nullptr);
    CHECK(opened.state == NSAMETA_BACKEND_INCOMPATIBLE);
    expect_words(opened.reason, {each.folder, "/nsameta_cuda.so", each.reason});
  }
}

TEST_CASE("a module whose symbols nobody has cannot be opened") {
  const opened_backend opened = open_test_module("undefined");
  CHECK(opened.state == NSAMETA_BACKEND_NOT_FOUND);
  expect_words(opened.reason, {"cannot open", "undefined symbol: nsameta_is_nowhere"});
}

TEST_CASE("a module that was refused is not opened again") {
  int openings = 0;
  backend_openers openers = built_in_openers();
  openers[id_cuda] = [&] {
    ++openings;
    return open_test_module("throws");
  };
  registry backends(openers);
  for (int call = 0; call < 3; ++call) CHECK(backends.at(id_cuda).state == NSAMETA_BACKEND_INCOMPATIBLE);
  CHECK(openings == 1);
}

TEST_CASE("what is no whole module file cannot be opened") {
  const scratch_folder scratch;
  const std::filesystem::path file = scratch.path / "nsameta_cuda.so";
  const search_places places{{scratch.path.string()}, ""};
  const auto expect_unopened = [&] {
    const opened_backend opened = open_module("cuda", "", places);
    CHECK(opened.table == nullptr);
    CHECK(opened.state == NSAMETA_BACKEND_NOT_FOUND);
    expect_words(opened.reason, {"cannot open", file.c_str()});
    return opened.reason;
  };
  SUBCASE("folder") {
    std::filesystem::create_directory(file);
    expect_words(expect_unopened(), {"it is a directory"});
  }
  SUBCASE("empty") {
    std::ofstream(file).close();
    expect_unopened();
  }
  SUBCASE("pipe, where dlopen would wait for a writer") {
    REQUIRE(mkfifo(file.c_str(), 0600) == 0);
    expect_words(expect_unopened(), {"it is not a regular file"});
  }
  SUBCASE("text") {
    std::ofstream(file) << std::string(1000, '#');
    expect_words(expect_unopened(), {"invalid ELF header"});
  }
  SUBCASE("link to nothing") {
    std::filesystem::create_symlink("/nonexistent/nsameta_cuda.so", file);
    const opened_backend opened = open_module("cuda", "", places);
    CHECK(opened.state == NSAMETA_BACKEND_NOT_FOUND);
    expect_words(opened.reason, {"no file", file.c_str()});
  }
  SUBCASE("of a 32-bit machine") {
    Elf32_Ehdr header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS32;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = EM_386;
    header.e_version = EV_CURRENT;
    // As 64-bit headers these would promise far more bytes than there are.
    header.e_shoff = header.e_phoff = sizeof header;
    header.e_flags = 0xffff'ffff;
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(&header), sizeof header)
        << std::string(4096, '#');
    expect_words(expect_unopened(), {"wrong ELF class: ELFCLASS32"});
  }
  SUBCASE("of another processor, where dlopen says that there is no such file") {
    std::filesystem::copy_file(std::string(NSAMETA_TEST_MODULES) + "/good/nsameta_cuda.so", file);
    const auto machine_of = [&](std::uint16_t machine) {
      std::fstream(file, std::ios::binary | std::ios::in | std::ios::out)
          .seekp(offsetof(Elf64_Ehdr, e_machine))
          .write(reinterpret_cast<const char*>(&machine), sizeof machine);
      return expect_unopened();
    };
#if defined __x86_64__
    expect_words(machine_of(EM_AARCH64), {"it is for aarch64, this is x86-64"});
    expect_words(machine_of(EM_S390), {"it is for ELF machine 22, this is x86-64"});
#elif defined __aarch64__
    expect_words(machine_of(EM_X86_64), {"it is for x86-64, this is aarch64"});
#endif
  }
  SUBCASE("with headers that promise more than memory has addresses") {
    std::filesystem::copy_file(std::string(NSAMETA_TEST_MODULES) + "/good/nsameta_cuda.so", file);
    constexpr std::uint64_t far = ~std::uint64_t{0} - 8;
    std::fstream(file, std::ios::binary | std::ios::in | std::ios::out)
        .seekp(offsetof(Elf64_Ehdr, e_shoff))
        .write(reinterpret_cast<const char*>(&far), sizeof far);
    expect_words(expect_unopened(), {"cut short", "18446744073709551615"});
  }
  SUBCASE("truncated anywhere: dlopen would end the process at half of these lengths") {
    std::filesystem::copy_file(std::string(NSAMETA_TEST_MODULES) + "/good/nsameta_cuda.so", file);
    const auto whole = std::filesystem::file_size(file);
    std::filesystem::resize_file(file, whole - 1);
    expect_words(expect_unopened(), {"cut short", std::to_string(whole).c_str()});
    for (int part = 15; part > 0; --part) {
      std::filesystem::resize_file(file, whole * static_cast<unsigned>(part) / 16);
      expect_words(expect_unopened(), {"cut short"});
    }
    for (const unsigned bytes : {100, 64, 63, 4, 1}) {
      std::filesystem::resize_file(file, bytes);
      expect_unopened();
    }
  }
}

TEST_CASE("a module is loaded once, whoever asks, and stays") {
  const opened_backend first = open_test_module("good"), second = open_test_module("good");
  REQUIRE(first.table != nullptr);
  CHECK(first.table == second.table);
}

TEST_CASE("modules lie side by side, each with its own") {
  const std::string folder = std::string(NSAMETA_TEST_MODULES) + "/both";
  const search_places places{{folder}, ""};
  const opened_backend cuda = open_module("cuda", "", places), hip = open_module("hip", "", places);
  REQUIRE_MESSAGE(cuda.table != nullptr, cuda.reason);
  REQUIRE_MESSAGE(hip.table != nullptr, hip.reason);
  CHECK(std::string(cuda.table->name) == "cuda");
  CHECK(std::string(hip.table->name) == "hip");
}

TEST_CASE("what is not there is told with the paths tried") {
  const search_places places{{"/nonexistent/a", "/nonexistent/b"}, ""};
  const opened_backend built = open_module("hip", "", places);
  CHECK(built.state == NSAMETA_BACKEND_NOT_FOUND);
  expect_words(built.reason, {"/nonexistent/a/nsameta_hip.so", "/nonexistent/b/nsameta_hip.so"});
  const opened_backend left_out = open_module("hip", "no hipcc was found", places);
  CHECK(left_out.state == NSAMETA_BACKEND_NOT_BUILT);
  expect_words(left_out.reason, {"not built: no hipcc was found", "/nonexistent/a/nsameta_hip.so"});
}

TEST_CASE("a module that this build left out is used where there is one") {
  const search_places places{{std::string(NSAMETA_TEST_MODULES) + "/good"}, ""};
  CHECK(open_module("cuda", "no nvcc was found", places).table != nullptr);
}

TEST_CASE("only absolute folders are searched") {
  const search_places relative = make_search_places("plugins", "/usr/lib");
  CHECK(relative.folders == std::vector<std::string>{"/usr/lib"});
  const opened_backend opened = open_module("cuda", "", relative);
  expect_words(opened.reason, {"NSAMETA_PLUGIN_DIR is \"plugins\", not an absolute path", "/usr/lib/nsameta_cuda.so"});
  CHECK(make_search_places("/plugins", "/usr/lib").folders == std::vector<std::string>{"/plugins", "/usr/lib"});
  CHECK(make_search_places(nullptr, "lib").folders.empty());
  CHECK(make_search_places("", "").folders.empty());
}

TEST_CASE("paths are searched and told without dots, doubled slashes and links") {
  const scratch_folder scratch;
  std::filesystem::create_directories(scratch.path / "plugins");
  std::filesystem::create_directory_symlink(scratch.path / "plugins", scratch.path / "link");
  const std::string real = std::filesystem::canonical(scratch.path / "plugins").string();
  for (const char* spelled : {"/plugins", "//plugins/", "/./plugins//.", "/plugins/../plugins", "/link", "/link/"}) {
    const search_places places = make_search_places((scratch.path.string() + spelled).c_str(), "");
    CHECK(places.folders == std::vector{real});
    expect_words(open_module("cuda", "", places).reason, {("no file " + real + "/nsameta_cuda.so").c_str()});
  }
  CHECK(make_search_places("/nowhere/../nonexistent//a/", "").folders == std::vector<std::string>{"/nonexistent/a/"});
}

TEST_CASE("the library knows its own folder") {
  const search_places places = module_search_places();
  REQUIRE_FALSE(places.folders.empty());
  CHECK(std::filesystem::exists(places.folders.back()));
}
