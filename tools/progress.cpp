// Redraws one line; cut to 78 columns so that it never wraps.
#include "progress.h"

#include <unistd.h>

#include <cstdio>

namespace involute {

Progress::Progress(int total, bool shown)
    : shown_(shown && isatty(STDERR_FILENO) == 1), total_(total) {}

Progress::~Progress() {
    clear();
}

void Progress::step(const std::string &what) {
    ++done_;
    if (!shown_)
        return;
    const std::string line =
        "[" + std::to_string(done_) + "/" + std::to_string(total_) + "] " + what;
    std::fprintf(stderr, "\r%-78.78s", line.c_str());
    std::fflush(stderr);
}

void Progress::clear() {
    if (!shown_)
        return;
    std::fprintf(stderr, "\r%78s\r", "");
    std::fflush(stderr);
}

} // namespace involute
