// A stand-in for the CUDA driver, libcuda.so.1: Halide's own CUDA runtime opens it and hands it the
// PTX of kernels, which ptx_to_cpp.py translates and which then run on this CPU, thread by thread.
// It is for faults, not for speed: memory of a device is NaN until written and lies between guard
// pages, shared memory is checked, so is the alignment of every access, and what a device refuses
// is refused. After a fault all calls fail, as they do on a device. What is put into a stream other
// than the default one is done when something waits for it, as late as a device may.
//
// In the environment: MOCKCUDA_ORDER=reverse runs the threads of a block backwards between
// barriers, so that a missing one shows; MOCKCUDA_PTXAS=sm_90 also lets ptxas compile for the
// register limit that the runtime gives, and refuses kernels that spill; MOCKCUDA_MEMORY=bytes is
// the size of the device; MOCKCUDA_FAIL=function makes that one fail; MOCKCUDA_NO_DEVICE=1; and
// MOCKCUDA_MUTANT=name builds faults in (ptx_to_cpp.py).
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/mockcuda/launch.h"

using namespace mockcuda;

namespace {

using DevicePointer = unsigned long long;

constexpr size_t kPage = 4096;

struct Allocation {
    char *mapping;
    size_t mapped, bytes;
};

// Never destroyed: buffers are freed after the static objects of this file would be.
auto &allocations = *new std::map<DevicePointer, Allocation>;
size_t allocated = 0;
Result lost = kSuccess; // what all calls return after a fault

// ---- streams ----

using Work = std::function<Result()>;
struct Stream {
    std::vector<Work> work;
};
auto &streams = *new std::map<const void *, std::unique_ptr<Stream>>;

Result finish(Stream *stream) {
    const std::vector<Work> work = std::move(stream->work);
    stream->work.clear();
    Result result = lost;
    for (size_t i = 0; i < work.size() && result == kSuccess; ++i)
        result = work[i]();
    return result;
}

Result finish_all() {
    Result result = lost;
    for (const auto &[handle, stream] : streams) {
        const Result of_stream = finish(stream.get());
        result = result != kSuccess ? result : of_stream;
    }
    return result;
}

// At once in the default stream, whose work waits for no other stream's.
Result put(const void *stream, const Work &work) {
    if (!stream)
        return work();
    const auto found = streams.find(stream);
    if (found == streams.end())
        return kInvalidHandle;
    found->second->work.push_back(work);
    return kSuccess;
}

// What a call returns before it does anything.
Result start(const char *function) {
    static const std::string failing = setting("MOCKCUDA_FAIL");
    return lost != kSuccess ? lost : failing == function ? kLaunchFailed : kSuccess;
}

// ---- modules: PTX -> C++ -> shared object, kept by a hash of the PTX ----

std::string quoted(const std::string &path) {
    return "'" + path + "'";
}

int command(const std::string &text) {
    return std::system(text.c_str());
}

// Whether the registers suffice: the driver's own compiler spills silently.
bool fits_registers(const std::string &ptx, unsigned registers) {
    const std::string target = setting("MOCKCUDA_PTXAS");
    if (target.empty() || registers == 0)
        return true;
    return command("out=$(ptxas -v -arch=" + target +
                   " -maxrregcount=" + std::to_string(registers) + " " + quoted(ptx) +
                   " -o /dev/null 2>&1) || { echo \"$out\" >&2; exit 1; }; if echo \"$out\" | grep "
                   "-E '[1-9][0-9]* bytes spill' >&2; then exit 1; fi") == 0;
}

void *load(const char *image, unsigned registers) {
    std::ifstream translator(MOCKCUDA_FOLDER "/ptx_to_cpp.py");
    const std::string translation((std::istreambuf_iterator<char>(translator)), {});
    uint64_t hash = 1469598103934665603u;
    for (char c : image + setting("MOCKCUDA_MUTANT") + translation)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    const std::string folder =
        setting("MOCKCUDA_CACHE").empty() ? MOCKCUDA_CACHE : setting("MOCKCUDA_CACHE");
    mkdir(folder.c_str(), 0777);
    const std::string base = folder + "/" + std::to_string(hash), object = base + ".so";
    const std::string own = base + "." + std::to_string(getpid());
    std::ofstream(own + ".ptx") << image;
    bool well = fits_registers(own + ".ptx", registers);
    if (well && access(object.c_str(), R_OK) != 0) {
        well = command("python3 " + quoted(MOCKCUDA_FOLDER "/ptx_to_cpp.py") + " " +
                       quoted(own + ".ptx") + " " + quoted(own + ".cpp") +
                       " && g++ -std=c++17 -O1 -w -ffp-contract=off -I" MOCKCUDA_FOLDER
                       " -shared -fPIC " +
                       quoted(own + ".cpp") + " -o " + quoted(own + ".so") + " && mv " +
                       quoted(own + ".so") + " " + quoted(object)) == 0;
    }
    for (const char *ending : {".ptx", ".cpp"})
        unlink((own + ending).c_str());
    return well ? dlopen(object.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
}

// ---- memory ----

size_t device_memory() {
    const std::string limit = setting("MOCKCUDA_MEMORY");
    return limit.empty() ? size_t{64} << 30 : std::strtoull(limit.c_str(), nullptr, 0);
}

Result allocate(DevicePointer *pointer, size_t bytes) {
    const size_t size = device_memory();
    if (bytes == 0)
        return kInvalidValue;
    if (bytes > size || allocated > size - bytes)
        return kOutOfMemory;
    const size_t body = (bytes + kPage - 1) / kPage * kPage, mapped = body + 2 * kPage;
    void *mapping = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED)
        return kOutOfMemory;
    char *first = static_cast<char *>(mapping) + kPage;
    mprotect(first, body, PROT_READ | PROT_WRITE);
    std::memset(first, 0xff, body);   // NaN until written
    constexpr size_t kAlignment = 16; // what the widest access needs: the end is at the guard page
    char *data = first + (body - bytes) / kAlignment * kAlignment;
    *pointer = reinterpret_cast<DevicePointer>(data);
    allocations[*pointer] = {static_cast<char *>(mapping), mapped, bytes};
    allocated += bytes;
    return kSuccess;
}

// Whether [pointer, pointer + bytes) lies in one allocation.
bool is_allocated(DevicePointer pointer, size_t bytes) {
    auto after = allocations.upper_bound(pointer);
    if (after == allocations.begin())
        return false;
    const auto &[first, allocation] = *std::prev(after);
    return pointer + bytes <= first + allocation.bytes;
}

template <typename T>
T *memory(DevicePointer pointer) {
    return reinterpret_cast<T *>(pointer);
}

Result to_device(const char *function, DevicePointer to, const void *from, size_t bytes,
                 const void *stream) {
    if (const Result failed = start(function))
        return failed;
    if (!is_allocated(to, bytes))
        return kInvalidValue;
    // Of pageable memory, which may be written again when the call returns.
    const std::string staged(static_cast<const char *>(from), bytes);
    return put(stream, [=] {
        std::memcpy(memory<void>(to), staged.data(), bytes);
        return kSuccess;
    });
}

Result from_device(const char *function, void *to, DevicePointer from, size_t bytes,
                   const void *stream) {
    if (const Result failed = start(function))
        return failed;
    if (!is_allocated(from, bytes))
        return kInvalidValue;
    const auto found = streams.find(stream);
    if (stream && found == streams.end())
        return kInvalidHandle;
    if (const Result failed = stream ? finish(found->second.get()) : kSuccess)
        return failed;
    std::memcpy(to, memory<void>(from), bytes);
    return kSuccess;
}

Result on_device(const char *function, DevicePointer to, DevicePointer from, size_t bytes,
                 const void *stream) {
    if (const Result failed = start(function))
        return failed;
    if (!is_allocated(to, bytes) || !is_allocated(from, bytes))
        return kInvalidValue;
    return put(stream, [=] {
        std::memcpy(memory<void>(to), memory<void>(from), bytes);
        return kSuccess;
    });
}

} // namespace

