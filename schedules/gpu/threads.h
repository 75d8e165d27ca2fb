// How the loops of an output become blocks of threads.
#pragma once

#include <vector>

#include "Halide.h"
#include "schedules/gpu/knobs.h"

namespace involute::schedules::gpu {

struct Loops {
    Halide::Var thread; // inside of it a thread is alone
    Halide::Var block;  // inside of it the threads of a block are
};

// One value a thread: `channel` and `pixel` are cut into tiles, the other loops are blocks, of at
// most three axes; `rest` from the inside.
Loops value_per_thread(Halide::Func out, const Halide::Var &channel, const Halide::Var &pixel,
                       const std::vector<Halide::Var> &rest, const MapKnobs &knobs);

// Sums of one thread.
void sum_in_thread(Halide::Func sum, Halide::Func out, const Halide::Var &thread);

// A product over channels: out(n, .., pixel, ..) of `sum`, whose columns lie in blocks of
// `packing`. `n` counts within a block if there is a variable of the blocks, else through all of
// them.
struct Columns {
    Halide::Var n, block;
    bool flat;
    int packing;
};
void product(Halide::Func out, Halide::Func sum, const Columns &columns, const Halide::Var &pixel,
             const std::vector<Halide::Var> &rest, const std::vector<Halide::RVar> &order,
             const ProductKnobs &knobs);

// The same by blocks of one warp, a column a lane: sums stay in the registers of their lanes while
// all of them copy the inputs of a chunk of the reduction. Returns the loop of chunks.
Halide::RVar staged_product(Halide::Func out, Halide::Func sum, const Columns &columns,
                            const Halide::Var &pixel, const std::vector<Halide::Var> &rest,
                            const std::vector<Halide::RVar> &order, const ProductKnobs &knobs);

// Copies in(depth, .., pixel, ..) of a chunk to memory on the chip, pixels innermost.
void stage(Halide::Func in, const Halide::Var &depth, const Halide::Var &pixel, Halide::Func sum,
           const Halide::RVar &chunk, const ProductKnobs &knobs);

// Splits a loop over one warp off a loop of blocks, for between lanes and blocks. Where nothing but
// lanes is in a block Halide puts no barriers around what they copy to memory on the chip, as if
// they ran in lockstep; since Volta they need not.
Halide::Var one_warp(Halide::Func out, const Halide::Var &block);

} // namespace involute::schedules::gpu
