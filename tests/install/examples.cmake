# What the examples' own lists do not test: the one in Python, which needs the package's wheel.
find_package(Python3 3.10 COMPONENTS Interpreter)
if(Python3_Interpreter_FOUND AND NOT NSAMETA_SANITIZE)
  add_test(NAME examples.sharded.python COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/sharded_python
    ${PROJECT_SOURCE_DIR}/examples/sharded/sharded.py ${PROJECT_BINARY_DIR}/tests/install/python/wheels
    ${CMAKE_CURRENT_BINARY_DIR}/examples)
  set_tests_properties(examples.sharded.python PROPERTIES
    DEPENDS python.wheel SKIP_RETURN_CODE 77 PROCESSORS 2 TIMEOUT 300)
endif()
