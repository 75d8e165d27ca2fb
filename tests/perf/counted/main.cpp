// What runs under callgrind: each case once, one thread, one dump of the profile for it. Filling
// and packing of weights run without instrumentation. Says on stdout which row each case took and
// its multiply-adds. On ARM it runs under QEMU, whose plugin counts by symbol (tests/perf/limits).
#if defined(__x86_64__)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_STOP_INSTRUMENTATION
#define CALLGRIND_DUMP_STATS_AT(name)
#endif

#include <CLI/CLI.hpp>
#include <cstdio>

#include "core/isa.h"
#include "core/session.h"
#include "tests/kernels/emitted_library.h"
#include "tests/perf/counted/cases.h"

namespace involute::perf {
namespace {

struct Options {
    std::string isa = "avx2", filter, row, library;
    int runs = 1;
    bool smallest_only = false, list = false, exact = false;
};

// Memory of a session's tensor, as kernels want it.
struct Port {
    std::string name;
    TensorLayout layout;
    AlignedFloats memory;
    involute_named_tensor tensor{};

    Status prepare() {
        INVOLUTE_RETURN_IF_ERROR(
            AlignedFloats::allocate(static_cast<size_t>(layout.elements()), "tensor", &memory));
        const std::vector<int64_t> shape = layout.public_shape();
        tensor.name = name.c_str();
        involute_tensor &view = tensor.tensor;
        view = involute_tensor_f32(memory.data(), static_cast<int32_t>(shape.size()), shape.data());
        view.strides[0] = layout.pixels() * layout.pixel_stride;
        if (layout.kind == TensorLayout::Kind::kVector)
            return Status();
        const size_t rank = shape.size();
        view.strides[rank - 1] = layout.pixel_stride;
        view.strides[rank - 2] = layout.width * layout.pixel_stride;
        view.strides[rank - 3] = 1;
        if (rank == 5)
            view.strides[1] = layout.taps;
        return Status();
    }
};

Status count(const Case &one, KernelTable table, involute_isa isa, int runs) {
    std::shared_ptr<const Model> model;
    INVOLUTE_RETURN_IF_ERROR(make_model(one, table, isa, &model));
    involute_session_options options{};
    options.struct_size = sizeof options;
    options.batch = 1, options.height = one.height, options.width = one.width;
    options.threads = 1;
    std::unique_ptr<Session> session;
    INVOLUTE_RETURN_IF_ERROR(Session::create(model, options, kUsualL2Bytes, &session));
    std::vector<TensorLayout> layouts;
    INVOLUTE_RETURN_IF_ERROR(
        infer_layouts(one.graph, model->packing(), 1, one.height, one.width, &layouts));
    std::vector<Port> ports(layouts.size());
    std::vector<involute_named_tensor> inputs;
    for (size_t i = 0; i < layouts.size(); ++i) {
        ports[i].name = one.graph.tensors[i].name;
        ports[i].layout = layouts[i];
        INVOLUTE_RETURN_IF_ERROR(ports[i].prepare());
        if (static_cast<int>(i) != one.graph.outputs[0])
            inputs.push_back(ports[i].tensor);
    }
    const involute_named_tensor &output = ports.back().tensor;
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
    Status status;
    for (int i = 0; i < runs && status.ok(); ++i)
        status = session->run(inputs.data(), inputs.size(), &output, 1);
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(one.name.c_str());
    return status;
}

Status run(const Options &options) {
    involute_isa isa = INVOLUTE_ISA_AUTO;
    if (!isa_from_name(options.isa.c_str(), &isa))
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "--isa: got %s", options.isa.c_str());
    INVOLUTE_RETURN_IF_ERROR(isa_check(isa_situation(), isa));
    std::vector<KernelEntry> kernels(kernel_table().begin(), kernel_table().end());
    for (KernelEntry &kernel : kernels) {
        if (options.row != kernel.row || kernel.isa != isa)
            continue;
        std::string error;
        kernel.function = kernel_tests::open_kernel(options.library,
                                                    std::string(kernel.symbol) + "_argv", &error);
        if (!kernel.function)
            return Status::error(INVOLUTE_INVALID_FILE, "--kernel: %s", error.c_str());
    }
    std::vector<Case> cases;
    INVOLUTE_RETURN_IF_ERROR(list_cases(isa, options.smallest_only, &cases));
    for (const Case &one : cases) {
        if (options.exact ? one.name != options.filter
                          : one.name.find(options.filter) == std::string::npos)
            continue;
        std::printf("case %s %s %lld\n", one.name.c_str(), one.row.c_str(),
                    static_cast<long long>(one.work));
        std::fflush(stdout);
        if (!options.list)
            INVOLUTE_RETURN_IF_ERROR(
                count(one, {kernels.data(), kernels.size()}, isa, options.runs));
    }
    return Status();
}

} // namespace
} // namespace involute::perf

int main(int argc, char **argv) {
    involute::perf::Options options;
    CLI::App app{
        "Runs kernels for `involute_instruction_counts`, which starts it under callgrind."};
    app.add_option("--isa", options.isa, "instruction set");
    app.add_option("--filter", options.filter, "cases whose name holds this");
    app.add_option("--runs", options.runs, "of each case");
    app.add_flag("--exact", options.exact, "the case whose name is that of --filter");
    app.add_flag("--smallest", options.smallest_only, "of each row the case with the least work");
    app.add_flag("--list", options.list, "name the cases and their rows, run nothing");
    app.add_option("--row", options.row, "row that takes its kernel from --library");
    app.add_option("--library", options.library, "shared object with the kernel of --row");
    CLI11_PARSE(app, argc, argv);
    const involute::Status status = involute::perf::run(options);
    if (!status.ok())
        std::fprintf(stderr, "%s\n", status.message().c_str());
    return status.ok() ? 0 : status.code() == INVOLUTE_UNAVAILABLE ? 3 : 1;
}
