// The passes that ask for weights and residuals find the loops of every product: a renamed loop or
// argument would switch them off without a trace.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/kernels/emitted_library.h"

namespace involute::kernel_tests {
namespace {

std::string lowered(const std::string &row, const std::string &knobs) {
    const std::string folder = new_work_folder();
    const CommandResult built = run_command({INVOLUTE_EMIT, "--row", row, "--isa", "avx2", "--out",
                                             folder, "--outputs", "stmt", "--knobs", knobs});
    EXPECT_EQ(built.exit_code, 0) << built.output;
    std::ifstream file(folder + "/inv_" + row + "_f32__avx2_hand.stmt");
    EXPECT_TRUE(file.good()) << row;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

TEST(Prefetch, ConvolutionsAskForTheResidualOfTheNextTile) {
    for (const char *row : {"conv2d_point", "conv2d_strided", "conv2d_window"}) {
        EXPECT_NE(lowered(row, "prefetch=1").find("prefetch(residual,"), std::string::npos) << row;
    }
}

TEST(Prefetch, EveryProductAsksForTheWeightsOfTheNextBlock) {
    for (const char *row :
         {"conv2d_point", "conv2d_strided", "conv2d_window", "kernel_generation_s1",
          "kernel_generation_single_sn", "involution_k7_s1", "involution_k3_sn"}) {
        SCOPED_TRACE(row);
        const std::string code = lowered(row, "prefetch=1");
        EXPECT_NE(code.find("prefetch(weight,"), std::string::npos);
        EXPECT_EQ(code.find("prefetch(reduce_weight,") != std::string::npos,
                  code.find("reduce_weight") != std::string::npos);
        EXPECT_EQ(lowered(row, "prefetch=0").find("prefetch("), std::string::npos);
    }
}

} // namespace involute::kernel_tests
