// What a search is at: a line on stderr that is redrawn on a terminal, else one line a minute.
#pragma once

#include <chrono>
#include <string>

#include "tune_search.h"

namespace involute {

class TuneProgress {
public:
    TuneProgress(size_t searches, Deadline begin, double limit);
    ~TuneProgress();
    TuneProgress(const TuneProgress &) = delete;
    TuneProgress &operator=(const TuneProgress &) = delete;

    void next_search(); // the next begins
    void tell(const SearchState &state);
    void clear(); // before anything else is printed

private:
    bool terminal_;
    size_t searches_, search_ = 0;
    Deadline begin_, told_;
    double limit_; // seconds, infinite without
};

// "12 s", "3 min", "1 h 20 min"
std::string duration_text(double seconds);

// "7.5% faster", "as fast as"
std::string gain_text(double ratio);

} // namespace involute
