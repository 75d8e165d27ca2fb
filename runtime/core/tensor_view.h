// Tensors of the caller: are they what a session expects, can they be used as they lie, and if not,
// copying in and out.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "core/tensor_layout.h"

namespace involute {

const char *dtype_name(int32_t dtype); // "unknown" for a value that is none

// `what` ("input" or "output") and `name` go into the message. Outputs need strides by which no two
// values share an address. The memory is the host's or that of `device`, where pixels lie in NHWC
// order without gaps.
Status check_tensor(const char *what, const char *name, const involute_tensor &tensor,
                    const TensorLayout &layout, bool writable,
                    involute_device device = INVOLUTE_CPU);

// Whether the memory is what kernels expect: pixels in NHWC order at the layout's strides, first
// value at a multiple of 64 bytes.
bool is_native(const involute_tensor &tensor, const TensorLayout &layout);

// The bytes that a checked tensor touches, from `first` to before `last`; of OpenCL's memory, which
// has no addresses, one for each cl_mem.
struct ByteRange {
    uintptr_t first = 0, last = 0;
};
ByteRange byte_range(const involute_tensor &tensor);
inline bool overlap(ByteRange a, ByteRange b) {
    return a.first < b.last && b.first < a.last;
}

void copy_in(const involute_tensor &tensor, const TensorLayout &layout, float *native);
void copy_out(const float *native, const TensorLayout &layout, const involute_tensor &tensor);

} // namespace involute
