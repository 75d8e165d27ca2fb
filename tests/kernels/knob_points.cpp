#include "tests/kernels/knob_points.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>

#include "core/device.h"
#include "core/isa.h"
#include "schedules/aggregation_grad_input_knobs.h"
#include "schedules/aggregation_grad_weight_knobs.h"
#include "schedules/aggregation_knobs.h"
#include "schedules/conv2d_grouped_knobs.h"
#include "schedules/conv2d_knobs.h"
#include "schedules/dense_knobs.h"
#include "schedules/involution_knobs.h"
#include "schedules/kernel_generation_knobs.h"
#include "schedules/local_knobs.h"
#include "tests/kernels/emitted.h"

namespace involute::kernel_tests {
namespace {

using schedules::Knob;
using schedules::Machine;

constexpr int kProblemsPerPoint = 8;
constexpr int kMostShare = 40;

// The knobs of an op without their type.
class KnobSet {
public:
    template <class Knobs>
    static KnobSet make(const Knobs &defaults, const Machine &machine, int packing) {
        const auto knobs = std::make_shared<Knobs>(defaults);
        KnobSet set;
        set.knobs_ = knobs->list();
        set.violation_ = [=] { return knobs->violation(machine, packing); };
        return set;
    }

    std::vector<Knob> &knobs() {
        return knobs_;
    }
    std::string violation() const {
        return violation_();
    }
    std::string text() const {
        std::string result;
        for (const Knob &knob : knobs_)
            result += (result.empty() ? "" : ",") + std::string(knob.name) + "=" +
                      std::to_string(*knob.value);
        return result;
    }

private:
    std::vector<Knob> knobs_; // their values belong to what violation_ holds
    std::function<std::string()> violation_;
};

KnobSet knobs_of(const KernelEntry &kernel) {
    const Machine &machine = schedules::machine_of(isa_name(kernel.isa));
    const int nr = kernel.packing;
    const auto defaults = [&](auto type) {
        using Knobs = decltype(type);
        return KnobSet::make(Knobs::defaults(machine, nr), machine, nr);
    };
    switch (kernel.op) {
    case Op::kConv2d:
        return kernel.is_generic() ? defaults(schedules::Conv2dGroupedKnobs())
                                   : defaults(schedules::Conv2dKnobs());
    case Op::kLocal:
        return defaults(schedules::LocalKnobs());
    case Op::kDense:
        return defaults(schedules::DenseKnobs());
    case Op::kKernelGeneration:
        return defaults(schedules::KernelGenerationKnobs());
    case Op::kAggregation:
        return kernel.is_generic()
                   ? KnobSet::make(schedules::AggregationKnobs::generic(machine), machine, nr)
                   : defaults(schedules::AggregationKnobs());
    case Op::kInvolution:
        return kernel.is_generic()
                   ? KnobSet::make(schedules::InvolutionKnobs::generic(machine, nr), machine, nr)
                   : defaults(schedules::InvolutionKnobs());
    case Op::kAggregationGradInput:
        return defaults(schedules::AggregationGradInputKnobs());
    case Op::kAggregationGradWeight:
        return defaults(schedules::AggregationGradWeightKnobs());
    default:
        return KnobSet();
    }
}

bool runs_here(involute_isa isa) {
    return involute_isa_check(isa).code == INVOLUTE_OK;
}

// A kernel that runs here and whose results a schedule for `kernel` must repeat: its own, or, where
// the CPU lacks its instruction set, that of AVX2, which has fused multiply-adds as well.
const KernelEntry *library_kernel(const KernelEntry &kernel) {
    if (runs_here(kernel.isa))
        return &kernel;
    // AVX-512 has rows of its own for wider blocks.
    std::string row = kernel.row;
    row = row.substr(0, row.find("_n32"));
    for (const KernelEntry *other : available_kernels(kernel.op))
        if (other->isa == INVOLUTE_ISA_AVX2 && row == other->row)
            return other;
    return nullptr;
}

void check_point(const KernelEntry &kernel, const KernelEntry &library, const std::string &knobs) {
    EmitRequest request;
    request.row = kernel.row, request.isa = isa_name(kernel.isa), request.knobs = knobs;
    if (kernel.isa != library.isa)
        request.code = isa_name(library.isa);
    SCOPED_TRACE("emit " + request.text());
    std::string error;
    const KernelFunction function = emitted_kernel(request, &error);
    ASSERT_NE(function, nullptr) << error;
    for (Problem problem : problems_for(library, kProblemsPerPoint)) {
        if (kernel.op == Op::kConv2d && !kernel.is_generic()) {
            const int64_t nr = kernel.packing;
            problem.out_channels = (problem.out_channels + nr - 1) / nr * nr;
        }
        const Operands operands = random_operands(problem);
        const std::vector<float> wanted = run_emitted(library.function, problem, operands);
        Problem emitted = problem;
        emitted.row = kernel.row, emitted.isa = isa_name(kernel.isa);
        const std::vector<float> got = run_emitted(function, emitted, operands);
        ASSERT_EQ(wanted.size(), got.size());
        ASSERT_EQ(std::memcmp(wanted.data(), got.data(), wanted.size() * sizeof(float)), 0)
            << "other bits than the library for INVOLUTE_CASE=\"" << problem.text() << "\"";
    }
}

} // namespace

const std::vector<Op> &ops_with_knobs() {
    static const std::vector<Op> ops = {Op::kConv2d,
                                        Op::kDense,
                                        Op::kKernelGeneration,
                                        Op::kAggregation,
                                        Op::kInvolution,
                                        Op::kAggregationGradInput,
                                        Op::kAggregationGradWeight,
                                        Op::kLocal};
    return ops;
}

std::string random_knobs(const KernelEntry &kernel, std::mt19937_64 *random) {
    KnobSet set = knobs_of(kernel);
    // Knobs are drawn one by one: few points with all five tiles at random fit into the registers.
    for (Knob &knob : set.knobs()) {
        if (!knob.keeps_order)
            continue;
        const int before = *knob.value;
        // Tasks larger than the problems are all alike.
        const int high = knob.tried == schedules::Tried::kShares ? kMostShare : knob.high;
        do {
            const uint64_t choices = static_cast<uint64_t>(high - knob.low + 1);
            *knob.value = knob.low + static_cast<int>((*random)() % choices);
        } while (*knob.value != before && !set.violation().empty());
    }
    return set.text();
}

std::vector<IllegalKnobs> illegal_knobs(const KernelEntry &kernel) {
    KnobSet set = knobs_of(kernel);
    std::vector<IllegalKnobs> result = {{"no_such_knob=1", "no_such_knob"}, {"tile", "tile"}};
    for (Knob &knob : set.knobs()) {
        const std::string name = knob.name;
        result.push_back({name + "=" + std::to_string(knob.low - 1), name});
        result.push_back({name + "=" + std::to_string(knob.high + 1), name});
        result.push_back({name + "=many", name});
        const int before = *knob.value;
        // Within the range, but perhaps not within the registers, or less than a tile.
        for (const int end : {std::max(knob.low, 1), knob.high}) {
            *knob.value = end;
            if (!set.violation().empty())
                result.push_back({name + "=" + std::to_string(end), name});
        }
        *knob.value = before;
    }
    return result;
}

void check_knob_points(Op op, int count, uint64_t seed) {
    std::mt19937_64 random(seed + static_cast<uint64_t>(op));
    std::vector<const KernelEntry *> kernels, substitutes;
    for (const KernelEntry &kernel : kernel_table()) {
        if (kernel.op == op && !is_device(kernel.isa) && library_kernel(kernel))
            (runs_here(kernel.isa) ? kernels : substitutes).push_back(&kernel);
    }
    ASSERT_FALSE(kernels.empty());
    for (int i = 0; i < count && !::testing::Test::HasFatalFailure(); ++i) {
        // Every second point is a schedule of an instruction set that is not at hand, if there is
        // one.
        const std::vector<const KernelEntry *> &from =
            i % 2 == 1 && !substitutes.empty() ? substitutes : kernels;
        const KernelEntry &kernel = *from[random() % from.size()];
        const std::string isa = isa_name(kernel.isa);
        const std::string knobs = random_knobs(kernel, &random);
        std::printf("%-28s %-9s %s\n", kernel.row, isa.c_str(), knobs.c_str());
        check_point(kernel, *library_kernel(kernel), knobs);
    }
}

} // namespace involute::kernel_tests
