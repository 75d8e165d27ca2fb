// A kernel that is called with sizes that do not fit together says which argument is wrong, and
// writes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/kernels/harness.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

// What is changed: the extent of a dimension; `name` is also what the message must hold.
struct Change {
    const char *name;
    size_t dimension;
    int by;
};

// A generic row takes windows and channels of any size: what is wrong with them shows where another
// tensor does not fit to them.
bool shows_elsewhere(const KernelEntry &kernel, const Change &change) {
    const std::string name = change.name;
    return kernel.is_generic() && ((name == "out" && change.dimension == 0) ||
                                   (name == "kernels" && change.dimension < 2) || name == "bias");
}

std::vector<Change> changes(const KernelEntry &kernel) {
    if (kernel.op == Op::kConv2d && kernel.is_generic())
        return {{"weight", 0, 1},
                {"weight", 1, 1},
                {"bias", 0, -1},
                {"residual", 2, -1},
                {"in", 2, -1}};
    switch (kernel.op) {
    case Op::kConv2d: {
        std::vector<Change> list = {
            {"weight", 0, 1}, {"bias", 1, -1}, {"bias", 0, -1}, {"out", 0, 1}, {"residual", 2, -1}};
        // A smaller picture is a legal one for windows, which pad for themselves, and strided rows
        // need not read their input to its end.
        if (kernel.form == Form::kPoint)
            list.insert(list.end(), {{"in", 0, -1}, {"in", 1, -1}});
        else
            list.push_back({"in", 2, -1});
        if (kernel.form == Form::kStrided)
            list.insert(list.end(), {{"in", 0, -1000000}, {"in", 1, -1000000}});
        return list;
    }
    case Op::kDense:
        return {{"weight", 0, 1}, {"bias", 1, -1}, {"in", 0, -1}, {"in", 1, -1}, {"out", 0, -1}};
    case Op::kMaxPool:
        return {{"in", 0, -1}, {"in", 1, -1}, {"in", 4, -1}, {"out", 0, 1}};
    case Op::kAvgPool:
        return {{"in", 0, -1}, {"in", 1, -1}, {"in", 4, -1}, {"out", 0, 1}, {"reciprocal", 0, -1}};
    case Op::kGlobalPool:
        return {{"in", 0, -1}, {"in", 1, -1}, {"in", 3, -1}, {"out", 0, 1}};
    case Op::kKernelGeneration:
        // The last block of the bias may be one that only fills up a pair.
        return {{"in", 0, -1},     {"in", 2, -1},   {"weight", 0, 1},
                {"weight", 1, -1}, {"bias", 1, -2}, {"kernels", 0, 1}};
    case Op::kAggregation:
        return {{"in", 0, -1},      {"in", 1, -1},      {"in", 4, -1},      {"scale", 1, -1},
                {"shift", 1, -1},   {"kernels", 0, -1}, {"kernels", 1, -1}, {"kernels", 2, -1},
                {"kernels", 3, -1}, {"kernels", 5, -1}, {"out", 0, 1}};
    case Op::kInvolution:
        return {{"in", 0, -1},   {"in", 2, -1},    {"weight", 0, 1}, {"weight", 1, -1},
                {"bias", 1, -1}, {"scale", 1, -1}, {"shift", 1, -1}, {"out", 0, 1}};
    case Op::kLocal:
        return {{"weight", 0, 1}, {"weight", 1, 1}, {"weight", 5, -1}, {"bias", 0, -1},
                {"bias", 2, -1},  {"in", 2, -1},    {"out", 2, 1}};
    case Op::kReluGrad:
        return {{"in", 0, -1},   {"in", 1, -1},   {"in", 3, -1},
                {"grad", 0, -1}, {"grad", 2, -1}, {"grad", 4, -1}};
    case Op::kAvgPoolGrad:
        return {{"grad", 0, -1},   {"grad", 2, -1},   {"grad", 4, -1},      {"addend", 0, -1},
                {"addend", 1, -1}, {"addend", 4, -1}, {"reciprocal", 0, -1}};
    case Op::kSoftmax:
        return {{"in", 0, -1}, {"in", 1, -1}, {"in", 3, -1}, {"in", 4, -1}};
    case Op::kAggregationGradInput:
        return {{"grad", 0, -1},    {"grad", 1, -1},    {"grad", 4, -1},
                {"kernels", 0, -1}, {"kernels", 1, -1}, {"kernels", 2, -1},
                {"kernels", 3, -1}, {"kernels", 4, -1}, {"out", 0, 1}};
    case Op::kAggregationGradWeight:
        return {{"in", 0, -1},   {"in", 1, -1},   {"in", 4, -1},   {"grad", 0, -1}, {"grad", 1, -1},
                {"grad", 2, -1}, {"grad", 3, -1}, {"grad", 4, -1}, {"out", 0, 1}};
    }
    return {};
}

