# The scripts of bench/, and a short pass of the benchmark itself where it is built.
find_package(Python3 COMPONENTS Interpreter)
if(NOT Python3_Interpreter_FOUND)
  message(STATUS "nsameta: python3 not found: the scripts of bench/ are not tested")
  return()
endif()
set(bench ${PROJECT_SOURCE_DIR}/bench)
add_test(NAME bench.compare COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/bench_compare ${bench})
add_test(NAME bench.targets COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/bench_targets ${bench})
add_test(NAME bench.failed_run COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/bench_failed_run ${bench})
add_test(NAME bench.report COMMAND Python3::Interpreter ${bench}/report check)
add_test(NAME bench.picture COMMAND Python3::Interpreter ${bench}/plot check)
add_test(NAME bench.baselines COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/bench_baselines ${bench}
         $<TARGET_FILE:nsameta>)
set_tests_properties(bench.baselines PROPERTIES SKIP_RETURN_CODE 77)
if(NSAMETA_BENCH)
  add_test(NAME bench.quick COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/bench_quick_run ${bench}
           ${CMAKE_BINARY_DIR})
  # Beside other tests its times mean nothing, and theirs suffer.
  set_tests_properties(bench.quick PROPERTIES RUN_SERIAL TRUE TIMEOUT 120)
endif()
