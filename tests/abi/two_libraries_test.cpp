// Several libraries with a Halide runtime each in one process: this program's own copy, two copies
// of libinvolute.so under other names, and a shared object whose runtime is visible to everybody,
// loaded in every order and with either scope. All run at once, and nobody finds another's
// functions, threads, settings or bits.
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "HalideRuntime.h"

#include "involute/involute.h"
#include "tests/kernels/emitted_library.h"

namespace {

namespace fs = std::filesystem;
namespace kernels = involute::kernel_tests;

constexpr int64_t kChannels = 32, kSize = 14;
constexpr size_t kValues = kChannels * kSize * kSize;

// What the test calls of one copy of the library.
struct Library {
    decltype(&involute_weights_synthetic) weights_synthetic;
    decltype(&involute_weights_destroy) weights_destroy;
    decltype(&involute_model_create) model_create;
    decltype(&involute_model_destroy) model_destroy;
    decltype(&involute_session_create) session_create;
    decltype(&involute_session_run) session_run;
    decltype(&involute_session_destroy) session_destroy;
    decltype(&involute_set_logger) set_logger;
    decltype(&involute_isa_cap) isa_cap;
    decltype(&involute_isa_best) isa_best;
};

const Library kOwn = {involute_weights_synthetic, involute_weights_destroy, involute_model_create,
                      involute_model_destroy,     involute_session_create,  involute_session_run,
                      involute_session_destroy,   involute_set_logger,      involute_isa_cap,
                      involute_isa_best};

// In a forked process without GoogleTest's help: says what is wrong and ends.
[[noreturn]] void fail(const std::string &text) {
    std::fprintf(stderr, "%s\n", text.c_str());
    _exit(1);
}

void check(const involute_status &status) {
    if (status.code != INVOLUTE_OK)
        fail(status.message);
}

template <class Function>
void find(void *handle, const char *name, Function *function) {
    *function = reinterpret_cast<Function>(dlsym(handle, name));
    if (!*function)
        fail(dlerror());
}

Library open_library(const std::string &path, int scope) {
    void *handle = dlopen(path.c_str(), RTLD_NOW | scope);
    if (!handle)
        fail(dlerror());
    Library library;
    find(handle, "involute_weights_synthetic", &library.weights_synthetic);
    find(handle, "involute_weights_destroy", &library.weights_destroy);
    find(handle, "involute_model_create", &library.model_create);
    find(handle, "involute_model_destroy", &library.model_destroy);
    find(handle, "involute_session_create", &library.session_create);
    find(handle, "involute_session_run", &library.session_run);
    find(handle, "involute_session_destroy", &library.session_destroy);
    find(handle, "involute_set_logger", &library.set_logger);
    find(handle, "involute_isa_cap", &library.isa_cap);
    find(handle, "involute_isa_best", &library.isa_best);
    return library;
}

std::vector<float> some_input() {
    std::vector<float> input(kValues);
    for (size_t i = 0; i < kValues; ++i)
        input[i] = static_cast<float>(i * 37 % 101) / 50.0f - 1.0f;
    return input;
}

// One model and session of one library.
class Running {
public:
    explicit Running(const Library &library) : library_(library) {
        involute_weights *weights = nullptr;
        check(library.weights_synthetic(3, &weights));
        involute_model_options model{};
        model.struct_size = sizeof model;
        model.architecture = R"({"kind":"involution","channels":32,"kernel":7})";
        model.weights = weights;
        check(library.model_create(&model, &model_));
        library.weights_destroy(weights);
        involute_session_options session{};
        session.struct_size = sizeof session;
        session.batch = 1, session.height = session.width = kSize, session.threads = 2;
        check(library.session_create(model_, &session, &session_));
    }
    ~Running() {
        library_.session_destroy(session_);
        library_.model_destroy(model_);
    }
    std::vector<float> run() {
        const int64_t shape[] = {1, kChannels, kSize, kSize};
        std::vector<float> input = some_input(), output(kValues);
        const involute_named_tensor in = {"input", involute_tensor_f32(input.data(), 4, shape)};
        const involute_named_tensor out = {"output", involute_tensor_f32(output.data(), 4, shape)};
        check(library_.session_run(session_, &in, 1, &out, 1));
        return output;
    }

private:
    const Library &library_;
    involute_model *model_ = nullptr;
    involute_session *session_ = nullptr;
};

// A kernel with a Halide runtime of its own, which keeps its default threads and memory.
class Foreign {
public:
    void open(const std::string &path, const std::string &symbol) {
        void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
        if (!handle)
            fail(dlerror());
        find(handle, symbol.c_str(), &function_);
        void *visible = dlsym(RTLD_DEFAULT, "halide_do_par_for");
        if (!visible || visible != dlsym(handle, "halide_do_par_for"))
            fail("the shared object's Halide runtime was to be visible to all");
    }
    // A max_pool of 3x3; docs/kernel-interface.md has its arguments.
    std::vector<float> run() const {
        std::vector<float> input = some_input(), output(kValues);
        constexpr int32_t size = kSize, groups = kChannels / 16;
        const halide_dimension_t dimensions[] = {{0, 16, 1, 0},
                                                 {0, groups, 16, 0},
                                                 {0, size, kChannels, 0},
                                                 {0, size, kChannels * size, 0},
                                                 {0, 1, kChannels * size * size, 0}};
        halide_buffer_t in{}, out{};
        for (halide_buffer_t *buffer : {&in, &out}) {
            buffer->type = halide_type_t(halide_type_float, 32);
            buffer->dimensions = 5;
            buffer->dim = const_cast<halide_dimension_t *>(dimensions);
        }
        // Aligned as kernels ask for.
        void *memory = nullptr;
        if (posix_memalign(&memory, 64, 2 * sizeof(float) * kValues) != 0)
            fail("no memory");
        std::memcpy(memory, input.data(), sizeof(float) * kValues);
        in.host = static_cast<uint8_t *>(memory);
        out.host = in.host + sizeof(float) * kValues;
        void *user_context = nullptr;
        int32_t kernel = 3, stride = 1, pad = 1, rows_per_task = 1;
        void *arguments[] = {&user_context, &in, &kernel, &stride, &pad, &rows_per_task, &out};
        if (function_(arguments) != 0)
            fail("the shared object's kernel failed");
        std::memcpy(output.data(), out.host, sizeof(float) * kValues);
        std::free(memory);
        return output;
    }

private:
    involute::KernelFunction function_ = nullptr;
};

std::vector<float> max_pool_of(const std::vector<float> &input) {
    std::vector<float> output(kValues);
    for (int64_t i = 0; i < static_cast<int64_t>(kValues); ++i) {
        const int64_t c = i % kChannels, x = i / kChannels % kSize, y = i / kChannels / kSize;
        float most = -INFINITY;
        for (int64_t v = std::max<int64_t>(y - 1, 0); v <= std::min(y + 1, kSize - 1); ++v) {
            for (int64_t u = std::max<int64_t>(x - 1, 0); u <= std::min(x + 1, kSize - 1); ++u)
                most = std::max(most, input[static_cast<size_t>((v * kSize + u) * kChannels + c)]);
        }
        output[static_cast<size_t>(i)] = most;
    }
    return output;
}

void expect_same(const char *what, const std::vector<float> &got, const std::vector<float> &want) {
    if (got.size() != want.size() ||
        std::memcmp(got.data(), want.data(), want.size() * sizeof(float)) != 0)
        fail(std::string(what) + ": other bits");
}

class TwoLibraries : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = new std::string(kernels::new_work_folder());
        std::ifstream file(INVOLUTE_LIBRARY, std::ios::binary);
        std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        std::ofstream(first(), std::ios::binary) << bytes;
        // The second one under the name that another version would have.
        const std::string soname = INVOLUTE_SONAME;
        const size_t at = bytes.find(soname);
        ASSERT_NE(at, std::string::npos) << soname;
        bytes[at + soname.size() - 1] = '9';
        ASSERT_EQ(bytes.find(soname + '\0'), std::string::npos);
        std::ofstream(second(), std::ios::binary) << bytes;

