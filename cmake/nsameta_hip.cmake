# HIP modules for AMD GPUs, compiled without an AMD GPU and without CMake's HIP language, which wants a whole ROCm.
#   NSAMETA_HIP_FOUND, NSAMETA_HIP_REASON: whether HIP compiles here, and a sentence that says with what or why not
#   nsameta_add_hip_module(<target> ENTRY entry.cpp SOURCES a.hip ... EXPORTS symbol ... [INCLUDES dir ...])
#     builds <target>.so and a report on its kernels' registers and memory, whose path is the target's property
#     NSAMETA_RESOURCE_REPORT; the sources' objects, for a static build to link in too, are its NSAMETA_HIP_OBJECTS
cmake_minimum_required(VERSION 3.21)  # also CMP0116: the depfiles below hold absolute paths

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  # Compiles one source at build time. Remarks on resources do not name their arch, so they are read from one record
  # per arch, and dropped from the console.
  execute_process(COMMAND ${COMMAND} RESULT_VARIABLE rc ERROR_VARIABLE err)
  string(REGEX REPLACE "[^\n]*remark:[^\n]*kernel-resource-usage\\]\n( +[0-9]* \\|[^\n]*\n)*" "" err "${err}")
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo_append "${err}")
  if(NOT rc STREQUAL "0")
    message(FATAL_ERROR "compiling ${OBJECT} failed")
  endif()
  get_filename_component(name "${OBJECT}" NAME_WLE)
  foreach(arch IN LISTS ARCHS)
    file(READ "${OBJECT}.${arch}.yaml" yaml)
    string(REGEX MATCHALL "String: +'[^']*'\n[^\n]*" facts "${yaml}")
    list(TRANSFORM facts REPLACE "String: +' *([^']*)'\n[^:]*: +'?([^']*)'?$" " | \\1\\2")
    list(JOIN facts "" facts)
    string(REPLACE " | Function Name: " "\n${arch} ${name} " facts "${facts}")
    string(APPEND report "${facts}")
  endforeach()
  file(WRITE "${OBJECT}.resources.txt" "${report}\n")
  return()
endif()

set(NSAMETA_HIP_ARCHS gfx90a gfx942 gfx1100 CACHE STRING "AMD GPU architectures of the HIP module")
set(NSAMETA_HIP_FOUND FALSE)
set(NSAMETA_HIP_REASON "")
find_path(rocm include/hip/hip_runtime.h PATHS "${ROCM_PATH}" "$ENV{ROCM_PATH}" /opt/rocm NO_DEFAULT_PATH NO_CACHE)
if(rocm)
  find_program(NSAMETA_HIP_COMPILER NAMES amdclang++ clang++ NO_CACHE NO_DEFAULT_PATH
    PATHS ${rocm}/bin ${rocm}/llvm/bin ${rocm}/lib/llvm/bin)
  find_library(NSAMETA_HIP_LIBRARY amdhip64 PATHS ${rocm}/lib NO_DEFAULT_PATH NO_CACHE)
  set(NSAMETA_HIP_FLAGS --rocm-path=${rocm})
  set(needs COMPILER LIBRARY)
  set(tools "clang++ of ${rocm}" "libamdhip64 of ${rocm}")
else()
  find_program(NSAMETA_HIP_COMPILER clang++-19 NO_CACHE)
  find_program(NSAMETA_HIP_LINKER ld.lld-19 NO_CACHE)
  find_library(NSAMETA_HIP_LIBRARY amdhip64 PATHS /usr/lib/x86_64-linux-gnu NO_CACHE)
  find_path(NSAMETA_HIP_BITCODE ockl.bc PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/amdgcn/bitcode
    /usr/lib/x86_64-linux-gnu/amdgcn/bitcode NO_CACHE)
  # Debian's bitcode is older than its clang: code object 5 is the newest that it knows (oclc_abi_version_500), it has
  # no oclc_isa_version_* for newer GPUs: one constant each, without which clang refuses the arch. With those added to
  # a copy, clang picks the bitcode that fits each arch (wave size, ABI) by itself, as with a real ROCm.
  set(bitcode "${CMAKE_BINARY_DIR}/nsameta_hip_bitcode")
  set(NSAMETA_HIP_FLAGS --rocm-device-lib-path=${bitcode} -mcode-object-version=5)
  file(GLOB packaged "${NSAMETA_HIP_BITCODE}/*.bc")
  file(COPY ${packaged} DESTINATION "${bitcode}")
  set(needs BITCODE LIBRARY LINKER COMPILER)
  set(tools "bitcode of rocm-device-libs" libamdhip64 lld-19 clang++-19)
endif()
foreach(arch IN LISTS NSAMETA_HIP_ARCHS)
  list(APPEND NSAMETA_HIP_FLAGS --offload-arch=${arch})
  if(NOT rocm AND arch MATCHES "^gfx(([0-9]+)([0-9])([0-9a-f]))(:|$)")
    set(isa "${bitcode}/oclc_isa_version_${CMAKE_MATCH_1}")
    math(EXPR number "${CMAKE_MATCH_2} * 1000 + ${CMAKE_MATCH_3} * 100 + 0x${CMAKE_MATCH_4}")
    file(WRITE "${isa}.ll" "@__oclc_ISA_version = linkonce_odr protected addrspace(4) constant i32 ${number}\n")
    execute_process(COMMAND ${NSAMETA_HIP_COMPILER} --target=amdgcn-amd-amdhsa -nogpulib -x ir "${isa}.ll"
      -emit-llvm -c -o "${isa}.bc" ERROR_QUIET)
  endif()
