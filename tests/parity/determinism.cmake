find_package(TBB REQUIRED)

add_executable(nsameta_determinism_tests answers.cpp determinism_test.cpp)
target_include_directories(nsameta_determinism_tests PRIVATE ${PROJECT_SOURCE_DIR}/backends)
target_link_libraries(nsameta_determinism_tests PRIVATE nsameta_harness nsameta_flags TBB::tbb nsameta_test_main)
add_test(NAME determinism COMMAND nsameta_determinism_tests)

# Against the static library, whose internals it calls; so the harness is taken without the shared library that it
# brings along.
add_executable(nsameta_grains_tests grains_test.cpp)
add_dependencies(nsameta_grains_tests nsameta_harness)
target_include_directories(nsameta_grains_tests PRIVATE
  $<TARGET_PROPERTY:nsameta_harness,INTERFACE_INCLUDE_DIRECTORIES>)
target_link_libraries(nsameta_grains_tests PRIVATE
  $<TARGET_FILE:nsameta_harness> nsameta::static nsameta_flags TBB::tbb nsameta_test_main)
add_test(NAME determinism.grains COMMAND nsameta_grains_tests)
