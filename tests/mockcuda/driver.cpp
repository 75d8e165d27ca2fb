// A stand-in for the CUDA driver, libcuda.so.1: Halide's own CUDA runtime opens it and hands it the
// PTX of kernels, which ptx_to_cpp.py translates and which then run on this CPU, thread by thread.
// It is for faults, not for speed: memory of a device is NaN until written and lies between guard
// pages, shared memory is checked, so is the alignment of every access, and what a device refuses
// is refused. After a fault all calls fail, as they do on a device.
//
// In the environment: MOCKCUDA_ORDER=reverse runs the threads of a block backwards between
// barriers, so that a missing one shows; MOCKCUDA_PTXAS=sm_90 also lets ptxas compile for the
// register limit that the runtime gives, and refuses kernels that spill; MOCKCUDA_MEMORY=bytes is
// the size of the device; MOCKCUDA_FAIL=function makes that one fail; MOCKCUDA_NO_DEVICE=1; and
// MOCKCUDA_MUTANT=name builds faults in (ptx_to_cpp.py).
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/mockcuda/thread.h"

namespace {

enum Result {
    kSuccess = 0,
    kInvalidValue = 1,
    kOutOfMemory = 2,
    kInvalidPtx = 218,
    kNotFound = 500,
    kIllegalAddress = 700,
    kLaunchFailed = 719,
};

using DevicePointer = unsigned long long;

constexpr unsigned kMaxShared = 49152, kMaxThreads = 1024, kMaxBlocksYz = 65535, kMaxThreadsZ = 64;
constexpr size_t kFiberStack = 256 << 10, kPage = 4096;

struct Kernel {
    void (*run)(Thread &);
    bool waits;
    std::string name;
};

struct Allocation {
    char *mapping;
    size_t mapped, bytes;
};

// Never destroyed: buffers are freed after the static objects of this file would be.
auto &allocations = *new std::map<DevicePointer, Allocation>;
size_t allocated = 0;
Result lost = kSuccess; // what all calls return after a fault

std::string setting(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}

// What a call returns before it does anything.
Result start(const char *function) {
    static const std::string failing = setting("MOCKCUDA_FAIL");
    return lost != kSuccess ? lost : failing == function ? kLaunchFailed : kSuccess;
}

// ---- launches: the threads of a block as fibers that change at barriers ----

struct Fiber {
    ucontext_t start;
    jmp_buf place;
    bool begun = false, done = false;
    Thread thread;
};

jmp_buf scheduler;
sigjmp_buf launch_end;
Fiber *current = nullptr;
const Kernel *running = nullptr;

void wait(Thread &) {
    if (_setjmp(current->place) == 0)
        _longjmp(scheduler, 1);
}

void run_current() {
    running->run(current->thread);
    current->done = true;
    _longjmp(scheduler, 1);
}

// To the next barrier or the end.
void resume(Fiber *fiber) {
    current = fiber;
    if (_setjmp(scheduler) != 0)
        return;
    if (fiber->begun)
        _longjmp(fiber->place, 1);
    fiber->begun = true;
    setcontext(&fiber->start);
}

[[noreturn]] void end_launch(const char *what, uint64_t address) {
    std::fprintf(stderr, "mockcuda: %s: %s, address %#llx, block %u %u %u, thread %u %u %u\n",
                 running->name.c_str(), what, static_cast<unsigned long long>(address),
                 current->thread.ctaid.x, current->thread.ctaid.y, current->thread.ctaid.z,
                 current->thread.tid.x, current->thread.tid.y, current->thread.tid.z);
    siglongjmp(launch_end, 1);
}

void fault(Thread &, const char *what, uint64_t address) {
    end_launch(what, address);
}

void on_signal(int, siginfo_t *info, void *) {
    end_launch("illegal address", reinterpret_cast<uint64_t>(info->si_addr));
}

struct Launch {
    Axes grid, block;
    unsigned shared_bytes;
    void **parameters;
};

class Blocks {
public:
    explicit Blocks(const Launch &launch)
        : launch_(launch), count_(size_t{launch.block.x} * launch.block.y * launch.block.z),
          fibers_(count_), stacks_(running->waits ? count_ : 1),
          shared_(launch.shared_bytes + sizeof(uint64_t)),
          reverse_(setting("MOCKCUDA_ORDER") == "reverse") {
        for (auto &stack : stacks_)
            stack.resize(kFiberStack);
    }

    void run() {
        const Axes &grid = launch_.grid;
        for (unsigned z = 0; z < grid.z; ++z) {
            for (unsigned y = 0; y < grid.y; ++y) {
                for (unsigned x = 0; x < grid.x; ++x)
                    run_block({x, y, z});
            }
        }
    }

private:
    void run_block(const Axes &block) {
        std::memset(shared_.data(), 0xff, shared_.size());
        for (size_t i = 0; i < count_; ++i)
            prepare(i, block);
        for (size_t left = count_; left > 0;) {
            for (size_t i = 0; i < count_; ++i) {
                Fiber &fiber = fibers_[reverse_ ? count_ - 1 - i : i];
                if (fiber.done)
                    continue;
                resume(&fiber);
                left -= fiber.done;
            }
        }
    }
    void prepare(size_t i, const Axes &block) {
        const Axes &size = launch_.block;
        const unsigned n = static_cast<unsigned>(i);
        Fiber &fiber = fibers_[i];
        fiber.begun = fiber.done = false;
        fiber.thread = {{n % size.x, n / size.x % size.y, n / size.x / size.y},
                        size,
                        block,
                        launch_.grid,
                        launch_.parameters,
                        shared_.data(),
                        launch_.shared_bytes,
                        wait,
                        fault};
        std::vector<char> &stack = stacks_[i % stacks_.size()];
        getcontext(&fiber.start);
        fiber.start.uc_stack.ss_sp = stack.data();
        fiber.start.uc_stack.ss_size = stack.size();
        fiber.start.uc_link = nullptr;
        makecontext(&fiber.start, run_current, 0);
    }

