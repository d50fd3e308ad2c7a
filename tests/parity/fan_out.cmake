add_executable(nsameta_fan_out_tests
  main.cpp fan_out.cpp fan_out_capture_test.cpp fan_out_cpp_layer_test.cpp fan_out_equal_test.cpp)
target_link_libraries(nsameta_fan_out_tests PRIVATE nsameta_parity nsameta_flags)

# One process a backend; skipped (77) where it cannot run.
foreach(spec reference cpu/serial cpu/tbb simt:0 simt:1/block256 cuda hip)
  string(REGEX REPLACE "[:/]" "." name "${spec}")
  add_test(NAME fan_out.${name} COMMAND nsameta_fan_out_tests --backend=${spec})
  set_tests_properties(fan_out.${name} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
