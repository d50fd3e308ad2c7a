# The documentation, held to what it says: its programs compile and print what they claim, its console blocks come
# out as written, its commands are ones that there are, its links and their anchors lead somewhere, its lists of files to
# change are short, its pictures and its support table are what the scripts and the recorded runs make, and the public
# headers document everything. What python blocks print is
# tested with the package: python/tests/test_docs.py.
file(GLOB pages RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/*.md ${PROJECT_SOURCE_DIR}/docs/*.md)

# Every ```cpp block of a page is a whole source: a program is built and, where it says what it "prints", run; any other
# is compiled, if the headers it wants are there.
foreach(page IN LISTS pages)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${page})
  file(READ ${PROJECT_SOURCE_DIR}/${page} rest)
  get_filename_component(name ${page} NAME_WE)
  set(number 0)
  string(FIND "${rest}" "\n```cpp\n" begin)
  while(NOT begin EQUAL -1)
    math(EXPR begin "${begin} + 8")
    string(SUBSTRING "${rest}" ${begin} -1 rest)
    string(FIND "${rest}" "\n```" end)
    string(SUBSTRING "${rest}" 0 ${end} code)
    math(EXPR number "${number} + 1")
    set(target nsameta_docs_${name}_${number})
    file(CONFIGURE OUTPUT ${target}.cpp CONTENT "@code@\n" @ONLY)
    string(FIND "${rest}" "\n```cpp\n" begin)

    if(code MATCHES "cuda_runtime.h" AND NOT NSAMETA_WITH_CUDA)
      continue()
    elseif(code MATCHES "int main")
      add_executable(${target} ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
    else()
      add_library(${target} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
    endif()
    target_link_libraries(${target} PRIVATE nsameta::nsameta nsameta_flags)
    if(code MATCHES "cuda_runtime.h")
      target_include_directories(${target} SYSTEM PRIVATE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
    endif()
    if(code MATCHES "// prints ([^\n]+)")
      add_test(NAME docs.${name}.${number} COMMAND ${target})
      set_tests_properties(docs.${name}.${number} PROPERTIES
        PASS_REGULAR_EXPRESSION "${CMAKE_MATCH_1}" ENVIRONMENT NSAMETA_BACKEND=auto)
    endif()
  endwhile()
endforeach()

find_program(doxygen doxygen)
if(doxygen)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/doxygen)
  configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in Doxyfile @ONLY)
  add_test(NAME docs.doxygen COMMAND ${doxygen} Doxyfile)
else()
  add_test(NAME docs.doxygen COMMAND ${CMAKE_COMMAND} -E echo "not run: doxygen: not found")
  set_tests_properties(docs.doxygen PROPERTIES SKIP_REGULAR_EXPRESSION "not run")
endif()

find_package(Python3 COMPONENTS Interpreter)
if(NOT Python3_Interpreter_FOUND)
  message(STATUS "nsameta: python3 not found: console blocks, links and the support table are not tested")
  return()
endif()
set(root ${PROJECT_SOURCE_DIR})
add_test(NAME docs.support_table COMMAND Python3::Interpreter ${root}/docs/support_table check)
add_test(NAME docs.figures COMMAND Python3::Interpreter ${root}/docs/figures/rows check)
add_test(NAME docs.linking COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/check_linking ${root} ${pages})
add_test(NAME docs.blocks COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/check_blocks ${pages})
set_tests_properties(docs.linking docs.blocks PROPERTIES WORKING_DIRECTORY ${root})
add_test(NAME docs.links COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/check_links ${root})
add_test(NAME docs.lists COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/check_lists ${root})
add_test(NAME docs.tables COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/check_tables ${root})
if(TARGET nsameta_cli AND NSAMETA_WITH_SIMT)  # the decision records name simt
  add_test(NAME docs.console COMMAND
    Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/check_console $<TARGET_FILE_DIR:nsameta_cli> ${pages}
    WORKING_DIRECTORY ${root})
endif()
if(TARGET nsameta_cli AND NSAMETA_WITH_SIMT AND NOT NSAMETA_SANITIZE)  # pages name tests that others lack
  add_test(NAME docs.shell COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/check_shell
    $<TARGET_FILE:nsameta_cli> ${PROJECT_BINARY_DIR} ${pages} WORKING_DIRECTORY ${root})
endif()
