# The relocatable package: both libraries, headers, command, CMake package and pkg-config files.
include(CMakePackageConfigHelpers)

install(
  TARGETS involute
  EXPORT involuteTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET involute_static)
  install(
    TARGETS involute_static
    EXPORT involuteTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET involute_command)
  install(TARGETS involute_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # The command looks for it in ../share/involute/wisdom.
  install(
    DIRECTORY wisdom
    DESTINATION share/involute
    FILES_MATCHING
    PATTERN "*.json")
endif()
install(DIRECTORY runtime/include/involute DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/involute)
set(generated ${PROJECT_BINARY_DIR}/generated)
install(EXPORT involuteTargets NAMESPACE involute:: DESTINATION ${package})
configure_package_config_file(
  cmake/involuteConfig.cmake.in ${generated}/involuteConfig.cmake
  INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${generated}/involuteConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/involuteConfig.cmake ${generated}/involuteConfigVersion.cmake
              cmake/InvoluteKernels.cmake DESTINATION ${package})

# The .pc files find their prefix from where they lie, so that the package can be moved.
file(RELATIVE_PATH PC_PREFIX ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig
     ${CMAKE_INSTALL_PREFIX})
set(PC_DECODERS "-Wl,--push-state,--as-needed -lspng -ljpeg -Wl,--pop-state")
# What the archive needs. The table of unwinding is there by default but in programs that are all
# static; the library catches its own exceptions by it.
set(PC_STATIC "-Wl,--eh-frame-hdr -pthread -lm")
foreach(pc involute involute-static)
  if(pc STREQUAL involute OR TARGET involute_static)
    configure_file(cmake/${pc}.pc.in ${generated}/${pc}.pc @ONLY)
    install(FILES ${generated}/${pc}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  endif()
endforeach()

# What generates: `involute compile` and the functions of InvoluteKernels.cmake take it from here. A
# component of its own, since it needs Halide, which is not installed: a Debian package could not
# say where that comes from. The command looks for these files in ../libexec/involute, whatever
# CMAKE_INSTALL_LIBEXECDIR says.
if(TARGET involute_parts AND TARGET involute_emit)
  set(compiler libexec/involute)
  set(parts ${PROJECT_BINARY_DIR}/emit)
  install(
    TARGETS involute_emit
    RUNTIME DESTINATION ${compiler} COMPONENT compiler)
  install(
    FILES ${parts}/involute_core.o ${parts}/libinvolute_kernels.a ${parts}/libinvolute_emit.a
          ${parts}/involute.h
    DESTINATION ${compiler}
    COMPONENT compiler)
  install( # where the preset aarch64 has put them
    DIRECTORY ${parts}/arm-64-linux
    DESTINATION ${compiler}
    COMPONENT compiler
    OPTIONAL)
  install(
    DIRECTORY generators schedules
    DESTINATION ${compiler}/include
    COMPONENT compiler
    FILES_MATCHING
    PATTERN "*.h"
    PATTERN "hand_schedules.inc"
    PATTERN emit EXCLUDE)
endif()
