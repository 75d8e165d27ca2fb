// CUDA: the primary context of one device, which the CUDA runtime and frameworks on top of it use
// as well, so that their memory and streams are good here.
#include <atomic>
#include <mutex>

#include "core/context.h"
#include "device/driver.h"

#pragma GCC visibility push(hidden)
#include "HalideRuntimeCuda.h"

namespace involute {
namespace {

// The name without a version is that of development packages.
constexpr const char *kCudaLibraries[] = {"libcuda.so.1", "libcuda.so", nullptr};
constexpr int kMultiprocessorCount = 16; // CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT

class Cuda {
public:
    Status open();
    DriverLibrary &library() {
        return library_;
    }
    void *context() const {
        return context_.load(std::memory_order_acquire);
    }
    int device() const {
        return device_;
    }
    void memory(size_t *available, size_t *total) const;
    // Calls `what` where the context is the current one.
    template <class What>
    void inside(What what) const {
        void *popped = nullptr;
        if (push_(context()) != 0)
            return;
        what();
        pop_(&popped);
    }
    int cores(int index) const;

private:
    Status find_functions();
    Status open_context(void **context);

    DriverLibrary library_{kCudaLibraries};
    std::mutex mutex_;
    std::atomic<void *> context_{nullptr};
    int device_ = 0;
    int (*init_)(unsigned flags) = nullptr;
    int (*count_)(int *count) = nullptr;
    int (*get_)(int *device, int index) = nullptr;
    int (*attribute_)(int *value, int attribute, int device) = nullptr;
    int (*retain_)(void **context, int device) = nullptr;
    int (*push_)(void *context) = nullptr;
    int (*pop_)(void **context) = nullptr;
    int (*memory_)(size_t *available, size_t *total) = nullptr;
};

Cuda &cuda() {
    static auto *one = new Cuda; // asked for after static objects are gone
    return *one;
}

Status Cuda::find_functions() {
    const bool all =
        library_.find(&init_, "cuInit") && library_.find(&count_, "cuDeviceGetCount") &&
        library_.find(&get_, "cuDeviceGet") && library_.find(&attribute_, "cuDeviceGetAttribute") &&
        library_.find(&retain_, "cuDevicePrimaryCtxRetain") &&
        library_.find(&push_, "cuCtxPushCurrent_v2") &&
        library_.find(&pop_, "cuCtxPopCurrent_v2") && library_.find(&memory_, "cuMemGetInfo_v2");
    return all ? Status() : no_driver(INVOLUTE_ISA_CUDA, kCudaLibraries[0]);
}

Status Cuda::open_context(void **context) {
    INVOLUTE_RETURN_IF_ERROR(find_functions());
    const auto failed = [](const char *function, int result) {
        return broken_driver(INVOLUTE_ISA_CUDA, function, result);
    };
    if (const int result = init_(0))
        return failed("cuInit", result);
    int count = 0;
    if (const int result = count_(&count))
        return failed("cuDeviceGetCount", result);
    if (count == 0)
        return Status::error(INVOLUTE_UNAVAILABLE, "isa cuda: the driver has no device");
    const int index = choose_device(count, [](int i) { return cuda().cores(i); });
    if (const int result = get_(&device_, index))
        return failed("cuDeviceGet", result);
    if (const int result = retain_(context, device_))
        return failed("cuDevicePrimaryCtxRetain", result);
    return Status();
}

Status Cuda::open() {
    if (context())
        return Status();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (context())
        return Status();
    void *opened = nullptr;
    INVOLUTE_RETURN_IF_ERROR(open_context(&opened));
    context_.store(opened, std::memory_order_release);
    return Status();
}

int Cuda::cores(int index) const {
    int device = 0, count = 0;
    return get_(&device, index) == 0 && attribute_(&count, kMultiprocessorCount, device) == 0
               ? count
               : 0;
}

void Cuda::memory(size_t *available, size_t *total) const {
    *available = *total = 0;
    inside([&] {
        if (memory_(available, total) != 0)
            *available = *total = 0;
    });
}

Status open_cuda() {
    return cuda().open();
}

void cuda_handles(involute_device_handles *handles) {
    handles->context = cuda().context();
    handles->device = reinterpret_cast<void *>(static_cast<intptr_t>(cuda().device()));
    handles->stream = nullptr;
}

void cuda_memory(size_t *available, size_t *total) {
    cuda().memory(available, total);
}

void release_unused_cuda() {
    cuda().inside([] { halide_cuda_release_unused_device_allocations(nullptr); });
}

} // namespace

const DeviceDriver kCudaDriver = {halide_cuda_device_interface, open_cuda, cuda_handles,
                                  cuda_memory, release_unused_cuda};

} // namespace involute

// In place of the functions of Halide's runtime, which are weak: those open libraries by the names
// of development packages, make a context that no other program part shares, and know one stream.
extern "C" {

void *halide_cuda_get_symbol(void *, const char *name) {
    return involute::cuda().library().symbol(name);
}

int halide_cuda_acquire_context(void *user_context, void **context, bool create) {
    const involute::Status status = create ? involute::cuda().open() : involute::Status();
    *context = involute::cuda().context();
    if (status.ok())
        return 0;
    halide_error(user_context, status.message().c_str());
    return halide_error_code_gpu_device_error;
}

int halide_cuda_release_context(void *) {
    return 0;
}

int halide_cuda_get_stream(void *user_context, void *, void **stream) {
    *stream =
        user_context ? static_cast<involute::KernelContext *>(user_context)->stream() : nullptr;
    return 0;
}

} // extern "C"
#pragma GCC visibility pop
