// Counts the instructions of kernels by running tests/perf/counted under valgrind's callgrind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace involute::perf {

struct Count {
    std::string name, row, isa;
    // Executed between entry and exit of the kernel, by its own functions (with the bodies of its
    // parallel loops) and memset.
    int64_t instructions = 0;
};

struct CountRequest {
    std::string isa;
    std::string filter;                   // cases whose name holds this
    bool smallest_only = false;           // of each row the case with the least work
    std::string row, library;             // a row whose kernel is taken from a shared object
    std::vector<std::string> environment; // NAME=value
    bool emulate_fma = false;             // slow; see without_fma.h
};

// What `./test.sh` and the gate count of an instruction set.
CountRequest whole_request(const std::string &isa);

// "" when instructions of this set can be counted here, otherwise the reason why not.
std::string reason_not_to_count(const std::string &isa);

// False and the reason in `error` when something fails.
bool count_instructions(const CountRequest &request, std::vector<Count> *counts,
                        std::string *error);

// The cases and rows of a request, without counts.
bool list_counts(const CountRequest &request, std::vector<Count> *counts, std::string *error);

// Reads one dump of callgrind. Instructions of functions that are neither the kernel's nor known
// parts of the runtime are an error that names them: they could differ between machines.
bool read_dump(const std::string &text, Count *count, std::string *error);

} // namespace involute::perf
