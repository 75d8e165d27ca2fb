// The algorithms run without a schedule (naive) and by Halide's autoschedulers, each kernel of
// which is built for one call. Where an autoscheduler fails it does so with a message, and where is
// written down here: a new version of Halide will show what it has mended.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "core/isa.h"
#include "tests/kernels/emitted.h"
#include "tests/kernels/harness.h"
#include "tests/kernels/op_names.h"

namespace involute::kernel_tests {
namespace {

// The first row of each form of an op, for the best instruction set that is at hand.
std::vector<const KernelEntry *> one_of_each_form(Op op) {
    const bool avx2 = involute_isa_check(INVOLUTE_ISA_AVX2).code == INVOLUTE_OK;
    std::vector<const KernelEntry *> kernels;
    std::set<std::pair<Form, int>> seen;
    for (const KernelEntry *kernel : available_kernels(op))
        if (kernel->isa == (avx2 ? INVOLUTE_ISA_AVX2 : INVOLUTE_ISA_BASELINE) &&
            seen.insert({kernel->form, kernel->stride}).second)
            kernels.push_back(kernel);
    return kernels;
}

EmitRequest request_for(const KernelEntry &kernel, const std::string &schedule) {
    EmitRequest request;
    request.row = kernel.row, request.isa = isa_name(kernel.isa);
    request.schedule = schedule;
    return request;
}

bool ends_with(const std::string &text, const std::string &end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// As KernelCall::text of the runtime says it.
std::string call_text(const std::vector<Argument> &arguments) {
    std::string text;
    for (const Argument &argument : arguments) {
        std::string item = argument.kind == Argument::Kind::kFloat ? "f" : "";
        const bool cut =
            ends_with(argument.name, "_per_task") || ends_with(argument.name, "_per_block");
        if (argument.kind == Argument::Kind::kInt)
            item = cut ? "t" : "i" + std::to_string(argument.integer);
        for (const halide_dimension_t &dimension : argument.dimensions)
            item += (item.empty() ? "" : ",") + std::to_string(dimension.extent) + ":" +
                    std::to_string(dimension.stride);
        text += (text.empty() ? "" : ";") + item;
    }
    return text;
}

// "" when the kernel was built and gives what it should, else who says what.
std::string attempt(const EmitRequest &request, const Problem &problem) {
    std::string error;
    const KernelFunction function = emitted_kernel(request, &error);
    if (function == nullptr)
        return "search: " + error;
    const Operands operands = random_operands(problem);
    KernelEntry kernel = *problem.entry();
    kernel.function = function;
    const std::vector<Argument> arguments =
        make_arguments(problem, operands, Placement::kFlushWithEnd);
    KernelContext context(nullptr, 0);
    if (call_kernel(kernel, arguments, &context) != 0)
        return "kernel: " + std::string(context.error_message());
    const std::string wrong =
        compare(expected(problem, operands), unpack_output(problem, arguments.back()));
    return wrong.empty() ? "" : "wrong: " + wrong;
}

// The form of an op where an autoscheduler is known to fail, and what its message says.
struct KnownFailure {
    const char *schedule;
    Op op;
    Form form;
    const char *message;
};

const std::vector<KnownFailure> &known_failures() {
    static const std::vector<KnownFailure> all = {
        {"mullapudi2016", Op::kGlobalPool, Form::kWindow, "emit: Error: \n"},
        {"mullapudi2016", Op::kAggregationGradWeight, Form::kWindow, "can't reorder RVars places"},
        {"adams2019", Op::kAggregationGradWeight, Form::kWindow, "can't reorder RVars places"},
        // On some CPUs its search goes another way and ends in an abort.
        {"adams2019", Op::kAggregationGradWeight, Form::kWindow, "'Halide::InternalError'"},
        {"li2018", Op::kInvolution, Form::kBottleneck, "kernel: Input buffer in is accessed at -"},
        {"li2018", Op::kInvolution, Form::kSingle, "kernel: Input buffer in is accessed at -"},
        {"adams2019", Op::kLocal, Form::kGrouped, "kernel: Input buffer bias is accessed at -"},
    };
    return all;
}

// A failure that is known may be gone with another problem.
bool is_as_known(const std::string &schedule, const KernelEntry &kernel,
                 const std::string &failure) {
    const std::vector<KnownFailure> &all = known_failures();
    return failure.empty() || std::any_of(all.begin(), all.end(), [&](const KnownFailure &known) {
               return schedule == known.schedule && kernel.op == known.op &&
                      kernel.form == known.form && failure.find(known.message) != std::string::npos;
           });
}

// Of each form, for each of which a kernel is searched and built. INVOLUTE_PROBLEMS=4 for the long
// run.
int searched_problems() {
    const char *given = std::getenv("INVOLUTE_PROBLEMS");
    return given ? std::atoi(given) : 1;
}

class OtherSchedules : public ::testing::TestWithParam<Op> {
protected:
    void check_autoscheduled(const std::string &schedule) {
        for (const KernelEntry *kernel : one_of_each_form(GetParam())) {
            for (const Problem &problem : problems_for(*kernel, searched_problems())) {
                EmitRequest request = request_for(*kernel, schedule);
                request.call = call_text(
                    make_arguments(problem, random_operands(problem), Placement::kFlushWithEnd));
                request.parallelism = 2;
                SCOPED_TRACE("emit " + request.text() + " INVOLUTE_CASE=\"" + problem.text() +
                             "\"");
                const std::string failure = attempt(request, problem);
                EXPECT_TRUE(is_as_known(schedule, *kernel, failure)) << failure;
            }
        }
    }
};

} // namespace

INSTANTIATE_TEST_SUITE_P(Ops, OtherSchedules, ::testing::ValuesIn(all_ops()), name_of);

TEST_P(OtherSchedules, NaiveStaysWithinTheBound) {
    for (const KernelEntry *kernel : one_of_each_form(GetParam())) {
        const EmitRequest request = request_for(*kernel, "naive");
        std::string error;
        const KernelFunction function = emitted_kernel(request, &error);
        ASSERT_NE(function, nullptr) << error;
        for (const Problem &problem : problems_for(*kernel, 10)) {
            const Operands operands = random_operands(problem);
            ASSERT_EQ(
                compare(expected(problem, operands), run_emitted(function, problem, operands)), "")
                << "INVOLUTE_CASE=\"" << problem.text() << "\"";
        }
    }
}

TEST_P(OtherSchedules, Mullapudi2016) {
    check_autoscheduled("mullapudi2016");
}

TEST_P(OtherSchedules, Li2018) {
    check_autoscheduled("li2018");
}

TEST_P(OtherSchedules, Adams2019) {
    check_autoscheduled("adams2019");
}

// Whether the emit program took a schedule that is kept.
bool was_saved(const EmitRequest &request) {
    const std::string folder = new_work_folder(), file = folder + "/description";
    std::vector<std::string> words = {INVOLUTE_EMIT, "--out", folder, "--describe", file};
    std::istringstream options(request.text());
    for (std::string word; options >> word;)
        words.push_back(word);
    const CommandResult built = run_command(words);
    EXPECT_EQ(built.exit_code, 0) << built.output;
    std::ifstream stream(file);
    return nlohmann::json::parse(stream).at("from_saved");
}

// schedules/auto/saved: the kept one is taken without a search, and the bits are those of a search.
TEST(SavedSchedules, GiveTheBitsOfAFreshSearch) {
    if (involute_isa_check(INVOLUTE_ISA_AVX2).code != INVOLUTE_OK)
        GTEST_SKIP() << "kept are schedules for AVX2 and AVX-512";
    for (const char *text : {"row=aggregation_k7_s1 isa=avx2 batch=1 height=56 width=56 "
                             "channels=64 kernel=7 group_channels=16 relu=1 seed=3",
                             "row=conv2d_point isa=avx2 batch=1 height=56 width=56 channels=64 "
                             "out=256 kernel=1 seed=4"}) {
        SCOPED_TRACE(text);
        Problem problem;
        ASSERT_TRUE(Problem::parse(text, &problem));
        const Operands operands = random_operands(problem);
        EmitRequest request = request_for(*problem.entry(), "adams2019");
        request.call = call_text(make_arguments(problem, operands, Placement::kFlushWithEnd));
        request.parallelism = 1;
        EXPECT_TRUE(was_saved(request));
        std::string error;
        const KernelFunction saved = emitted_kernel(request, &error);
        ASSERT_NE(saved, nullptr) << error;
        request.fresh = true;
        const KernelFunction fresh = emitted_kernel(request, &error);
        ASSERT_NE(fresh, nullptr) << error;
        EXPECT_EQ(run_emitted(saved, problem, operands), run_emitted(fresh, problem, operands));
    }
}

} // namespace involute::kernel_tests
