// Reference files as lists of cases: which results each stores and what is needed to repeat them.
// The three forms are those of tests/reference/README.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network.h"

namespace involute {

enum class CaseForm {
    kLayer,     // metadata "cases": one involution layer with its weights
    kNetwork,   // metadata "architecture": a network with its weights
    kSynthetic, // metadata "recipe": weights and input by the portable rule
};

struct ReferenceCase {
    CaseForm form = CaseForm::kLayer;
    std::string path;
    const involute_weights *file = nullptr; // of the ReferenceFile
    std::string name;                       // "rednet_like", "even", "rednet50_224x224_b1"
    std::vector<std::string> results;       // "kernels", "logits", ...: stored as "<name>/<result>"
    Json settings;                          // layer: its entry in "cases"; synthetic: the recipe
    std::string architecture;               // networks
    int64_t batch = 1;                      // synthetic
    Size size;                              // synthetic
};

struct ReferenceFile {
    std::string path;
    WeightsHandle weights;
    std::vector<ReferenceCase> cases;
};

// Stops when the file cannot be read, is none of the three forms or holds no results.
ReferenceFile open_reference(const std::string &path);

// The tensor "<case>/<name>"; stops when it is missing, not float32 or of another shape (an empty
// shape: any).
const involute_tensor &case_tensor(const ReferenceCase &which, const std::string &name,
                                   const std::vector<int64_t> &shape = {});

} // namespace involute
