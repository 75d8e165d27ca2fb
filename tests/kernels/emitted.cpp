#include "tests/kernels/emitted.h"

#include <gtest/gtest.h>

#include "tests/kernels/call.h"

namespace involute::kernel_tests {

KernelFunction emitted_kernel(const EmitRequest &request, std::string *error) {
    const std::string library = emitted_library(request, error);
    return library.empty() ? nullptr : open_kernel(library, request.symbol(), error);
}

std::vector<float> run_emitted(KernelFunction function, const Problem &problem,
                               const Operands &operands) {
    KernelEntry kernel = *problem.entry();
    kernel.function = function;
    const std::vector<Argument> arguments =
        make_arguments(problem, operands, Placement::kFlushWithEnd);
    KernelContext context(nullptr, 0);
    EXPECT_EQ(call_kernel(kernel, arguments, &context), 0) << context.error_message();
    for (const Argument &argument : arguments) {
        EXPECT_TRUE(argument.kind != Argument::Kind::kBuffer || argument.memory.slack_untouched())
            << "wrote beside " << argument.name;
    }
    return unpack_output(problem, arguments.back());
}

std::vector<Problem> problems_for(const KernelEntry &kernel, int count) {
    const std::vector<const KernelEntry *> kernels = available_kernels(kernel.op);
    std::vector<Problem> problems;
    for (size_t first = 0; first < kernels.size(); ++first) {
        if (kernels[first]->function != kernel.function)
            continue;
        for (int i = 0; i < count; ++i)
            problems.push_back(random_problem(
                kernel.op, static_cast<int64_t>(first + static_cast<size_t>(i) * kernels.size())));
    }
    return problems;
}

} // namespace involute::kernel_tests
