# involute_add_kernels() and involute_add_model(): libraries by `involute compile` as a part of a
# project's build. For CMake 3.25; find_package(involute) defines both. docs/compile.md tells what
# the libraries are, `involute compile --help` what the values may be.
#
#   involute_add_kernels(NAME
#     OP involution              operator; required
#     [KERNEL K|HxW] [STRIDE N] [DILATION N] [GROUP_CHANNELS N] [REDUCTION N] [OUT_CHANNELS N]
#     [GROUPS N] [UPSAMPLE N] [BORDER zero|clamp] [RELU]
#                                its settings, as the command's options of the same names
#     [CHANNELS N] [SIZE HxW] [BATCH N]
#                                constants of the kernels; else arguments of NAME_create
#     [SCHEDULE_SOURCE FILE...]  C++ files with schedules of your own (docs/write-a-schedule.md);
#                                C++ must be among the project's languages
#     ...)                       and what both functions take
#
#   involute_add_model(NAME
#     MODEL rednet50|FILE.json   network or architecture; required
#     [WEIGHTS FILE|synthetic[:SEED]]
#     [EMBED]                    weights inside of the library
#     [SIZE HxW] [BATCH N]       what 0 stands for in NAME_options
#     ...)
#
# Both:
#     [TARGETS x86-64-linux x86-64-linux-avx2 ...]
#                                variants in one library, the best that runs is taken; all
#     [SCHEDULE NAME]            hand, naive, adams2019, ...; own where SCHEDULE_SOURCE is given
#     [DTYPE f32]
#     [EMIT stmt|assembly|llvm|html ...]
#                                also written, to involute/NAME/NAME.kernels in the build folder
#
# NAME becomes an imported static library, with an alias NAME::NAME, whose include folder has
# NAME.h. It is built anew when weights, architecture, schedules, options or this installation
# change. Files are relative to the folder of the caller.
#
# Halide is needed where kernels are built, not where they run; not for a network with the hand
# schedules, whose kernels are in the installation. Its folder is asked of Halide_DIR,
# CMAKE_PREFIX_PATH and then of Python: INVOLUTE_PYTHON (variable, or of the environment), else
# python3. Its own CMake package is left alone: it wants a newer CMake.
#
# An emit program with schedules of your own is left in the build folder, named by their first file:
# my_schedule.cpp gives my_schedule_emit. INVOLUTE_EMIT=build/my_schedule_emit gives them to
# `involute bench`, `run` and `verify` as --schedule own.

function(involute_add_kernels name)
  cmake_parse_arguments(
    PARSE_ARGV 1 arg "RELU"
    "OP;KERNEL;STRIDE;DILATION;GROUP_CHANNELS;REDUCTION;OUT_CHANNELS;GROUPS;UPSAMPLE;BORDER;\
CHANNELS;SIZE;BATCH;SCHEDULE;DTYPE" "SCHEDULE_SOURCE;TARGETS;EMIT")
  _involute_check_arguments(involute_add_kernels OP)
  set(options "")
  foreach(keyword OP KERNEL STRIDE DILATION GROUP_CHANNELS REDUCTION OUT_CHANNELS GROUPS UPSAMPLE
                  BORDER CHANNELS)
    _involute_option(${keyword})
  endforeach()
  if(arg_RELU)
    list(APPEND options --relu)
  endif()
  set(emit "")
  if(arg_SCHEDULE_SOURCE)
    if(NOT DEFINED arg_SCHEDULE)
      set(arg_SCHEDULE own)
    elseif(NOT arg_SCHEDULE STREQUAL "own")
      message(FATAL_ERROR "involute_add_kernels(${name}): SCHEDULE_SOURCE is for SCHEDULE own, "
                          "found ${arg_SCHEDULE}")
    endif()
    _involute_emit_program(${name} "${arg_SCHEDULE_SOURCE}" emit)
  elseif("${arg_SCHEDULE}" STREQUAL "own")
    message(FATAL_ERROR "involute_add_kernels(${name}): SCHEDULE own expects SCHEDULE_SOURCE, the "
                        "file with the schedule")
  endif()
  _involute_compile(${name} "${emit}" "" YES)
endfunction()

function(involute_add_model name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "EMBED" "MODEL;WEIGHTS;SIZE;BATCH;SCHEDULE;DTYPE"
                        "TARGETS;EMIT")
  _involute_check_arguments(involute_add_model MODEL)
  set(files "")
  if(arg_MODEL MATCHES "\\.json$")
    cmake_path(ABSOLUTE_PATH arg_MODEL)
    list(APPEND files "${arg_MODEL}")
  endif()
  if(DEFINED arg_WEIGHTS AND NOT arg_WEIGHTS MATCHES "^synthetic(:|$)")
    cmake_path(ABSOLUTE_PATH arg_WEIGHTS)
    list(APPEND files "${arg_WEIGHTS}")
  endif()
  set(options "")
  foreach(keyword MODEL WEIGHTS)
    _involute_option(${keyword})
  endforeach()
  if(arg_EMBED)
    list(APPEND options --embed)
  endif()
  set(builds_kernels NO)
  if(arg_EMIT OR NOT "${arg_SCHEDULE}" MATCHES "^(hand)?$")
    set(builds_kernels YES)
  endif()
  _involute_compile(${name} "" "${files}" ${builds_kernels})
