// One line on stderr that says what long work is at; nothing at all unless stderr is a terminal.
#pragma once

#include <string>

namespace involute {

class Progress {
public:
    explicit Progress(int total, bool shown = true);
    ~Progress();
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    void step(const std::string &what); // the next of `total` begins
    void clear();                       // before anything else is printed

private:
    bool shown_;
    int total_;
    int done_ = 0;
};

} // namespace involute
