// A session with inputs and outputs, ready to be run again and again without an allocation; what
// every kind of `involute bench` row is measured with.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bench_options.h"

namespace involute {

using BenchClock = std::chrono::steady_clock;

double seconds_between(BenchClock::time_point start, BenchClock::time_point end);

// The model or operator of a case, built.
Model build_model(const BenchCase &which);
// The size of a case: its own, or what suits the model.
Size bench_size(const BenchCase &which, const Model &model);

// What says which row it is; the settings of an operator with every default.
Json bench_identity(const BenchCase &which, const Model &model, const Json &session);

// A few sets of inputs, used in turn.
class Runner {
public:
    // Of the options, struct_size, batch, height and width are filled in here.
    Runner(const Model &model, int64_t batch, Size size, involute_session_options options);

    void run();
    // Once with these inputs.
    void compute(const std::vector<involute_named_tensor> &inputs,
                 const involute_named_tensor &output);
    // Once with the first set.
    void compute_first(const involute_named_tensor &output) {
        compute(named_inputs_[0], output);
    }
    // Runs until `seconds` have passed, twice at least.
    void warm_up(double seconds);

    const Json &json() const {
        return session_.json;
    }
    size_t layers() const {
        return session_.json.at("layers").size();
    }
    // Seconds that the last run copied; 0 without a profile.
    double copy_seconds() const;
    // Of the last run, `layers()` values.
    void profile(involute_layer_profile *layers) const;
    // The tasks of a layer in the last run: appends region and seconds.
    void tasks(size_t layer, std::vector<int32_t> *regions, std::vector<double> *seconds) const;
    // Medians, by layer, of `repeats` calls right after each other within one run.
    std::vector<double> warm_seconds(int repeats);

private:
    std::string label_;
    Session session_;
    std::vector<std::vector<Tensor>> inputs_;
    std::vector<std::vector<involute_named_tensor>> named_inputs_;
    std::vector<Tensor> outputs_;
    std::vector<involute_named_tensor> named_outputs_;
    size_t next_ = 0;
};

} // namespace involute
