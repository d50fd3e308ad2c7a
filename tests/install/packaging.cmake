# The recipes for package managers build this tree. A build of their own each: without a compiler cache, half a minute.
if(NSAMETA_SANITIZE)
  return()
endif()
add_test(NAME packaging.conan COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/conan ${PROJECT_SOURCE_DIR})
add_test(NAME packaging.vcpkg COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
  -DWORK=${CMAKE_CURRENT_BINARY_DIR}/vcpkg -P ${CMAKE_CURRENT_SOURCE_DIR}/vcpkg.cmake)
set_tests_properties(packaging.conan packaging.vcpkg PROPERTIES
  SKIP_RETURN_CODE 77 ENVIRONMENT "NSAMETA_BACKEND=auto;CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}")
