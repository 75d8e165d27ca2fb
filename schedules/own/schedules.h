// Schedules that users write: `--schedule own`. Each function is what schedules/cpu has for the op,
// without knobs; a file of the user's defines those that it has something for, linked with the
// emit program (docs/write-a-schedule.md). The others throw and name what is missing.
#pragma once

#include "schedules/cpu/schedules.h"

namespace involute::schedules::own {

using cpu::InvolutionCut;
using cpu::ProductCut;

void schedule(generators::Conv2d &op, const Machine &machine, const ProductCut &cut,
              Halide::Pipeline pipeline);
void schedule(generators::Conv2dGrouped &op, const Machine &machine,
              const Halide::Expr &pixels_per_task);
void schedule(generators::Local &op, const Machine &machine, const Halide::Expr &rows_per_task);
void schedule(generators::Dense &op, const Machine &machine);
void schedule(generators::KernelGeneration &op, const Machine &machine,
              const Halide::Expr &pixels_per_task, Halide::Pipeline pipeline);
void schedule(generators::Aggregation &op, const Machine &machine,
              const Halide::Expr &rows_per_task, Halide::Pipeline pipeline);
void schedule(generators::AggregationGradInput &op, const Machine &machine,
              const Halide::Expr &rows_per_task, Halide::Pipeline pipeline);
void schedule(generators::AggregationGradWeight &op, const Machine &machine,
              const Halide::Expr &rows_per_task);
void schedule(generators::Involution &op, const Machine &machine, const InvolutionCut &cut,
              Halide::Pipeline pipeline);
void schedule(generators::MaxPool &op, const Machine &machine, const Halide::Expr &rows_per_task);
void schedule(generators::AvgPool &op, const Machine &machine, const Halide::Expr &pixels_per_task);
void schedule(generators::AvgPoolGrad &op, const Machine &machine,
              const Halide::Expr &rows_per_task);
void schedule(generators::ReluGrad &op, const Machine &machine, const Halide::Expr &rows_per_task);
void schedule(generators::GlobalPool &op, const Machine &machine);
void schedule(generators::Softmax &op, const Machine &machine, const Halide::Expr &rows_per_task);

} // namespace involute::schedules::own
