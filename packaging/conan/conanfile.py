"""nsameta from the tree that this recipe lies in: conan create packaging/conan"""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class nsameta(ConanFile):
    name = "nsameta"
    license = "Apache-2.0"
    description = "The metadata tables of sparse attention, in one launch, on any device"
    topics = ("sparse-attention", "inference", "cuda", "hip")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    # cuda, hip: a module, or linked into the static library; their toolchains are the system's.
    # system_tbb: oneTBB of the system in place of a package.
    options = {"shared": [True, False], "cuda": [True, False], "hip": [True, False], "system_tbb": [True, False]}
    default_options = {"shared": True, "cuda": False, "hip": False, "system_tbb": False}

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, os.pardir, os.pardir)

    def set_version(self):
        header = load(self, os.path.join(self._root, "core", "include", "nsameta", "version.h"))
        self.version = ".".join(re.findall(r"VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))

    def export_sources(self):
        for part in ("CMakeLists.txt", "LICENSE", "backends/*", "cmake/*", "core/*", "dispatch/*"):
            copy(self, part, self._root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)

    def requirements(self):
        if not self.options.system_tbb:
            self.requires("onetbb/[>=2021.8 <2023]")

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TOOLS", "TESTS", "SIMT"):
            toolchain.cache_variables[f"NSAMETA_{part}"] = "OFF"
        for part in ("cuda", "hip"):
            toolchain.cache_variables[f"NSAMETA_{part.upper()}"] = "ON" if self.options.get_safe(part) else "OFF"
        toolchain.cache_variables["NSAMETA_STATIC"] = "OFF" if self.options.shared else "ON"
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        # The library's own configuration knows both libraries and the modules.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "nsameta")]
        self.cpp_info.set_property("pkg_config_name", "nsameta")
        if self.options.shared:
            self.cpp_info.libs = ["nsameta"]
            return
        # What the static library needs, pkg-config knows.
        pc = load(self, os.path.join(self.package_folder, "lib", "pkgconfig", "nsameta.pc"))
        needs = re.search(r"^Libs: .*-lnsameta(.*)$", pc, re.MULTILINE)[1].split()
        self.cpp_info.libs = ["nsameta"]
        self.cpp_info.libdirs += [need[2:] for need in needs if need.startswith("-L")]
        self.cpp_info.system_libs = [need[2:] for need in needs if need.startswith("-l") and
                                     (need != "-ltbb" or self.options.system_tbb)]
