// The text of a call that a kernel is built for, and what is wrong with others.
#include <gtest/gtest.h>

#include <string>

#include "Halide.h"
#include "generators/emit/bound_call.h"

namespace involute::emit {
namespace {

class Sample : public Halide::Generator<Sample> {
public:
    GeneratorParam<std::string> call{"call", ""};
    Input<Buffer<float, 2>> in{"in"};
    Input<float> floor{"floor"};
    Input<int> step{"step"};
    Output<Buffer<float, 2>> out{"out"};

    void generate() {
        out(x, y) = in(x * step, y) + floor;
    }
    void schedule() {
        bind_call(*this, call.value());
    }

private:
    Var x{"x"}, y{"y"};
};

// What bind_call says to the text; "" when it takes it.
std::string complaint(const std::string &call) {
    const Halide::GeneratorContext context(Halide::Target("x86-64-linux"));
    auto sample = Sample::create(context);
    sample->set_generatorparam_value("call", call);
    try {
        sample->build_module("sample");
    } catch (const Halide::Error &error) {
        return error.what();
    }
    return "";
}

TEST(BoundCall, BecomesConstants) {
    const Halide::GeneratorContext context(Halide::Target("x86-64-linux"));
    auto sample = Sample::create(context);
    sample->set_generatorparam_value("call", "8:1,4:8;f;i1;8:1,4:16");
    sample->build_module("sample");
    const Halide::Parameter in = sample->input_parameter("in")[0];
    EXPECT_TRUE(Halide::Internal::is_const(in.extent_constraint(0), 8));
    EXPECT_TRUE(Halide::Internal::is_const(in.stride_constraint(1), 8));
    EXPECT_TRUE(Halide::Internal::is_const(in.extent_constraint_estimate(1), 4));
    const Halide::OutputImageParam out = sample->output_func("out")[0].output_buffer();
    EXPECT_TRUE(Halide::Internal::is_const(out.parameter().stride_constraint(1), 16));
}

TEST(BoundCall, CutsAreNoNumbers) {
    EXPECT_EQ(complaint("8:1,4:8;f;t;8:1,4:8"), "");
}

TEST(BoundCall, OtherTextsAreRefusedWithTheArgument) {
    const auto expect = [](const std::string &call, const std::string &words) {
        const std::string message = complaint(call);
        EXPECT_NE(message.find(words), std::string::npos) << call << ": " << message;
    };
    expect("8:1,4:8;f;i1", "expected 4 arguments, found 3");
    expect("8:1;f;i1;8:1,4:8", "argument in: expected 2 dimensions");
    expect("8:1,4;f;i1;8:1,4:8", "argument in: expected extent:stride, found '4'");
    expect("8:1,4:-8;f;i1;8:1,4:8", "argument in: expected a number, found '-8'");
    expect("8:1,4:8;i1;i1;8:1,4:8", "argument floor: expected f, found 'i1'");
    expect("8:1,4:8;f;f;8:1,4:8", "argument step: expected i with a number, or t, found 'f'");
    expect("8:1,4:8;f;i99999999999;8:1,4:8", "argument step: expected a number");
}

} // namespace
} // namespace involute::emit

HALIDE_REGISTER_GENERATOR(involute::emit::Sample, sample)
