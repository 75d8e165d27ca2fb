// What `involute compile` is to write: the kernels, the parameters that are constants, and how the
// tensors of its C interface look; from the options, before anything is built.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compile_targets.h"
#include "network.h"

namespace involute {

struct CompileOptions {
    RawOperator op;
    std::vector<std::string> model, size, batch, target, schedule, dtype, emit;
    std::string weights, wisdom, output, name;
    bool embed = false, json = false;
    std::string command; // as it was given
};

// One kernel for one instruction set; the columns of generators/inventory.def.
struct LibraryKernel {
    std::string row, op, form, schedule;
    int kernel = 0, stride = 0, group_channels = 0, channels = 0;
    int packing = 0;
    involute_isa isa = INVOLUTE_ISA_BASELINE;
    bool in_inventory = true;
    std::string constants; // "images=1,map_height=56,map_width=56"
    std::string knobs;     // "tile=6,...", of the tuned schedule
    std::string call;      // the only one it is for, "": any
    std::string built_as;  // the row's name for emit where the library has several of it

    std::string symbol() const;
    std::string columns() const; // for emit's --define
};

// A tensor that NAME_create is given: C expressions of `c`, the channels.
struct LibraryWeight {
    std::string field, name;
    std::vector<std::string> shape;
    bool optional = false; // may be NULL
};

struct Library {
    std::string name, label;            // of what it computes: "involution kernel 5, ..."
    std::vector<CompileTarget> targets; // rising
    std::vector<LibraryKernel> kernels;
    std::string schedule;
    bool is_network = false;
    Json description;                   // of an operator, without what run time decides
    int64_t channels = 0, batch = 0;    // 0: given to NAME_create
    Size size;                          // as well
    std::vector<LibraryWeight> weights; // of an operator
    Model model;                        // of a network, or an example of the operator
    bool embed = false;                 // the weights of a network
    std::string synthetic;              // the weights of a network by rule: "synthetic:0"
    int64_t classes = 0;                // of a network
    std::vector<std::string> emit;      // other outputs that are asked for
    std::string memory;                 // of a state, in words
};

Library describe_library(const CompileOptions &options);

// The library's model for one instruction set; its weights stay open.
ModelHandle model_for(const Model &model, involute_isa isa);

// An integer of the operator, or what it is when the text does not say.
int64_t setting(const Json &description, const std::string &key, int64_t fallback);

} // namespace involute
