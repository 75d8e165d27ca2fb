// Writing of files that others may read at the same time.
#pragma once

#include <string>

#include "failure.h"

namespace involute {

// By way of a temporary file: as a whole or not at all. Stops with `code` and the path.
void replace_file(const std::string &path, const std::string &text, ExitCode code);

// The folder that -o names; stops with it and the reason.
void make_output_folder(const std::string &path);

} // namespace involute
