find_package(nsameta CONFIG REQUIRED COMPONENTS static)
add_executable(app main.cpp)
target_link_libraries(app PRIVATE nsameta::static)
