// The three sources of weights behind the interface of weights.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/weights.h"

namespace involute {

Status open_weights(const std::string &path, std::unique_ptr<involute_weights> *weights);
std::unique_ptr<involute_weights> synthetic_weights(uint64_t seed);
Status copy_weights(const involute_named_tensor *tensors, size_t count,
                    std::unique_ptr<involute_weights> *weights);

} // namespace involute
