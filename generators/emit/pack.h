// Packs: kernels of one row and schedule as a shared object that the runtime can register
// (involute_register_kernels), with a Halide runtime of their own whose services are the library's.
#pragma once

#include <string>
#include <vector>

#include "generators/emit/rows.h"

namespace involute::emit {

struct PackContents {
    const Row *row;
    std::string schedule;
    std::string call;                 // the only one that they are for, "": any
    std::vector<std::string> isas;    // of the kernels
    std::vector<std::string> symbols; // of their plain form, as isas
    std::string folder;               // where their objects lie, SYMBOL.o
    std::string runtime;              // Halide's runtime, an object file
};

// Compiles the table and links all with the C compiler ($CC, else cc) into `path`, by way of a
// temporary file. Throws std::runtime_error with the compiler's own words.
void link_pack(const PackContents &contents, const std::string &path);

} // namespace involute::emit
