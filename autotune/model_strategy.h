// The default strategy: a few points spread over the space, then those from which a Gaussian
// process fitted to the logarithms of the costs expects the greatest improvement, and neighbours of
// the best.
#pragma once

#include "autotune/gaussian_process.h"
#include "autotune/random.h"
#include "autotune/strategy.h"

namespace involute::autotune {

class ModelStrategy : public Strategy {
public:
    ModelStrategy(const KnobSpace &space, const std::vector<size_t> &starts, uint64_t seed,
                  Shard shard);

    std::vector<size_t> propose(size_t count) override;
    void tell(size_t point, double cost) override;

private:
    struct Told {
        size_t point;
        double cost;
    };

    bool is_open(size_t point) const; // may be proposed
    std::vector<size_t> open_points() const;
    std::vector<size_t> neighbours(size_t point) const; // open ones
    size_t spread_point();
    std::vector<Told> training() const;
    GaussianProcess fit(const std::vector<Told> &known, double *best);
    std::vector<size_t> asked_points(const std::vector<Told> &known);
    void propose_by_model(size_t count, std::vector<size_t> &proposals);
    void take(size_t point, std::vector<size_t> &proposals);

    const KnobSpace &space_;
    const Shard shard_;
    Random random_;
    std::vector<size_t> starts_;
    size_t next_start_ = 0;
    size_t spread_ = 0;      // points known apart from the starts, up to when the model takes over
    std::vector<bool> seen_; // proposed or told
    std::vector<Told> told_;
    std::vector<size_t> pending_; // proposed, not told
    Kernel kernel_;
    size_t fitted_ = 0;   // points that were told when kernel_ was chosen
    size_t modelled_ = 0; // points that the model has proposed
};

} // namespace involute::autotune
