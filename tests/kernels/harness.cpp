// The loop over random problems and the comparison with the oracle.
#include "tests/kernels/harness.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "core/isa.h"

namespace involute::kernel_tests {
namespace {

constexpr int64_t kProblems = 1000;
constexpr int kFailuresShown = 5;

bool agrees(double expected, double bound, double value) {
    if (std::isnan(expected) || std::isnan(value))
        return std::isnan(expected) && std::isnan(value);
    if (std::isinf(expected) || std::isinf(value))
        return expected == value;
    return std::fabs(value - expected) <= bound;
}

bool same_bits(const float *a, const float *b, size_t count) {
    return std::memcmp(a, b, count * sizeof(float)) == 0;
}

// The gaps between the pixels of the output.
bool gaps_untouched(const Argument &output, const std::vector<float> &before, int64_t gap) {
    const size_t step = static_cast<size_t>(output.dimensions[2].stride);
    for (size_t end = step; end <= before.size(); end += step) {
        const size_t first = end - static_cast<size_t>(gap);
        if (!same_bits(output.memory.data() + first, &before[first], static_cast<size_t>(gap)))
            return false;
    }
    return true;
}

// What a kernel must leave alone: the slack of every buffer, the data of every input.
std::string find_damage(const std::vector<Argument> &arguments,
                        const std::vector<std::vector<float>> &before, int64_t gap) {
    for (size_t i = 0; i < arguments.size(); ++i) {
        const Argument &argument = arguments[i];
        if (argument.kind != Argument::Kind::kBuffer)
            continue;
        if (!argument.memory.slack_untouched())
            return "wrote beside '" + argument.name + "'";
        if (i + 1 < arguments.size() &&
            !same_bits(before[i].data(), argument.memory.data(), before[i].size()))
            return "wrote into input '" + argument.name + "'";
    }
    if (gap > 0 && !gaps_untouched(arguments.back(), before.back(), gap))
        return "wrote between the pixels of the output";
    return "";
}

// A touched guard page ends the process; until then the handler knows what to print.
class FaultReport {
public:
    explicit FaultReport(const Problem &problem) {
        std::snprintf(text_, sizeof text_, "memory fault; INVOLUTE_CASE=\"%s\"\n",
                      problem.text().c_str());
        struct sigaction action {};
        action.sa_handler = report;
        action.sa_flags = static_cast<int>(SA_RESETHAND);
        sigaction(SIGSEGV, &action, &old_);
    }
    ~FaultReport() {
        sigaction(SIGSEGV, &old_, nullptr);
    }
    FaultReport(const FaultReport &) = delete;
    FaultReport &operator=(const FaultReport &) = delete;

private:
    // The access is repeated on return and then ends the process.
    static void report(int) {
        if (write(STDERR_FILENO, text_, std::strlen(text_)) < 0)
            _exit(1);
    }

    static char text_[512];
    struct sigaction old_ {};
};

char FaultReport::text_[512];

void print_coverage(Op op, involute_isa device, const std::map<std::string, int> &counts) {
    for (const KernelEntry &kernel : kernel_table()) {
        if (kernel.op != op || !is_of(kernel, device))
            continue;
        const std::string name = std::string(kernel.row) + " " + isa_name(kernel.isa);
        const involute_status available = involute_isa_check(kernel.isa);
        const auto count = counts.find(name);
        if (available.code != INVOLUTE_OK) {
            std::printf("  %-36s not run: %s\n", name.c_str(), available.message);
            continue;
        }
        std::printf("  %-36s %d\n", name.c_str(), count == counts.end() ? 0 : count->second);
        EXPECT_TRUE(count != counts.end()) << name << " was not called";
    }
}

} // namespace

Outcome run_kernel(const Problem &problem, const Operands &operands, Placement placement,
                   KernelContext *context) {
    const std::vector<Argument> arguments = make_arguments(problem, operands, placement);
    std::vector<std::vector<float>> before;
    for (const Argument &argument : arguments) {
        const float *data = argument.memory.data();
        before.emplace_back(data, data + argument.memory.size());
    }
    Outcome outcome;
    context->clear_error();
    if (const int error = call_kernel(*problem.entry(), arguments, context)) {
        outcome.failure = "kernel error " + std::to_string(error) + ": " + context->error_message();
        return outcome;
    }
    outcome.failure = find_damage(arguments, before, problem.gap);
    outcome.values = unpack_output(problem, arguments.back());
    return outcome;
}

std::string compare(const oracle::Bounded &expected, const std::vector<float> &values) {
    if (expected.value.size() != values.size()) {
        return "expected " + std::to_string(expected.value.size()) + " values, got " +
               std::to_string(values.size());
    }
    for (size_t i = 0; i < values.size(); ++i) {
        const double value = static_cast<double>(values[i]);
        if (agrees(expected.value[i], expected.bound[i], value))
            continue;
        char text[160];
        std::snprintf(text, sizeof text, "value %zu of %zu: expected %.9g within %.3g, got %.9g", i,
                      values.size(), expected.value[i], expected.bound[i], value);
        return text;
    }
    return "";
}

std::string check(const Problem &problem, const Operands &operands) {
    const oracle::Bounded result = expected(problem, operands);
    const FaultReport report(problem);
    KernelContext context(nullptr, 0);
    for (const Placement placement : {Placement::kFlushWithEnd, Placement::kFlushWithStart}) {
        const Outcome outcome = run_kernel(problem, operands, placement, &context);
        const std::string failure =
            outcome.failure.empty() ? compare(result, outcome.values) : outcome.failure;
        if (!failure.empty())
            return failure + "\n  INVOLUTE_CASE=\"" + problem.text() + "\"";
    }
    return "";
}

void check_op(Op op) {
    if (const char *text = std::getenv("INVOLUTE_CASE")) {
        Problem problem;
        ASSERT_TRUE(Problem::parse(text, &problem)) << text;
        if (problem.entry()->op != op)
            GTEST_SKIP() << "INVOLUTE_CASE is about another op";
        const involute_status available = involute_isa_check(problem.entry()->isa);
        if (available.code != INVOLUTE_OK)
            GTEST_SKIP() << available.message;
        EXPECT_EQ(check(problem, random_operands(problem)), "");
        return;
    }
    check_op(op, INVOLUTE_ISA_AUTO, kProblems);
}

void check_op(Op op, involute_isa device, int64_t problems) {
    std::map<std::string, int> counts;
    int failures = 0;
    for (int64_t turn = 0; turn < problems && failures < kFailuresShown; ++turn) {
        const Problem problem = random_problem(op, turn, device);
        const std::string failure = check(problem, random_operands(problem));
        EXPECT_EQ(failure, "");
        failures += !failure.empty();
        ++counts[problem.row + " " + problem.isa];
    }
    print_coverage(op, device, counts);
}

} // namespace involute::kernel_tests
