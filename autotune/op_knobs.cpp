#include "autotune/op_knobs.h"

#include <algorithm>
#include <stdexcept>

#include "schedules/aggregation_grad_input_knobs.h"
#include "schedules/aggregation_grad_weight_knobs.h"
#include "schedules/aggregation_knobs.h"
#include "schedules/conv2d_grouped_knobs.h"
#include "schedules/conv2d_knobs.h"
#include "schedules/dense_knobs.h"
#include "schedules/involution_knobs.h"
#include "schedules/kernel_generation_knobs.h"
#include "schedules/local_knobs.h"

namespace involute::autotune {

namespace {

using schedules::Machine;

template <class Knobs>
OpKnobs made_of(const Knobs &defaults, const Machine &machine, int packing) {
    const auto owner = std::make_shared<Knobs>(defaults);
    OpKnobs set;
    set.knobs = owner->list();
    set.violation = [owner, machine, packing] { return owner->violation(machine, packing); };
    set.owner = owner;
    return set;
}

} // namespace

const std::vector<std::string> &ops_with_knobs() {
    static const std::vector<std::string> ops = {"aggregation",
                                                 "aggregation_grad_input",
                                                 "aggregation_grad_weight",
                                                 "conv2d",
                                                 "dense",
                                                 "involution",
                                                 "kernel_generation",
                                                 "local"};
    return ops;
}

bool has_knobs(const std::string &op) {
    const std::vector<std::string> &ops = ops_with_knobs();
    return std::find(ops.begin(), ops.end(), op) != ops.end();
}

OpKnobs op_knobs(const TuningKey &key) {
    const Machine machine = schedules::machine_of(key.isa);
    const int nr = static_cast<int>(key.packing), group = static_cast<int>(key.group_channels);
    const auto defaults = [&](auto type) {
        return made_of(decltype(type)::defaults(machine, nr), machine, nr);
    };
    if (key.op == "conv2d")
        return key.form == "grouped" || key.form == "depthwise"
                   ? defaults(schedules::Conv2dGroupedKnobs())
                   : defaults(schedules::Conv2dKnobs());
    if (key.op == "local")
        return defaults(schedules::LocalKnobs());
    if (key.op == "dense")
        return defaults(schedules::DenseKnobs());
    if (key.op == "kernel_generation")
        return defaults(schedules::KernelGenerationKnobs());
    if (key.op == "aggregation")
        return made_of(schedules::AggregationKnobs::defaults(machine, nr, group), machine, nr);
    if (key.op == "involution")
        return made_of(schedules::InvolutionKnobs::defaults(machine, nr, group), machine, nr);
    if (key.op == "aggregation_grad_input")
        return defaults(schedules::AggregationGradInputKnobs());
    if (key.op == "aggregation_grad_weight")
        return defaults(schedules::AggregationGradWeightKnobs());
    throw std::invalid_argument(key.op + ": has no knobs");
}

} // namespace involute::autotune
