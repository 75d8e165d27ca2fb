#include "device/driver.h"

#include <dlfcn.h>

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace involute {
namespace {

// The names under which drivers are installed, the ones without development packages first. They
// stay open: threads of theirs may run to the end of the process.
void *open_first(const char *const *names) {
    for (; *names; ++names) {
        if (void *library = dlopen(*names, RTLD_LAZY | RTLD_LOCAL))
            return library;
    }
    return nullptr;
}

constexpr const char *kOpenClNames[] = {"libOpenCL.so.1", "libOpenCL.so", nullptr};
constexpr const char *kCudaNames[] = {"libcuda.so.1", "libcuda.so", nullptr};

// Tried again until there is one.
void *library_of(void **library, const char *const *names) {
    void *found = __atomic_load_n(library, __ATOMIC_ACQUIRE);
    if (!found) {
        found = open_first(names);
        __atomic_store_n(library, found, __ATOMIC_RELEASE);
    }
    return found;
}

void *opencl_library_ = nullptr, *cuda_library_ = nullptr;

void *opencl_library() {
    return library_of(&opencl_library_, kOpenClNames);
}

void *cuda_library() {
    return library_of(&cuda_library_, kCudaNames);
}

Status no_driver(const char *name, const char *file) {
    return Status::error(INVOLUTE_UNAVAILABLE, "isa %s: no driver, there is no %s", name, file);
}

Status broken_driver(const char *name, const char *function, int result) {
    return Status::error(INVOLUTE_UNAVAILABLE, "isa %s: the driver's %s failed with %d", name,
                         function, result);
}

Status opencl_check() {
    void *library = opencl_library();
    if (!library)
        return no_driver("opencl", kOpenClNames[0]);
    const auto get_platforms = reinterpret_cast<int32_t (*)(uint32_t, void *, uint32_t *)>(
        dlsym(library, "clGetPlatformIDs"));
    uint32_t count = 0;
    // -1001: the loader knows of no platform.
    constexpr int32_t kNoPlatform = -1001;
    const int32_t result = get_platforms ? get_platforms(0, nullptr, &count) : kNoPlatform;
    if (result != 0 && result != kNoPlatform)
        return broken_driver("opencl", "clGetPlatformIDs", result);
    if (count == 0)
        return Status::error(INVOLUTE_UNAVAILABLE,
                             "isa opencl: %s knows of no platform, is a driver installed?",
                             kOpenClNames[0]);
    return Status();
}

Status cuda_check() {
    void *library = cuda_library();
    if (!library)
        return no_driver("cuda", kCudaNames[0]);
    const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(library, "cuInit"));
    const auto get_count = reinterpret_cast<int (*)(int *)>(dlsym(library, "cuDeviceGetCount"));
    if (!init || !get_count)
        return no_driver("cuda", kCudaNames[0]);
    if (const int result = init(0))
        return broken_driver("cuda", "cuInit", result);
    int count = 0;
    if (const int result = get_count(&count))
        return broken_driver("cuda", "cuDeviceGetCount", result);
    if (count == 0)
        return Status::error(INVOLUTE_UNAVAILABLE, "isa cuda: the driver has no device");
    return Status();
}

} // namespace

Status driver_check(involute_isa isa) {
    return isa == INVOLUTE_ISA_OPENCL ? opencl_check() : cuda_check();
}

} // namespace involute

extern "C" {

// In place of the functions of Halide's runtime, which are weak and look for the names that only
// development packages bring.
void *halide_opencl_get_symbol(void *, const char *name) {
    void *library = involute::opencl_library();
    return library ? dlsym(library, name) : nullptr;
}

void *halide_cuda_get_symbol(void *, const char *name) {
    void *library = involute::cuda_library();
    return library ? dlsym(library, name) : nullptr;
}

} // extern "C"
#pragma GCC visibility pop
