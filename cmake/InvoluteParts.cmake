# What `involute compile` links into the libraries that it writes, beside the emit program: the
# runtime as one relocatable object without a list of kernels, all kernels as an archive (a linker
# takes those it needs), and the public header. A build for another processor puts its parts into a
# folder of the host's, whose command compiles with them. Included behind InvoluteArchive, whose
# checks and options hold here too.
if(NOT cxx_libraries OR NOT (INVOLUTE_BUILD_TOOLS OR INVOLUTE_BUILD_TESTS))
  return()
endif()
set(parts ${PROJECT_BINARY_DIR}/emit)
if(CMAKE_CROSSCOMPILING)
  set(parts ${INVOLUTE_HOST_BUILD}/emit/arm-64-linux)
  file(MAKE_DIRECTORY ${parts})
endif()
set(core ${parts}/involute_core.o)
add_custom_command(
  OUTPUT ${core}
  COMMAND
    ${CMAKE_CXX_COMPILER} -r -nostdlib -o ${core} -Wl,--force-group-allocation -Wl,--whole-archive
    $<TARGET_FILE:involute_core> $<TARGET_FILE:involute_compiled_list> -Wl,--no-whole-archive
    $<TARGET_FILE:involute_status> ${cxx_libraries}
  COMMAND ${CMAKE_OBJCOPY} --strip-debug ${core}
  DEPENDS involute_core involute_compiled_list involute_status
  COMMENT "Linking involute_core.o"
  VERBATIM)
add_custom_command(
  OUTPUT ${parts}/involute.h
  COMMAND ${CMAKE_COMMAND} -E copy ${public_header} ${parts}/involute.h
  DEPENDS ${public_header}
  VERBATIM)
add_custom_command(
  OUTPUT ${parts}/libinvolute_kernels.a
  COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:involute_kernels> ${parts}/libinvolute_kernels.a
  DEPENDS involute_kernels
  VERBATIM)
add_custom_target(involute_parts ALL DEPENDS ${core} ${parts}/involute.h
                                             ${parts}/libinvolute_kernels.a)
if(TARGET involute_emit)
  add_dependencies(involute_parts involute_emit involute_emit_archive)
endif()