#define MOCKCUDA_API extern "C" __attribute__((visibility("default"))) int

MOCKCUDA_API cuInit(unsigned) {
    return start("cuInit");
}
MOCKCUDA_API cuDeviceGetCount(int *count) {
    *count = setting("MOCKCUDA_NO_DEVICE").empty() ? 1 : 0;
    return start("cuDeviceGetCount");
}
MOCKCUDA_API cuDeviceGet(int *device, int) {
    *device = 0;
    return start("cuDeviceGet");
}
MOCKCUDA_API cuDeviceGetAttribute(int *value, int attribute, int) {
    constexpr int kThreads = 1, kShared = 8, kWarp = 10, kProcessors = 16, kMajor = 75, kMinor = 76;
    *value = attribute == kThreads      ? static_cast<int>(kMaxThreads)
             : attribute == kShared     ? static_cast<int>(kMaxShared)
             : attribute == kWarp       ? 32
             : attribute == kProcessors ? 132
             : attribute == kMajor      ? 9
             : attribute == kMinor      ? 0
                                        : 1024;
    return start("cuDeviceGetAttribute");
}
MOCKCUDA_API cuDeviceGetName(char *name, int size, int) {
    std::snprintf(name, static_cast<size_t>(size), "mockcuda");
    return start("cuDeviceGetName");
}
MOCKCUDA_API cuDeviceTotalMem_v2(size_t *bytes, int) {
    *bytes = device_memory();
    return start("cuDeviceTotalMem_v2");
}
MOCKCUDA_API cuDevicePrimaryCtxRetain(void **context, int) {
    static int one;
    *context = &one;
    return start("cuDevicePrimaryCtxRetain");
}
// Halide's runtime wants to find them, and calls neither.
MOCKCUDA_API cuCtxCreate_v2(void **, unsigned, int) {
    return kInvalidValue;
}
MOCKCUDA_API cuCtxDestroy_v2(void *) {
    return kInvalidValue;
}
MOCKCUDA_API cuMemGetInfo_v2(size_t *available, size_t *total) {
    *total = device_memory();
    *available = *total - allocated;
    return start("cuMemGetInfo_v2");
}
MOCKCUDA_API cuStreamCreate(void **stream, unsigned) {
    auto created = std::make_unique<Stream>();
    *stream = created.get();
    streams[*stream] = std::move(created);
    return start("cuStreamCreate");
}
MOCKCUDA_API cuStreamDestroy_v2(void *stream) {
    const auto found = streams.find(stream);
    if (found == streams.end())
        return kInvalidHandle;
    const Result result = finish(found->second.get());
    streams.erase(found);
    return result;
}
MOCKCUDA_API cuProfilerStop() {
    return kSuccess;
}
MOCKCUDA_API cuCtxGetApiVersion(void *, unsigned *version) {
    *version = 4000;
    return kSuccess;
}
MOCKCUDA_API cuCtxGetDevice(int *device) {
    *device = 0;
    return kSuccess;
}
MOCKCUDA_API cuCtxPushCurrent_v2(void *) {
    return kSuccess;
}
MOCKCUDA_API cuCtxPopCurrent_v2(void **) {
    return kSuccess;
}
MOCKCUDA_API cuCtxSynchronize() {
    const Result failed = start("cuCtxSynchronize");
    return failed ? failed : finish_all();
}
MOCKCUDA_API cuStreamSynchronize(void *stream) {
    if (const Result failed = start("cuStreamSynchronize"))
        return failed;
    const auto found = streams.find(stream);
    return !stream                  ? kSuccess
           : found == streams.end() ? kInvalidHandle
                                    : finish(found->second.get());
}
MOCKCUDA_API cuPointerGetAttribute(void *result, int, DevicePointer) {
    *static_cast<void **>(result) = nullptr;
    return start("cuPointerGetAttribute");
}
MOCKCUDA_API cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options,
                                void **values) {
    if (const Result failed = start("cuModuleLoadDataEx"))
        return failed;
    constexpr int kMaxRegisters = 0; // CU_JIT_MAX_REGISTERS
    unsigned registers = 0;
    for (unsigned i = 0; i < count; ++i) {
        if (options[i] == kMaxRegisters)
            registers = static_cast<unsigned>(reinterpret_cast<uintptr_t>(values[i]));
    }
    *module = load(static_cast<const char *>(image), registers);
    return *module ? kSuccess : kInvalidPtx;
}
MOCKCUDA_API cuModuleLoadData(void **module, const void *image) {
    return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}
