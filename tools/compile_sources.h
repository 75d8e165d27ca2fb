// The texts that `involute compile` writes: C header, the C source behind it, README, CMake and
// pkg-config files.
#pragma once

#include <string>

#include "compile_library.h"

namespace involute {

std::string library_header(const Library &library, const std::string &command);

// `weights`: path of the embedded values, "" without.
std::string library_source(const Library &library, const std::string &weights);

std::string library_readme(const Library &library, const std::string &command, int64_t bytes);
std::string library_cmake(const Library &library);
std::string library_pkg_config(const Library &library);

std::vector<std::string> library_functions(const Library &library); // what stays visible

} // namespace involute
