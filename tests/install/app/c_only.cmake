find_package(nsameta CONFIG REQUIRED)
add_executable(app ../main.c)
target_link_libraries(app PRIVATE nsameta::nsameta)

# What the library needs is its own concern.
if(TARGET TBB::tbb OR DEFINED TBB_FOUND OR DEFINED TBB_DIR)
  message(FATAL_ERROR "nsameta looked for oneTBB on behalf of who does not need it")
endif()

# The static library is a concern of C++.
find_package(nsameta CONFIG QUIET COMPONENTS static)
if(NOT nsameta_NOT_FOUND_MESSAGE MATCHES "it needs the language CXX")
  message(FATAL_ERROR "the static library is there without C++: ${nsameta_NOT_FOUND_MESSAGE}")
endif()
