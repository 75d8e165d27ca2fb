// OpenCL: a context and an in-order queue of one device. HL_OCL_PLATFORM_NAME (a part of the name)
// and HL_OCL_DEVICE_TYPE (cpu, gpu, acc) choose among several, as in programs of Halide's.
#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "core/context.h"
#include "device/driver.h"

#pragma GCC visibility push(hidden)
#include "HalideRuntimeOpenCL.h"

namespace involute {
namespace {

constexpr const char *kOpenClLibraries[] = {"libOpenCL.so.1", "libOpenCL.so", nullptr};

// Of OpenCL's headers.
constexpr uint32_t kPlatformName = 0x0902, kMaxComputeUnits = 0x1002, kGlobalMemSize = 0x101f;
constexpr intptr_t kContextPlatform = 0x1084;
constexpr uint64_t kTypeCpu = 1 << 1, kTypeGpu = 1 << 2, kTypeAccelerator = 1 << 3,
                   kTypeAll = 0xffffffff;
constexpr int32_t kNoPlatform = -1001; // the loader knows of none
constexpr int32_t kNoDevice = -1;

class OpenCl {
public:
    Status open();
    DriverLibrary &library() {
        return library_;
    }
    // One user at a time, as Halide's runtime expects. It also ends a use that it never began when
    // functions of the library are missing, which a mutex would not bear.
    void begin_use() {
        while (in_use_.test_and_set(std::memory_order_acquire))
            std::this_thread::yield();
    }
    void end_use() {
        in_use_.clear(std::memory_order_release);
    }
    int cores(int index) const;
    uint64_t memory() const;

    void *context = nullptr, *device = nullptr, *queue = nullptr; // once open

private:
    bool find_functions();
    Status find_platform(void **platform);
    Status find_devices(void *platform);
    bool is_asked_for(void *platform) const;

