// The call itself, by the uniform form of the entry point, and the result in the official order.
#include "core/device.h"
#include "tests/kernels/call.h"

namespace involute::kernel_tests {

int call_kernel(const KernelEntry &kernel, const std::vector<Argument> &arguments,
                KernelContext *context) {
    std::vector<halide_buffer_t> buffers(arguments.size());
    std::vector<std::vector<halide_dimension_t>> dimensions(arguments.size());
    std::vector<int32_t> integers(arguments.size());
    std::vector<float> reals(arguments.size());
    void *user_context = context;
    std::vector<void *> pointers = {&user_context};
    for (size_t i = 0; i < arguments.size(); ++i) {
        const Argument &argument = arguments[i];
        if (argument.kind == Argument::Kind::kBuffer) {
            dimensions[i] = argument.dimensions;
            buffers[i] = halide_buffer_t();
            const float *host = argument.elsewhere ? argument.elsewhere : argument.memory.data();
            buffers[i].host = reinterpret_cast<uint8_t *>(const_cast<float *>(host));
            buffers[i].type = halide_type_t(halide_type_float, argument.bits, 1);
            buffers[i].dimensions = static_cast<int32_t>(dimensions[i].size());
            buffers[i].dim = dimensions[i].data();
            pointers.push_back(&buffers[i]);
        } else if (argument.kind == Argument::Kind::kInt) {
            integers[i] = argument.integer;
            pointers.push_back(&integers[i]);
        } else {
            reals[i] = argument.real;
            pointers.push_back(&reals[i]);
        }
    }
    if (!is_device(kernel.isa))
        return kernel.function(pointers.data());
    // Halide's host code takes memory on the device for each operand and copies the inputs. The
    // output goes up too: what the kernel leaves alone must come back.
    for (halide_buffer_t &buffer : buffers) {
        if (buffer.host)
            buffer.set_host_dirty();
    }
    halide_buffer_t &output = buffers.back();
    const halide_device_interface_t *device = device_interface(kernel.isa);
    int error = halide_copy_to_device(context, &output, device);
    if (error == 0)
        error = kernel.function(pointers.data());
    if (error == 0) {
        output.set_device_dirty();
        error = halide_copy_to_host(context, &output);
    }
    for (halide_buffer_t &buffer : buffers) {
        if (buffer.device != 0 && halide_device_free(context, &buffer) != 0 && error == 0)
            error = halide_error_code_device_free_failed;
    }
    return error;
}

std::vector<float> unpack_output(const Problem &problem, const Argument &output) {
    const Op op = problem.entry()->op;
    int64_t channels = problem.channels, pixels = problem.out_height() * problem.out_width();
    if (op == Op::kConv2d || op == Op::kLocal || op == Op::kDense)
        channels = problem.out_channels;
    else if (makes_kernels(op))
        channels = problem.kernel_rows();
    if (goes_back(op))
        pixels = problem.height * problem.width;
    if (op == Op::kDense || op == Op::kGlobalPool)
        pixels = 1;
    const int64_t step =
        output.dimensions[op == Op::kKernelGeneration ? 1 : 2].stride; // of a pixel
    const float *source = output.memory.data();
    std::vector<float> result;
    result.reserve(static_cast<size_t>(problem.batch * channels * pixels));
    for (int64_t b = 0; b < problem.batch; ++b) {
        for (int64_t c = 0; c < channels; ++c) {
            for (int64_t p = 0; p < pixels; ++p)
                result.push_back(source[(b * pixels + p) * step + c]);
        }
    }
    return result;
}

} // namespace involute::kernel_tests
