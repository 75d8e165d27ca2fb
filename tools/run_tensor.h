// `involute run --tensor IN --output OUT`: a tensor file through a network.
#pragma once

#include <string>

#include "network.h"

namespace involute {

struct TensorRun {
    std::string input, output;
    bool features = false, json = false;
    int threads = 1;
    involute_isa isa = INVOLUTE_ISA_AUTO;
    std::string schedule;
    Size size;         // 0x0: what the file says; anything else must be the same
    int64_t batch = 0; // likewise
};

int run_tensor(const TensorRun &options, Model model);

// Stops unless a file can be made at `path`; leaves nothing behind.
void check_output(const std::string &path);

} // namespace involute
