// Device memory by Halide's runtime, which has the same functions for CUDA and OpenCL.
#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <utility>

#pragma GCC visibility push(hidden)
#include "HalideRuntimeCuda.h"
#include "HalideRuntimeOpenCL.h"
#pragma GCC visibility pop

#include "core/context.h"
#include "core/device.h"
#include "core/isa.h"
#include "device/driver.h"

namespace involute {

// One row of floats.
struct DeviceLine {
    halide_buffer_t buffer{};
    halide_dimension_t dimension;

    DeviceLine() = default;
    DeviceLine(const DeviceLine &) = delete;
    DeviceLine &operator=(const DeviceLine &) = delete;

    void set(size_t first, size_t count) {
        dimension = halide_dimension_t(static_cast<int32_t>(first), static_cast<int32_t>(count), 1);
        buffer.type = halide_type_t(halide_type_float, 32, 1);
        buffer.dimensions = 1;
        buffer.dim = &dimension;
    }
};

const halide_device_interface_t *device_interface(involute_isa isa) {
#ifdef INVOLUTE_OPENCL
    if (isa == INVOLUTE_ISA_OPENCL)
        return halide_opencl_device_interface();
#endif
#ifdef INVOLUTE_CUDA
    if (isa == INVOLUTE_ISA_CUDA)
        return halide_cuda_device_interface();
#endif
    (void)isa;
    return nullptr;
}

namespace {

Status failure(involute_isa isa, const KernelContext &context, const char *what, int error) {
    const char *message = context.error_message();
    const bool memory =
        error == halide_error_code_out_of_memory || error == halide_error_code_device_malloc_failed;
    return Status::error(memory ? INVOLUTE_OUT_OF_MEMORY : INVOLUTE_UNAVAILABLE,
                         "isa %s: %s: %s (device error %d)", isa_name(isa), what,
                         *message ? message : "no message", error);
}

} // namespace

struct DeviceMirror::Piece {
    const float *host;
    size_t count;
    DeviceLine memory;

    ~Piece() {
        if (memory.buffer.device_interface) {
            KernelContext context(nullptr, 0);
            halide_device_free(&context, &memory.buffer);
        }
    }
    // `count` values of the memory, from the place of `from` on.
    int crop(KernelContext *context, const float *from, size_t count, DeviceLine *part) const {
        part->set(static_cast<size_t>(from - host), count);
        return halide_device_crop(context, &memory.buffer, &part->buffer);
    }
};

Status device_check(involute_isa isa) {
    static std::atomic<unsigned> answered{0};
    if (answered.load(std::memory_order_relaxed) & 1u << isa)
        return Status();
    INVOLUTE_RETURN_IF_ERROR(driver_check(isa));
    // A context is made, and memory taken and given back.
    const float probe[1] = {};
    DeviceMirror mirror(isa);
    if (const Status status = mirror.add(probe, 1, "a first value"); !status.ok())
        return Status::error(INVOLUTE_UNAVAILABLE, "%s", status.message().c_str());
    answered.fetch_or(1u << isa, std::memory_order_relaxed);
    return Status();
}

DeviceView::~DeviceView() {
    if (!interface_)
        return;
    KernelContext context(nullptr, 0);
    DeviceLine line;
    line.set(0, 1);
    give_to(&line.buffer);
    halide_device_release_crop(&context, &line.buffer);
}

DeviceView::DeviceView(DeviceView &&other) noexcept
    : handle_(std::exchange(other.handle_, 0)),
      interface_(std::exchange(other.interface_, nullptr)) {}

DeviceView &DeviceView::operator=(DeviceView &&other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(interface_, other.interface_);
    return *this;
}

void DeviceView::give_to(halide_buffer_t *buffer) const {
    buffer->host = nullptr;
    buffer->device = handle_;
    buffer->device_interface = interface_;
    buffer->flags = 0;
}

DeviceMirror::DeviceMirror(involute_isa isa) : isa_(isa) {}
DeviceMirror::~DeviceMirror() = default;
DeviceMirror::DeviceMirror(DeviceMirror &&) noexcept = default;
DeviceMirror &DeviceMirror::operator=(DeviceMirror &&) noexcept = default;

Status DeviceMirror::add(const float *host, size_t count, const char *what) {
    if (count > INT32_MAX) {
        return Status::error(INVOLUTE_OUT_OF_MEMORY,
                             "isa %s: %s: expected at most %d float32 values in one piece, got %zu",
                             isa_name(isa_), what, INT32_MAX, count);
    }
    KernelContext context(nullptr, 0);
    auto piece = std::make_unique<Piece>();
    piece->host = host, piece->count = count;
    piece->memory.set(0, count);
    if (const int error =
            halide_device_malloc(&context, &piece->memory.buffer, device_interface(isa_))) {
        const std::string wanted = std::string(what) + ", " +
                                   std::to_string(count * sizeof(float)) + " bytes beside the " +
                                   std::to_string(bytes()) + " of this object";
        return failure(isa_, context, wanted.c_str(), error);
    }
    pieces_.push_back(std::move(piece));
    return Status();
}

const DeviceMirror::Piece *DeviceMirror::find(const float *host) const {
    for (const auto &piece : pieces_) {
        if (piece->host <= host && host < piece->host + piece->count)
            return piece.get();
    }
    return nullptr;
}

bool DeviceMirror::holds(const float *host) const {
    return find(host) != nullptr;
}

Status DeviceMirror::view(const float *host, DeviceView *view) const {
    KernelContext context(nullptr, 0);
    DeviceLine part;
    if (const int error = find(host)->crop(&context, host, 1, &part))
        return failure(isa_, context, "a part of its memory", error);
    view->handle_ = part.buffer.device;
    view->interface_ = part.buffer.device_interface;
    return Status();
}

Status DeviceMirror::upload(const float *host, size_t count) const {
    KernelContext context(nullptr, 0);
    DeviceLine part;
    int error = find(host)->crop(&context, host, count, &part);
    if (error == 0) {
        // The buffer type has no const; it is only read.
        part.buffer.host = reinterpret_cast<uint8_t *>(const_cast<float *>(host));
        part.buffer.set_host_dirty();
        error = halide_copy_to_device(&context, &part.buffer, device_interface(isa_));
        halide_device_release_crop(&context, &part.buffer);
    }
    return error == 0 ? Status() : failure(isa_, context, "copying to the device", error);
}

Status DeviceMirror::download(float *host, size_t count) const {
    KernelContext context(nullptr, 0);
    DeviceLine part;
    int error = find(host)->crop(&context, host, count, &part);
    if (error == 0) {
        part.buffer.host = reinterpret_cast<uint8_t *>(host);
        part.buffer.set_device_dirty();
        error = halide_copy_to_host(&context, &part.buffer);
        halide_device_release_crop(&context, &part.buffer);
    }
    return error == 0 ? Status() : failure(isa_, context, "copying from the device", error);
}

Status DeviceMirror::synchronise() const {
    KernelContext context(nullptr, 0);
    const int error =
        pieces_.empty() ? 0 : halide_device_sync(&context, &pieces_.front()->memory.buffer);
    return error == 0 ? Status() : failure(isa_, context, "waiting for the device", error);
}

size_t DeviceMirror::bytes() const {
    size_t sum = 0;
    for (const auto &piece : pieces_)
        sum += piece->count * sizeof(float);
    return sum;
}

} // namespace involute
