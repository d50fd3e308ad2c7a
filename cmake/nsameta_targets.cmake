# The library's targets. Every part adds its sources to nsameta_objects; the shared and the static library are made of
# the same objects, so that tests of internals run the code that ships.
find_package(TBB REQUIRED)
find_package(Threads REQUIRED)

add_library(nsameta_flags INTERFACE)
target_compile_options(nsameta_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic $<$<BOOL:${NSAMETA_WERROR}>:-Werror>>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(nsameta_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)  # wrong of "text" + string
endif()
if(NSAMETA_SANITIZE)
  target_compile_options(nsameta_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${NSAMETA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer>)
  target_link_options(nsameta_flags INTERFACE -fsanitize=${NSAMETA_SANITIZE})
endif()
if(NSAMETA_FUZZ)
  # The depth of the stack means nothing where lanes of simt have one each, and to be told of uses after a return would
  # cost each of them another stack.
  target_compile_options(nsameta_flags INTERFACE -fsanitize=fuzzer-no-link -fno-sanitize-coverage=stack-depth
    -fsanitize-address-use-after-return=never
    -fsanitize-coverage-ignorelist=${PROJECT_SOURCE_DIR}/tests/robust/fuzz/uncovered.txt)
endif()

add_library(nsameta_objects OBJECT)
target_include_directories(nsameta_objects PUBLIC
  ${PROJECT_SOURCE_DIR}/core/include
  ${PROJECT_SOURCE_DIR}/core/internal ${PROJECT_SOURCE_DIR}/backends ${PROJECT_SOURCE_DIR}/dispatch)
target_link_libraries(nsameta_objects PRIVATE nsameta_flags TBB::tbb Threads::Threads ${CMAKE_DL_LIBS})

# Part of the file names and of the shared library's name: programs that were linked to another one do not start.
# Before 1.0 a minor version may break what the one before promised.
set(NSAMETA_SOVERSION ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(NSAMETA_SOVERSION 0.${PROJECT_VERSION_MINOR})
endif()

add_library(nsameta SHARED)
set(exports ${PROJECT_SOURCE_DIR}/cmake/nsameta.map)
# Once loaded it stays: dlclose would take the code from under oneTBB's threads, which may be on their last steps out of a
# fill, and take the texts that are promised to live as long as the process.
target_link_options(nsameta PRIVATE LINKER:--version-script=${exports} LINKER:-z,nodelete)
set_target_properties(nsameta PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${NSAMETA_SOVERSION} LINK_DEPENDS ${exports})

add_library(nsameta_static STATIC)
add_library(nsameta::static ALIAS nsameta_static)
set_target_properties(nsameta_static PROPERTIES EXPORT_NAME static OUTPUT_NAME nsameta)
set(unloadable $<IN_LIST:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY$<SEMICOLON>MODULE_LIBRARY>)  # who links to it
# A plug-in keeps the library to itself, or it would share that of another plug-in.
target_link_options(nsameta_static INTERFACE $<${unloadable}:LINKER:-z,nodelete,--exclude-libs,libnsameta.a>)

# nsameta::nsameta is the shared library, or the static one where the project or its parent says so. Both targets exist;
# a shared one that nobody links to is no part of `all`.
set(NSAMETA_SHARED TRUE)
if(DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS)
  set(NSAMETA_SHARED FALSE)
endif()
if(NSAMETA_SHARED)
  add_library(nsameta::nsameta ALIAS nsameta)
else()
  add_library(nsameta::nsameta ALIAS nsameta_static)
  if(NOT NSAMETA_TESTS)
    set_target_properties(nsameta PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endif()

foreach(library nsameta nsameta_static)
  target_link_libraries(${library} PRIVATE
    $<BUILD_INTERFACE:nsameta_objects> $<BUILD_INTERFACE:nsameta_flags> TBB::tbb Threads::Threads ${CMAKE_DL_LIBS})
  target_include_directories(${library} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${library} PUBLIC cxx_std_20)
endforeach()
# Tests of internals see the internal headers through the static library, programs of others do not.
if(NSAMETA_TESTS OR NSAMETA_BENCH)
  target_include_directories(nsameta_static INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core/internal>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/backends>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/dispatch>)
endif()

# With NSAMETA_STATIC, links the objects of a GPU backend into the static library, in place of opening its module.
# NSAMETA_LINKED_<backend> is the file of the vendor's runtime that it then needs.
set(NSAMETA_LINKED_CUDA "" CACHE INTERNAL "")
set(NSAMETA_LINKED_HIP "" CACHE INTERNAL "")
function(nsameta_link_in backend runtime)
  target_sources(nsameta_static PRIVATE ${ARGN})
  target_compile_definitions(nsameta_static PRIVATE NSAMETA_LINKED_${backend}=1)
  set_target_properties(nsameta_static PROPERTIES CUDA_ARCHITECTURES OFF)  # the objects have theirs
  set(NSAMETA_LINKED_${backend} ${runtime} CACHE INTERNAL "")
endfunction()

# In a parent project, whoever links to the library gets the modules made too. The static library opens them where they
# are made: its program may be anywhere.
function(nsameta_make_modules_along)
  foreach(module nsameta_simt nsameta_cuda nsameta_hip)
    if(TARGET ${module})
      add_dependencies(nsameta ${module})
      add_dependencies(nsameta_static ${module})
    endif()
  endforeach()
  if(NOT NSAMETA_INSTALL)
    target_compile_definitions(nsameta_static PRIVATE NSAMETA_MODULES_MADE_IN="$<TARGET_FILE_DIR:nsameta>")
  endif()
endfunction()
