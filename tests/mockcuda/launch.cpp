// The threads of a block are fibers that change at barriers.
#include "tests/mockcuda/launch.h"

#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace mockcuda {
namespace {

constexpr unsigned kMaxBlocksYz = 65535, kMaxThreadsZ = 64;
constexpr size_t kFiberStack = 256 << 10;

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

} // namespace

std::string setting(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}

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
    volatile Result result = kSuccess;
    if (sigsetjmp(launch_end, 1) == 0)
        blocks->run();
    else
        result = kIllegalAddress;
    sigaction(SIGSEGV, &before[0], nullptr);
    sigaction(SIGBUS, &before[1], nullptr);
    return result;
}

} // namespace mockcuda
