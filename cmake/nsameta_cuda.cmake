# Decides on the CUDA backend. Included from the top, because a language holds for the folder that enables it and below.
include(CheckLanguage)

# Makes numbers of NSAMETA_CUDA_ARCHS. What the toolkit does not know is left out of the default and else refused, not
# left to stop the build half-way.
function(nsameta_choose_cuda_archs)
  execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --list-gpu-code OUTPUT_VARIABLE known ERROR_QUIET)
  string(REGEX MATCHALL "[0-9]+" known "${known}")
  set(archs ${NSAMETA_CUDA_ARCHS})
  # CMake keeps its own choice as if somebody had asked for it.
  get_property(help CACHE CMAKE_CUDA_ARCHITECTURES PROPERTY HELPSTRING)
  if(NOT archs AND (DEFINED ENV{CUDAARCHS} OR NOT help STREQUAL "CUDA architectures" OR
                    NOT CMAKE_CUDA_ARCHITECTURES STREQUAL "$CACHE{CMAKE_CUDA_ARCHITECTURES}"))
    set(archs ${CMAKE_CUDA_ARCHITECTURES})
  endif()
  if(NOT archs)
    set(archs 75 80 86 89 90 100 120)
    set(is_default TRUE)
  elseif(archs STREQUAL "native")
    execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader OUTPUT_VARIABLE found ERROR_QUIET)
    string(REGEX MATCHALL "[0-9]+\\.[0-9]+" archs "${found}")
    list(TRANSFORM archs REPLACE "\\." "")
    if(NOT archs)
      set(archs 90)
    endif()
  elseif(archs MATCHES "^all(-major)?$")
    string(REPLACE "-major" "0" ending "${CMAKE_MATCH_1}")
    set(archs ${known})
    list(FILTER archs INCLUDE REGEX "${ending}$")
  endif()
  list(TRANSFORM archs REPLACE "([0-9])[af]?(-(real|virtual))?$" "\\1")  # nothing here needs code of one chip or family
  list(REMOVE_DUPLICATES archs)
  list(SORT archs COMPARE NATURAL)
  set(unknown ${archs})
  list(REMOVE_ITEM unknown ${known})
  list(JOIN unknown ", " unknown_text)
  list(JOIN known ", " known_text)
  if(known AND unknown AND NOT is_default)
    message(FATAL_ERROR "CUDA architectures that ${CMAKE_CUDA_COMPILER} does not know: ${unknown_text}; it knows "
                        "${known_text}")
  elseif(known AND unknown)
    list(REMOVE_ITEM archs ${unknown})
    set(left_out ", which this nvcc knows, and not for ${unknown_text}")
  endif()
  list(JOIN archs ", " text)
  message(STATUS "nsameta: CUDA code for ${text}${left_out}")
  set(NSAMETA_CUDA_ARCHS ${archs} PARENT_SCOPE)
endfunction()

if(NSAMETA_CUDA)
  check_language(CUDA)
endif()
nsameta_decide(CUDA "${CMAKE_CUDA_COMPILER}" "nvcc not found")
if(NSAMETA_WITH_CUDA)
  enable_language(CUDA)
  if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that this compiler takes C++20
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
  endif()
  nsameta_choose_cuda_archs()
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
