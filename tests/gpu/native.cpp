#include "tests/gpu/native.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/isa.h"

namespace involute::gpu_tests {
namespace {

void require(int result, const char *function) {
    if (result == 0)
        return;
    std::fprintf(stderr, "%s failed with %d\n", function, result);
    std::abort();
}

template <class Function>
void find(void *library, const char *name, Function *function) {
    *function = reinterpret_cast<Function>(dlsym(library, name));
    require(*function ? 0 : -1, name);
}

class NativeCuda : public Native {
public:
    explicit NativeCuda(const involute_device_handles &handles) {
        void *library = dlopen("libcuda.so.1", RTLD_NOW);
        find(library, "cuMemAlloc_v2", &allocate_);
        find(library, "cuMemFree_v2", &free_);
        find(library, "cuStreamCreate", &create_stream_);
        find(library, "cuStreamDestroy_v2", &destroy_stream_);
        find(library, "cuStreamSynchronize", &synchronize_);
        find(library, "cuMemcpyHtoDAsync_v2", &write_);
        find(library, "cuMemcpyDtoH_v2", &read_);
        int (*push)(void *) = nullptr;
        find(library, "cuCtxPushCurrent_v2", &push);
        require(push(handles.context), "cuCtxPushCurrent_v2");
        char name[64] = "";
        int (*get_name)(char *, int, int) = nullptr;
        find(library, "cuDeviceGetName", &get_name);
        require(get_name(name, sizeof name,
                         static_cast<int>(reinterpret_cast<intptr_t>(handles.device))),
                "cuDeviceGetName");
        is_stand_in_ = std::string(name) == "mockcuda";
    }
    involute_device memory_kind() const override {
        return INVOLUTE_DEVICE_CUDA;
    }
    void *allocate(size_t count) override {
        unsigned long long address = 0;
        require(allocate_(&address, count * sizeof(float)), "cuMemAlloc");
        return reinterpret_cast<void *>(address);
    }
    void release(void *memory) override {
        require(free_(address(memory)), "cuMemFree");
    }
    void *create_stream() override {
        constexpr unsigned kNonBlocking = 1; // of the default stream
        void *stream = nullptr;
        require(create_stream_(&stream, kNonBlocking), "cuStreamCreate");
        return stream;
    }
    void destroy_stream(void *stream) override {
        require(destroy_stream_(stream), "cuStreamDestroy");
    }
    void write(void *memory, const std::vector<float> &values, void *stream) override {
        require(write_(address(memory), values.data(), values.size() * sizeof(float), stream),
                "cuMemcpyHtoDAsync");
    }
    void finish(void *stream) override {
        require(synchronize_(stream), "cuStreamSynchronize");
    }
    std::vector<float> read(void *memory, size_t count) override {
        std::vector<float> values(count);
        require(read_(values.data(), address(memory), count * sizeof(float)), "cuMemcpyDtoH");
        return values;
    }
    bool is_stand_in() const override {
        return is_stand_in_;
    }

private:
    static unsigned long long address(void *memory) {
        return reinterpret_cast<unsigned long long>(memory);
    }

    bool is_stand_in_ = false;
    int (*allocate_)(unsigned long long *, size_t) = nullptr;
    int (*free_)(unsigned long long) = nullptr;
    int (*create_stream_)(void **, unsigned) = nullptr;
    int (*destroy_stream_)(void *) = nullptr;
    int (*synchronize_)(void *) = nullptr;
    int (*write_)(unsigned long long, const void *, size_t, void *) = nullptr;
    int (*read_)(void *, unsigned long long, size_t) = nullptr;
};

class NativeOpenCl : public Native {
public:
    explicit NativeOpenCl(const involute_device_handles &handles) : handles_(handles) {
        void *library = dlopen("libOpenCL.so.1", RTLD_NOW);
        find(library, "clCreateBuffer", &create_buffer_);
        find(library, "clReleaseMemObject", &release_);
        find(library, "clCreateCommandQueue", &create_queue_);
        find(library, "clReleaseCommandQueue", &release_queue_);
        find(library, "clFinish", &finish_);
        find(library, "clEnqueueWriteBuffer", &write_);
        find(library, "clEnqueueReadBuffer", &read_);
    }
    involute_device memory_kind() const override {
        return INVOLUTE_DEVICE_OPENCL;
    }
    void *allocate(size_t count) override {
        constexpr uint64_t kReadWrite = 1;
        int32_t result = 0;
        void *memory =
            create_buffer_(handles_.context, kReadWrite, count * sizeof(float), nullptr, &result);
        require(result, "clCreateBuffer");
        return memory;
    }
    void release(void *memory) override {
        require(release_(memory), "clReleaseMemObject");
    }
    void *create_stream() override {
        int32_t result = 0;
        void *queue = create_queue_(handles_.context, handles_.device, 0, &result);
        require(result, "clCreateCommandQueue");
        return queue;
    }
    void destroy_stream(void *stream) override {
        require(release_queue_(stream), "clReleaseCommandQueue");
    }
    void write(void *memory, const std::vector<float> &values, void *stream) override {
        require(write_(stream ? stream : handles_.stream, memory, 1, 0,
                       values.size() * sizeof(float), values.data(), 0, nullptr, nullptr),
                "clEnqueueWriteBuffer");
    }
    void finish(void *stream) override {
        require(finish_(stream ? stream : handles_.stream), "clFinish");
    }
    std::vector<float> read(void *memory, size_t count) override {
        std::vector<float> values(count);
        require(read_(handles_.stream, memory, 1, 0, count * sizeof(float), values.data(), 0,
                      nullptr, nullptr),
                "clEnqueueReadBuffer");
        return values;
    }

private:
    const involute_device_handles handles_;
    void *(*create_buffer_)(void *, uint64_t, size_t, void *, int32_t *) = nullptr;
    int32_t (*release_)(void *) = nullptr;
    void *(*create_queue_)(void *, void *, uint64_t, int32_t *) = nullptr;
    int32_t (*release_queue_)(void *) = nullptr;
    int32_t (*finish_)(void *) = nullptr;
    int32_t (*write_)(void *, void *, uint32_t, size_t, size_t, const void *, uint32_t, void *,
                      void *) = nullptr;
    int32_t (*read_)(void *, void *, uint32_t, size_t, size_t, void *, uint32_t, void *,
                     void *) = nullptr;
};

} // namespace

involute_isa device_of_environment() {
    const char *name = std::getenv("INVOLUTE_DEVICE");
    involute_isa device = INVOLUTE_ISA_AUTO;
    if (!name || !isa_from_name(name, &device))
        return INVOLUTE_ISA_AUTO;
    return device;
}

std::unique_ptr<Native> Native::open(involute_isa isa) {
    involute_device_handles handles = {};
    const involute_status status = involute_device_native(isa, &handles);
    require(status.code, status.message);
    if (isa == INVOLUTE_ISA_CUDA)
        return std::make_unique<NativeCuda>(handles);
    return std::make_unique<NativeOpenCl>(handles);
}

} // namespace involute::gpu_tests
