// Tests that are named by the op that they are about.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "core/registry.h"

namespace involute::kernel_tests {

inline std::string name_of(const ::testing::TestParamInfo<Op> &info) {
    return op_name(info.param);
}

} // namespace involute::kernel_tests
