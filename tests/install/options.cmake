# Configures the library alone, over and over in one folder, and checks what it says.
#   cmake -DROOT=... -DWORK=... -DGENERATOR=... -DCMAKE_CXX_COMPILER=... [-DNVCC=...] -P options.cmake
cmake_minimum_required(VERSION 3.24...3.25)

# expect(<pattern of what is said> <option...>)
function(expect pattern)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${ROOT} -B ${WORK} -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
      -DNSAMETA_TESTS=OFF -DNSAMETA_TOOLS=OFF -DNSAMETA_CUDA=OFF -DNSAMETA_HIP=OFF -DNSAMETA_SIMT=OFF ${ARGN}
    OUTPUT_VARIABLE said ERROR_VARIABLE said)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  if(NOT said MATCHES "${pattern}")
    message(SEND_ERROR "with ${ARGN} \"${pattern}\" is not in: ${said}")
  endif()
  message(STATUS "${ARGN}: ${CMAKE_MATCH_0}")
endfunction()

file(REMOVE_RECURSE ${WORK})
foreach(word FALSE 0 no "")
  expect("no CUDA backend: switched off with NSAMETA_CUDA=${word} " -DNSAMETA_CUDA=${word})
endforeach()
foreach(part SIMT CUDA HIP)
  expect("NSAMETA_${part} is \"maybe\": wanted is AUTO, or one of CMake's words for true and false"
    -DNSAMETA_${part}=maybe)
endforeach()

# A standard library without source locations, as it is to Clang 14.
file(WRITE ${WORK}/poor/source_location "")
set(poor "-DCMAKE_CXX_FLAGS=-I${WORK}/poor")
expect("no SIMT backend: [A-Za-z]+ [0-9.]+ has no std::source_location " -DNSAMETA_SIMT=auto ${poor})
foreach(word TRUE 1)
  expect("NSAMETA_SIMT=${word}, but [A-Za-z]+ [0-9.]+ has no std::source_location " -DNSAMETA_SIMT=${word} ${poor})
endforeach()

# A toolkit that is older than some of the architectures.
if(NVCC)
  file(WRITE ${WORK}/nvcc "#!/bin/sh\n[ $1 = --list-gpu-code ] && echo sm_75 sm_80 sm_90 || exec ${NVCC} \"$@\"\n")
  file(CHMOD ${WORK}/nvcc PERMISSIONS OWNER_READ OWNER_EXECUTE)
  set(cuda -DNSAMETA_CUDA=yes -DCMAKE_CUDA_COMPILER=${WORK}/nvcc)
  expect("CUDA code for 75, 80, 90, which this nvcc knows, and not for 86, 89, 100, 120 " ${cuda})
  expect("CUDA architectures that .*/nvcc does not know: 90x, 120; it knows 75, 80, 90 " ${cuda}
    "-DNSAMETA_CUDA_ARCHS=80\;120\;90x")
  expect("CUDA code for 80, 90 " ${cuda} "-DNSAMETA_CUDA_ARCHS=" "-DCMAKE_CUDA_ARCHITECTURES=90\;80-real")
  expect("CUDA code for 80, 90 " ${cuda} "-DNSAMETA_CUDA_ARCHS=" "-DCMAKE_CUDA_ARCHITECTURES=90a\;80-virtual")
endif()
