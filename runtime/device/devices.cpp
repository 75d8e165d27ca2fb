// Device memory by Halide's runtime, which has the same functions for CUDA and OpenCL.
#include <atomic>
#include <utility>

#pragma GCC visibility push(hidden)
#include "HalideRuntime.h"
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

namespace {

// nullptr: this library has no kernels for it.
const DeviceDriver *driver_of(involute_isa isa) {
#ifdef INVOLUTE_OPENCL
    if (isa == INVOLUTE_ISA_OPENCL)
        return &kOpenClDriver;
#endif
#ifdef INVOLUTE_CUDA
    if (isa == INVOLUTE_ISA_CUDA)
        return &kCudaDriver;
#endif
    (void)isa;
    return nullptr;
}

Status failure(involute_isa isa, const KernelContext &context, const char *what, int error) {
    const char *message = context.error_message();
    const bool memory =
        error == halide_error_code_out_of_memory || error == halide_error_code_device_malloc_failed;
    return Status::error(memory ? INVOLUTE_OUT_OF_MEMORY : INVOLUTE_UNAVAILABLE,
                         "isa %s: %s: %s (device error %d)", isa_name(isa), what,
                         *message ? message : "no message", error);
}

// "the device has 5 of 7 bytes free", as far as it tells.
std::string memory_text(involute_isa isa) {
    size_t available = 0, total = 0;
    driver_of(isa)->memory(&available, &total);
    const std::string bytes = std::to_string(total) + " bytes";
    return total == 0 ? "the device does not say what it has"
           : available == 0
               ? "the device has " + bytes
               : "the device has " + std::to_string(available) + " of " + bytes + " free";
}

class StreamContext : public KernelContext {
public:
    explicit StreamContext(void *stream) : KernelContext(nullptr, 0) {
        set_stream(stream);
    }
};

} // namespace

const halide_device_interface_t *device_interface(involute_isa isa) {
    const DeviceDriver *driver = driver_of(isa);
    return driver ? driver->interface() : nullptr;
}

involute_device memory_of(involute_isa isa) {
    return isa == INVOLUTE_ISA_OPENCL ? INVOLUTE_DEVICE_OPENCL
           : isa == INVOLUTE_ISA_CUDA ? INVOLUTE_DEVICE_CUDA
                                      : INVOLUTE_CPU;
}

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
    INVOLUTE_RETURN_IF_ERROR(driver_of(isa)->open());
    // Memory is taken and given back.
    const float probe[1] = {};
    DeviceMirror mirror(isa);
    if (const Status status = mirror.add(probe, 1, "a first value"); !status.ok())
        return Status::error(INVOLUTE_UNAVAILABLE, "%s", status.message().c_str());
    answered.fetch_or(1u << isa, std::memory_order_relaxed);
    return Status();
}

Status device_handles(involute_isa isa, involute_device_handles *handles) {
    driver_of(isa)->handles(handles);
    return Status();
}

DeviceView::~DeviceView() {
    if (!interface_)
        return;
    KernelContext context(nullptr, 0);
    DeviceLine line;
    line.set(0, 1);
    give_to(&line.buffer);
    if (is_callers_)
        halide_device_detach_native(&context, &line.buffer);
    else
        halide_device_release_crop(&context, &line.buffer);
}

DeviceView::DeviceView(DeviceView &&other) noexcept
    : handle_(std::exchange(other.handle_, 0)),
      interface_(std::exchange(other.interface_, nullptr)), is_callers_(other.is_callers_) {}

DeviceView &DeviceView::operator=(DeviceView &&other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(interface_, other.interface_);
    std::swap(is_callers_, other.is_callers_);
    return *this;
}

Status DeviceView::wrap(involute_isa isa, void *memory, DeviceView *view) {
    KernelContext context(nullptr, 0);
    DeviceLine line;
    line.set(0, 1);
    if (const int error = halide_device_wrap_native(
            &context, &line.buffer, reinterpret_cast<uintptr_t>(memory), device_interface(isa)))
        return failure(isa, context, "memory of the caller", error);
    DeviceView wrapped;
    wrapped.handle_ = line.buffer.device;
    wrapped.interface_ = line.buffer.device_interface;
    wrapped.is_callers_ = true;
    *view = std::move(wrapped);
    return Status();
}

void DeviceView::give_to(halide_buffer_t *buffer) const {
    buffer->host = nullptr;
    buffer->device = handle_;
    buffer->device_interface = interface_;
    buffer->flags = 0;
}

DeviceMirror::DeviceMirror(involute_isa isa) : isa_(isa) {}
DeviceMirror::~DeviceMirror() {
    if (pieces_.empty())
        return;
    pieces_.clear();
    driver_of(isa_)->release_unused();
}
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
                                   std::to_string(bytes()) + " of this object, " +
                                   memory_text(isa_);
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

Status DeviceMirror::upload(const float *host, size_t count, void *stream) const {
    StreamContext context(stream);
    DeviceLine part;
    int error = find(host)->crop(&context, host, count, &part);
    if (error == 0) {
        // The buffer type has no const; it is only read.
        part.buffer.host = reinterpret_cast<uint8_t *>(const_cast<float *>(host));
        part.buffer.set_host_dirty();
        error = halide_copy_to_device(&context, &part.buffer, device_interface(isa_));
        halide_device_release_crop(&context, &part.buffer);
    }
    if (error != 0)
        return failure(isa_, context, "copying to the device", error);
    return stream ? synchronise(stream) : Status(); // of pinned memory it only began
}

Status DeviceMirror::download(float *host, size_t count, void *stream) const {
    StreamContext context(stream);
    DeviceLine part;
    int error = find(host)->crop(&context, host, count, &part);
    if (error == 0) {
        part.buffer.host = reinterpret_cast<uint8_t *>(host);
        part.buffer.set_device_dirty();
        error = halide_copy_to_host(&context, &part.buffer);
        halide_device_release_crop(&context, &part.buffer);
    }
    if (error != 0)
        return failure(isa_, context, "copying from the device", error);
    return stream ? synchronise(stream) : Status(); // to pinned memory it only began
}

Status DeviceMirror::copy(const DeviceRows &from, const DeviceRows &to, void *stream) const {
    StreamContext context(stream);
    halide_dimension_t dimensions[2][2];
    halide_buffer_t buffers[2] = {};
    for (int i = 0; i < 2; ++i) {
        const DeviceRows &side = i == 0 ? from : to;
        dimensions[i][0] = halide_dimension_t(0, static_cast<int32_t>(side.count), 1);
        dimensions[i][1] = halide_dimension_t(0, static_cast<int32_t>(side.rows),
                                              static_cast<int32_t>(side.stride));
        buffers[i].type = halide_type_t(halide_type_float, 32, 1);
        buffers[i].dimensions = 2;
        buffers[i].dim = dimensions[i];
        side.memory->give_to(&buffers[i]);
    }
    const int error =
        halide_buffer_copy(&context, &buffers[0], device_interface(isa_), &buffers[1]);
    return error == 0 ? Status() : failure(isa_, context, "copying on the device", error);
}

Status DeviceMirror::synchronise(void *stream) const {
    StreamContext context(stream);
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
