add_executable(nsameta_boundaries_tests
  main.cpp
  call.cpp large_batches_test.cpp large_rows_test.cpp large_page_tables_test.cpp saturation_test.cpp strides_test.cpp
  sums_test.cpp)
target_link_libraries(nsameta_boundaries_tests PRIVATE nsameta_parity nsameta_flags)

# One process a backend; skipped (77) where it cannot run. On a GPU they allocate up to 30 GB of its memory.
foreach(spec reference cpu/serial cpu/tbb simt:0 simt:1 cuda hip)
  string(REGEX REPLACE "[:/]" "." name "${spec}")
  add_test(NAME boundaries.${name} COMMAND nsameta_boundaries_tests --backend=${spec})
  set_tests_properties(boundaries.${name} PROPERTIES SKIP_RETURN_CODE 77 LABELS large)
endforeach()
