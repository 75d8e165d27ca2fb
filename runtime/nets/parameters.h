// Reads the parameters of one row, tensor by tensor, and folds batch norm into them. Knows the
// spellings that checkpoints come in, and counts what it reads.
#pragma once

#include <string>
#include <vector>

#include "io/weights.h"
#include "nets/fold.h"
#include "nets/table.h"

namespace involute {

class ParameterReader {
public:
    // Without `weights` nothing is read: the same walk counts parameters only. Names are looked up
    // with `prefix` in front.
    ParameterReader(const involute_weights *weights, std::string prefix);

    Status read(const Row &row, LayerWeights *weights);

    // Shape of a tensor under any of its spellings; false when there is none.
    bool shape_of(const std::string &name, std::vector<int64_t> *shape);

    // Learnable values so far: running statistics do not count, as is usual.
    int64_t parameters() const {
        return parameters_;
    }

private:
    Status read_tensor(const std::string &name, const std::vector<int64_t> &shape, WeightRole role,
                       int64_t taps, std::vector<float> *values);
    Status read_norm(const std::string &module, int64_t channels, Norm *norm);
    Status read_product(const Row &row, const std::vector<int64_t> &shape, LayerWeights *weights);
    Status read_generation(const Row &row, LayerWeights *weights);
    Status read_part(const Row &row, LayerWeights *weights);
    Status read_scale_shift(const Row &row, LayerWeights *weights);
    std::string spelling(const std::string &name, std::vector<int64_t> *shape);

    const involute_weights *weights_;
    std::string prefix_;
    size_t style_ = 0; // the spelling found last: what a missing tensor is called in messages
    int64_t parameters_ = 0;
};

} // namespace involute
