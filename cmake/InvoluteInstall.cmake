# The relocatable package: library, headers, command, CMake package and pkg-config file.
include(CMakePackageConfigHelpers)

install(
  TARGETS involute
  EXPORT involuteTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS involute_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY runtime/include/involute DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/involute)
install(EXPORT involuteTargets NAMESPACE involute:: DESTINATION ${package})
configure_package_config_file(
  cmake/involuteConfig.cmake.in ${CMAKE_BINARY_DIR}/generated/involuteConfig.cmake
  INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/involuteConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/involuteConfig.cmake
              ${CMAKE_BINARY_DIR}/generated/involuteConfigVersion.cmake DESTINATION ${package})

# The .pc file finds its prefix from where it lies, so that the package can be moved.
file(RELATIVE_PATH PC_PREFIX ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig
     ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/involute.pc.in ${CMAKE_BINARY_DIR}/generated/involute.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/involute.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
