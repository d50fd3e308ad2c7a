#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <doctest/doctest.h>

#include "program.h"

namespace nsameta::test {
namespace {

/// A folder that Python looks for modules in first, with a package nsameta that has these lines as check_plans.
class stand_in_package {
 public:
  explicit stand_in_package(const std::string& check_plans) {
    std::filesystem::create_directories(folder() + "/nsameta");
    std::ofstream(folder() + "/nsameta/__init__.py").flush();
    if (!check_plans.empty()) std::ofstream(folder() + "/nsameta/check_plans.py") << check_plans;
  }
  ~stand_in_package() { std::filesystem::remove_all(folder()); }
  stand_in_package(const stand_in_package&) = delete;
  stand_in_package& operator=(const stand_in_package&) = delete;
  std::string environment() const { return "PYTHONPATH=" + folder(); }

 private:
  std::string folder() const { return file_.path() + ".d"; }
  temporary_file file_;  // whose name is nobody else's
};

bool has_python() {
  if (std::system("python3 -c '' > /dev/null 2>&1") == 0) return true;
  std::cout << "not run: python3: no python3 to run check-plans in\n";
  return false;
}

TEST_CASE("check-plans exits 3 and says so where the interpreter is not there") {
  const outcome named = run("check-plans --python /nowhere/python3");
  CHECK(named.code == 3);
  CHECK(named.out.empty());
  CHECK(named.err ==
        "nsameta: \"/nowhere/python3\" cannot be run: No such file or directory; check-plans needs a Python with the "
        "package nsameta, and --python names one\n");
  const outcome usual = run("check-plans", "", "PATH=/nowhere");
  CHECK(usual.code == 3);
  CHECK(usual.err.starts_with("nsameta: \"python3\" cannot be run: No such file or directory; "));
}

TEST_CASE("check-plans exits 3 and says so where the interpreter has no such package") {
  if (!has_python()) return;
  const stand_in_package without("");
  const outcome result = run("check-plans", "", without.environment());
  CHECK(result.code == 3);
  CHECK(result.out.empty());
  CHECK(result.err.starts_with("nsameta: check-plans needs the Python package nsameta, and "));
  CHECK(result.err.find("cannot import name 'check_plans' from 'nsameta'") != std::string::npos);
  CHECK(result.err.ends_with("; --python names another interpreter\n"));
}

TEST_CASE("check-plans prints and exits as the package does") {
  if (!has_python()) return;
  for (const int code : {0, 1}) {
    const stand_in_package package("def main():\n    print('compared')\n    return " + std::to_string(code) + "\n");
    const outcome result = run("check-plans --python \"$(command -v python3)\"", "", package.environment());
    CHECK(result.code == code);
    CHECK(result.out == "compared\n");
    CHECK(result.err.empty());
  }
}

}  // namespace
}  // namespace nsameta::test
