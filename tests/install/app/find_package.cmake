find_package(nsameta 0.1 CONFIG REQUIRED OPTIONAL_COMPONENTS cuda hip)
add_executable(app main.cpp)
target_link_libraries(app PRIVATE nsameta::nsameta)

foreach(module cuda hip)
  message(STATUS "module ${module}: ${nsameta_${module}_FOUND}")
endforeach()

# What is not there is refused, with its name.
if(NSAMETA_WANTED)
  find_package(nsameta ${NSAMETA_WANTED} CONFIG REQUIRED)
elseif(NSAMETA_COMPONENT)
  find_package(nsameta CONFIG REQUIRED COMPONENTS ${NSAMETA_COMPONENT})
endif()
