// Kernels of other schedules than hand: built on demand by the emit program, kept as shared
// objects, opened and registered with the library.
#pragma once

#include <string>
#include <vector>

#include "network.h"

namespace involute {

struct PackRequest {
    std::string row, isa, schedule;

    std::string text() const; // "involution_k7_s1 avx2 naive"
};

// The packs that the layers of a model (involute_model_json) need for another schedule.
std::vector<PackRequest> pack_requests(const Json &model, const std::string &schedule);

// Builds what is missing, several at a time and with progress on stderr, and registers what is not
// yet. Stops, with the compiler's own words, when one cannot be built.
void provide_packs(const std::vector<PackRequest> &requests);

// Where packs are kept: $INVOLUTE_PACKS, beside the build that this program belongs to, else the
// user's cache.
std::string packs_folder();

} // namespace involute
