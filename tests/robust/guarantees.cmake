# What the library promises not to do, seen from outside. docs/guarantees.md lists all of them with their tests.

if(NOT NSAMETA_SANITIZE)
  add_executable(nsameta_quiet_fill_tests ../parity/main.cpp counted_calls.cpp quiet_fill_test.cpp)
  # What is hidden stands before nobody's.
  set_source_files_properties(counted_calls.cpp PROPERTIES COMPILE_OPTIONS -fvisibility=default)
  target_link_libraries(nsameta_quiet_fill_tests PRIVATE nsameta_parity nsameta_flags)
  # One process a backend; skipped (77) where it cannot run. The tasks of cpu/tbb are oneTBB's to allocate.
  foreach(spec cpu/serial cuda/block256 hip/block256)
    string(REGEX REPLACE "[:/]" "." name "${spec}")
    add_test(NAME promises.quiet_fill.${name} COMMAND nsameta_quiet_fill_tests --backend=${spec})
    set_tests_properties(promises.quiet_fill.${name} PROPERTIES SKIP_RETURN_CODE 77)
  endforeach()

  add_executable(nsameta_first_fill_tests counted_calls.cpp first_fill_test.cpp)
  target_link_libraries(nsameta_first_fill_tests PRIVATE nsameta_harness nsameta_flags nsameta_test_main)
  add_test(NAME promises.first_fill COMMAND nsameta_first_fill_tests)
  set_tests_properties(promises.first_fill PROPERTIES
    ENVIRONMENT_MODIFICATION "NSAMETA_LOG=unset:;NSAMETA_BACKEND=unset:")

  # NSAMETA_PLUGIN_DIR, and a process with another group's rights, which LeakSanitizer may not look into.
  add_executable(nsameta_list_modules list_modules.cpp)
  target_link_libraries(nsameta_list_modules PRIVATE nsameta::nsameta nsameta_flags)
  set_target_properties(nsameta_list_modules PROPERTIES BUILD_RPATH_USE_ORIGIN OFF)  # a setgid program's says nothing
  add_test(NAME promises.privileged COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/privileged
    $<TARGET_FILE:nsameta_list_modules> ${CMAKE_CURRENT_BINARY_DIR}/privileged
    $<TARGET_FILE_DIR:nsameta_test_module_good_cuda>)
  set_tests_properties(promises.privileged PROPERTIES SKIP_RETURN_CODE 77)
endif()

add_executable(nsameta_silence_tests silence_test.cpp)
target_link_libraries(nsameta_silence_tests PRIVATE nsameta::nsameta nsameta_flags nsameta_test_main)
add_test(NAME promises.silence COMMAND nsameta_silence_tests)
# A module that cannot be opened is a failure too.
set_tests_properties(promises.silence PROPERTIES
  ENVIRONMENT "NSAMETA_PLUGIN_DIR=$<TARGET_FILE_DIR:nsameta_test_module_wrong_version_cuda>"
  ENVIRONMENT_MODIFICATION "NSAMETA_LOG=unset:;NSAMETA_BACKEND=unset:")
