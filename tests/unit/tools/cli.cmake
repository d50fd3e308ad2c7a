# The program from outside: arguments and text in, exit status and text out; of its parts, the simulated KV cache.
find_package(nlohmann_json REQUIRED)

# Stand in for the CUDA module, each in a folder of its own: a backend that is there, has a device, and leaves every
# output as it was; one that is right and leaks.
foreach(kind idle leaking)
  set(module nsameta_${kind}_module)
  add_library(${module} MODULE host_module.cpp ${kind}_fill.cpp)
  set_target_properties(${module} PROPERTIES
    PREFIX "" OUTPUT_NAME nsameta_cuda LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${kind}_module)
  target_include_directories(${module} PRIVATE ${PROJECT_SOURCE_DIR}/core/include ${PROJECT_SOURCE_DIR}/backends)
  target_link_libraries(${module} PRIVATE nsameta_flags)
endforeach()
target_link_libraries(nsameta_leaking_module PRIVATE nsameta_static)

add_executable(nsameta_cli_tests
  cli_check_plans_test.cpp
  cli_fill_test.cpp
  cli_info_test.cpp
  cli_replay_test.cpp
  cli_soak_test.cpp
  cli_verify_test.cpp
  kv_allocator_test.cpp
  program.cpp
  ${PROJECT_SOURCE_DIR}/cli/replay/kv_allocator.cpp)
target_include_directories(nsameta_cli_tests PRIVATE ${PROJECT_SOURCE_DIR}/cli)
target_link_libraries(nsameta_cli_tests PRIVATE
  nsameta_harness nsameta_flags nsameta_test_main nlohmann_json::nlohmann_json)
target_compile_definitions(nsameta_cli_tests PRIVATE
  NSAMETA_PROGRAM="$<TARGET_FILE:nsameta_cli>"
  NSAMETA_IDLE_MODULE="${CMAKE_CURRENT_BINARY_DIR}/idle_module"
  NSAMETA_LEAKING_MODULE="${CMAKE_CURRENT_BINARY_DIR}/leaking_module"
  NSAMETA_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/parity")
add_dependencies(nsameta_cli_tests nsameta_cli nsameta_idle_module nsameta_leaking_module)
add_test(NAME cli COMMAND nsameta_cli_tests)
