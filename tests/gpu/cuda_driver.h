// CUDA's driver as an application calls it, for tests and benchmarks. What fails ends the program
// with a message.
#pragma once

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "involute/involute.h"

namespace involute::gpu_tests {

class CudaDriver {
public:
    // Its context becomes that of the calling thread.
    explicit CudaDriver(const involute_device_handles &handles)
        : library_(dlopen("libcuda.so.1", RTLD_NOW)),
          device_(static_cast<int>(reinterpret_cast<intptr_t>(handles.device))) {
        call<int(void *)>("cuCtxPushCurrent_v2", handles.context);
    }
    void *allocate(size_t count) { // floats
        unsigned long long address = 0;
        call<int(unsigned long long *, size_t)>("cuMemAlloc_v2", &address, count * sizeof(float));
        return reinterpret_cast<void *>(address);
    }
    void release(void *memory) {
        call<int(unsigned long long)>("cuMemFree_v2", address(memory));
    }
    // Does not wait for the default stream.
    void *create_stream() {
        constexpr unsigned kNonBlocking = 1;
        void *stream = nullptr;
        call<int(void **, unsigned)>("cuStreamCreate", &stream, kNonBlocking);
        return stream;
    }
    void destroy_stream(void *stream) {
        call<int(void *)>("cuStreamDestroy_v2", stream);
    }
    void finish(void *stream) {
        call<int(void *)>("cuStreamSynchronize", stream);
    }
    void write(void *memory, const std::vector<float> &values, void *stream) {
        call<int(unsigned long long, const void *, size_t, void *)>(
            "cuMemcpyHtoDAsync_v2", address(memory), static_cast<const void *>(values.data()),
            values.size() * sizeof(float), stream);
    }
    // In the default stream.
    std::vector<float> read(void *memory, size_t count) {
        std::vector<float> values(count);
        call<int(void *, unsigned long long, size_t)>("cuMemcpyDtoH_v2",
                                                      static_cast<void *>(values.data()),
                                                      address(memory), count * sizeof(float));
        return values;
    }
    std::string name() {
        char text[128] = "";
        call<int(char *, int, int)>("cuDeviceGetName", static_cast<char *>(text),
                                    static_cast<int>(sizeof text), device_);
        return text;
    }

protected:
    int attribute(int which) {
        int value = 0;
        call<int(int *, int, int)>("cuDeviceGetAttribute", &value, which, device_);
        return value;
    }
    template <class Function, class... Arguments>
    void call(const char *name, Arguments... arguments) {
        auto *function = library_ ? reinterpret_cast<Function *>(dlsym(library_, name)) : nullptr;
        const int result = function ? function(arguments...) : -1;
        if (result == 0)
            return;
        std::fprintf(stderr, "%s failed with %d\n", name, result);
        std::exit(1);
    }

private:
    static unsigned long long address(void *memory) {
        return reinterpret_cast<unsigned long long>(memory);
    }

    void *library_;
    int device_;
};

} // namespace involute::gpu_tests
