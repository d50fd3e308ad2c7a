# The HIP module's own source built for NVIDIA GPUs, in a folder of its own, and the matrix run through it.
if(NOT NSAMETA_WITH_CUDA)
  return()
endif()
set(hip ${PROJECT_SOURCE_DIR}/backends/hip)
set(folder ${CMAKE_BINARY_DIR}/bin/hip_on_nvidia)
set_source_files_properties(${hip}/module.hip PROPERTIES LANGUAGE CUDA)
list(TRANSFORM NSAMETA_CUDA_ARCHS REPLACE ".+" "\"sm_\\0\"" OUTPUT_VARIABLE quoted)
nsameta_add_cuda_module(nsameta_hip_on_nvidia ${hip}/module.hip ${hip}/entry.cpp ${quoted})
set_target_properties(nsameta_hip_on_nvidia PROPERTIES OUTPUT_NAME nsameta_hip LIBRARY_OUTPUT_DIRECTORY ${folder})
target_compile_options(nsameta_hip_on_nvidia_objects PRIVATE "SHELL:-x cu")
configure_file(hip_runtime.h hip_on_nvidia/hip/hip_runtime.h COPYONLY)
target_include_directories(nsameta_hip_on_nvidia_objects PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/hip_on_nvidia)

add_test(NAME matrix.hip_on_nvidia
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/hip_on_nvidia $<TARGET_FILE:nsameta_parity_tests> --backend=hip --test-suite=matrix)
set_tests_properties(matrix.hip_on_nvidia PROPERTIES
  SKIP_RETURN_CODE 77 LABELS matrix ENVIRONMENT NSAMETA_PLUGIN_DIR=${folder})
