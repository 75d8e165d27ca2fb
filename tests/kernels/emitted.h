// Kernels that the emit program builds while a test runs, called in place of those of the library.
#pragma once

#include <string>
#include <vector>

#include "core/registry.h"
#include "tests/kernels/emitted_library.h"
#include "tests/kernels/problem.h"

namespace involute::kernel_tests {

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
