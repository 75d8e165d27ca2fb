// The tensors of a library that `involute compile` writes.
#pragma once

#include <string>
#include <vector>

#include "compile_library.h"

namespace involute {

// An argument of NAME_run: its name, what it is, its layout in words, and a C expression of type
// involute_tensor, of b, c, h and w.
struct Argument {
    std::string name, what, layout, view;
    bool is_output;
};

// "network", or the operator's name.
std::string kind_of(const Library &library);

// A side of the output as C, from that of the input.
std::string output_side(const Library &library, const std::string &side);

std::vector<Argument> tensors_of(const Library &library);

// Whether one of the tensors has `what` in that text of it.
bool mentions(const Library &library, std::string Argument::*text, const std::string &what);

} // namespace involute
