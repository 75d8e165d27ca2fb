// Tensors of a problem of the oracle as the library takes them; for tests too.
#pragma once

#include <vector>

#include "involute/involute.h"
#include "oracle/problem.h"

namespace involute {

// They point into `tensors`.
inline std::vector<involute_named_tensor> named(const oracle::Tensors &tensors) {
    std::vector<involute_named_tensor> all;
    for (const auto &tensor : tensors.all())
        all.push_back(
            {tensor->name.c_str(),
             involute_tensor_f32(tensor->values.data(), static_cast<int32_t>(tensor->shape.size()),
                                 tensor->shape.data())});
    return all;
}

} // namespace involute
