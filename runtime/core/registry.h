// The kernels of this library and which of them a layer takes: the first row of
// generators/inventory.def that fits.
#pragma once

#include <string>

#include "core/graph.h"
#include "core/status.h"

namespace involute {

enum class Form {
    kPoint,
    kStrided,
    kWindow,
    kGrouped,
    kDepthwise,
    kBottleneck,
    kSingle,
    kUpsample,
    kClamp,
};

const char *form_name(Form form);
// False when `name` is none of the inventory's words.
bool form_from_name(const char *name, Form *form);
bool op_from_name(const char *name, Op *op);

constexpr int64_t kMaxPacking = 64; // NR

using KernelFunction = int (*)(void **arguments);

// One kernel. 0 in kernel, stride, group_channels, channels: any value, given at run time.
struct KernelEntry {
    const char *row;
    Op op;
    Form form;
    int kernel, stride, group_channels, channels;
    involute_isa isa;
    int packing; // NR, the width of a packed block
    const char *schedule;
    const char *symbol;
    KernelFunction function;
    const char *call = nullptr; // the one call it was built for, KernelCall::text; nullptr: any

    // Takes every legal shape, at some cost.
    bool is_generic() const {
        return group_channels == 0 && !(form == Form::kPoint || form == Form::kStrided ||
                                        (op == Op::kConv2d && form == Form::kWindow));
    }
};

// Op and form, which a table gives as words, are the caller's to look up; texts are not copied.
KernelEntry make_entry(const involute_kernel &kernel, Op op, Form form);

struct KernelTable {
    const KernelEntry *first = nullptr;
    size_t count = 0;

    const KernelEntry *begin() const {
        return first;
    }
    const KernelEntry *end() const {
        return first + count;
    }
};

// In the order of the inventory. A library that `involute compile` wrote has one of its own
// (compiled/kernel_list.cpp).
KernelTable kernel_table();

// The kernel of this library for one call of a row (KernelCall::text), or nullptr. Libraries that
// `involute compile --schedule tuned` wrote have such kernels.
const KernelEntry *kernel_for_call(const KernelEntry &row, const char *call);
bool has_kernels_for_calls();

// Whether the layer may take this row.
bool fits(const KernelEntry &row, const LayerSpec &layer);

// INVOLUTE_UNSUPPORTED when no row fits, with what rules each one out. Where none of `isa` fits, a
// row of a lower instruction set is taken. `why` (may be nullptr) gets one line.
Status choose_kernel(KernelTable table, involute_isa isa, const LayerSpec &layer,
                     const KernelEntry **kernel, std::string *why);

} // namespace involute
