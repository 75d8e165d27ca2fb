// What the prefetching passes have in common.
#pragma once

#include <string>

#include "Halide.h"

namespace involute::schedules::cpu {

constexpr int kLineFloats = 16; // of a cache line

// Whether a loop is over the variable of a name ".var".
inline bool is_loop(const Halide::Internal::For *loop, const std::string &end) {
    return loop->name.size() >= end.size() &&
           loop->name.compare(loop->name.size() - end.size(), end.size(), end) == 0;
}

// The index of the first lane of a vector.
inline Halide::Expr first_lane(const Halide::Expr &index) {
    const auto *ramp = index.as<Halide::Internal::Ramp>();
    return ramp != nullptr ? ramp->base : index;
}

// Asks for the line of tensor[index].
inline Halide::Internal::Stmt prefetch(const std::string &tensor, const Halide::Expr &index) {
    using namespace Halide::Internal;
    return Evaluate::make(Call::make(Halide::Float(32), Call::prefetch,
                                     {Variable::make(Halide::Handle(), tensor), index, 1, 1},
                                     Call::Intrinsic));
}

} // namespace involute::schedules::cpu
