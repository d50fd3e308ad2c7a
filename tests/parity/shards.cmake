add_executable(nsameta_shards_tests
  main.cpp answer.cpp both_shards_test.cpp kpool_test.cpp kv_shard_test.cpp q_shard_test.cpp workloads.cpp)
target_link_libraries(nsameta_shards_tests PRIVATE nsameta_parity nsameta_flags)

# One process a backend; skipped (77) where it cannot run.
foreach(spec reference cpu/serial cpu/tbb simt:0 simt:1 cuda hip)
  string(REGEX REPLACE "[:/]" "." name "${spec}")
  add_test(NAME shards.${name} COMMAND nsameta_shards_tests --backend=${spec})
  set_tests_properties(shards.${name} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
