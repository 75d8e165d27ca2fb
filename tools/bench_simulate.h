// `involute bench --simulate-threads`: how well the work of each layer would balance on more cores
// than there are.
#pragma once

#include <string>
#include <vector>

#include "bench_options.h"

namespace involute {

// The row of the network or operator and one for each layer. The work is cut for the case's
// simulated threads, its tasks run and are timed one after another on one thread, and the medians
// are put on so many workers as the threads of a session would take them. Where so many cores are
// there, the real times stand beside it.
std::vector<Json> simulate(const BenchCase &which);

// The tables of all such rows.
std::string printed_simulations(const std::vector<Json> &rows);

} // namespace involute
