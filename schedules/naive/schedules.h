// The plain reading of each algorithm: every stage is computed whole before the next, without
// vectors or threads. What the others are compared with.
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

namespace involute::schedules::naive {

void schedule(generators::Conv2d &op);
void schedule(generators::Conv2dGrouped &op);
void schedule(generators::Local &op);
void schedule(generators::Dense &op);
void schedule(generators::KernelGeneration &op);
void schedule(generators::Aggregation &op);
void schedule(generators::AggregationGradInput &op);
void schedule(generators::AggregationGradWeight &op);
void schedule(generators::Involution &op);
void schedule(generators::MaxPool &op);
void schedule(generators::AvgPool &op);
void schedule(generators::GlobalPool &op);
void schedule(generators::AvgPoolGrad &op);
void schedule(generators::ReluGrad &op);
void schedule(generators::Softmax &op);

} // namespace involute::schedules::naive
