// Text form, random choice and expected result of kernel test cases.
#include "tests/kernels/problem.h"

#include <algorithm>
#include <random>
#include <sstream>

#include "core/device.h"
#include "core/isa.h"
#include "oracle/aggregation_gradients.h"
#include "oracle/backward.h"
#include "oracle/conv2d.h"
#include "oracle/dense.h"
#include "oracle/involution.h"
#include "oracle/pools.h"
#include "oracle/softmax.h"

namespace involute::kernel_tests {
namespace {

struct Field {
    const char *name;
    int64_t Problem::*member;
};

constexpr Field kFields[] = {
    {"batch", &Problem::batch},
    {"height", &Problem::height},
    {"width", &Problem::width},
    {"channels", &Problem::channels},
    {"out", &Problem::out_channels},
    {"kernel", &Problem::kernel},
    {"stride", &Problem::stride},
    {"hidden", &Problem::hidden},
    {"relu", &Problem::relu},
    {"kernel_height", &Problem::kernel_height},
    {"dilation", &Problem::dilation},
    {"upsample", &Problem::upsample},
    {"group_channels", &Problem::group_channels},
    {"conv_groups", &Problem::conv_groups},
    {"residual", &Problem::residual},
    {"cut", &Problem::cut},
    {"cut_b", &Problem::cut_b},
    {"cut_c", &Problem::cut_c},
    {"cut_d", &Problem::cut_d},
    {"gap", &Problem::gap},
    {"seed", &Problem::seed},
};

class Random {
public:
    explicit Random(int64_t seed)
        : engine_(static_cast<uint64_t>(seed) * 0x9E3779B97F4A7C15u + 1) {}

