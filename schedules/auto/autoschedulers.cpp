#include "schedules/auto/autoschedulers.h"

namespace involute::schedules::automatic {

// Beams: 8 takes seconds, 32 (the default of Adams2019) minutes, which now and then find more: a
// third less time for the aggregation of 64 channels at 56x56 with AVX2, 10% more at 14x14.
const std::vector<Autoscheduler> &autoschedulers() {
    static const std::vector<Autoscheduler> all = {
        {"mullapudi2016", "Mullapudi2016", {}, false, "channels-last"},
        {"adams2019", "Adams2019", {{"beam_size", "8"}}, true, "channels-last"},
        {"li2018", "Li2018", {}, false, "channels-last"},
        {"anderson2021", "Anderson2021", {{"beam_size", "8"}}, true, "channels-last"},
    };
    return all;
}

const Autoscheduler *autoscheduler_of(const std::string &schedule) {
    for (const Autoscheduler &known : autoschedulers()) {
        if (schedule == known.schedule) {
            return &known;
        }
    }
    return nullptr;
}

} // namespace involute::schedules::automatic
