// Devices: memory on them that stands for memory of the host. device/devices.cpp, or no_devices.cpp
// in libraries without kernels for any.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/status.h"

struct halide_buffer_t;
struct halide_device_interface_t;

namespace involute {

// First values of tensors and weights on a device, in bytes: OpenCL tells what parts of a buffer
// may begin at, and no device asks for more.
constexpr int64_t kDeviceAlignment = 512;

inline bool is_device(involute_isa isa) {
    return isa == INVOLUTE_ISA_OPENCL || isa == INVOLUTE_ISA_CUDA;
}

// nullptr: this library has none for it.
const halide_device_interface_t *device_interface(involute_isa isa);

// Where tensors of the caller may lie for sessions of `isa`, beside the CPU: INVOLUTE_CPU again
// where that is no device.
involute_device memory_of(involute_isa isa);

// Whether driver and device of `isa` answer. INVOLUTE_UNAVAILABLE says what does not.
Status device_check(involute_isa isa);

Status device_handles(involute_isa isa, involute_device_handles *handles);

// A part of device memory that kernels take in place of a host address.
class DeviceView {
public:
    DeviceView() = default;
    ~DeviceView();
    DeviceView(DeviceView &&other) noexcept;
    DeviceView &operator=(DeviceView &&other) noexcept;
    DeviceView(const DeviceView &) = delete;
    DeviceView &operator=(const DeviceView &) = delete;

    // Memory of the caller's, from its first byte on.
    static Status wrap(involute_isa isa, void *memory, DeviceView *view);

    // The buffer is on the device then and has no host address.
    void give_to(halide_buffer_t *buffer) const;

private:
    friend class DeviceMirror;
    uint64_t handle_ = 0;
    const halide_device_interface_t *interface_ = nullptr;
    bool is_callers_ = false;
};

// Rows of floats on a device, `count` in each, whose beginnings lie `stride` floats apart.
struct DeviceRows {
    const DeviceView *memory;
    int64_t rows, count, stride;
};

// Pieces of host memory, each with device memory of its size.
class DeviceMirror {
public:
    explicit DeviceMirror(involute_isa isa = INVOLUTE_ISA_AUTO);
    ~DeviceMirror();
    DeviceMirror(DeviceMirror &&other) noexcept;
    DeviceMirror &operator=(DeviceMirror &&other) noexcept;
    DeviceMirror(const DeviceMirror &) = delete;
    DeviceMirror &operator=(const DeviceMirror &) = delete;

    // `what` names the memory in the message when the device has not enough.
    Status add(const float *host, size_t count, const char *what);
    bool holds(const float *host) const;
    Status view(const float *host, DeviceView *view) const;
    // Copies between the piece that holds `host` and its place on the device, in the order of
    // `stream` (nullptr: the device's usual one). The host's memory may be used as soon as they
    // return.
    Status upload(const float *host, size_t count, void *stream = nullptr) const;
    Status download(float *host, size_t count, void *stream = nullptr) const;
    // As many rows of as many floats, within the device.
    Status copy(const DeviceRows &from, const DeviceRows &to, void *stream) const;
    // Waits for all that was put into the stream.
    Status synchronise(void *stream = nullptr) const;
    size_t bytes() const;

private:
    struct Piece;
    const Piece *find(const float *host) const;

    involute_isa isa_ = INVOLUTE_ISA_AUTO;
    std::vector<std::unique_ptr<Piece>> pieces_;
};

} // namespace involute
