# `cmake --install`: the headers, and what find_package(ota) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(OTA_PACKAGE_DIR ${CMAKE_INSTALL_DATADIR}/cmake/ota)

install(DIRECTORY include/ota DESTINATION include FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/ota)
install(TARGETS ota EXPORT ota-targets)
install(EXPORT ota-targets NAMESPACE ota:: DESTINATION ${OTA_PACKAGE_DIR})

configure_package_config_file(cmake/ota-config.cmake.in ota-config.cmake
  INSTALL_DESTINATION ${OTA_PACKAGE_DIR})
# Before 1.0 a minor version may break its users. Headers run on any architecture.
write_basic_package_version_file(ota-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  ${PROJECT_BINARY_DIR}/ota-config.cmake
  ${PROJECT_BINARY_DIR}/ota-config-version.cmake
  cmake/ota-mbedtls.cmake
  DESTINATION ${OTA_PACKAGE_DIR})
