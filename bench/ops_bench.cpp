// The layers of RedNet-50 at 224x224, one by one, on every instruction set that this machine has
// and one thread: op/form/channels/size/isa with the multiply-adds a second. Weights stay warm
// here; in a network they come from further away (`involute bench --model rednet50 --profile`).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "involute/involute.hpp"

namespace {

using involute::cpp::Model;
using involute::cpp::Session;
using involute::cpp::Weights;
using nlohmann::json;

struct Case {
    json op;
    int size; // height and width of the input
};

std::vector<Case> rednet50_layers() {
    std::vector<Case> cases;
    const auto add = [&](int size, json op) { cases.push_back({std::move(op), size}); };
    add(224,
        {{"kind", "conv2d"}, {"channels", 3}, {"out_channels", 32}, {"kernel", 3}, {"stride", 2}});
    add(112, {{"kind", "involution"}, {"channels", 32}, {"kernel", 3}});
    add(112, {{"kind", "conv2d"}, {"channels", 32}, {"out_channels", 64}, {"kernel", 3}});
    add(112, {{"kind", "max_pool"}, {"channels", 64}, {"kernel", 3}, {"stride", 2}});
    int channels = 64, in = 64;
    for (int size : {56, 28, 14, 7}) {
        const bool first = size == 56;
        const int before = first ? size : 2 * size;
        add(before, {{"kind", "conv2d"},
                     {"channels", in},
                     {"out_channels", channels},
                     {"kernel", 1},
                     {"relu", true}});
        if (!first)
            add(before, {{"kind", "involution"}, {"channels", channels}, {"stride", 2}});
        add(before, {{"kind", "conv2d"},
                     {"channels", in},
                     {"out_channels", 4 * channels},
                     {"kernel", 1},
                     {"stride", first ? 1 : 2}});
        add(size, {{"kind", "involution"}, {"channels", channels}});
        add(size, {{"kind", "aggregation"}, {"channels", channels}});
        add(size, {{"kind", "kernel_generation"}, {"channels", channels}, {"kernel", 7}});
        add(size, {{"kind", "conv2d"},
                   {"channels", channels},
                   {"out_channels", 4 * channels},
                   {"kernel", 1}});
        add(size, {{"kind", "conv2d"},
                   {"channels", 4 * channels},
                   {"out_channels", channels},
                   {"kernel", 1},
                   {"relu", true}});
        in = 4 * channels, channels *= 2;
    }
    add(7, {{"kind", "global_pool"}, {"channels", 2048}});
    add(1, {{"kind", "dense"}, {"channels", 2048}, {"out_channels", 1000}});
    return cases;
}

// Memory of a tensor that the session names, aligned so that it is used as it lies.
struct Tensor {
    explicit Tensor(const json &description) : name(description["name"]) {
        const auto shape = description["shape"].get<std::vector<int64_t>>();
        int64_t count = 1;
        for (int64_t extent : shape)
            count *= extent;
        const size_t bytes = (static_cast<size_t>(count) * sizeof(float) + 63) / 64 * 64;
        memory.reset(static_cast<float *>(std::aligned_alloc(64, bytes)));
        view = involute_tensor_f32(memory.get(), static_cast<int32_t>(shape.size()), shape.data());
        // Channels last; of kernels [B,G,K*K,H,W] the groups and taps of a pixel lie together.
        const size_t rank = shape.size(), inner = rank - 2;
        if (rank >= 4) {
            int64_t stride = 1;
            for (size_t d = inner; d-- > 1; stride *= shape[d])
                view.strides[d] = stride;
            for (size_t d = rank; d-- > inner; stride *= shape[d])
                view.strides[d] = stride;
            view.strides[0] = stride;
        }
    }
    struct Free {
        void operator()(float *data) const {
            std::free(data);
        }
    };
    std::string name;
    std::unique_ptr<float, Free> memory;
    involute_tensor view;
};

void run(benchmark::State &state, const Case &c, involute_isa isa) {
    Weights weights;
    Model model;
    Session session;
    for (const involute::cpp::Result &result :
         {weights.synthetic(0), model.create(c.op.dump(), weights, isa),
          session.create(model, 1, c.size, c.size, 1)}) {
        if (!result) {
            state.SkipWithError(result.message());
            return;
        }
    }
    const json description = json::parse(session.json());
    std::vector<Tensor> tensors;
    for (const char *list : {"inputs", "outputs"}) {
        for (const json &tensor : description[list])
            tensors.emplace_back(tensor);
    }
    std::vector<involute_named_tensor> inputs, outputs;
    for (size_t i = 0; i < tensors.size(); i++) {
        const bool is_input = i < description["inputs"].size();
        (is_input ? inputs : outputs).push_back({tensors[i].name.c_str(), tensors[i].view});
        if (is_input) {
            const involute_status filled =
                involute_tensor_fill(&tensors[i].view, tensors[i].name.c_str(), 0, 0, 2);
            if (filled.code != INVOLUTE_OK)
                state.SkipWithError(filled.message);
        }
    }
    for (auto _ : state) {
        const involute_status status = involute_session_run(
            session.get(), inputs.data(), inputs.size(), outputs.data(), outputs.size());
        if (status.code != INVOLUTE_OK) {
            state.SkipWithError(status.message);
            break;
        }
    }
    state.counters["MAC/s"] = benchmark::Counter(description["macs"].get<double>(),
                                                 benchmark::Counter::kIsIterationInvariantRate);
    state.SetLabel(description["layers"][0]["row"].get<std::string>());
}

} // namespace

int main(int argc, char **argv) {
    for (const Case &c : rednet50_layers()) {
        for (involute_isa isa : {INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2, INVOLUTE_ISA_AVX512}) {
            if (involute_isa_check(isa).code != INVOLUTE_OK)
                continue;
            std::string name = c.op["kind"].get<std::string>();
            for (const char *key : {"kernel", "stride", "channels", "out_channels"}) {
                if (c.op.contains(key))
                    name += std::string("/") + key[0] + c.op[key].dump();
            }
            const std::string size = std::to_string(c.size);
            name += "/" + size + "x" + size + "/" + involute_isa_name(isa);
            benchmark::RegisterBenchmark(name.c_str(), run, c, isa);
        }
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