endfunction()

# The rest is used by the two functions only, and sees their `name`, `arg_*` and `options`.

macro(_involute_check_arguments function required)
  set(unknown ${arg_UNPARSED_ARGUMENTS})
  # Lists take every word: one in capitals is a keyword that is not known.
  foreach(word IN LISTS arg_TARGETS arg_EMIT arg_SCHEDULE_SOURCE)
    if(word MATCHES "^[A-Z][A-Z_]+$")
      list(APPEND unknown ${word})
    endif()
  endforeach()
  if(unknown)
    list(JOIN unknown ", " unknown)
    message(FATAL_ERROR "${function}(${name}): unknown: ${unknown}")
  endif()
  if(arg_KEYWORDS_MISSING_VALUES)
    list(JOIN arg_KEYWORDS_MISSING_VALUES ", " unknown)
    message(FATAL_ERROR "${function}(${name}): no value for ${unknown}")
  endif()
  if(NOT DEFINED arg_${required})
    message(FATAL_ERROR "${function}(${name}): ${required} is missing")
  endif()
  if(NOT "${name}" MATCHES "^[A-Za-z][A-Za-z0-9_]*$")
    message(FATAL_ERROR "${function}(${name}): expected a name that C functions can begin with")
  endif()
endmacro()

# --some-option VALUE where SOME_OPTION was given.
macro(_involute_option keyword)
  if(DEFINED arg_${keyword})
    string(TOLOWER "--${keyword}" option)
    string(REPLACE "_" "-" option ${option})
    list(APPEND options ${option} "${arg_${keyword}}")
  endif()
endmacro()

# What an installation has: the command and the folder of what it compiles with.
function(_involute_installation command compiler)
  get_property(command_path GLOBAL PROPERTY INVOLUTE_COMMAND)
  get_property(folder GLOBAL PROPERTY INVOLUTE_COMPILER)
  foreach(path "${command_path}" "${folder}/involute_emit" "${folder}/libinvolute_emit.a")
    if(NOT EXISTS "${path}")
      message(FATAL_ERROR "involute: this installation cannot compile, ${path} is missing: "
                          "'cmake --install build/release --prefix PREFIX' of a build of involute "
                          "installs it")
    endif()
  endforeach()
  set(${command} "${command_path}" PARENT_SCOPE)
  set(${compiler} "${folder}" PARENT_SCOPE)
endfunction()

# The library of the version that the emit program was built with, and the folder of Halide.h.
function(_involute_halide library include)
  get_property(version GLOBAL PROPERTY INVOLUTE_HALIDE_VERSION)
  if(NOT EXISTS "${INVOLUTE_HALIDE_LIBRARY}")
    set(found "")
    set(hints "")
    if(Halide_DIR)
      list(APPEND hints "${Halide_DIR}/../../..")
    endif()
    _involute_halide_in("${hints}" "" ${version} found)
    if(NOT found)
      set(python "$ENV{INVOLUTE_PYTHON}")
      if(INVOLUTE_PYTHON)
        set(python "${INVOLUTE_PYTHON}")
      elseif(NOT python)
        set(python python3)
      endif()
      execute_process(
        COMMAND
          "${python}" -c
          "import importlib.util as u; print(u.find_spec('halide').submodule_search_locations[0])"
        OUTPUT_VARIABLE hints
        OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
        RESULT_VARIABLE result)
      if(result EQUAL 0)
        _involute_halide_in("${hints}" NO_DEFAULT_PATH ${version} found)
      endif()
    endif()
    if(NOT found)
      message(FATAL_ERROR "involute: Halide ${version} is not found, which kernels are built with: "
                          "'pip install halide==${version}' installs it. Halide_DIR names another "
                          "one, INVOLUTE_PYTHON the Python that has it.")
    endif()
    set(INVOLUTE_HALIDE_LIBRARY "${found}" CACHE FILEPATH "Halide's library, for involute" FORCE)
    mark_as_advanced(INVOLUTE_HALIDE_LIBRARY)
  endif()
  cmake_path(GET INVOLUTE_HALIDE_LIBRARY PARENT_PATH folder)
  set(${library} "${INVOLUTE_HALIDE_LIBRARY}" PARENT_SCOPE)
  set(${include} "${folder}/../include" PARENT_SCOPE)
endfunction()

