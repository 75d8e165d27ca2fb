// Building of kernels while a test runs: the emit program, a link with a Halide runtime of their
// own into a shared object, and its opening with threads, memory and errors of the caller's
// KernelContext. Used by programs without GoogleTest too.
#pragma once

#include <string>
#include <vector>

#include "core/registry.h"

namespace involute::kernel_tests {

struct EmitRequest {
    std::string row, isa;
    std::string schedule = "hand";
    std::string knobs;   // "name=value,..."
    std::string call;    // the only one that it is for, "": any
    int parallelism = 0; // threads that an autoscheduler plans for, 0: its own default
    bool fresh = false;  // search even where a schedule is kept
    std::string code;    // instruction set of the code, "": that of the schedule

    std::string text() const;   // the options of emit
    std::string symbol() const; // of the kernel's uniform form
};

struct CommandResult {
    int exit_code = -1; // 128 + signal when it was stopped by one, 127 when it does not start
    std::string output; // stdout and stderr
};

CommandResult run_command(const std::vector<std::string> &words);

// A folder of this process that is removed at its end; each call makes a new one inside.
std::string new_work_folder();

// The emit program for this request, writing into `folder`.
CommandResult run_emit(const EmitRequest &request, const std::string &folder);

// The path of a shared object with the kernel; "" and the reason in `error` when that does not
// work.
std::string emitted_library(const EmitRequest &request, std::string *error);

// nullptr and the reason in `error` when it cannot be opened. The code stays loaded until the
// process ends.
KernelFunction open_kernel(const std::string &path, const std::string &symbol, std::string *error);

} // namespace involute::kernel_tests