MOCKCUDA_API cuModuleUnload(void *) {
    return kSuccess;
}
MOCKCUDA_API cuModuleGetFunction(void **function, void *module, const char *name) {
    const std::string kernel = name;
    void *run = dlsym(module, name);
    const void *waits = dlsym(module, (kernel + "_waits").c_str());
    const void *bytes = dlsym(module, (kernel + "_bytes").c_str());
    if (!run || !waits || !bytes)
        return kNotFound;
    *function =
        new Kernel{reinterpret_cast<void (*)(Thread &)>(run), *static_cast<const int *>(waits) != 0,
                   static_cast<const unsigned *>(bytes), kernel};
    return start("cuModuleGetFunction");
}
MOCKCUDA_API cuMemAlloc_v2(DevicePointer *pointer, size_t bytes) {
    const Result failed = start("cuMemAlloc_v2");
    return failed ? failed : allocate(pointer, bytes);
}
MOCKCUDA_API cuMemFree_v2(DevicePointer pointer) {
    const auto found = allocations.find(pointer);
    if (found == allocations.end())
        return kInvalidValue;
    finish_all();
    munmap(found->second.mapping, found->second.mapped);
    allocated -= found->second.bytes;
    allocations.erase(found);
    return start("cuMemFree_v2");
}
MOCKCUDA_API cuMemcpyHtoD_v2(DevicePointer to, const void *from, size_t bytes) {
    return to_device("cuMemcpyHtoD_v2", to, from, bytes, nullptr);
}
MOCKCUDA_API cuMemcpyDtoH_v2(void *to, DevicePointer from, size_t bytes) {
    return from_device("cuMemcpyDtoH_v2", to, from, bytes, nullptr);
}
MOCKCUDA_API cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
    return on_device("cuMemcpyDtoD_v2", to, from, bytes, nullptr);
}
MOCKCUDA_API cuMemcpyHtoDAsync_v2(DevicePointer to, const void *from, size_t bytes, void *stream) {
    return to_device("cuMemcpyHtoDAsync_v2", to, from, bytes, stream);
}
MOCKCUDA_API cuMemcpyDtoHAsync_v2(void *to, DevicePointer from, size_t bytes, void *stream) {
    return from_device("cuMemcpyDtoHAsync_v2", to, from, bytes, stream);
}
MOCKCUDA_API cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes,
                                  void *stream) {
    return on_device("cuMemcpyDtoDAsync_v2", to, from, bytes, stream);
}

