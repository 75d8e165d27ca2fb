#include "tests/gpu/native.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "core/isa.h"
#include "tests/gpu/cuda_driver.h"

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
    explicit NativeCuda(const involute_device_handles &handles) : driver_(handles) {}

    involute_device memory_kind() const override {
        return INVOLUTE_DEVICE_CUDA;
    }
    void *allocate(size_t count) override {
        return driver_.allocate(count);
    }
    void release(void *memory) override {
        driver_.release(memory);
    }
    void *create_stream() override {
        return driver_.create_stream();
    }
    void destroy_stream(void *stream) override {
        driver_.destroy_stream(stream);
    }
    void write(void *memory, const std::vector<float> &values, void *stream) override {
        driver_.write(memory, values, stream);
    }
    void finish(void *stream) override {
        driver_.finish(stream);
    }
    std::vector<float> read(void *memory, size_t count) override {
        return driver_.read(memory, count);
    }
    bool is_stand_in() override {
        return driver_.name() == "mockcuda";
    }

private:
    CudaDriver driver_;
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
