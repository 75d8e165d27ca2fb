# Finds Halide 21 in the project's Python environment (.venv, or the one INVOLUTE_VENV names). The
# environment's own Python is asked for the folder: CMake would not look into the wheel's lib64, and
# the wheel's CMake shim wants Python's development files.
if(NOT Halide_DIR)
  set(venv $ENV{INVOLUTE_VENV})
  if(NOT venv)
    set(venv ${CMAKE_CURRENT_SOURCE_DIR}/.venv)
  endif()
  execute_process(
    COMMAND
      ${venv}/bin/python -c
      "import importlib.util as u; print(u.find_spec('halide').submodule_search_locations[0])"
    OUTPUT_VARIABLE halide_folder
    OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "No Halide in ${venv}: run "
                        "'python3 -m venv .venv && .venv/bin/pip install -r requirements.txt', or "
                        "name another environment in INVOLUTE_VENV.")
  endif()
  set(Halide_DIR ${halide_folder}/lib64/cmake/Halide CACHE PATH "Halide's package files")
  set(HalideHelpers_DIR ${halide_folder}/lib64/cmake/HalideHelpers
      CACHE PATH "Halide's runtime headers")
endif()
# Where kernels are built for another processor, the emit program is that of a build for this one.
if(CMAKE_CROSSCOMPILING)
  find_package(HalideHelpers REQUIRED)
  set(Halide_VERSION ${HalideHelpers_VERSION})
  set(INVOLUTE_HOST_BUILD ${PROJECT_SOURCE_DIR}/build/release
      CACHE PATH "Build for this machine, whose emit program builds the kernels")
  if(NOT EXISTS ${INVOLUTE_HOST_BUILD}/emit/involute_emit)
    message(FATAL_ERROR "No emit program in ${INVOLUTE_HOST_BUILD}: build the preset release, or "
                        "name another build in INVOLUTE_HOST_BUILD.")
  endif()
else()
  find_package(Halide 21 REQUIRED COMPONENTS Halide shared)
endif()
