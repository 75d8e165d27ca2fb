// What `involute compare` sets side by side: the contests of each of its modes.
#pragma once

#include "contest.h"

namespace involute {

struct CompareOptions {
    RawOptions raw;
    RawOperator op;
    std::string folder = "compare";
    std::string search_time, search_memory, run_time, run_memory, rounds, turn;
    std::string peers; // "all" or names, "": none
    bool ops = false, ablation = false, networks = false;
    bool fresh = false, json = false;
};

// An operator of the comparison, with its size. `name` tells apart what is of one kind:
// "conv2d_1x1", "conv2d_depthwise".
struct Operation {
    std::string name;
    Json description;
    Size size;
};

// Every operator at the five shapes of RedNet.
std::vector<Operation> rednet_operations();

// "64@56x56 k7 s2 g16 r4"; what the description leaves out is not said.
std::string shape_text(const Json &description, Size size);

// Schedules of operators at the five shapes of RedNet, or at those that the options describe; or
// of networks where --model names some.
std::vector<Contest> schedule_contests(const CompareOptions &options);

// Fully connected (local), convolutions, involution and self-attention at equal channels, size and
// window.
std::vector<Contest> operator_contests(const CompareOptions &options);

// RedNet-50 with other windows, groups and reductions, each with rows of its own. Architectures are
// written to `folder`.
std::vector<Contest> ablation_contests(const CompareOptions &options);

// RedNets and ResNets of all depths, and single layers over channels, sizes, windows and groups.
std::vector<Contest> network_contests(const CompareOptions &options);
std::vector<Contest> layer_contests(const CompareOptions &options);

} // namespace involute
