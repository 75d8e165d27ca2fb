# libinvolute.a: the static library. Each of its two members is one relocatable link whose symbols
# are made local but for involute_*: the C++ library and the unwinder it uses are inside, and
# neither they nor the kernels nor Halide's runtime can meet others of the same names in a program.
#
# The second member holds the decoders of pictures. A linker takes it only for a program that calls
# involute_image_load, and only such a program needs libjpeg and libspng.
include(CheckLinkerFlag)
check_linker_flag(CXX -Wl,--force-group-allocation INVOLUTE_LINKER_CAN_LOCALISE)
if(NOT INVOLUTE_LINKER_CAN_LOCALISE OR NOT CMAKE_OBJCOPY)
  message(STATUS "No static library: it needs GNU ld and objcopy")
  return()
endif()

foreach(name libstdc++.a libgcc_eh.a)
  execute_process(
    COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${name}
    OUTPUT_VARIABLE path
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${path}")
    message(STATUS "No static library: the compiler has no ${name}")
    return()
  endif()
  list(APPEND cxx_libraries ${path})
endforeach()

# Groups of inline functions are dissolved: a linker that kept another file's copy of a group would
# drop this one, and local symbols cannot be found elsewhere. Symbols that are "unique" in a process
# become weak first, since objcopy makes no others local.
function(involute_localised_object name) # whole archives, after them those that are only searched
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "WHOLE;SEARCHED")
  list(TRANSFORM arg_WHOLE REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE whole)
  list(TRANSFORM arg_SEARCHED REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE searched)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/archive/${name}.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND
      ${CMAKE_CXX_COMPILER} -r -nostdlib -o ${object}.all -Wl,--force-group-allocation
      -Wl,--whole-archive ${whole} -Wl,--no-whole-archive ${searched} ${cxx_libraries}
    COMMAND ${CMAKE_OBJCOPY} --strip-debug --wildcard --weaken-symbol=_Z* ${object}.all
    COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=involute_* ${object}.all ${object}
    COMMAND ${CMAKE_COMMAND} -E rm ${object}.all
    DEPENDS ${arg_WHOLE} ${arg_SEARCHED}
    COMMENT "Localising ${name}.o"
    VERBATIM)
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
endfunction()
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/archive)
involute_localised_object(involute WHOLE involute_core SEARCHED involute_status involute_kernel_list
                                                               involute_kernels)
involute_localised_object(involute_images WHOLE involute_images SEARCHED involute_status)

set(members ${CMAKE_CURRENT_BINARY_DIR}/archive)
add_library(involute_static STATIC ${members}/involute.o ${members}/involute_images.o)
add_library(involute::static ALIAS involute_static)
set_target_properties(
  involute_static
  PROPERTIES OUTPUT_NAME involute EXPORT_NAME static LINKER_LANGUAGE C
             ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_include_directories(
  involute_static INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
                            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
# The package's own file adds the decoders that it finds where the application is built.
set(decoders -Wl,--push-state,--as-needed ${spng_LINK_LIBRARIES} ${JPEG_LIBRARIES} -Wl,--pop-state)
target_link_libraries(
  involute_static
  INTERFACE
    "$<BUILD_INTERFACE:${decoders}>"
    -Wl,--eh-frame-hdr -pthread m) # the table that exceptions inside need in all-static programs
