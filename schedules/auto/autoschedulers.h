// Halide's autoschedulers as sources of schedules: what each one is called, what it is told of the
// machine, and in which layout of the tensors it does best. Sizes are no guesses: a kernel is
// searched for one call, whose extents and strides are estimates and constants (emit/bound_call.h).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace involute::schedules::automatic {

struct Autoscheduler {
    const char *schedule;                          // "adams2019", as --schedule has it
    const char *plugin;                            // "Adams2019", Halide's name
    std::map<std::string, std::string> parameters; // without parallelism
    bool writes_code; // its .schedule.h compiles and may be kept (saved_schedules.h)
    // Of the tensors: channels innermost, as those of the runtime. docs/autoschedulers.md says what
    // other layouts do for which autoscheduler.
    const char *layout;
};

const std::vector<Autoscheduler> &autoschedulers();

// nullptr when there is none of that name.
const Autoscheduler *autoscheduler_of(const std::string &schedule);

} // namespace involute::schedules::automatic