        kernels::EmitRequest request;
        request.row = "max_pool", request.isa = "baseline";
        std::string error;
        foreign_ = new std::string(kernels::emitted_library(request, &error));
        ASSERT_NE(*foreign_, "") << error;
        symbol_ = new std::string(request.symbol());
    }
    static std::string first() {
        return *folder_ + "/libfirst.so";
    }
    static std::string second() {
        return *folder_ + "/libsecond.so";
    }

    // Opens them in the order of the letters: 1 and 2 the copies, f the foreign one.
    static void run_all(const std::string &order, int scope) {
        alarm(60); // mixed up thread pools wait for ever
        const std::vector<float> expected = Running(kOwn).run();
        Library one{}, two{};
        Foreign foreign;
        for (const char which : order) {
            if (which == '1')
                one = open_library(first(), scope);
            else if (which == '2')
                two = open_library(second(), scope);
            else
                foreign.open(*foreign_, *symbol_);
        }
        if (one.session_run == two.session_run || one.session_run == kOwn.session_run)
            fail("the copies are one library");

        // Settings of one are not those of the other.
        std::atomic<int> messages{0};
        check(one.set_logger([](void *counter, involute_log_level,
                                const char *) { ++*static_cast<std::atomic<int> *>(counter); },
                             &messages, INVOLUTE_LOG_DEBUG));
        const involute_isa best = two.isa_best(nullptr, 0);
        check(one.isa_cap(INVOLUTE_ISA_BASELINE));
        if (one.isa_best(nullptr, 0) != INVOLUTE_ISA_BASELINE || two.isa_best(nullptr, 0) != best)
            fail("the cap of one library holds for another");
        check(one.isa_cap(INVOLUTE_ISA_AUTO));
        Running in_two(two), in_own(kOwn);
        if (messages != 0)
            fail("one library logs for another");
        Running in_one(one);
        if (messages == 0)
            fail("the library does not log for itself");
        check(one.set_logger(nullptr, nullptr, INVOLUTE_LOG_ERROR));

        const std::vector<float> pooled = max_pool_of(some_input());
        const std::function<void()> turns[] = {
            [&] { expect_same("first", in_one.run(), expected); },
            [&] { expect_same("second", in_two.run(), expected); },
            [&] { expect_same("own", in_own.run(), expected); },
            [&] { expect_same("foreign", foreign.run(), pooled); },
        };
        for (int round = 0; round < 8; ++round) { // one after the other
            for (const auto &turn : turns)
                turn();
        }
        std::vector<std::thread> threads; // and at once
        for (const auto &turn : turns) {
            threads.emplace_back([&turn] {
                for (int round = 0; round < 100; ++round)
                    turn();
            });
        }
        for (std::thread &thread : threads)
            thread.join();
    }

    static std::string *folder_, *foreign_, *symbol_;
};

std::string *TwoLibraries::folder_, *TwoLibraries::foreign_, *TwoLibraries::symbol_;

TEST_F(TwoLibraries, DoNotDisturbEachOther) {
    for (const char *order : {"f12", "1f2", "21f"}) {
        for (const int scope : {RTLD_LOCAL, RTLD_GLOBAL}) {
            SCOPED_TRACE(std::string(order) + (scope == RTLD_GLOBAL ? " global" : " local"));
            EXPECT_EXIT((run_all(order, scope), _exit(0)), ::testing::ExitedWithCode(0), "");
        }
    }
}

} // namespace
