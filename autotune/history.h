// History: every trial of every search, kept in an SQLite file. Wisdom is a function of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "autotune/wisdom.h"

namespace involute::autotune {

// How a trial ended. All but kOk are rejected, with a reason.
enum class Outcome {
    kOk,
    kRefused, // by the compiler: no such kernel
    kCrashed, // while it was built or run
    kTimedOut,
    kOutOfMemory,
    kWrong,   // outside of the oracle's bounds
    kChanged, // another bit than the hand schedule's, from knobs that keep the order of sums
    kNoisy,   // its time jumps
    kFailed,  // of something else, such as a full disk
};
const char *outcome_name(Outcome outcome); // "ok", "refused", ...

struct Trial {
    std::string knobs;            // sorted JSON: {"tile":6}; {} is the hand schedule's kernel
    std::string stage = "search"; // or "confirm": longer, decides what becomes wisdom
    Outcome outcome = Outcome::kOk;
    std::string reason;
    // Seconds of a run, and of the incumbent (the hand schedule) in the same rounds; 0: not timed.
    // With another cost than time: instructions, cycles.
    double minimum = 0, quartile1 = 0, median = 0, quartile3 = 0, incumbent = 0;
    double ratio = 0;       // median over rounds of own over incumbent's; what is minimised
    double worst_error = 0; // largest error over its bound
    double build_seconds = 0;
    int64_t code_bytes = 0;
    std::string strategy;
    uint64_t seed = 0;
};

// The whole network with new knobs against that with the old ones.
struct NetworkCheck {
    std::string model; // "rednet50 224x224 b1, avx512, 1 thread"
    double ratio = 0;  // new over old
    bool won = false;
    struct Choice {
        TuningKey key;
        std::string knobs;
    };
    std::vector<Choice> choices; // those that are not in the old wisdom
};

class History {
public:
    // Opens or creates it; `header` is what new trials are recorded with. Throws std::runtime_error
    // naming the file where it cannot be opened, is no history, or is of an unknown version. A
    // folder or file that cannot be written gives a history that can only be read when `read_only`.
    static History open(const std::string &path, const WisdomHeader &header,
                        bool read_only = false);
    ~History();
    History(History &&) noexcept;

    // Committed to the disk when it returns: survives SIGKILL. Throws std::runtime_error naming the
    // file where it cannot be written (a full disk); what was committed stays. Throws
    // std::invalid_argument for an op that the header has no hash of, or knobs that are no JSON of
    // sorted integers.
    void add(const TuningKey &key, const std::string &cost, const Trial &trial);
    void add(const NetworkCheck &check);
    // Entries of others' wisdom, without trials; for the CPU family of its own header.
    void add(const Wisdom &imported);

    // Trials of the shape with this header's Halide, CPU family and hash of its op, in the order
    // they were made; `cost` as in wisdom.
    std::vector<Trial> trials(const TuningKey &key, const std::string &cost) const;
    std::vector<TuningKey> keys() const; // that have trials, with this header
    int64_t count() const;               // of all trials

    // What it has found, for this header's CPU family, Halide and hashes. Depends on the set of
    // trials, checks and imports alone, not on their order: of each shape, the knobs whose median
    // ratio over their confirming trials is smallest (ties: the first by text), "{}" unless that is
    // below 1 - kLeastGain. Passed over are knobs that lost more network checks than they won, and
    // those of which any trial crashed, was wrong or changed a bit. Trials of "time" count before
    // those of other costs, which are not compared with each other. Shapes without a confirming
    // trial have what was imported, if anything (of several the first by text).
    static constexpr double kLeastGain = 0.01;
    Wisdom wisdom() const;

    // Adds what the other has and this lacks, all or nothing; returns the number of trials. Merging
    // again adds nothing.
    int64_t merge(const std::string &other);

    // Forgets trials, imports and checks of a shape, of an op, or ("") of all, with any header.
    // Returns how many. A check of other shapes too stays for those.
    int64_t forget(const TuningKey &key);
    int64_t forget(const std::string &op);

private:
    struct State;
    explicit History(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace involute::autotune
