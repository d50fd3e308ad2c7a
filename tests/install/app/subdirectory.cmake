add_subdirectory(${NSAMETA_SOURCE} nsameta)
add_executable(app main.cpp)
target_link_libraries(app PRIVATE nsameta::nsameta)

# The library keeps to itself: no test, no rule of installation, no program of its own in somebody else's project.
get_directory_property(tests DIRECTORY ${NSAMETA_SOURCE} TESTS)
if(tests OR TARGET nsameta_cli OR EXISTS ${CMAKE_BINARY_DIR}/CPackConfig.cmake)
  message(FATAL_ERROR "nsameta made more than its libraries")
endif()
if(TARGET Boost::context OR DEFINED Boost_USE_STATIC_LIBS OR DEFINED CACHE{boost_context_DIR})
  message(FATAL_ERROR "nsameta chose a Boost for the whole project")
endif()
