# What is built. GPU toolchains are used when they are there and never required: AUTO takes what it finds, ON makes a
# missing one an error, OFF leaves it out. So do CMake's other words for true and false.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_UNITY_BUILD OFF)  # unnamed namespaces of different files share names
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# One folder for everything that runs, so that modules are found beside the library and programs beside both.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

option(NSAMETA_TOOLS "Build the program nsameta" ${PROJECT_IS_TOP_LEVEL})
option(NSAMETA_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(NSAMETA_BENCH "Build the benchmarks" OFF)
option(NSAMETA_INSTALL "Make the rules of installation" ${PROJECT_IS_TOP_LEVEL})
option(NSAMETA_STATIC "Link the GPU backends into the static library, which else opens their modules" OFF)
option(NSAMETA_WERROR "Treat warnings as errors" OFF)
set(NSAMETA_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
option(NSAMETA_FUZZ "Make fuzzers of the targets in tests/robust/fuzz, with Clang; else they replay their corpus" OFF)

foreach(part SIMT CUDA HIP)
  set(NSAMETA_${part} AUTO CACHE STRING "Build the backend: AUTO, ON or OFF")
  set_property(CACHE NSAMETA_${part} PROPERTY STRINGS AUTO ON OFF)
  string(TOUPPER "${NSAMETA_${part}}" word)
  if(NOT word MATCHES "^(AUTO|ON|YES|TRUE|Y|[0-9]+|OFF|NO|FALSE|N|IGNORE|NOTFOUND|.*-NOTFOUND|)$")
    message(FATAL_ERROR
      "NSAMETA_${part} is \"${NSAMETA_${part}}\": wanted is AUTO, or one of CMake's words for true and false")
  endif()
endforeach()
# Empty: CMAKE_CUDA_ARCHITECTURES if it was set, else those of 75 to 120 that the toolkit knows.
set(NSAMETA_CUDA_ARCHS "" CACHE STRING
  "Compute capabilities to build machine code for, PTX for the newest; native: those of this machine's GPUs, else 90")

# Makes <target>_generated/built_archs.h, by which a module knows what its image holds code for. A header, because nvcc
# splits definitions at commas.
function(nsameta_write_built_archs target)
  list(JOIN ARGN ", " archs)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}_generated/built_archs.h
    CONTENT "#pragma once\n#define NSAMETA_BUILT_ARCHS @archs@\n" @ONLY)
endfunction()

# Turns "was it asked for" and "is it there" into NSAMETA_WITH_<part> and NSAMETA_WHY_NOT_<part>, for all folders to
# see.
function(nsameta_decide part found reason)
  set(with FALSE)
  set(why "")
  string(TOUPPER "${NSAMETA_${part}}" word)
  if(NOT word STREQUAL "AUTO" AND NOT NSAMETA_${part})
    set(why "switched off with NSAMETA_${part}=${NSAMETA_${part}}")
  elseif(found)
    set(with TRUE)
  elseif(NOT word STREQUAL "AUTO")
    message(FATAL_ERROR "NSAMETA_${part}=${NSAMETA_${part}}, but ${reason}")
  else()
    set(why "${reason}")
  endif()
  set(NSAMETA_WITH_${part} ${with} CACHE INTERNAL "")
  set(NSAMETA_WHY_NOT_${part} "${why}" CACHE INTERNAL "")
  if(with)
    message(STATUS "nsameta: with the ${part} backend")
  else()
    message(STATUS "nsameta: no ${part} backend: ${why}")
  endif()
endfunction()
