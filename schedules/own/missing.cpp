// What stands in for the schedules that nobody has written: weak, so that any definition of a
// user's takes its place.
#include "schedules/own/schedules.h"

#define INVOLUTE_MISSING __attribute__((weak)) void

namespace involute::schedules::own {

using namespace Halide;

namespace {

[[noreturn]] void missing(const std::string &op, const std::string &type) {
    throw CompileError("no schedule of " + op +
                       " is linked: define involute::schedules::own::schedule(generators::" + type +
                       " &, ...), build an emit program with it and name that in INVOLUTE_EMIT "
                       "(docs/write-a-schedule.md)");
}

} // namespace

INVOLUTE_MISSING schedule(generators::Conv2d &, const Machine &, const ProductCut &, Pipeline) {
    missing("conv2d", "Conv2d");
}

INVOLUTE_MISSING schedule(generators::Conv2dGrouped &, const Machine &, const Expr &) {
    missing("conv2d in groups", "Conv2dGrouped");
}

INVOLUTE_MISSING schedule(generators::Local &, const Machine &, const Expr &) {
    missing("local", "Local");
}

INVOLUTE_MISSING schedule(generators::Dense &, const Machine &) {
    missing("dense", "Dense");
}

INVOLUTE_MISSING schedule(generators::KernelGeneration &, const Machine &, const Expr &, Pipeline) {
    missing("kernel_generation", "KernelGeneration");
}

INVOLUTE_MISSING schedule(generators::Aggregation &, const Machine &, const Expr &, Pipeline) {
    missing("aggregation", "Aggregation");
}

INVOLUTE_MISSING schedule(generators::AggregationGradInput &, const Machine &, const Expr &,
                          Pipeline) {
    missing("aggregation_grad_input", "AggregationGradInput");
}

INVOLUTE_MISSING schedule(generators::AggregationGradWeight &, const Machine &, const Expr &) {
    missing("aggregation_grad_weight", "AggregationGradWeight");
}

INVOLUTE_MISSING schedule(generators::Involution &, const Machine &, const InvolutionCut &,
                          Pipeline) {
    missing("involution", "Involution");
}

INVOLUTE_MISSING schedule(generators::MaxPool &, const Machine &, const Expr &) {
    missing("max_pool", "MaxPool");
}

INVOLUTE_MISSING schedule(generators::AvgPool &, const Machine &, const Expr &) {
    missing("avg_pool", "AvgPool");
}

INVOLUTE_MISSING schedule(generators::AvgPoolGrad &, const Machine &, const Expr &) {
    missing("avg_pool_grad", "AvgPoolGrad");
}

INVOLUTE_MISSING schedule(generators::ReluGrad &, const Machine &, const Expr &) {
    missing("relu_grad", "ReluGrad");
}

INVOLUTE_MISSING schedule(generators::GlobalPool &, const Machine &) {
    missing("global_pool", "GlobalPool");
}

INVOLUTE_MISSING schedule(generators::Softmax &, const Machine &, const Expr &) {
    missing("softmax", "Softmax");
}

} // namespace involute::schedules::own