# "" unless there is a Halide of the same major version.
function(_involute_halide_in hints default_path version result)
  set(${result} "" PARENT_SCOPE)
  unset(involute_library) # whatever the caller calls so
  find_library(involute_library NAMES Halide HINTS ${hints} PATH_SUFFIXES lib64 lib NO_CACHE
               ${default_path})
  if(NOT involute_library)
    return()
  endif()
  cmake_path(GET involute_library PARENT_PATH folder)
  set(header "${folder}/../include/HalideRuntime.h")
  string(REGEX REPLACE "\\..*" "" major ${version})
  if(EXISTS "${header}")
    file(STRINGS "${header}" line REGEX "define HALIDE_VERSION_MAJOR ${major}$")
    if(line)
      set(${result} "${involute_library}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

# An emit program with schedules of the user's; libraries of the same files share it.
function(_involute_emit_program name sources result)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT "CXX" IN_LIST languages)
    message(FATAL_ERROR "involute_add_kernels(${name}): SCHEDULE_SOURCE needs C++: "
                        "project(... LANGUAGES C CXX)")
  endif()
  _involute_installation(command compiler)
  _involute_halide(halide include)
  set(files "")
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source)
    list(APPEND files "${source}")
  endforeach()
  list(GET files 0 first)
  cmake_path(GET first STEM program)
  string(APPEND program _emit)
  set(${result} ${program} PARENT_SCOPE)
  if(TARGET ${program})
    get_target_property(others ${program} INVOLUTE_SCHEDULES)
    if("${others}" STREQUAL "${files}")
      return()
    endif()
    message(FATAL_ERROR "involute_add_kernels(${name}): ${program} is built of other files already")
  endif()
  add_executable(${program} ${files})
  set_target_properties(${program} PROPERTIES INVOLUTE_SCHEDULES "${files}"
                                              RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  target_compile_features(${program} PRIVATE cxx_std_17)
  target_include_directories(${program} PRIVATE "${compiler}/include")
  target_include_directories(${program} SYSTEM PRIVATE "${include}")
  target_compile_definitions(${program} PRIVATE HALIDE_ENABLE_RTTI HALIDE_WITH_EXCEPTIONS)
  # Whole, since generators register themselves where nothing refers to them.
  target_link_libraries(
    ${program} PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${compiler}/libinvolute_emit.a>" "${halide}"
                       ${CMAKE_DL_LIBS})
endfunction()

function(_involute_compile name emit files builds_kernels)
  if(CMAKE_VERSION VERSION_LESS 3.25)
    message(FATAL_ERROR "involute: its functions need CMake 3.25, found ${CMAKE_VERSION}")
  endif()
  _involute_installation(command compiler)
  foreach(keyword SIZE BATCH SCHEDULE DTYPE)
    _involute_option(${keyword})
  endforeach()
  list(JOIN arg_TARGETS "," targets)
  list(JOIN arg_EMIT "," emitted)
  if(targets)
    list(APPEND options --target ${targets})
  endif()
  if(emitted)
    list(APPEND options --emit ${emitted})
  endif()
  set(emit_path "${compiler}/involute_emit")
  if(emit)
    set(emit_path "$<TARGET_FILE:${emit}>")
  endif()
  set(environment "INVOLUTE_EMIT=${emit_path}")
  if(builds_kernels)
    _involute_halide(halide include)
    cmake_path(GET halide PARENT_PATH folder)
    list(PREPEND environment --modify "LD_LIBRARY_PATH=path_list_prepend:${folder}")
  endif()
  if(CMAKE_C_COMPILER)
    list(APPEND environment "CC=${CMAKE_C_COMPILER}")
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/involute/${name}")
  set(archive "${folder}/lib${name}.a")
  file(MAKE_DIRECTORY "${folder}") # the include folder must exist
  # Makefiles do not see that a command has changed.
  file(GENERATE OUTPUT "${folder}.options" CONTENT "${options}\n")
  add_custom_command(
    OUTPUT "${archive}" "${folder}/${name}.h"
    COMMAND
      ${CMAKE_COMMAND} -E env ${environment} -- "${command}" compile ${options} --name ${name} -o
      "${folder}"
    DEPENDS ${files} ${emit} "${folder}.options" "${command}" "${compiler}/involute_emit"
            "${compiler}/involute_core.o" "${compiler}/libinvolute_kernels.a"
    COMMENT "Compiling the library ${name} with involute"
    VERBATIM)
  add_custom_target(${name}_compiled DEPENDS "${archive}")
  add_library(${name} STATIC IMPORTED GLOBAL)
  add_library(${name}::${name} ALIAS ${name})
  add_dependencies(${name} ${name}_compiled)
  set_target_properties(
    ${name} PROPERTIES IMPORTED_LOCATION "${archive}" INTERFACE_INCLUDE_DIRECTORIES "${folder}"
                       INTERFACE_LINK_LIBRARIES "-Wl,--eh-frame-hdr;-pthread;m")
endfunction()
