// Runs cases of reference files and compares what comes out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "verify_cases.h"

namespace involute {

struct Mismatch { // the value furthest outside its bound
    int64_t index = -1;
    double got = 0, expected = 0, bound = 0;
    int64_t values = 0; // how many are outside
};

struct Outcome {
    std::string not_covered;          // why; empty: it was run
    std::optional<Mismatch> mismatch; // none: passed
    std::string bits;                 // a hash of those of all values
};

// `bound_of` tells the bound of value i. Where the expected value is not finite, the other must be
// the same; where it is, the other and the bound must be finite as well.
std::optional<Mismatch> compare(const float *got, const float *expected, int64_t count,
                                const std::function<double(int64_t)> &bound_of);

class CaseRunner {
public:
    // `wisdom`: of the tuned schedule, else nullptr.
    CaseRunner(involute_isa isa, const std::string &schedule,
               std::shared_ptr<const autotune::Wisdom> wisdom)
        : isa_(isa), schedule_(schedule) {
        tuning_.wisdom = std::move(wisdom);
    }
    // One outcome for each of `results`. Keeps the last network, because cases share it.
    std::vector<Outcome> run(const ReferenceCase &which, const std::vector<std::string> &results,
                             int threads);

private:
    Outcome run_layer(const ReferenceCase &which, const std::string &result, int threads);
    std::vector<Outcome> run_network(const ReferenceCase &which,
                                     const std::vector<std::string> &results, int threads);
    // Why it is not covered, or an empty text when the network stands ready in model_.
    std::string prepare_network(const ReferenceCase &which);

    involute_isa isa_;
    std::string schedule_;
    Tuning tuning_;
    std::string prepared_; // which network model_ is
    Model model_;
};

} // namespace involute
