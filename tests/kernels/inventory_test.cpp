// The kernels in the library, the inventory and docs/kernel-interface.md tell the same story.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "core/isa.h"
#include "tests/kernels/call.h"

#define INVOLUTE_KERNEL(row, op, form, kernel, stride, group_channels, channels, isa, nr)          \
    extern "C" const halide_filter_metadata_t *inv_##row##_f32__##isa##_hand_metadata();
#include "kernel_table.inc"
#undef INVOLUTE_KERNEL

namespace involute::kernel_tests {
namespace {

// In the order of kernel_table().
std::vector<const halide_filter_metadata_t *> all_metadata() {
    return {
#define INVOLUTE_KERNEL(row, op, form, kernel, stride, group_channels, channels, isa, nr)          \
    inv_##row##_f32__##isa##_hand_metadata(),
#include "kernel_table.inc"
#undef INVOLUTE_KERNEL
    };
}

std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);)
        parts.push_back(part);
    return parts;
}

std::string trimmed(const std::string &text) {
    return std::regex_replace(text, std::regex("^\\s+|\\s+$"), "");
}

// "kernel_generation_*, conv2d_point" against a row.
bool names_row(const std::string &column, const std::string &row) {
    for (const std::string &part : split(column, ',')) {
        const std::string name = trimmed(part);
        const size_t star = name.find('*');
        if (star == std::string::npos ? name == row : row.compare(0, star, name, 0, star) == 0)
            return true;
    }
    return false;
}

// The argument names of a line of the page's table: shapes in parentheses go, "[a, b if condition]"
// becomes its arguments where the condition holds, and of each part the first word counts.
std::vector<std::string> argument_names(std::string list, const KernelEntry &kernel) {
    list = std::regex_replace(list, std::regex("\\([^()]*\\)"), "");
    const std::regex conditional("\\[([^\\[\\]]*) if (\\w+)\\]");
    for (std::smatch match; std::regex_search(list, match, conditional);) {
        const std::string condition = match[2];
        const bool holds = condition == "bottleneck" ? kernel.form == Form::kBottleneck
                           : condition == "pooled"   ? kernel.stride != 1
                           : condition == "strided"  ? kernel.stride == 0
                           : condition == "upsample" ? kernel.form == Form::kUpsample
                                                     : kernel.is_generic();
        const std::string inside =
            holds ? std::regex_replace(match[1].str(), std::regex(","), ";") : std::string();
        list = match.prefix().str() + inside + match.suffix().str();
    }
    std::vector<std::string> names;
    for (const std::string &part : split(list, ';')) {
        std::smatch word;
        if (std::regex_search(part, word, std::regex("\\w+")))
            names.push_back(word[0]);
    }
    return names;
}

std::vector<std::string> documented_arguments(const KernelEntry &kernel) {
    std::ifstream page(INVOLUTE_SOURCE_DIR "/docs/kernel-interface.md");
    for (std::string line; std::getline(page, line);) {
        const std::vector<std::string> columns = split(line, '|');
        if (columns.size() >= 3 && columns[0].empty() && names_row(columns[1], kernel.row))
            return argument_names(columns[2], kernel);
    }
    return {};
}

// A problem for a kernel that need not run here.
Problem problem_of(const KernelEntry &kernel) {
    Problem problem;
    problem.row = kernel.row, problem.isa = isa_name(kernel.isa);
    problem.channels = problem.out_channels = 64;
    problem.height = problem.width = kernel.op == Op::kDense ? 1 : 4;
    problem.kernel = kernel.kernel != 0 ? kernel.kernel : 3;
    problem.stride = kernel.stride != 0 ? kernel.stride : 2;
    problem.hidden = kernel.form == Form::kBottleneck ? 16 : 0;
    return problem;
}

} // namespace

TEST(Inventory, KernelsAreUnique) {
    std::set<std::string> names, symbols;
    std::set<KernelFunction> functions;
    for (const KernelEntry &kernel : kernel_table()) {
        EXPECT_TRUE(names.insert(std::string(kernel.row) + " " + isa_name(kernel.isa)).second);
        EXPECT_TRUE(symbols.insert(kernel.symbol).second) << kernel.symbol;
        EXPECT_TRUE(functions.insert(kernel.function).second) << kernel.symbol;
    }
    EXPECT_GT(names.size(), 0u);
}

// Every row exists for the baseline, so that no CPU is left without it, except rows that only
// special instruction sets gain from; those have a general row of the same op behind them.
TEST(Inventory, EveryOpHasABaselineKernel) {
    for (const Op op : all_ops()) {
        bool found = false;
        for (const KernelEntry &kernel : kernel_table())
            found = found || (kernel.op == op && (kernel.isa == INVOLUTE_ISA_BASELINE ||
                                                  kernel.isa == INVOLUTE_ISA_NEON));
        EXPECT_TRUE(found) << op_name(op);
    }
}

TEST(Inventory, ArgumentsAreThoseOfTheInterfacePage) {
    const std::vector<const halide_filter_metadata_t *> metadata = all_metadata();
    ASSERT_EQ(metadata.size(), kernel_table().count);
    for (size_t i = 0; i < metadata.size(); ++i) {
        const KernelEntry &kernel = kernel_table().first[i];
        SCOPED_TRACE(kernel.symbol);
        std::vector<std::string> names;
        for (int a = 0; a < metadata[i]->num_arguments; ++a)
            names.push_back(metadata[i]->arguments[a].name);
        ASSERT_FALSE(names.empty());
        EXPECT_EQ(names.front(), "__user_context");
        names.erase(names.begin());
        EXPECT_EQ(names, documented_arguments(kernel));
    }
}

// What the tests pass to the kernels has the same names, kinds and numbers of dimensions.
TEST(Inventory, ArgumentsAreThoseOfTheHarness) {
    const std::vector<const halide_filter_metadata_t *> metadata = all_metadata();
    for (size_t i = 0; i < metadata.size(); ++i) {
        const KernelEntry &kernel = kernel_table().first[i];
        SCOPED_TRACE(kernel.symbol);
        const Problem problem = problem_of(kernel);
        const std::vector<Argument> arguments =
            make_arguments(problem, random_operands(problem), Placement::kFlushWithEnd);
        ASSERT_EQ(static_cast<size_t>(metadata[i]->num_arguments), arguments.size() + 1);
        for (size_t a = 0; a < arguments.size(); ++a) {
            const halide_filter_argument_t &wanted = metadata[i]->arguments[a + 1];
            const bool is_output = a + 1 == arguments.size();
            EXPECT_EQ(arguments[a].name, wanted.name);
            EXPECT_EQ(wanted.dimensions, static_cast<int32_t>(arguments[a].dimensions.size()));
            EXPECT_EQ(wanted.kind, arguments[a].kind != Argument::Kind::kBuffer
                                       ? halide_argument_kind_input_scalar
                                   : is_output ? halide_argument_kind_output_buffer
                                               : halide_argument_kind_input_buffer)
                << wanted.name;
            EXPECT_EQ(wanted.type.code, arguments[a].kind == Argument::Kind::kInt
                                            ? halide_type_int
                                            : halide_type_float)
                << wanted.name;
        }
    }
}

} // namespace involute::kernel_tests
