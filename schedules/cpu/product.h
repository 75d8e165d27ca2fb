// The register tile that every product over channels is made of, on all instruction sets.
#pragma once

#include "Halide.h"
#include "schedules/knobs.h"

namespace involute::schedules::cpu {

// Keeps `sum`(n, .., pixel, ..) of one tile in registers at the loop the caller has chosen: all
// vectors of the NR columns x all pixels of the tile are accumulators. One step of the reduction
// loads each weight vector once for all pixels and broadcasts each input once for all vectors.
// `order`: the reduction variables, innermost first.
void accumulate_in_registers(Halide::Func sum, const Halide::Var &n, const Halide::Var &pixel,
                             const std::vector<Halide::RVar> &order, const Machine &machine,
                             int unroll_k = 1);

// Whether `pixels` are done with fewer steps in tiles of `tile`, a slower one, than in tiles of
// `usual`; a narrow tile has too few accumulators to hide every delay.
Halide::Expr better(const Halide::Expr &pixels, int tile, int usual);

} // namespace involute::schedules::cpu