    DriverLibrary library_{kOpenClLibraries};
    std::mutex mutex_;
    std::atomic_flag in_use_ = ATOMIC_FLAG_INIT;
    std::vector<void *> devices_;
    int32_t (*platforms_)(uint32_t, void **, uint32_t *) = nullptr;
    int32_t (*platform_info_)(void *, uint32_t, size_t, void *, size_t *) = nullptr;
    int32_t (*device_ids_)(void *, uint64_t, uint32_t, void **, uint32_t *) = nullptr;
    int32_t (*device_info_)(void *, uint32_t, size_t, void *, size_t *) = nullptr;
    void *(*create_context_)(const intptr_t *, uint32_t, void **, void *, void *,
                             int32_t *) = nullptr;
    void *(*create_queue_)(void *, void *, uint64_t, int32_t *) = nullptr;
};

OpenCl &opencl() {
    static auto *one = new OpenCl; // asked for after static objects are gone
    return *one;
}

bool OpenCl::find_functions() {
    return library_.find(&platforms_, "clGetPlatformIDs") &&
           library_.find(&platform_info_, "clGetPlatformInfo") &&
           library_.find(&device_ids_, "clGetDeviceIDs") &&
           library_.find(&device_info_, "clGetDeviceInfo") &&
           library_.find(&create_context_, "clCreateContext") &&
           library_.find(&create_queue_, "clCreateCommandQueue");
}

bool OpenCl::is_asked_for(void *platform) const {
    char name[256] = "";
    return platform_info_(platform, kPlatformName, sizeof name - 1, name, nullptr) == 0 &&
           std::strstr(name, halide_opencl_get_platform_name(nullptr));
}

Status OpenCl::find_platform(void **platform) {
    uint32_t count = 0;
    const int32_t result = platforms_(0, nullptr, &count);
    if (result != 0 && result != kNoPlatform)
        return broken_driver(INVOLUTE_ISA_OPENCL, "clGetPlatformIDs", result);
    std::vector<void *> found(count);
    if (count > 0)
        platforms_(count, found.data(), nullptr);
    for (void *candidate : found) {
        *platform = candidate;
        if (is_asked_for(candidate))
            return Status();
    }
    return Status::error(INVOLUTE_UNAVAILABLE,
                         count == 0 ? "isa opencl: %s knows of no platform, is a driver installed?"
                                    : "isa opencl: %s knows of no platform of that name",
                         kOpenClLibraries[0]);
}

Status OpenCl::find_devices(void *platform) {
    const char *asked = halide_opencl_get_device_type(nullptr);
    const uint64_t named = (std::strstr(asked, "cpu") ? kTypeCpu : 0) |
                           (std::strstr(asked, "gpu") ? kTypeGpu : 0) |
                           (std::strstr(asked, "acc") ? kTypeAccelerator : 0);
    const uint64_t type = named != 0 ? named : kTypeAll;
    uint32_t count = 0;
    const int32_t result = device_ids_(platform, type, 0, nullptr, &count);
    if (result != 0 && result != kNoDevice)
        return broken_driver(INVOLUTE_ISA_OPENCL, "clGetDeviceIDs", result);
    devices_.assign(count, nullptr);
    if (count == 0)
        return Status::error(INVOLUTE_UNAVAILABLE, "isa opencl: the platform has no device");
    device_ids_(platform, type, count, devices_.data(), nullptr);
    return Status();
}

Status OpenCl::open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (queue)
        return Status();
    if (!find_functions())
        return no_driver(INVOLUTE_ISA_OPENCL, kOpenClLibraries[0]);
    void *platform = nullptr;
    INVOLUTE_RETURN_IF_ERROR(find_platform(&platform));
    INVOLUTE_RETURN_IF_ERROR(find_devices(platform));
    const int count = static_cast<int>(devices_.size());
    const int index = choose_device(count, [](int i) { return opencl().cores(i); });
    if (index >= count)
        return Status::error(INVOLUTE_UNAVAILABLE, "isa opencl: device %d of %d", index, count);
    device = devices_[static_cast<size_t>(index)];
    const intptr_t properties[] = {kContextPlatform, reinterpret_cast<intptr_t>(platform), 0};
    int32_t result = 0;
    if (!context)
        context = create_context_(properties, 1, &device, nullptr, nullptr, &result);
    if (!context)
        return broken_driver(INVOLUTE_ISA_OPENCL, "clCreateContext", result);
    queue = create_queue_(context, device, 0, &result);
    return queue ? Status() : broken_driver(INVOLUTE_ISA_OPENCL, "clCreateCommandQueue", result);
}

int OpenCl::cores(int index) const {
    uint32_t count = 0;
    device_info_(devices_[static_cast<size_t>(index)], kMaxComputeUnits, sizeof count, &count,
                 nullptr);
    return static_cast<int>(count);
}

uint64_t OpenCl::memory() const {
    uint64_t bytes = 0;
    device_info_(device, kGlobalMemSize, sizeof bytes, &bytes, nullptr);
    return bytes;
}

Status open_opencl() {
    return opencl().open();
}

void opencl_handles(involute_device_handles *handles) {
    handles->context = opencl().context;
    handles->device = opencl().device;
    handles->stream = opencl().queue;
}

void opencl_memory(size_t *available, size_t *total) {
    *available = 0;
    *total = opencl().memory();
}

} // namespace

const DeviceDriver kOpenClDriver = {halide_opencl_device_interface, open_opencl, opencl_handles,
                                    opencl_memory, [] {}};

} // namespace involute

// In place of the functions of Halide's runtime, which are weak: those open the library by the name
// of development packages and know one queue.
extern "C" {

void *halide_opencl_get_symbol(void *, const char *name) {
    return involute::opencl().library().symbol(name);
}

// A call of halide_release_cl_context follows each of these, also where it fails.
int halide_acquire_cl_context(void *user_context, void **context, void **queue, bool create) {
    involute::OpenCl &opencl = involute::opencl();
    const involute::Status status = create ? opencl.open() : involute::Status();
    opencl.begin_use();
    void *stream =
        user_context ? static_cast<involute::KernelContext *>(user_context)->stream() : nullptr;
    *context = opencl.context;
    *queue = stream ? stream : opencl.queue;
    if (status.ok())
        return 0;
    halide_error(user_context, status.message().c_str());
    return halide_error_code_gpu_device_error;
}

int halide_release_cl_context(void *) {
    involute::opencl().end_use();
    return 0;
}

} // extern "C"
#pragma GCC visibility pop
