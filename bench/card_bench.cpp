// Aggregations of RedNet-50 on a CUDA card: the library's kernel and plain_aggregation.cu in turns,
// on the same memory and in the same stream, so that no copy is timed. Says that it was skipped,
// with exit code 77, where no card answers. `bench/card.py` runs it with the rest.
//   involute_bench_card [--batch 1,8,64] [--shapes 64@56,...] [--seconds 0.05] [--plain FILE.ptx]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "involute/involute.hpp"
#include "tests/gpu/cuda_driver.h"
#include "tools/peak.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kKernel = 7, kGroup = 16, kRounds = 7, kSkipped = 77;

[[noreturn]] void stop(const std::string &message) {
    std::fprintf(stderr, "involute_bench_card: %s\n", message.c_str());
    std::exit(1);
}

void require(const involute::cpp::Result &result) {
    if (!result)
        stop(result.message());
}

// A card and the stream that everything goes into.
class Driver : public involute::gpu_tests::CudaDriver {
public:
    explicit Driver(const involute_device_handles &handles)
        : CudaDriver(handles), stream_(create_stream()) {}

    void write(void *memory, const std::vector<float> &values) {
        CudaDriver::write(memory, values, stream_);
        finish();
    }
    std::vector<float> read(void *memory, size_t count) {
        finish();
        return CudaDriver::read(memory, count);
    }
    void finish() {
        CudaDriver::finish(stream_);
    }
    void *stream() const {
        return stream_;
    }
    void *load(const std::string &ptx, const char *name) {
        void *module = nullptr, *function = nullptr;
        call<int(void **, const void *)>("cuModuleLoadData", &module,
                                         static_cast<const void *>(ptx.c_str()));
        call<int(void **, void *, const char *)>("cuModuleGetFunction", &function, module, name);
        return function;
    }
    void launch(void *function, unsigned blocks, unsigned threads, void **arguments) {
        call<int(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                 void *, void **, void **)>("cuLaunchKernel", function, blocks, 1u, 1u, threads, 1u,
                                            1u, 0u, stream_, arguments,
                                            static_cast<void **>(nullptr));
    }
    // Of the float32 multiply-adds: 128 a cycle and SM on sm_80's successors (sm_80 itself: 64).
    double peak_gflops() {
        constexpr int kClock = 13, kProcessors = 16, kMajor = 75, kMinor = 76;
        const int major = attribute(kMajor), minor = attribute(kMinor);
        const double lanes = major == 7 || (major == 8 && minor == 0) ? 64 : 128;
        return 2 * lanes * attribute(kProcessors) * attribute(kClock) * 1e-6;
    }

private:
    void *stream_;
};

struct Shape {
    int channels, side;
};

std::vector<float> values(size_t count, uint64_t seed) {
    std::vector<float> filled(count);
    involute_tensor tensor = involute::cpp::view(filled.data(), {static_cast<int64_t>(count)});
    require(involute_tensor_fill(&tensor, "values", seed, 0.0, 1.0));
    return filled;
}

// Milliseconds of one call: so many that `seconds` pass, until the stream is empty.
template <class Call>
double time(Driver *driver, double seconds, Call call) {
    int count = 1;
    for (;; count *= 2) {
        const Clock::time_point start = Clock::now();
        for (int i = 0; i < count; ++i)
            call();
        driver->finish();
        const double passed = std::chrono::duration<double>(Clock::now() - start).count();
        if (passed >= seconds)
            return passed * 1e3 / count;
    }
}

class Aggregation {
public:
    Aggregation(Driver *driver, Shape shape, int batch)
        : driver_(driver), shape_(shape), batch_(batch), groups_(shape.channels / kGroup) {
        const size_t pixels = static_cast<size_t>(batch * shape.side * shape.side);
        count_ = pixels * static_cast<size_t>(shape.channels);
        const size_t taps = pixels * static_cast<size_t>(groups_ * kKernel * kKernel);
        macs_ = static_cast<double>(count_) * kKernel * kKernel;
        input_ = driver->allocate(count_), kernels_ = driver->allocate(taps);
        output_ = driver->allocate(count_);
        driver->write(input_, values(count_, 1));
        driver->write(kernels_, values(taps, 2));
        involute::cpp::Model model;
        require(model.create(R"({"kind":"aggregation","kernel":7,"channels":)" +
                                 std::to_string(shape.channels) + "}",
                             involute::cpp::Weights(), INVOLUTE_ISA_CUDA));
        require(session_.create(model, batch, shape.side, shape.side));
        require(session_.set_stream(driver->stream()));
    }
    ~Aggregation() {
        session_ = involute::cpp::Session();
        for (void *memory : {input_, kernels_, output_})
            driver_->release(memory);
    }
    Aggregation(const Aggregation &) = delete;
    Aggregation &operator=(const Aggregation &) = delete;

