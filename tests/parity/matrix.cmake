# One backend against the reference: for every program that is run once a backend.
add_library(nsameta_parity OBJECT parity.cpp tested_backend.cpp)
target_include_directories(nsameta_parity INTERFACE ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(nsameta_parity PUBLIC nsameta_harness nsameta_doctest PRIVATE nsameta_flags)

add_executable(nsameta_matrix_tests
  main.cpp axes.cpp capture_test.cpp eager_test.cpp many_requests_test.cpp vectors_test.cpp)
target_link_libraries(nsameta_matrix_tests PRIVATE nsameta_parity nsameta_flags)
target_compile_definitions(nsameta_matrix_tests PRIVATE NSAMETA_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/parity")

# One process a backend and variant; skipped (77) where it cannot run.
foreach(spec cpu/serial cpu/tbb simt:0/block256 simt:1/block256 cuda/block256 hip/block256)
  string(REGEX REPLACE "[:/]" "." name "${spec}")
  add_test(NAME matrix.${name} COMMAND nsameta_matrix_tests --backend=${spec})
  set_tests_properties(matrix.${name} PROPERTIES SKIP_RETURN_CODE 77 LABELS matrix)
endforeach()

# Selection by itself: in a process of its own, because the others force a backend.
add_executable(nsameta_threshold_tests threshold_test.cpp)
target_link_libraries(nsameta_threshold_tests PRIVATE nsameta_parity nsameta_test_main nsameta_flags)
add_test(NAME threshold COMMAND nsameta_threshold_tests)
