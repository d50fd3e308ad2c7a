# The one list of backends and variants that tests run on: NAME[:INDEX][/VARIANT], as NSAMETA_BACKEND has it.
set(cpu_variants cpu/auto cpu/serial cpu/tbb)
set(simt_variants simt:0/block256 simt:1/block256)  # warps of 32, warps of 64
set(cuda_variants cuda/block256)
set(hip_variants hip/block256)
set(gpu_variants ${cuda_variants} ${hip_variants})
set(all_variants ${cpu_variants} ${simt_variants} ${gpu_variants})

# Each device once, its variant left to selection.
set(all_devices ${simt_variants} ${gpu_variants})
list(TRANSFORM all_devices REPLACE "/.*" "")
list(REMOVE_DUPLICATES all_devices)
list(PREPEND all_devices reference ${cpu_variants})

# One variant of every backend that a static library can hold.
set(first_variants)
foreach(backend cpu cuda hip)
  list(GET ${backend}_variants 0 first)
  list(APPEND first_variants ${first})
endforeach()

# nsameta_backend_tests(<name> <program> SPECS <spec>... [ARGUMENTS <argument>...] [PROPERTIES <name> <value>...]): for
# each spec a test <name>.<spec>, a process that forces it. Skipped (77) where the backend cannot run.
function(nsameta_backend_tests name program)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SPECS;ARGUMENTS;PROPERTIES")
  foreach(spec IN LISTS arg_SPECS)
    string(REGEX REPLACE "[:/]" "." place "${spec}")
    add_test(NAME ${name}.${place} COMMAND ${program} --backend=${spec} ${arg_ARGUMENTS})
    set_tests_properties(${name}.${place} PROPERTIES SKIP_RETURN_CODE 77 ${arg_PROPERTIES})
  endforeach()
endfunction()
