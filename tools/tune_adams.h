// The retraining loop of Adams2019 as a search beside ours: schedules by its random descent, timed
// as every candidate is, which its cost model then learns from.
#pragma once

#include <functional>

#include "tune_search.h"

namespace involute {

// Batches of schedules until the planned number of trials or the deadline is reached. Recorded as
// stage "adams2019", which never becomes wisdom: its knobs are the seeds. Stops with exit 3 where
// Halide's programs for training are not found.
SearchState search_adams(const TuneSubject &subject, const SearchSettings &settings,
                         Deadline deadline, autotune::History *history,
                         const std::function<void(const SearchState &)> &tell);

inline const std::string kAdamsLoop = "adams2019"; // --strategy

} // namespace involute
