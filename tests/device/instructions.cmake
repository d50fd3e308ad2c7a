# Times on shared machines say nothing; instructions do. Counted under valgrind for the CPU's serial path.
if(CMAKE_BUILD_TYPE STREQUAL "" OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  return()
endif()
add_executable(nsameta_fixed_fills fixed_fills.cpp)
target_link_libraries(nsameta_fixed_fills PRIVATE nsameta_static nsameta_flags)

string(REGEX MATCH "^[0-9]+" compiler_version "${CMAKE_CXX_COMPILER_VERSION}")
set(build "${CMAKE_BUILD_TYPE} ${CMAKE_CXX_COMPILER_ID} ${compiler_version}")
if(NSAMETA_SANITIZE)
  string(APPEND build " ${NSAMETA_SANITIZE}")
endif()
add_test(NAME instructions
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/instructions $<TARGET_FILE:nsameta_fixed_fills> "${build}")
set_tests_properties(instructions PROPERTIES SKIP_RETURN_CODE 77)