// CUDA_MEMCPY3D.
struct Copy3d {
    struct End {
        size_t x, y, z, lod;
        int kind;
        void *host;
        DevicePointer device;
        void *array, *reserved;
        size_t pitch, height;

        char *row(size_t dy, size_t dz) const {
            constexpr int kHost = 1;
            char *base = kind == kHost ? static_cast<char *>(host) : memory<char>(device);
            return base + ((dz + z) * height + dy + y) * pitch + x;
        }
    } from, to;
    size_t width, height, depth;
};
MOCKCUDA_API cuMemcpy3D_v2(const Copy3d *what) {
    if (const Result failed = start("cuMemcpy3D_v2"))
        return failed;
    for (size_t z = 0; z < what->depth; ++z) {
        for (size_t y = 0; y < what->height; ++y)
            std::memcpy(what->to.row(y, z), what->from.row(y, z), what->width);
    }
    return kSuccess;
}
MOCKCUDA_API cuLaunchKernel(const Kernel *kernel, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                            unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                            void *stream, void **parameters, void **) {
    if (const Result failed = start("cuLaunchKernel"))
        return failed;
    std::vector<std::string> values; // the caller's are gone when the launch is done
    for (size_t i = 0; kernel->bytes[i] != 0; ++i)
        values.emplace_back(static_cast<const char *>(parameters[i]), kernel->bytes[i]);
    return put(stream, [=]() mutable {
        std::vector<void *> addresses;
        for (std::string &value : values)
            addresses.push_back(value.data());
        const Result result = launch(
            *kernel,
            {{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared, addresses.data()});
        if (result == kIllegalAddress)
            lost = result;
        return result;
    });
}
