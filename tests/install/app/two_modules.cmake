find_package(nsameta CONFIG REQUIRED)
add_executable(app two_modules.cpp)
target_link_libraries(app PRIVATE nsameta::nsameta ${CMAKE_DL_LIBS})
