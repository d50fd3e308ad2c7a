# What `cmake --install` lays down, in the components that the packages are made of: the library and its modules beside
# it, what a program is built with, and the program nsameta with the module simt, which is there for tests. Nothing in
# it names the place where it lies: an installed tree may be moved.
include(CMakePackageConfigHelpers)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/nsameta)

if(NSAMETA_SHARED)
  install(TARGETS nsameta EXPORT nsameta-targets LIBRARY
    DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development)
  install(EXPORT nsameta-targets NAMESPACE nsameta:: DESTINATION ${config} COMPONENT development)
endif()
install(TARGETS nsameta_static EXPORT nsameta-static-targets ARCHIVE
  DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY core/include/nsameta DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/nsameta COMPONENT library)
set(modules cuda hip simt)
set(components cuda hip program)
foreach(module component IN ZIP_LISTS modules components)
  if(TARGET nsameta_${module})
    install(TARGETS nsameta_${module} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component})
  endif()
endforeach()
if(TARGET nsameta_cli)
  install(TARGETS nsameta_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
endif()

# find_package(nsameta). What the static library needs is the concern of those who link to it, hence targets of its own.
install(EXPORT nsameta-static-targets NAMESPACE nsameta:: DESTINATION ${config} COMPONENT development)
set(static_needs TBB Threads)
set(static_libraries -ltbb -lstdc++ -lm -lpthread -ldl)
if(NSAMETA_LINKED_CUDA)
  list(APPEND static_needs CUDAToolkit)
  list(APPEND static_libraries -lrt)
endif()
foreach(runtime IN LISTS NSAMETA_LINKED_CUDA NSAMETA_LINKED_HIP)
  cmake_path(GET runtime PARENT_PATH folder)
  cmake_path(GET runtime STEM name)
  string(REGEX REPLACE "^lib" "-l" name ${name})
  list(PREPEND static_libraries -L${folder} ${name})
endforeach()
configure_package_config_file(cmake/nsameta-config.cmake.in nsameta-config.cmake
  INSTALL_DESTINATION ${config} PATH_VARS CMAKE_INSTALL_LIBDIR
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
set(compatible SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatible SameMinorVersion)
endif()
write_basic_package_version_file(nsameta-config-version.cmake COMPATIBILITY ${compatible})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nsameta-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/nsameta-config-version.cmake
  DESTINATION ${config} COMPONENT development)

# pkg-config
list(JOIN static_libraries " " static_libraries)
set(libraries "")
if(NOT NSAMETA_SHARED)
  set(libraries " ${static_libraries}")
  set(static_libraries "")
endif()
set(pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH include_folder ${pc} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/nsameta.pc.in nsameta.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nsameta.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
