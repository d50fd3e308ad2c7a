# What the shared objects show to the program that loads them, and ask of it.
function(nsameta_surface_test name file symbols)
  add_test(NAME consumer.exports.${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/exports ${file} ${symbols})
  if(NOT NSAMETA_SANITIZE)  # whose runtimes are libraries
    add_test(NAME consumer.needs.${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/needs ${file} ${ARGN})
  endif()
endfunction()

nsameta_surface_test(nsameta $<TARGET_FILE:nsameta> "nsameta_[a-z_]+" libtbb)
if(NSAMETA_WITH_SIMT)
  nsameta_surface_test(simt $<TARGET_FILE:nsameta_simt> nsameta_backend_entry_v1)
endif()
if(NSAMETA_WITH_CUDA)
  nsameta_surface_test(cuda $<TARGET_FILE:nsameta_cuda> nsameta_backend_entry_v1)
endif()
if(NSAMETA_WITH_HIP)
  nsameta_surface_test(hip $<TARGET_FILE:nsameta_hip> nsameta_backend_entry_v1 libamdhip64)
endif()

# Modules beside a library that was opened by a relative path.
add_executable(nsameta_relative_path relative_path.cpp)
target_include_directories(nsameta_relative_path PRIVATE ${PROJECT_SOURCE_DIR}/core/include)
target_link_libraries(nsameta_relative_path PRIVATE nsameta_flags ${CMAKE_DL_LIBS})
add_test(NAME consumer.relative_path COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/relative_path
  $<TARGET_FILE:nsameta_relative_path> $<TARGET_FILE:nsameta>
  $<TARGET_FILE:nsameta_test_module_both_cuda> $<TARGET_FILE:nsameta_test_module_wrong_version_cuda>)

# A program of others, configured, built and run, mostly against an installed tree, in every way to link it. A sanitized
# library wants sanitized programs.
if(NSAMETA_SANITIZE OR NOT NSAMETA_INSTALL)
  return()
endif()
set(work ${CMAKE_CURRENT_BINARY_DIR}/consumer)
set(prefix ${work}/prefix)
set(answer "rows: 18 19 20 0 0 0 0 0 1\n")
add_test(NAME consumer.install
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/install ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR} ${prefix})
set_tests_properties(consumer.install PROPERTIES FIXTURES_SETUP consumer_prefix)

# nsameta_consumer(<name> <way> <what it must print> [cache entry...])
function(nsameta_consumer name way prints)
  add_test(NAME consumer.${name} COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/app ${work}/${name} --build-generator ${CMAKE_GENERATOR}
    --build-target app
    --build-options -DNSAMETA_WAY=${way} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_PREFIX_PATH=${prefix}
      ${ARGN}
    --test-command ${work}/${name}/app)
  set_tests_properties(consumer.${name} PROPERTIES
    FIXTURES_REQUIRED consumer_prefix ENVIRONMENT NSAMETA_BACKEND=auto PASS_REGULAR_EXPRESSION "${prints}")
endfunction()

nsameta_consumer(find_package find_package "${answer}")
nsameta_consumer(find_package.other_version find_package "compatible with.*requested version \"0.2\""
  -DNSAMETA_WANTED=0.2)
nsameta_consumer(find_package.no_component find_package "no component opencl: the components are"
  -DNSAMETA_COMPONENT=opencl)
nsameta_consumer(c_only c_only "${answer}" -DNSAMETA_LANGUAGE=C)
nsameta_consumer(plugins plugins "first: reference\nsecond: cpu\n")
nsameta_consumer(static static "${answer}")
set_tests_properties(consumer.static PROPERTIES FIXTURES_SETUP consumer_static)
set(static_needs libtbb)
if(NSAMETA_LINKED_HIP)
  list(APPEND static_needs libamdhip64)
endif()
add_test(NAME consumer.static.needs
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/needs ${work}/static/app ${static_needs})
set_tests_properties(consumer.static.needs PROPERTIES FIXTURES_REQUIRED consumer_static)

# The examples, by themselves, with their tests.
add_test(NAME consumer.examples COMMAND ${CMAKE_CTEST_COMMAND}
  --build-and-test ${PROJECT_SOURCE_DIR}/examples ${work}/examples --build-generator ${CMAKE_GENERATOR}
  --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_PREFIX_PATH=${prefix}
  --test-command ${CMAKE_CTEST_COMMAND} --output-on-failure)
set_tests_properties(consumer.examples PROPERTIES FIXTURES_REQUIRED consumer_prefix PROCESSORS 2)

if(NSAMETA_TOOLS)
  add_test(NAME consumer.needs.static_matrix
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/needs $<TARGET_FILE:nsameta_static_parity_tests> ${static_needs})
endif()

add_test(NAME consumer.options COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -DWORK=${work}/options
  -DGENERATOR=${CMAKE_GENERATOR} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
  -DNVCC=${CMAKE_CUDA_COMPILER} -P ${CMAKE_CURRENT_SOURCE_DIR}/options.cmake)

# With their own build of the library, the smallest and fastest to make; the program alone is asked for, and opens the
# module where the build put it.
set(own_build -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG= -DNSAMETA_CUDA=OFF -DNSAMETA_HIP=OFF
  -DCMAKE_UNITY_BUILD=ON -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER})
