// One call of one kernel with all its arguments, made once per layer of a session and repeated by
// every run.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "HalideRuntime.h"

#include "core/context.h"
#include "core/device.h"
#include "core/registry.h"

namespace involute {

struct BufferDimension {
    int64_t extent, stride;
};

// Arguments are added in the order of docs/kernel-interface.md; the user_context comes by itself.
// The object holds what the argument list points to, so it stays where it is.
class KernelCall {
public:
    explicit KernelCall(const KernelEntry &kernel);
    KernelCall(const KernelCall &) = delete;
    KernelCall &operator=(const KernelCall &) = delete;

    void add_int(int64_t value);
    // How the work is cut: no bit of the result depends on it.
    void add_cut(int64_t value);
    void add_float(float value);
    // The first dimension is the innermost. Returns the number that set_host takes.
    int add_buffer(const float *host, std::initializer_list<BufferDimension> dimensions);
    void set_host(int buffer, const float *host);
    const float *host(int buffer) const;

    // The memory of another view, or with nullptr again that of move_to_device.
    void set_device(int buffer, const DeviceView *view);

    // From now on the kernel works on the device memory that stands for the host addresses, in one
    // of the two mirrors.
    Status move_to_device(const DeviceMirror &tensors, const DeviceMirror &weights);

    // Everything but the addresses: calls with the same signature need the same scratch memory.
    std::string signature() const;

    // What kernels built for one call only are found by: every extent and stride, and the numbers
    // that are no cut; "16:1,4:16;i2;f;t". Extents and strides innermost first.
    const std::string &text() const {
        return text_;
    }
    // Calls another kernel of the same row.
    void use(const KernelEntry &kernel) {
        kernel_ = &kernel;
    }

    Status invoke(KernelContext *context, const std::string &layer_name);

private:
    static constexpr int kMaxArguments = 20, kMaxBuffers = 9, kMaxDimensions = 6;

    struct Buffer {
        halide_buffer_t buffer{};
        std::array<halide_dimension_t, kMaxDimensions> dimensions{};
    };
    union Scalar {
        int32_t integer;
        float real;
    };

    void add(void *argument);
    void add_scalar(Scalar value, const std::string &text);
    void append(const std::string &text);

    const KernelEntry *kernel_;
    void *context_ = nullptr;
    int argument_count_ = 0, buffer_count_ = 0, scalar_count_ = 0;
    std::array<void *, kMaxArguments> arguments_{};
    std::array<Buffer, kMaxBuffers> buffers_{};
    std::array<Scalar, kMaxArguments> scalars_{};
    std::vector<DeviceView> views_;
    std::string text_;
};

} // namespace involute
