# The Python package as users get it: its wheel is built, installed into an environment of its own, and tested there.
find_package(Python3 3.10 COMPONENTS Interpreter)
if(NOT Python3_Interpreter_FOUND)
  message(STATUS "nsameta: no python3 of 3.10 or later: the Python package is not tested")
  return()
endif()
if(NSAMETA_SANITIZE)  # whose runtimes the interpreter would have to load first
  return()
endif()
add_test(NAME python.wheel COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/wheel_test
         ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/python)
set_tests_properties(python.wheel PROPERTIES SKIP_RETURN_CODE 77 PROCESSORS 2 TIMEOUT 600)