foreach(way subdirectory fetch_content)
  set(both "${answer}")
  if(NSAMETA_WITH_SIMT)  # in either order: the log and the answer come by two pipes
    set(opens "opening ${work}/${way}/bin/nsameta_simt.so\n")
    set(both "${opens}.*${answer}|${answer}.*${opens}")
  endif()
  nsameta_consumer(${way} ${way} "${both}" ${own_build} -DNSAMETA_SIMT=${NSAMETA_WITH_SIMT}
    -DNSAMETA_SOURCE=${PROJECT_SOURCE_DIR} -DFETCHCONTENT_SOURCE_DIR_NSAMETA=${PROJECT_SOURCE_DIR})
  set_property(TEST consumer.${way} APPEND PROPERTY ENVIRONMENT NSAMETA_LOG=loader)
endforeach()

# Both modules in one process: those of this build, and stand-ins.
set(both "both modules at once\n")
if(NSAMETA_WITH_CUDA AND NSAMETA_WITH_HIP)
  nsameta_consumer(two_modules two_modules "${both}")
endif()
nsameta_consumer(two_modules.stand_ins two_modules "cuda[^\n]*no driver.*hip[^\n]*no driver.*${both}")
set_property(TEST consumer.two_modules.stand_ins APPEND PROPERTY
  ENVIRONMENT NSAMETA_PLUGIN_DIR=$<TARGET_FILE_DIR:nsameta_test_module_both_cuda>)

find_program(pkg_config NAMES pkg-config pkgconf)
if(pkg_config)
  foreach(kind shared static)
    add_test(NAME consumer.pkg_config.${kind}
      COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/pkg_config ${prefix} ${work}/pkg_config/${kind} ${kind})
    set_tests_properties(consumer.pkg_config.${kind} PROPERTIES
      FIXTURES_REQUIRED consumer_prefix ENVIRONMENT NSAMETA_BACKEND=auto PASS_REGULAR_EXPRESSION "${answer}")
  endforeach()
endif()

find_program(dpkg_deb dpkg-deb)
find_program(file file)  # which CPack wants
if(dpkg_deb AND file AND pkg_config AND PROJECT_IS_TOP_LEVEL)
  set(parts)
  foreach(module CUDA HIP)
    if(NSAMETA_WITH_${module})
      string(TOLOWER ${module} name)
      list(APPEND parts ${name})
    endif()
  endforeach()
  if(NSAMETA_TOOLS)
    list(APPEND parts program)
    if(NSAMETA_WITH_SIMT)
      list(APPEND parts simt)
    endif()
  endif()
  add_test(NAME consumer.deb COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/deb
    ${PROJECT_BINARY_DIR} ${work}/deb ${PROJECT_VERSION} ${NSAMETA_SOVERSION} ${parts})
  set_tests_properties(consumer.deb PROPERTIES
    ENVIRONMENT NSAMETA_BACKEND=auto PASS_REGULAR_EXPRESSION "${answer}" FAIL_REGULAR_EXPRESSION FAILED)
endif()
