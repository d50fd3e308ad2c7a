# The binary interfaces, compared with what is stored of them: the library's, and that of the modules to the library.
file(STRINGS ${PROJECT_SOURCE_DIR}/backends/backend.h line REGEX "backend_interface_version = [0-9]+;")
string(REGEX REPLACE ".* = ([0-9]+).*" "\\1" interface_version "${line}")
set(public ${PROJECT_SOURCE_DIR}/core/include)

add_test(NAME abi.guard COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/abi_guard_test ${public})
set_tests_properties(abi.guard PROPERTIES SKIP_RETURN_CODE 77)
if(NSAMETA_SANITIZE)  # not what ships
  return()
endif()

# nsameta_abi(<name> <version> <file> <folders of headers>): compares, or renews with NSAMETA_ABI=write.
function(nsameta_abi name version file headers)
  add_test(NAME abi.${name} COMMAND
    ${CMAKE_CURRENT_SOURCE_DIR}/abi_guard ${CMAKE_CURRENT_SOURCE_DIR} ${name} ${version} ${file})
  set_tests_properties(abi.${name} PROPERTIES SKIP_RETURN_CODE 77 ENVIRONMENT "NSAMETA_HEADERS=${headers}")
endfunction()
nsameta_abi(library ${PROJECT_VERSION} $<TARGET_FILE:nsameta> ${public})
nsameta_abi(modules ${interface_version} $<TARGET_FILE:nsameta_test_module_both_cuda>
  "${public} ${PROJECT_SOURCE_DIR}/backends")
