# The emit program: generators and schedules around Halide.
file(GLOB sources CONFIGURE_DEPENDS *.cpp emit/*.cpp ../schedules/*.cpp ../schedules/naive/*.cpp
     ../schedules/own/*.cpp ../schedules/cpu/*.cpp ../schedules/x86/*.cpp ../schedules/arm/*.cpp
     ../schedules/gpu/*.cpp ../schedules/auto/*.cpp)
add_library(involute_emit_objects OBJECT ${sources})
target_include_directories(involute_emit_objects PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(involute_emit_objects PRIVATE involute_flags Halide::Halide CLI11::CLI11
                                                    nlohmann_json::nlohmann_json)
target_precompile_headers(involute_emit_objects PRIVATE <Halide.h>)
# They are linked into programs only; tests that share the precompiled header are such programs.
set_target_properties(involute_emit_objects PROPERTIES POSITION_INDEPENDENT_CODE OFF)
# Emit runs for seconds; optimising it costs more than it saves.
target_compile_options(involute_emit_objects PRIVATE -O1 -fPIE)
add_executable(involute_emit $<TARGET_OBJECTS:involute_emit_objects>)
set_target_properties(involute_emit PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/emit
                                               LINKER_LANGUAGE CXX)
target_link_libraries(involute_emit PRIVATE Halide::Halide)
# The same as an archive: linked whole with schedules of a user's it is an emit program that has
# them.
add_library(involute_emit_archive STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:involute_emit_objects>)
set_target_properties(
  involute_emit_archive PROPERTIES OUTPUT_NAME involute_emit LINKER_LANGUAGE CXX
                                   ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/emit)
# Schedules that autoschedulers have found: every file in schedules/auto/saved.
file(GLOB saved CONFIGURE_DEPENDS ../schedules/auto/saved/*.inc)
set(saved_text "")
set(saved_names "")
foreach(file IN LISTS saved)
  get_filename_component(name ${file} NAME_WE)
  string(APPEND saved_text "#include \"schedules/auto/saved/${name}.inc\"\n")
  string(APPEND saved_names " INVOLUTE_SAVED(${name})")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/saved_schedules.inc
     CONTENT "@saved_text@#define INVOLUTE_ALL_SAVED@saved_names@\n" @ONLY)
# The header that packs are compiled with is inside the program.
set(public_header ${PROJECT_SOURCE_DIR}/runtime/include/involute/involute.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${public_header})
file(READ ${public_header} header_text)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/pack_header.inc
     CONTENT "R\"header(@header_text@)header\"" @ONLY)
target_include_directories(involute_emit_objects PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
# Not for the whole program: tests share its precompiled header.
set_source_files_properties(
  emit/pack.cpp
  PROPERTIES COMPILE_DEFINITIONS "INVOLUTE_VERSION=\"${PROJECT_VERSION}\";\
INVOLUTE_KERNEL_INTERFACE=\"${INVOLUTE_KERNEL_INTERFACE}\"")
