# What the tests and the program lean on, tested on its own.

add_executable(nsameta_harness_tests
  compare_test.cpp
  fixture_test.cpp
  generator_test.cpp
  live_shape_test.cpp
  output_buffers_test.cpp
  page_guards_test.cpp
  parity_test.cpp
  problem_data_test.cpp
  problem_json_test.cpp)
target_link_libraries(nsameta_harness_tests PRIVATE nsameta_fixture nsameta_flags nsameta_test_main)
target_compile_definitions(nsameta_harness_tests PRIVATE NSAMETA_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/parity")
add_test(NAME harness COMMAND nsameta_harness_tests)
add_test(NAME harness.no_case COMMAND nsameta_harness_tests --test-case=none)
set_tests_properties(harness.no_case PROPERTIES PASS_REGULAR_EXPRESSION "no test case is chosen")
