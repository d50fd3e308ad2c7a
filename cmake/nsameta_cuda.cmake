# Decides on the CUDA backend. Included from the top, because a language holds for the folder that enables it and below.
include(CheckLanguage)
if(NOT NSAMETA_CUDA STREQUAL "OFF")
  check_language(CUDA)
endif()
nsameta_decide(CUDA "${CMAKE_CUDA_COMPILER}" "nvcc not found")
if(NSAMETA_WITH_CUDA)
  enable_language(CUDA)
  if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that this compiler takes C++20
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
  endif()
endif()

# A module of CUDA source and of its entry, that keeps its kernels and the CUDA runtime inside it to itself. The source
# is <target>_objects, for a static build to link in too. ARGN: the architectures as the source names them.
function(nsameta_add_cuda_module target source entry)
  # Machine code for every listed architecture, PTX for the newest, so that later devices can run it too.
  list(TRANSFORM NSAMETA_CUDA_ARCHS APPEND "-real" OUTPUT_VARIABLE architectures)
  list(GET NSAMETA_CUDA_ARCHS -1 newest)
  set(objects ${target}_objects)
  add_library(${objects} OBJECT ${source})
  set_target_properties(${objects} PROPERTIES
    CUDA_STANDARD 20 CUDA_VISIBILITY_PRESET hidden CUDA_ARCHITECTURES "${architectures};${newest}-virtual")
  nsameta_write_built_archs(${target} ${ARGN})
  target_include_directories(${objects} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${target}_generated)
  target_compile_options(${objects} PRIVATE -Xcompiler=-Wall,-Wextra)

  add_library(${target} MODULE ${entry} $<TARGET_OBJECTS:${objects}>)
  set_target_properties(${target} PROPERTIES PREFIX "" CUDA_ARCHITECTURES OFF CUDA_RUNTIME_LIBRARY Static)
  target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL)
  foreach(part ${objects} ${target})
    target_include_directories(${part} PRIVATE
      ${PROJECT_SOURCE_DIR}/core/include ${PROJECT_SOURCE_DIR}/core/internal ${PROJECT_SOURCE_DIR}/backends)
  endforeach()
endfunction()
