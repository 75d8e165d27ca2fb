// The knob structs of schedules/ without their types.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autotune/tuning_key.h"
#include "schedules/knobs.h"

namespace involute::autotune {

struct OpKnobs {
    std::vector<schedules::Knob> knobs;     // with the hand schedule's values for any shape
    std::function<std::string()> violation; // of the values as they are, "" where they are legal
    std::shared_ptr<void> owner;            // of the values
};

// All ops that have knobs.
const std::vector<std::string> &ops_with_knobs();
bool has_knobs(const std::string &op);

// Of the row that a tuned layer takes.
OpKnobs op_knobs(const TuningKey &key);

} // namespace involute::autotune
