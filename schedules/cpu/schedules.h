// The loop nests that all CPUs have in common: their instruction sets are settings of one template
// per op. What is special about a kind of CPU stands in x86/ and arm/.
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

namespace involute::schedules::cpu {

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

#include "schedules/hand_schedules.inc"

} // namespace involute::schedules::cpu