    const Launch launch_;
    const size_t count_;
    std::vector<Fiber> fibers_;
    std::vector<std::vector<char>> stacks_;
    std::vector<char> shared_;
    const bool reverse_;
};

Result launch(const Kernel &kernel, const Launch &what) {
    const Axes &grid = what.grid, &block = what.block;
    const size_t threads = size_t{block.x} * block.y * block.z;
    if (what.shared_bytes > kMaxShared || threads > kMaxThreads || threads == 0 ||
        block.z > kMaxThreadsZ || grid.x == 0 || grid.y == 0 || grid.z == 0 ||
        grid.x > 0x7fffffffu || grid.y > kMaxBlocksYz || grid.z > kMaxBlocksYz) {
        std::fprintf(stderr,
                     "mockcuda: %s refused: %u bytes of shared memory, %ux%ux%u threads, %ux%ux%u "
                     "blocks\n",
                     kernel.name.c_str(), what.shared_bytes, block.x, block.y, block.z, grid.x,
                     grid.y, grid.z);
        return kInvalidValue;
    }
    running = &kernel;
    struct sigaction action = {}, before[2];
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before[0]);
    sigaction(SIGBUS, &action, &before[1]);
    const auto blocks = std::make_unique<Blocks>(what);
    if (sigsetjmp(launch_end, 1) == 0)
        blocks->run();
    else
        lost = kIllegalAddress;
    sigaction(SIGSEGV, &before[0], nullptr);
    sigaction(SIGBUS, &before[1], nullptr);
    return lost;
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
    uint64_t hash = 1469598103934665603u;
    for (char c : image + setting("MOCKCUDA_MUTANT"))
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

Result allocate(DevicePointer *pointer, size_t bytes) {
    const std::string limit = setting("MOCKCUDA_MEMORY");
    const size_t size = limit.empty() ? size_t{64} << 30 : std::strtoull(limit.c_str(), nullptr, 0);
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

Result copy(const char *function, void *to, const void *from, size_t bytes, DevicePointer on_device,
            DevicePointer also = 0) {
    if (const Result failed = start(function))
        return failed;
    if (!is_allocated(on_device, bytes) || (also != 0 && !is_allocated(also, bytes)))
        return kInvalidValue;
    std::memcpy(to, from, bytes);
    return kSuccess;
}

template <typename T>
T *memory(DevicePointer pointer) {
    return reinterpret_cast<T *>(pointer);
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
    *bytes = size_t{64} << 30;
    return start("cuDeviceTotalMem_v2");
}
MOCKCUDA_API cuCtxCreate_v2(void **context, unsigned, int) {
    static int one;
    *context = &one;
    return start("cuCtxCreate_v2");
}
MOCKCUDA_API cuCtxDestroy_v2(void *) {
    return kSuccess;
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
    return start("cuCtxSynchronize");
}
MOCKCUDA_API cuStreamSynchronize(void *) {
    return start("cuStreamSynchronize");
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
    void *run = dlsym(module, name);
    const void *waits = dlsym(module, (std::string(name) + "_waits").c_str());
    if (!run || !waits)
        return kNotFound;
    *function = new Kernel{reinterpret_cast<void (*)(Thread &)>(run),
                           *static_cast<const int *>(waits) != 0, name};
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
    munmap(found->second.mapping, found->second.mapped);
    allocated -= found->second.bytes;
    allocations.erase(found);
    return start("cuMemFree_v2");
}
MOCKCUDA_API cuMemcpyHtoD_v2(DevicePointer to, const void *from, size_t bytes) {
    return copy("cuMemcpyHtoD_v2", memory<void>(to), from, bytes, to);
}
MOCKCUDA_API cuMemcpyDtoH_v2(void *to, DevicePointer from, size_t bytes) {
    return copy("cuMemcpyDtoH_v2", to, memory<void>(from), bytes, from);
}
MOCKCUDA_API cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
    return copy("cuMemcpyDtoD_v2", memory<void>(to), memory<void>(from), bytes, to, from);
}
MOCKCUDA_API cuMemcpyHtoDAsync_v2(DevicePointer to, const void *from, size_t bytes, void *) {
    return cuMemcpyHtoD_v2(to, from, bytes);
}
MOCKCUDA_API cuMemcpyDtoHAsync_v2(void *to, DevicePointer from, size_t bytes, void *) {
    return cuMemcpyDtoH_v2(to, from, bytes);
}
MOCKCUDA_API cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, void *) {
    return cuMemcpyDtoD_v2(to, from, bytes);
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
                            void *, void **parameters, void **) {
    if (const Result failed = start("cuLaunchKernel"))
        return failed;
    return launch(*kernel,
                  {{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared, parameters});
}
