#include "generators/emit/row_generator.h"

namespace involute::emit {

using namespace Halide;

void promise_packed(OutputImageParam tensor, const Expr &packing, int dimensions) {
    tensor.dim(0).set_bounds(0, packing);
    for (int d = 1; d < dimensions; d++) {
        tensor.dim(d).set_min(0);
    }
    tensor.set_host_alignment(64);
}

void promise_zero_based(OutputImageParam tensor) {
    for (int d = 0; d < tensor.dimensions(); d++) {
        tensor.dim(d).set_min(0);
    }
}

void promise_pixels(OutputImageParam tensor, int values) {
    tensor.dim(0).set_bounds(0, tensor.dim(0).extent() / values * values);
    for (int d = 1; d < 3; d++) {
        tensor.dim(d).set_min(0).set_stride(tensor.dim(d).stride() / values * values);
    }
    tensor.set_host_alignment(64);
}

void promise_groups(OutputImageParam tensor, int group_channels, int dimensions) {
    tensor.dim(0).set_bounds(0, group_channels);
    tensor.dim(1).set_min(0).set_stride(group_channels);
    for (int d = 2; d < dimensions; d++) {
        tensor.dim(d).set_min(0);
        tensor.dim(d).set_stride(tensor.dim(d).stride() / group_channels * group_channels);
    }
    tensor.set_host_alignment(64);
}

void estimate(OutputImageParam tensor, const std::vector<int> &extents) {
    for (size_t d = 0; d < extents.size(); d++) {
        tensor.dim(static_cast<int>(d)).set_estimate(0, extents[d]);
    }
}

} // namespace involute::emit
