// Times that can be trusted on a shared machine: a candidate is weighed against the incumbent in
// short turns, H c H, and what was weighed while the machine was disturbed does not count.
#pragma once

#include <vector>

#include "contestant.h"

namespace involute {

// What is known of a candidate. Turns that were disturbed serve only where there are no others.
class Weighing {
public:
    size_t rounds() const {
        return calm_.size();
    }
    size_t disturbed() const {
        return disturbed_.size();
    }
    bool is_calm() const; // enough turns were
    // Of its time to the incumbent's: median and distance of the quartiles over that.
    double ratio() const;
    double spread() const;
    double ratio_quantile(double share) const;
    // Seconds of all runs that count, sorted.
    std::vector<double> seconds() const;

private:
    friend class Scale;
    struct Turn {
        double ratio;
        std::vector<double> seconds;
    };
    const std::vector<Turn> &counting() const;
    std::vector<double> ratios() const;

    std::vector<Turn> calm_, disturbed_;
};

class Scale {
public:
    // The incumbent lives as long as this.
    Scale(Contestant *incumbent, double turn_seconds)
        : incumbent_(incumbent), turn_seconds_(turn_seconds) {}

    // Before the first of several: the last turn was long ago, and there is new patience.
    void begin(double patience_seconds) {
        last_ = 0;
        patience_ = patience_seconds;
    }
    // The candidate's turn between two of the incumbent, of which the second is the first of the
    // next. Waits, while there is patience, for the machine to be calm. Whoever fails has a
    // failure() afterwards.
    void weigh(Contestant *candidate, Weighing *weighing);

    // Seconds of the incumbent: the median over its calm turns.
    double incumbent_seconds() const;

private:
    double take_turn();      // of the incumbent
    double take_calm_turn(); // the same, where it can be had
    bool is_calm(double seconds) const;

    Contestant *incumbent_;
    double turn_seconds_;
    double patience_ = 0;       // seconds
    double calmest_ = 0;        // the shortest turn so far, 0: none
    double last_ = 0;           // of the last turn, 0: it is over for long
    std::vector<double> turns_; // of the incumbent
};

// A quantile by linear interpolation; 0 of nothing.
double quantile(std::vector<double> values, double share);

} // namespace involute
