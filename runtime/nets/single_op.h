// One operator as JSON: {"kind":"involution","channels":64,"kernel":7,...}. The same rules as for
// architectures: what does not belong to the kind is an error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "nets/table.h"

namespace involute {

// Operators that are several layers.
enum class Composite {
    kNone,
    kInvolutionGradInput, // the gradient of an involution's input; `op` is the involution
    kLocalAttention,      // `op` is the aggregation at its end
};

struct SingleOp {
    Op op = Op::kInvolution;
    Composite composite = Composite::kNone;
    int64_t channels = 0;
    int64_t out_channels = 0; // conv2d, local, dense: default channels
    KernelSize kernel = 0;
    int64_t stride = 1, dilation = 1;
    int64_t upsample = 1;          // aggregation
    Border border = Border::kZero; // aggregation
    int64_t groups = 1;            // conv2d, local
    int64_t height = 0, width = 0; // local: of the input
    int64_t group_channels = 16;
    int64_t reduction = 4; // 0: single-layer generation
    bool relu = false;
    bool bias = true;      // conv2d, local, dense; local_attention: of all three products
    bool residual = false; // conv2d: a second input
    bool norm = false;     // involution, aggregation: batch norm "bn" after it
};

// "involution", "aggregation", ... all kinds that parse_single_op takes.
const std::vector<std::string> &single_op_kinds();

Status parse_single_op(const std::string &text, SingleOp *op);

// The keys of the kind with all defaults written out; parse_single_op reads it back.
std::string single_op_json(const SingleOp &op);

Table single_op_table(const SingleOp &op);

} // namespace involute
