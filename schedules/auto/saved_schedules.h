// Schedules that a search has found and that are kept as code: the same kernels without the search.
// Each is guarded by the names of the Funcs it was found for, because the code of the autoscheduler
// refers to them by number: an algorithm that has changed since would silently get the schedule of
// another stage.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "Halide.h"

namespace involute::schedules::automatic {

// What a search is for.
struct SearchKey {
    std::string row, isa, schedule;
    std::string call;    // KernelCall::text of the runtime
    int parallelism = 1; // threads that it is for
};

struct SavedSchedule {
    SearchKey key;
    double seconds = 0;                             // that the search has taken
    std::vector<std::pair<int, std::string>> funcs; // number in the pipeline, name
    void (*apply)(Halide::Pipeline pipeline, Halide::Target target);
};

const std::vector<SavedSchedule> &saved_schedules();

// nullptr when none is kept for it.
const SavedSchedule *saved_schedule(const SearchKey &key);

// "" when the Funcs of the pipeline are those that the schedule was found for, else what differs.
std::string changed_since(const SavedSchedule &saved, Halide::Pipeline pipeline);

// The name that an algorithm gave its Func, without the number that makes it unique.
std::string func_name(const Halide::Func &func);

// The file saved/NAME.inc for a schedule that was just found: `source` is the autoscheduler's own
// code.
std::string saved_schedule_text(const std::string &name, const SearchKey &key, double seconds,
                                const std::string &source, Halide::Pipeline pipeline);

} // namespace involute::schedules::automatic
