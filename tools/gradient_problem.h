// The gradient of a whole involution layer as a problem like those of oracle/problem.h, with what
// `involute verify` knows of it.
#pragma once

#include "network.h"
#include "oracle/problem.h"

namespace involute {

// `description` of kind involution_grad_input, with every default written out.
oracle::Problem make_gradient_problem(const Json &description, int64_t batch, Size size,
                                      oracle::Random *random);

} // namespace involute
