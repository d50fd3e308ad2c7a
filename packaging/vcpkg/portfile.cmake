# nsameta from the tree that this port lies in: vcpkg install nsameta --overlay-ports=packaging/vcpkg
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
vcpkg_check_features(OUT_FEATURE_OPTIONS features FEATURES cuda NSAMETA_CUDA)
string(COMPARE EQUAL "${VCPKG_LIBRARY_LINKAGE}" static linked_in)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${features} -DNSAMETA_HIP=OFF -DNSAMETA_SIMT=OFF -DNSAMETA_TESTS=OFF -DNSAMETA_TOOLS=OFF
          -DNSAMETA_STATIC=${linked_in})
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/nsameta)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
