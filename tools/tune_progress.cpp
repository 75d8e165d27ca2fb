#include "tune_progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "print.h"

namespace involute {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kBetweenLines(60);

} // namespace

TuneProgress::TuneProgress(size_t searches, Deadline begin, double limit)
    : terminal_(isatty(STDERR_FILENO) == 1), searches_(searches), begin_(begin), told_(begin),
      limit_(limit) {}

TuneProgress::~TuneProgress() {
    clear();
}

void TuneProgress::next_search() {
    ++search_;
}

void TuneProgress::tell(const SearchState &state) {
    if (!terminal_ && Clock::now() - told_ < kBetweenLines)
        return;
    told_ = Clock::now();
    const double passed = std::chrono::duration<double>(told_ - begin_).count();
    const std::string left =
        std::isfinite(limit_) ? ", " + duration_text(limit_ - passed) + " left" : "";
    const std::string line = "[" + std::to_string(search_) + "/" + std::to_string(searches_) +
                             "] " + std::to_string(state.done) + "/" +
                             std::to_string(state.planned) + " trials, " +
                             (state.incumbent <= 0 ? "none yet"
                              : state.incumbent < 1e3 // seconds; instructions are more
                                  ? "best " + significant(state.best * state.incumbent * 1e3, 4) +
                                        " ms, " + gain_text(state.best)
                                  : "best " + significant(state.best * state.incumbent, 4) +
                                        " instructions, " + gain_text(state.best)) +
                             left + ": " + state.name;
    std::fprintf(stderr, terminal_ ? "\r%-110.110s" : "%s\n", line.c_str());
    std::fflush(stderr);
}

void TuneProgress::clear() {
    if (!terminal_)
        return;
    std::fprintf(stderr, "\r%110s\r", "");
    std::fflush(stderr);
}

std::string duration_text(double seconds) {
    const int64_t whole = std::llround(std::fmax(0, seconds));
    if (whole < 100)
        return std::to_string(whole) + " s";
    if (whole < 6000)
        return std::to_string((whole + 30) / 60) + " min";
    return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string gain_text(double ratio) {
    return ratio < 1 ? percent(1 / ratio - 1) + " faster than by hand" : "as fast as by hand";
}

} // namespace involute
