// What the library has to say to its host beyond status values: nothing, until the application
// gives a function for it.
#pragma once

#include "core/status.h"

namespace involute {

// Whether anybody listens at this level; cheap, for texts that cost something to make.
bool log_wanted(involute_log_level level);

// printf-style, one line. Any thread.
[[gnu::format(printf, 2, 3)]] void log(involute_log_level level, const char *format, ...);

// nullptr: silence. When it returns, no call of the function before is going on any more.
Status set_logger(involute_log_function function, void *user, involute_log_level level);

} // namespace involute
