# What can be said of the HIP module without an AMD GPU: what is in it. gpu.no_device.hip loads it,
# matrix.hip_on_nvidia runs it.
if(NOT NSAMETA_WITH_HIP)
  return()
endif()
get_target_property(report nsameta_hip NSAMETA_RESOURCE_REPORT)
add_test(NAME hip.code_objects COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/hip_code_objects
  $<TARGET_FILE:nsameta_hip> ${NSAMETA_HIP_ARCHS})
add_test(NAME hip.resources COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/hip_resources ${report} ${NSAMETA_HIP_ARCHS})
