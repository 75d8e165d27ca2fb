// 10,000 random legal operators and sizes against the oracle.
#include <gtest/gtest.h>

#include "tests/runtime/legal_cases.h"

namespace involute {

TEST(ManyLegalCases, AreRightWhateverTheShape) {
    const legal_cases::Report report = legal_cases::run(2026, 10000);
    EXPECT_EQ(report.failure, "");
    std::printf("rows: %s\n", legal_cases::rows_text(report).c_str());
}

} // namespace involute
