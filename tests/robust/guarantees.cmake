# What the library promises not to do, seen from outside. docs/guarantees.md lists all of them with their tests.

if(NOT NSAMETA_SANITIZE)
  # What is hidden stands before nobody's.
  add_library(nsameta_counted_calls OBJECT counted_calls.cpp)
  target_link_libraries(nsameta_counted_calls PRIVATE nsameta_flags)
  target_compile_options(nsameta_counted_calls PRIVATE -fvisibility=default)
  add_executable(nsameta_quiet_fill_tests quiet_fill_test.cpp)
  target_link_libraries(nsameta_quiet_fill_tests PRIVATE nsameta_counted_calls nsameta_backend_main nsameta_flags)
  # The tasks of cpu/tbb are oneTBB's to allocate.
  nsameta_backend_tests(promises.quiet_fill nsameta_quiet_fill_tests SPECS cpu/serial ${gpu_variants})

  add_executable(nsameta_first_fill_tests first_fill_test.cpp)
  target_link_libraries(nsameta_first_fill_tests PRIVATE
    nsameta_counted_calls nsameta_fixture nsameta_flags nsameta_test_main)
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
