// A single operator with random weights and inputs and what has to come out, from its description
// as JSON: what tests and `involute compare` check kernels with.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "oracle/bounds.h"

namespace involute::oracle {

using Shape = std::vector<int64_t>;

// Numbers that are the same on every machine (the library's distributions are not).
class Random {
public:
    explicit Random(uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15u + 1) {}

    int64_t between(int64_t low, int64_t high) {
        return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
    }
    bool one_in(int64_t n) {
        return between(1, n) == 1;
    }
    float value(double low, double high) {
        return static_cast<float>(low +
                                  (high - low) * static_cast<double>(engine_() >> 11) * 0x1p-53);
    }

private:
    std::mt19937_64 engine_;
};

struct Tensor {
    std::string name;
    Shape shape;
    std::vector<float> values; // row-major
};

// Values stay where they are when more tensors are added.
class Tensors {
public:
    const float *add(const std::string &name, const Shape &shape, Random *random, double low,
                     double high);
    const std::vector<std::unique_ptr<Tensor>> &all() const {
        return all_;
    }

private:
    std::vector<std::unique_ptr<Tensor>> all_;
};

struct Problem {
    Tensors weights, inputs;
    std::string output; // name of the result
    Bounded expected;   // in the official order, [B,C,H,W]
};

// `description`: with every default written out, as involute_model_json has it. Height and width
// are those of a session. std::invalid_argument where there is no oracle for the kind.
Problem make_problem(const nlohmann::json &description, int64_t batch, int64_t height,
                     int64_t width, Random *random);

} // namespace involute::oracle
