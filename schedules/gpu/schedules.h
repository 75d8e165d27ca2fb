// The hand schedules for devices, CUDA and OpenCL: one a file <op>.cpp. A block of threads computes
// a tile of the output; what its threads share is kept in memory on the chip.
#pragma once

#include "generators/aggregation.h"
#include "generators/aggregation_grad_input.h"
#include "generators/aggregation_grad_weight.h"
#include "generators/avg_pool.h"
#include "generators/avg_pool_grad.h"
#include "generators/conv2d_grouped.h"
#include "generators/conv2d_patches.h"
#include "generators/dense.h"
#include "generators/global_pool.h"
#include "generators/involution_map.h"
#include "generators/kernel_generation.h"
#include "generators/local.h"
#include "generators/max_pool.h"
#include "generators/relu_grad.h"
#include "generators/softmax.h"
#include "schedules/gpu/knobs.h"

namespace involute::schedules::gpu {

// Constants of a row; stride 0: run time.
struct WindowSize {
    int kernel, stride;
};

void schedule(generators::Conv2dPatches &op, const ProductKnobs &knobs);
void schedule(generators::Conv2dGrouped &op, const MapKnobs &knobs);
void schedule(generators::Local &op, const MapKnobs &knobs);
void schedule(generators::Dense &op, const DenseKnobs &knobs);
void schedule(generators::KernelGeneration &op, const ProductKnobs &knobs);
// Windows and groups of any size, a value a thread.
void schedule(generators::Aggregation &op, const MapKnobs &knobs);
// Windows of constant size; the kernels of a tile are kept on the chip.
void schedule(generators::Aggregation &op, generators::StagedKernels &kernels,
              const WindowSize &size, const WindowKnobs &knobs);
void schedule(generators::AggregationGradInput &op, const MapKnobs &knobs);
void schedule(generators::AggregationGradWeight &op, const MapKnobs &knobs);
void schedule(generators::InvolutionMap &op, const WindowSize &size, const WindowKnobs &knobs);
// Windows of any size.
void schedule(generators::InvolutionMap &op, const ProductKnobs &hidden, const MapKnobs &knobs);
void schedule(generators::MaxPool &op, const MapKnobs &knobs);
void schedule(generators::AvgPool &op, const MapKnobs &knobs);
void schedule(generators::AvgPoolGrad &op, const MapKnobs &knobs);
void schedule(generators::ReluGrad &op, const MapKnobs &knobs);
void schedule(generators::GlobalPool &op, const MapKnobs &knobs);
void schedule(generators::Softmax &op, const MapKnobs &knobs);

} // namespace involute::schedules::gpu