    void run() {
        const int64_t side = shape_.side;
        involute_tensor map = involute::cpp::channels_last(
            input_, {batch_, shape_.channels, side, side}, INVOLUTE_DEVICE_CUDA);
        involute_tensor kernels =
            involute::cpp::view(nullptr, {batch_, groups_, kKernel * kKernel, side, side});
        kernels.data = kernels_;
        kernels.device = INVOLUTE_DEVICE_CUDA;
        const int64_t pixel = groups_ * kKernel * kKernel;
        const int64_t strides[] = {side * side * pixel, kKernel * kKernel, 1, side * pixel, pixel};
        std::copy(strides, strides + 5, kernels.strides);
        involute_tensor output = map;
        output.data = output_;
        require(session_.run({{"input", map}, {"kernels", kernels}}, {{"output", output}}));
    }
    void run_plain(void *function) {
        constexpr unsigned kThreads = 256;
        int height = shape_.side, width = shape_.side, channels = shape_.channels, batch = batch_;
        void *arguments[] = {&input_, &kernels_, &output_, &height, &width, &channels, &batch};
        const unsigned blocks = (static_cast<unsigned>(count_) + kThreads - 1) / kThreads;
        driver_->launch(function, blocks, kThreads, arguments);
    }
    std::vector<float> result() {
        return driver_->read(output_, count_);
    }
    double macs() const {
        return macs_;
    }

private:
    Driver *driver_;
    const Shape shape_;
    const int batch_;
    const int64_t groups_;
    size_t count_ = 0;
    double macs_ = 0;
    void *input_ = nullptr, *kernels_ = nullptr, *output_ = nullptr;
    involute::cpp::Session session_;
};

nlohmann::json measure(Driver *driver, void *plain, Shape shape, int batch, double seconds) {
    Aggregation aggregation(driver, shape, batch);
    aggregation.run();
    const std::vector<float> ours = aggregation.result();
    if (plain) {
        aggregation.run_plain(plain);
        const std::vector<float> theirs = aggregation.result();
        for (size_t i = 0; i < ours.size(); ++i)
            if (!(std::fabs(ours[i] - theirs[i]) <= 1e-4f))
                stop("value " + std::to_string(i) + ": " + std::to_string(ours[i]) +
                     ", the plain kernel's " + std::to_string(theirs[i]));
    }
    std::vector<double> ms, plain_ms;
    for (int round = 0; round < kRounds; ++round) {
        ms.push_back(time(driver, seconds, [&] { aggregation.run(); }));
        if (plain)
            plain_ms.push_back(time(driver, seconds, [&] { aggregation.run_plain(plain); }));
    }
    nlohmann::json row = {{"op", "aggregation"},
                          {"shape", std::to_string(shape.channels) + "@" +
                                        std::to_string(shape.side) + "x" +
                                        std::to_string(shape.side)},
                          {"batch", batch},
                          {"ms", involute::median(ms)},
                          {"plain_ms", nullptr},
                          {"ratio", nullptr}};
    row["gflops"] = 2 * aggregation.macs() / involute::median(ms) * 1e-6;
    row["peak_fraction"] = row.at("gflops").get<double>() / driver->peak_gflops();
    if (plain) {
        row["plain_ms"] = involute::median(plain_ms);
        row["ratio"] = involute::median(plain_ms) / involute::median(ms);
    }
    return row;
}

Shape parse_shape(const std::string &text) {
    Shape shape = {};
    if (std::sscanf(text.c_str(), "%d@%d", &shape.channels, &shape.side) != 2 ||
        shape.channels < kGroup || shape.channels % kGroup != 0 || shape.side < 1)
        stop("--shapes: expected CHANNELS@SIDE, groups of 16 channels, found " + text);
    return shape;
}

} // namespace

int main(int argc, char **argv) {
    std::vector<int> batches = {1, 8, 64};
    std::vector<std::string> shapes = {"64@56", "128@28", "256@14", "512@7"};
    double seconds = 0.05;
    std::string plain_file = INVOLUTE_PLAIN_PTX;
    CLI::App app("Aggregations on a CUDA card, beside a plain kernel; JSON");
    app.add_option("--batch", batches, "batch sizes")->delimiter(',');
    app.add_option("--shapes", shapes, "CHANNELS@SIDE")->delimiter(',');
    app.add_option("--seconds", seconds, "of each of the rounds");
    app.add_option("--plain", plain_file, "PTX of plain_aggregation.cu");
    CLI11_PARSE(app, argc, argv);

    const involute_status answers = involute_isa_check(INVOLUTE_ISA_CUDA);
    if (answers.code != INVOLUTE_OK) {
        std::printf("SKIPPED: %s\n", answers.message);
        return kSkipped;
    }
    involute_device_handles handles = {};
    require(involute_device_native(INVOLUTE_ISA_CUDA, &handles));
    Driver driver(handles);
    std::ifstream file(plain_file);
    const std::string ptx((std::istreambuf_iterator<char>(file)), {});
    void *plain = ptx.empty() ? nullptr : driver.load(ptx, "plain_aggregation");
    if (!plain)
        std::fprintf(stderr, "no plain kernel: '%s' is made where nvcc is found\n",
                     plain_file.c_str());
    nlohmann::json rows = nlohmann::json::array();
    for (const std::string &shape : shapes)
        for (int batch : batches)
            rows.push_back(measure(&driver, plain, parse_shape(shape), batch, seconds));
    const nlohmann::json all = {{"card", driver.name()}, {"rows", rows}};
    std::printf("%s\n", all.dump(2).c_str());
    return 0;
}
