// The page of a search, out of the history.
#pragma once

#include <string>
#include <vector>

#include "autotune/history.h"

namespace involute {

// Writes a self-contained HTML page about the trials of these layers: best over time, sensitivity
// to each knob, best against the hand schedule, everything rejected with its reason. `command`: the
// line that searched. Stops where the file cannot be written.
void write_tune_report(const std::string &path, const autotune::History &history,
                       const std::vector<autotune::TuningKey> &layers, const std::string &command);

} // namespace involute
