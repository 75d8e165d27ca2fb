// A sample of tests/long/legal_cases_long_test.cpp.
#include "tests/runtime/legal_cases.h"

#include <gtest/gtest.h>

namespace involute {

TEST(LegalCases, AreRightWhateverTheShape) {
    const legal_cases::Report report = legal_cases::run(1, 1500);
    EXPECT_EQ(report.failure, "");
    std::printf("rows: %s\n", legal_cases::rows_text(report).c_str());
    for (const char *row :
         {"aggregation_generic", "aggregation_upsample", "aggregation_clamp", "involution_generic",
          "involution_single_generic", "kernel_generation_generic", "conv2d_grouped",
          "conv2d_depthwise", "local_grouped", "local_depthwise", "softmax",
          "aggregation_grad_weight_generic"})
        EXPECT_GT(report.rows.count(row), 0u) << row;
}

} // namespace involute