    // The engine's numbers are the same everywhere, the library's distributions are not.
    int64_t between(int64_t low, int64_t high) {
        return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
    }
    std::vector<float> values(int64_t count, double half_width) {
        std::vector<float> result(static_cast<size_t>(count));
        for (float &value : result) {
            value = static_cast<float>((static_cast<double>(engine_() >> 11) * 0x1p-52 - 1) *
                                       half_width);
        }
        return result;
    }

private:
    std::mt19937_64 engine_;
};

double spread(int64_t fan_in) {
    return std::sqrt(3.0 / static_cast<double>(fan_in));
}

oracle::Pool pool_of(const Problem &p, const Operands &o) {
    return {p.batch, p.channels, p.height, p.width, p.kernel, p.stride, o.input.data()};
}

oracle::Bounded expected_conv2d(const Problem &p, const Operands &o) {
    oracle::Conv2d layer;
    layer.batch = p.batch, layer.in_channels = p.channels, layer.out_channels = p.out_channels;
    layer.height = p.height, layer.width = p.width;
    layer.kernel = p.window(), layer.stride = p.stride, layer.relu = p.relu != 0;
    layer.dilation = p.dilation, layer.groups = p.conv_groups;
    layer.local = p.entry()->op == Op::kLocal;
    layer.input = o.input.data(), layer.weight = o.weight.data(), layer.bias = o.bias.data();
    layer.residual = p.residual != 0 ? o.residual.data() : nullptr;
    return oracle::conv2d(layer);
}

oracle::KernelGeneration generation_of(const Problem &p, const Operands &o) {
    oracle::KernelGeneration layer;
    layer.batch = p.batch, layer.channels = p.channels;
    layer.height = p.height, layer.width = p.width;
    layer.kernel = p.window(), layer.stride = p.stride, layer.hidden = p.hidden;
    layer.group_channels = p.group_channels;
    layer.input = o.input.data(), layer.weight = o.weight.data(), layer.bias = o.bias.data();
    layer.reduce_weight = o.reduce_weight.data(), layer.reduce_bias = o.reduce_bias.data();
    return layer;
}

oracle::Aggregation aggregation_of(const Problem &p, const Operands &o) {
    oracle::Aggregation layer;
    layer.batch = p.batch, layer.channels = p.channels;
    layer.height = p.height, layer.width = p.width;
    layer.kernel = p.window(), layer.stride = p.stride, layer.relu = p.relu != 0;
    layer.dilation = p.dilation, layer.group_channels = p.group_channels,
    layer.upsample = p.upsample;
    layer.clamp = p.entry()->form == Form::kClamp;
    layer.input = o.input.data(), layer.scale = o.scale.data(), layer.shift = o.shift.data();
    return layer;
}

oracle::AggregationGradient gradient_of(const Problem &p, const Operands &o) {
    oracle::AggregationGradient layer;
    layer.batch = p.batch, layer.channels = p.channels;
    layer.height = p.height, layer.width = p.width;
    layer.kernel = p.kernel, layer.stride = p.stride, layer.dilation = p.dilation;
    layer.group_channels = p.group_channels;
    layer.grad_output = o.grad.data(), layer.kernels = o.kernels.data();
    layer.input = o.input.data();
    return layer;
}

// What only generic rows take: any window, any dilation.
void choose_window(Random *random, Problem *p) {
    static constexpr int64_t kKernels[] = {1, 3, 3, 5, 7, 9};
    p->kernel = kKernels[random->between(0, 5)];
    p->kernel_height = random->between(0, 2) == 0 ? 2 * random->between(0, 3) + 1 : 0;
    p->dilation = random->between(1, 4);
    p->height = random->between(1, 9), p->width = random->between(1, 20);
    // Windows that are moved inside need an image that holds them.
    if (p->entry()->form == Form::kClamp) {
        p->height = p->window().height * p->dilation + random->between(0, 5);
        p->width = p->window().width * p->dilation + random->between(0, 9);
    }
}

// Also of a local layer, which has no residual.
void choose_grouped_conv2d(const KernelEntry &kernel, Random *random, Problem *p) {
    choose_window(random, p);
    p->residual = kernel.op == Op::kConv2d ? random->between(0, 1) : 0;
    if (kernel.op == Op::kLocal)
        p->height = random->between(1, 5), p->width = random->between(1, 8),
        p->batch = random->between(1, 9);
    p->stride = random->between(1, 5);
    if (kernel.form == Form::kDepthwise) {
        p->channels = p->out_channels = p->conv_groups = random->between(1, 70);
        return;
    }
    p->conv_groups = random->between(1, 4);
    p->channels = p->conv_groups * random->between(1, 20);
    p->out_channels = p->conv_groups * random->between(1, 40);
}

// Groups of any size, and so many channels that few sizes are multiples of anything.
void choose_groups(Random *random, Problem *p) {
    static constexpr int64_t kGroups[] = {1, 2, 3, 4, 5, 8, 12, 16, 20, 24, 32, 64};
    p->group_channels = kGroups[random->between(0, 11)];
    p->channels = p->group_channels * random->between(1, p->group_channels > 20 ? 2 : 5);
}

void choose_conv2d(const KernelEntry &kernel, Random *random, Problem *p) {
    p->residual = random->between(0, 1);
    p->out_channels = kernel.packing * random->between(1, 4);
    p->channels = 16 * random->between(1, 5);
    if (kernel.form == Form::kPoint) {
        p->width = random->between(1, 40);
        p->height = random->between(1, 3);
    } else if (kernel.form == Form::kStrided) {
        p->stride = random->between(1, 3);
        p->height = random->between(1, 12), p->width = random->between(1, 40);
    } else {
        static constexpr int64_t kKernels[] = {1, 3, 3, 3, 5, 7};
        static constexpr int64_t kChannels[] = {1, 3, 3, 4, 7, 16, 16, 32, 48};
        p->kernel = kKernels[random->between(0, 5)];
        p->channels = kChannels[random->between(0, 8)];
        p->out_channels = kernel.packing * random->between(1, 2);
        p->stride = random->between(1, 3);
        p->height = random->between(1, p->kernel > 3 ? 5 : 9);
        p->width = random->between(1, p->kernel > 3 ? 20 : 40);
    }
}

void choose_involution(const KernelEntry &kernel, Random *random, Problem *p) {
    static constexpr int64_t kKernels[] = {1, 3, 5, 7};
    if (kernel.is_generic()) {
        choose_groups(random, p);
        choose_window(random, p);
        p->stride = kernel.stride != 0 ? kernel.stride : random->between(1, 5);
        p->upsample = kernel.form == Form::kUpsample ? random->between(2, 4) : 1;
        if (kernel.form == Form::kBottleneck)
            p->hidden = random->between(1, 40);
        return;
    }
    p->kernel = kernel.kernel != 0 ? kernel.kernel : kKernels[random->between(0, 3)];
    p->stride = kernel.stride != 0 ? kernel.stride : random->between(2, 3);
    p->channels = kernel.channels != 0 ? kernel.channels : 16 * random->between(1, 4);
    if (kernel.form == Form::kBottleneck)
        p->hidden = random->between(1, kernel.channels != 0 ? kernel.channels / 4 : 40);
    p->height = random->between(1, p->kernel > 3 ? 5 : 9);
    p->width = random->between(1, 40);
}

// The rows with any window also take groups that fill no vector, and maps smaller than the window.
void choose_gradient(const KernelEntry &kernel, Random *random, Problem *p) {
    static constexpr int64_t kKernels[] = {1, 3, 3, 5, 7, 9, 11};
    static constexpr int64_t kGroups[] = {1, 2, 3, 4, 5, 7, 8, 12, 16, 16, 16, 20, 24, 32, 40};
    p->relu = 0;
    p->kernel = kernel.kernel;
    if (kernel.kernel == 0) {
        p->kernel = kKernels[random->between(0, 6)];
        p->stride = random->between(1, 4), p->dilation = random->between(1, 3);
        p->group_channels = kGroups[random->between(0, 14)];
    }
    p->channels = p->group_channels * random->between(1, p->group_channels < 8 ? 12 : 5);
    p->height = random->between(1, p->kernel > 3 ? 8 : 12), p->width = random->between(1, 24);
}

} // namespace

std::string Problem::text() const {
    std::string result = "row=" + row + " isa=" + isa;
    for (const Field &field : kFields)
        result += std::string(" ") + field.name + "=" + std::to_string(this->*field.member);
    return result;
}

bool Problem::parse(const std::string &text, Problem *problem) {
    *problem = Problem();
    std::istringstream words(text);
    std::string word;
    while (words >> word) {
        const size_t equals = word.find('=');
        if (equals == std::string::npos)
            return false;
        const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
        if (name == "row" || name == "isa") {
            (name == "row" ? problem->row : problem->isa) = value;
            continue;
        }
        const Field *field = std::find_if(std::begin(kFields), std::end(kFields),
                                          [&](const Field &f) { return name == f.name; });
        if (field == std::end(kFields))
            return false;
        problem->*field->member = std::stoll(value);
    }
    return problem->entry() != nullptr;
}

const KernelEntry *Problem::entry() const {
    for (const KernelEntry &kernel : kernel_table()) {
        if (row == kernel.row && isa == isa_name(kernel.isa))
            return &kernel;
    }
    return nullptr;
}

Operands random_operands(const Problem &p) {
    Random random(p.seed);
    const KernelEntry &kernel = *p.entry();
    const int64_t out_pixels = p.batch * p.out_height() * p.out_width();
    Operands result;
    result.input = random.values(p.batch * p.channels * p.height * p.width, 2);
    const int64_t fan_in =
        p.channels / p.conv_groups * (kernel.op == Op::kDense ? 1 : p.window().taps());
    const int64_t places = kernel.op == Op::kLocal ? p.out_height() * p.out_width() : 1;
    switch (kernel.op) {
    case Op::kConv2d:
    case Op::kLocal:
    case Op::kDense:
        result.weight = random.values(p.out_channels * fan_in * places, spread(fan_in));
        result.bias = random.values(p.out_channels * places, 1);
        if (p.residual != 0)
            result.residual = random.values(out_pixels * p.out_channels, 2);
        break;
    case Op::kInvolution:
    case Op::kKernelGeneration: {
        const int64_t depth = p.hidden > 0 ? p.hidden : p.channels;
        if (p.hidden > 0) {
            result.reduce_weight = random.values(p.hidden * p.channels, spread(p.channels));
            result.reduce_bias = random.values(p.hidden, 0.5);
        }
        result.weight = random.values(p.kernel_rows() * depth, spread(depth * p.kernel));
        result.bias = random.values(p.kernel_rows(), 1.0 / static_cast<double>(p.kernel));
        break;
    }
    case Op::kAggregation:
        result.kernels = random.values(out_pixels * p.kernel_rows(), spread(p.window().taps()));
        break;
    case Op::kSoftmax: // of kernels
        result.input = random.values(out_pixels * p.kernel_rows(), 4);
        break;
    case Op::kReluGrad: // a ReLU has made its input
        for (float &value : result.input)
            value = std::max(value, 0.0f);
        result.grad = random.values(out_pixels * p.channels, 1);
        break;
    case Op::kAvgPoolGrad: // the input is what its result is added to
        result.grad = random.values(out_pixels * p.channels, 1);
        break;
    case Op::kAggregationGradInput:
    case Op::kAggregationGradWeight:
        result.grad = random.values(out_pixels * p.channels, 1);
        if (kernel.op == Op::kAggregationGradWeight)
            break;
        result.input.clear();
        result.kernels = random.values(out_pixels * p.kernel_rows(), spread(p.kernel * p.kernel));
        break;
    default:
        break;
    }
    if (kernel.op == Op::kInvolution || kernel.op == Op::kAggregation) {
        result.scale = random.values(p.channels, 1.5);
        result.shift = random.values(p.channels, 0.5);
    }
    return result;
}

oracle::Bounded expected(const Problem &p, const Operands &o) {
    switch (p.entry()->op) {
    case Op::kConv2d:
    case Op::kLocal:
        return expected_conv2d(p, o);
    case Op::kDense:
        return oracle::dense(
            {p.batch, p.channels, p.out_channels, o.input.data(), o.weight.data(), o.bias.data()});
    case Op::kMaxPool:
        return oracle::max_pool(pool_of(p, o));
    case Op::kAvgPool:
        return oracle::avg_pool(pool_of(p, o));
    case Op::kGlobalPool:
        return oracle::global_pool(pool_of(p, o));
    case Op::kKernelGeneration:
        return oracle::kernel_generation(generation_of(p, o));
    case Op::kAggregation:
        return oracle::aggregation(
            aggregation_of(p, o),
            oracle::exact(o.kernels.data(), static_cast<int64_t>(o.kernels.size())));
    case Op::kInvolution:
        return oracle::involution(generation_of(p, o), aggregation_of(p, o));
    case Op::kSoftmax:
        return oracle::softmax(
            {p.batch, p.groups(), p.window().taps(), p.height, p.width, o.input.data()});
    case Op::kReluGrad:
        return oracle::relu_grad(o.input.data(), o.grad.data(),
                                 static_cast<int64_t>(o.input.size()));
    case Op::kAvgPoolGrad:
        return oracle::avg_pool_grad(
            {p.batch, p.channels, p.height, p.width, p.stride, o.grad.data(), o.input.data()});
    case Op::kAggregationGradInput:
        return oracle::aggregation_grad_input(gradient_of(p, o));
    case Op::kAggregationGradWeight:
        return oracle::aggregation_grad_weight(gradient_of(p, o));
    }
    return oracle::Bounded();
}

const std::vector<Op> &all_ops() {
    static const std::vector<Op> ops = {
        Op::kConv2d,
        Op::kDense,
        Op::kMaxPool,
        Op::kAvgPool,
        Op::kGlobalPool,
        Op::kKernelGeneration,
        Op::kAggregation,
        Op::kInvolution,
        Op::kAggregationGradInput,
        Op::kAggregationGradWeight,
        Op::kSoftmax,
        Op::kLocal,
        Op::kReluGrad,
        Op::kAvgPoolGrad,
    };
    return ops;
}

bool is_of(const KernelEntry &kernel, involute_isa device) {
    return device == INVOLUTE_ISA_AUTO ? !is_device(kernel.isa) : kernel.isa == device;
}

std::vector<const KernelEntry *> available_kernels(Op op, involute_isa device) {
    std::vector<const KernelEntry *> result;
    for (const KernelEntry &kernel : kernel_table()) {
        if (kernel.op == op && is_of(kernel, device) &&
            involute_isa_check(kernel.isa).code == INVOLUTE_OK)
            result.push_back(&kernel);
    }
    return result;
}

Problem random_problem(Op op, int64_t turn, involute_isa device) {
    const std::vector<const KernelEntry *> kernels = available_kernels(op, device);
    const KernelEntry &kernel = *kernels[static_cast<size_t>(turn) % kernels.size()];
    Random random(turn + 1000 * static_cast<int64_t>(op));
    Problem p;
    p.row = kernel.row, p.isa = isa_name(kernel.isa);
    p.seed = turn;
    p.batch = random.between(1, 3);
    p.relu = random.between(0, 1);
    p.height = random.between(1, 12), p.width = random.between(1, 40);
    p.channels = 16 * random.between(1, 5);
    switch (op) {
    case Op::kConv2d:
        if (kernel.is_generic())
            choose_grouped_conv2d(kernel, &random, &p);
        else
            choose_conv2d(kernel, &random, &p);
        break;
    case Op::kLocal:
        choose_grouped_conv2d(kernel, &random, &p);
        break;
    case Op::kReluGrad:
        p.relu = 0;
        break;
    case Op::kAvgPoolGrad:
        p.relu = 0, p.stride = random.between(1, 4), p.kernel = p.stride;
        break;
    case Op::kDense:
        p.relu = 0, p.height = 1, p.width = 1;
        p.channels = random.between(1, 20) * random.between(1, 16);
        p.out_channels = random.between(1, 200);
        break;
    case Op::kMaxPool:
        p.relu = 0, p.kernel = 2 * random.between(0, 3) + 1, p.stride = random.between(1, 3);
        break;
    case Op::kAvgPool:
        p.relu = 0, p.stride = random.between(1, 4), p.kernel = p.stride;
        break;
    case Op::kGlobalPool:
        p.relu = 0;
        break;
    case Op::kSoftmax:
        p.relu = 0, p.kernel = 2 * random.between(0, 4) + 1,
        p.kernel_height = random.between(1, 2) * 2 - 1;
        p.width = random.between(1, 12);
        break;
    case Op::kAggregationGradInput:
    case Op::kAggregationGradWeight:
        choose_gradient(kernel, &random, &p);
        break;
    default:
        choose_involution(kernel, &random, &p);
    }
    const bool is_pool = op == Op::kMaxPool || op == Op::kAvgPool || op == Op::kGlobalPool ||
                         op == Op::kReluGrad || op == Op::kAvgPoolGrad;
    if (is_pool && kernel.is_generic())
        p.channels = random.between(1, 70);
    // From one pixel or row a task to all in one.
    const bool by_pixels = op == Op::kConv2d || op == Op::kKernelGeneration || op == Op::kAvgPool;
    const int64_t all = by_pixels ? p.batch * p.height * p.width : p.height;
    p.cut = random.between(0, 3) == 0
                ? all + 1
                : random.between(1, std::min<int64_t>(all, by_pixels ? 40 : 8));
    p.cut_b = random.between(1, 5), p.cut_c = random.between(1, 3);
    p.cut_d = random.between(1, 20);
    // Pixels of groups stay aligned; rows for a fixed number of channels have them side by side.
    const bool any_gap = op == Op::kConv2d || op == Op::kDense || op == Op::kSoftmax ||
                         (kernel.is_generic() && op != Op::kKernelGeneration);
    if (kernel.channels == 0 && random.between(0, 1) == 0)
        p.gap = any_gap ? random.between(1, 20) : 16 * random.between(1, 3);
    if (is_device(kernel.isa) && (kernel.form == Form::kPoint || kernel.form == Form::kStrided) &&
        op == Op::kConv2d) {
        p.channels += (kernel.packing - p.channels % kernel.packing) % kernel.packing;
        p.gap = p.gap / 16 * 16;
    }
    return p;
}

} // namespace involute::kernel_tests
