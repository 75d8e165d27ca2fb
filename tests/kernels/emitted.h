// Kernels that the emit program builds while a test runs: linked with a Halide runtime of their own
// into a shared object and opened, with threads, memory and errors of the caller's KernelContext.
#pragma once

#include <string>
#include <vector>

#include "core/registry.h"
#include "tests/kernels/problem.h"

namespace involute::kernel_tests {

struct EmitRequest {
    std::string row, isa;
    std::string schedule = "hand";
    std::string knobs; // "name=value,..."
    std::string code;  // instruction set of the code, "": that of the schedule

    std::string text() const; // the options of emit
};

struct CommandResult {
    int exit_code = -1; // 128 + signal when it was stopped by one
    std::string output; // stdout and stderr
};

CommandResult run_command(const std::vector<std::string> &words);

// The emit program for this request, writing into `folder`.
CommandResult run_emit(const EmitRequest &request, const std::string &folder);

// Builds and opens it. nullptr and the reason in `error` when that does not work. The code stays
// loaded until the process ends.
KernelFunction emitted_kernel(const EmitRequest &request, std::string *error);

// One call of `function` in place of the problem's kernel. Fails the test when it returns an error
// or writes beside its output.
std::vector<float> run_emitted(KernelFunction function, const Problem &problem,
                               const Operands &operands);

// Random problems for one kernel that runs here.
std::vector<Problem> problems_for(const KernelEntry &kernel, int count);

} // namespace involute::kernel_tests
