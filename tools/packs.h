// Kernels of other schedules than hand: built on demand by the emit program, kept as shared
// objects, opened and registered with the library.
#pragma once

#include <string>
#include <vector>

#include "emit_program.h"
#include "network.h"

namespace involute {

struct PackRequest {
    std::string row, isa, schedule;
    std::string call;    // of autoschedulers: the only one that it is for; "": any
    int parallelism = 0; // threads that an autoscheduler plans for
    std::string define;  // columns of a row that the inventory does not have, "": it has it
    std::string knobs;   // "tile=6,...", of the tuned schedule
    std::string search;  // "beam_size=1,...", of autoschedulers: beyond what they are told usually

    std::string text() const;   // "involution_k7_s1 avx2 naive"
    std::string symbol() const; // of the kernel: "inv_involution_k7_s1_f32__avx2_naive"
    // Whether it is the same kernel.
    bool operator<(const PackRequest &other) const;
};

// What came of a request.
struct Pack {
    std::string path;     // of the shared object; of the hand schedule there is none
    std::string features; // of a search with parameters: what a cost model is trained with
    // What `involute_emit --describe` says (seconds of search and build, code size, loop nest, hot
    // loop), with "peak_mb" of the emit program; null after a failure.
    Json description;
    std::string error; // in the words of who failed; "" when all is well
    int exit_code = 0; // of the emit program, 128 + the signal where it was one
};

// The packs that a session (involute_session_json) needs for another schedule; the hand schedule's
// for their descriptions. Of `tuning`, wisdom and search count.
std::vector<PackRequest> pack_requests(const Json &session, const std::string &schedule,
                                       const Tuning &tuning = {});

// Whether it is found by one of Halide's autoschedulers.
bool is_autoscheduled(const std::string &schedule);

// As long and large as a search may become before it is given up.
constexpr Limits kSearchLimits = {300, int64_t{8} << 30};

// Builds what is missing, several at a time and with progress on stderr unless told otherwise. What
// could not be built for reasons of its own (not those of the machine) is remembered, and tried
// again only under higher limits.
std::vector<Pack> build_packs(const std::vector<PackRequest> &requests, Limits limits,
                              bool shows_progress = true);

// Puts what all packs have in common into another folder for packs.
void prepare_packs(const std::string &folder);

// Builds what is missing and registers what is not yet. Stops, with the compiler's own words, when
// one cannot be built.
void provide_packs(const std::vector<PackRequest> &requests);

// Where packs are kept: $INVOLUTE_PACKS, beside the build that this program belongs to, else the
// user's cache.
std::string packs_folder();

// Identifies the emit program, with all algorithms and schedules inside.
std::string emit_hash();

} // namespace involute
