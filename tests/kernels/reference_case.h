// The tensors of one case of a reference file, and how near the oracle must come to them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "oracle/bounds.h"

namespace involute::oracle {

class ReferenceCase {
public:
    ReferenceCase(const TensorFile &file, const std::string &name) : file_(file), name_(name) {}

    std::vector<float> read(const std::string &tensor) const {
        std::vector<float> values;
        const StoredTensor *stored = file_.find(name_ + "/" + tensor);
        EXPECT_NE(stored, nullptr) << name_ << "/" << tensor;
        if (stored) {
            const Status status = file_.read(*stored, &values);
            EXPECT_TRUE(status.ok()) << status.message();
        }
        return values;
    }

private:
    const TensorFile &file_;
    std::string name_;
};

// The stored values were rounded once to float32.
inline void expect_same(const std::vector<float> &stored, const Bounded &computed,
                        const char *tensor) {
    ASSERT_EQ(stored.size(), computed.value.size()) << tensor;
    double largest = 0, error = 0;
    for (size_t i = 0; i < stored.size(); ++i) {
        const double value = static_cast<double>(stored[i]);
        largest = std::max(largest, std::fabs(value));
        error = std::max(error, std::fabs(value - computed.value[i]));
        ASSERT_GT(computed.bound[i], 0) << tensor << " " << i;
    }
    ASSERT_GT(largest, 0) << tensor;
    EXPECT_LE(error, 1.2e-7 * largest) << tensor;
    // A bound that lets everything pass would test nothing.
    EXPECT_LE(*std::max_element(computed.bound.begin(), computed.bound.end()), 1e-3 * largest)
        << tensor;
}

} // namespace involute::oracle
