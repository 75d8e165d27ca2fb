// The hand schedules for x86: AVX-512, AVX2 and SSE2 are settings of one schedule per op.
#pragma once

#include "generators/aggregation.h"
#include "generators/aggregation_grad_input.h"
#include "generators/aggregation_grad_weight.h"
#include "generators/avg_pool.h"
#include "generators/avg_pool_grad.h"
#include "generators/conv2d.h"
#include "generators/conv2d_grouped.h"
#include "generators/dense.h"
#include "generators/global_pool.h"
#include "generators/involution.h"
#include "generators/kernel_generation.h"
#include "generators/local.h"
#include "generators/max_pool.h"
#include "generators/relu_grad.h"
#include "generators/softmax.h"
#include "schedules/aggregation_grad_input_knobs.h"
#include "schedules/aggregation_grad_weight_knobs.h"
#include "schedules/aggregation_knobs.h"
#include "schedules/conv2d_grouped_knobs.h"
#include "schedules/conv2d_knobs.h"
#include "schedules/dense_knobs.h"
#include "schedules/involution_knobs.h"
#include "schedules/kernel_generation_knobs.h"
#include "schedules/local_knobs.h"

namespace involute::schedules::x86 {

// Run-time sizes of a thread's share of the work: pixels (whole tiles are done) and blocks of NR
// output channels;
struct ProductCut {
    Halide::Expr pixels_per_task, blocks_per_task;
};

// rows and images, of which so many rows have their kernels in memory at once; and the threads that
// share the loops inside a task.
struct InvolutionCut {
    Halide::Expr rows_per_task, rows_per_block, images_per_task, threads_per_task;
};

// `pipeline`, where a schedule has passes of its own: the one that computes op.
void schedule(generators::Conv2d &op, const Conv2dKnobs &knobs, const Machine &machine,
              const ProductCut &cut, Halide::Pipeline pipeline);
void schedule(generators::Conv2dGrouped &op, const Conv2dGroupedKnobs &knobs,
              const Machine &machine, const Halide::Expr &pixels_per_task);
void schedule(generators::Local &op, const LocalKnobs &knobs, const Machine &machine,
              const Halide::Expr &rows_per_task);
void schedule(generators::Dense &op, const DenseKnobs &knobs, const Machine &machine);
void schedule(generators::KernelGeneration &op, const KernelGenerationKnobs &knobs,
              const Machine &machine, const Halide::Expr &pixels_per_task,
              Halide::Pipeline pipeline);
void schedule(generators::Aggregation &op, const AggregationKnobs &knobs, const Machine &machine,
              const Halide::Expr &rows_per_task);
void schedule(generators::AggregationGradInput &op, const AggregationGradInputKnobs &knobs,
              const Machine &machine, const Halide::Expr &rows_per_task);
void schedule(generators::AggregationGradWeight &op, const AggregationGradWeightKnobs &knobs,
              const Machine &machine, const Halide::Expr &rows_per_task);
void schedule(generators::Involution &op, const InvolutionKnobs &knobs, const Machine &machine,
              const InvolutionCut &cut, Halide::Pipeline pipeline);
void schedule(generators::MaxPool &op, const Machine &machine, const Halide::Expr &rows_per_task);
void schedule(generators::AvgPool &op, const Machine &machine, const Halide::Expr &pixels_per_task);
void schedule(generators::AvgPoolGrad &op, const Machine &machine,
              const Halide::Expr &rows_per_task);
void schedule(generators::ReluGrad &op, const Machine &machine, const Halide::Expr &rows_per_task);
void schedule(generators::GlobalPool &op, const Machine &machine);
void schedule(generators::Softmax &op, const Machine &machine, const Halide::Expr &rows_per_task);

} // namespace involute::schedules::x86
