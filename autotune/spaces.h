// What may be tuned of each op: the knobs of schedules/<op>_knobs.h, as far as they matter for one
// shape, with the values that are tried and the rules that join them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autotune/knob_space.h"

namespace involute::autotune {

struct SpaceOptions {
    bool allow_reassociation = false;              // else knobs that change sums keep their default
    std::map<std::string, std::vector<int>> fixed; // values of knobs, instead of all
};

// "" where the layer has knobs to tune, else the reason why not.
std::string why_untunable(const TuningKey &key);

// The legal points of a tunable layer's kernel, which is built for its sizes alone. Throws
// std::invalid_argument naming a knob of `options.fixed` that does not exist or has no legal value.
KnobSpace space_of(const TuningKey &key, const SpaceOptions &options = {});

// Whether knobs ({"tile": 6, ...}, all of them) make a kernel for the layer: names, ranges, the
// rules that join them and the sizes of the layer; also for values that its space does not try.
bool is_legal(const TuningKey &key, const Json &knobs);

// "tile=6,unroll_k=4": what `involute_emit --knobs` takes.
std::string knob_text(const Json &knobs);

// The columns of docs/knobs.md: a line for every knob of every op.
std::string knobs_page();

// A hash of the names and ranges of an op's knobs; "" for ops without.
std::string knob_schema(const std::string &op);

} // namespace involute::autotune