endforeach()
foreach(need tool IN ZIP_LISTS needs tools)
  if(NOT NSAMETA_HIP_${need})
    set(NSAMETA_HIP_REASON "${tool} not found")
  endif()
endforeach()
if(NOT NSAMETA_HIP_REASON)
  # One probe answers the rest: headers missing or not taken by this compiler, an arch that it does not know.
  set(probe "${CMAKE_BINARY_DIR}/nsameta_hip_probe.hip")
  file(WRITE "${probe}" "#include <hip/hip_runtime.h>\n__global__ void probe(int* p) { *p = blockDim.x; }\n")
  execute_process(COMMAND ${NSAMETA_HIP_COMPILER} -x hip -std=c++20 ${NSAMETA_HIP_FLAGS} -c "${probe}" -o "${probe}.o"
    RESULT_VARIABLE rc ERROR_VARIABLE err)
  string(REGEX MATCH "[^\n]*error:[^\n]*" err "${err}")
  set(NSAMETA_HIP_REASON "${NSAMETA_HIP_COMPILER} does not compile HIP: ${err}")
  if(rc STREQUAL "0")
    set(NSAMETA_HIP_FOUND TRUE)
    set(NSAMETA_HIP_REASON "${NSAMETA_HIP_COMPILER} and ${NSAMETA_HIP_LIBRARY}")
  endif()
endif()

function(nsameta_add_hip_module target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" ENTRY "SOURCES;INCLUDES;EXPORTS")
  set(work "${CMAKE_CURRENT_BINARY_DIR}/${target}.dir")
  set(report "${CMAKE_CURRENT_BINARY_DIR}/${target}.resources.txt")
  file(MAKE_DIRECTORY "${work}")
  list(TRANSFORM arg_INCLUDES PREPEND -I OUTPUT_VARIABLE includes)
  # Optimised in every configuration: unoptimised kernels spill, and the report on resources would say nothing.
  set(compile ${NSAMETA_HIP_COMPILER} -x hip -std=c++20 -O3 -DNDEBUG -fPIC -fvisibility=hidden -Wall -Wextra
    ${NSAMETA_HIP_FLAGS} ${includes} -Xarch_host -MD -Xarch_device -MD
    -Rpass-analysis=kernel-resource-usage -Xarch_device -foptimization-record-passes=kernel-resource-usage)
  set(objects)
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(path "${source}" ABSOLUTE)
    get_filename_component(name "${source}" NAME)
    set(object "${work}/${name}.o")
    set(command ${compile} -c ${path} -o ${object} -Xarch_host -MF${object}.host.d -Xarch_device -MF${object}.device.d)
    foreach(arch IN LISTS NSAMETA_HIP_ARCHS)
      list(APPEND command -Xarch_${arch} -foptimization-record-file=${object}.${arch}.yaml)
    endforeach()
    # The host and the device pass write a depfile each: a header may be included by only one of them.
    add_custom_command(OUTPUT "${object}" "${object}.resources.txt" DEPFILE "${object}.d"
      COMMAND ${CMAKE_COMMAND} "-DOBJECT=${object}" "-DARCHS=${NSAMETA_HIP_ARCHS}" "-DCOMMAND=${command}"
        -P "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
      COMMAND ${CMAKE_COMMAND} -E cat "${object}.host.d" "${object}.device.d" > "${object}.d"
      DEPENDS "${path}" "${CMAKE_CURRENT_FUNCTION_LIST_FILE}" COMMENT "HIP ${target}: ${name}" VERBATIM)
    list(APPEND objects "${object}")
  endforeach()
  list(TRANSFORM objects APPEND ".resources.txt" OUTPUT_VARIABLE reports)
  add_custom_command(OUTPUT "${report}" COMMAND ${CMAKE_COMMAND} -E cat ${reports} > "${report}"
    DEPENDS ${reports} COMMENT "Resources of ${target}" VERBATIM)
  # Without relocatable device code, a HIP object is one like any other: any linker links it.
  add_library(${target} MODULE ${arg_ENTRY} ${objects} "${report}")
  set_target_properties(${target} PROPERTIES
    PREFIX "" NSAMETA_HIP_OBJECTS "${objects}" NSAMETA_RESOURCE_REPORT "${report}")
  target_include_directories(${target} PRIVATE ${arg_INCLUDES})
  target_link_libraries(${target} PRIVATE ${NSAMETA_HIP_LIBRARY})
  # Kernel handles are exported whatever the visibility: the list of exports hides them.
  list(JOIN arg_EXPORTS "; " exports)
  file(CONFIGURE OUTPUT "${work}/exports.map" CONTENT "{ global: @exports@; local: *; };\n" @ONLY)
  target_link_options(${target} PRIVATE
    LINKER:-z,defs,-z,now,-Bsymbolic,--as-needed "LINKER:--version-script=${work}/exports.map")
endfunction()