Argument &find(std::vector<Argument> &arguments, const std::string &name) {
    return *std::find_if(arguments.begin(), arguments.end(),
                         [&](const Argument &argument) { return argument.name == name; });
}

bool untouched(const Argument &output) {
    const float *data = output.memory.data();
    return output.memory.slack_untouched() &&
           std::all_of(data, data + output.memory.size(),
                       [](float value) { return std::isnan(value); });
}

// The first problem of each kernel with more than one row, image and block.
Problem problem_of(Op op, size_t kernel) {
    const int64_t kernels = static_cast<int64_t>(available_kernels(op).size());
    for (int64_t turn = static_cast<int64_t>(kernel);; turn += kernels) {
        const Problem problem = random_problem(op, turn);
        // An average of whole windows needs every reciprocal.
        const bool whole = op != Op::kAvgPool || problem.height >= problem.stride;
        if (problem.batch > 1 && whole && (op == Op::kDense || problem.width > 3))
            return problem;
    }
}

class KernelErrors : public ::testing::TestWithParam<Op> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Ops, KernelErrors, ::testing::ValuesIn(all_ops()), name_of);

TEST_P(KernelErrors, WrongExtentIsNamedAndNothingIsWritten) {
    const size_t kernels = available_kernels(GetParam()).size();
    ASSERT_GT(kernels, 0u);
    for (size_t kernel = 0; kernel < kernels; ++kernel) {
        const Problem problem = problem_of(GetParam(), kernel);
        const Operands operands = random_operands(problem);
        for (const Change &change : changes(*problem.entry())) {
            SCOPED_TRACE(problem.text() + ", extent " + std::to_string(change.dimension) + " of " +
                         change.name + " changed by " + std::to_string(change.by));
            std::vector<Argument> arguments =
                make_arguments(problem, operands, Placement::kFlushWithEnd);
            int32_t &extent = find(arguments, change.name).dimensions.at(change.dimension).extent;
            extent = std::max(0, extent + change.by);
            KernelContext context(nullptr, 0);
            EXPECT_NE(call_kernel(*problem.entry(), arguments, &context), 0);
            const std::string message = context.error_message();
            if (!shows_elsewhere(*problem.entry(), change)) {
                EXPECT_NE(message.find(change.name), std::string::npos) << message;
            }
            EXPECT_TRUE(untouched(arguments.back()));
        }
    }
}

TEST_P(KernelErrors, WrongTypeIsNamedAndNothingIsWritten) {
    const size_t kernels = available_kernels(GetParam()).size();
    for (size_t kernel = 0; kernel < kernels; ++kernel) {
        const Problem problem = problem_of(GetParam(), kernel);
        const Operands operands = random_operands(problem);
        const size_t count = make_arguments(problem, operands, Placement::kFlushWithEnd).size();
        for (size_t i = 0; i < count; ++i) {
            std::vector<Argument> arguments =
                make_arguments(problem, operands, Placement::kFlushWithEnd);
            if (arguments[i].kind != Argument::Kind::kBuffer)
                continue;
            SCOPED_TRACE(problem.text() + ", type of " + arguments[i].name);
            arguments[i].bits = 64;
            KernelContext context(nullptr, 0);
            EXPECT_NE(call_kernel(*problem.entry(), arguments, &context), 0);
            const std::string message = context.error_message();
            EXPECT_NE(message.find(arguments[i].name), std::string::npos) << message;
            EXPECT_TRUE(untouched(arguments.back()));
        }
    }
}

} // namespace involute::kernel_tests
