// The words of the inventory and what they mean.
#include "core/registry.h"

#include <cstring>

namespace involute {

const char *form_name(Form form) {
    switch (form) {
    case Form::kPoint:
        return "point";
    case Form::kStrided:
        return "strided";
    case Form::kWindow:
        return "window";
    case Form::kGrouped:
        return "grouped";
    case Form::kDepthwise:
        return "depthwise";
    case Form::kBottleneck:
        return "bottleneck";
    case Form::kSingle:
        return "single";
    case Form::kUpsample:
        return "upsample";
    case Form::kClamp:
        return "clamp";
    }
    return "unknown";
}

bool op_from_name(const char *name, Op *op) {
    for (int i = 0; i < kOps; ++i) {
        const Op known = static_cast<Op>(i);
        if (std::strcmp(name, op_name(known)) == 0) {
            *op = known;
            return true;
        }
    }
    return false;
}

bool form_from_name(const char *name, Form *form) {
    for (Form known :
         {Form::kPoint, Form::kStrided, Form::kWindow, Form::kGrouped, Form::kDepthwise,
          Form::kBottleneck, Form::kSingle, Form::kUpsample, Form::kClamp}) {
        if (std::strcmp(name, form_name(known)) == 0) {
            *form = known;
            return true;
        }
    }
    return false;
}

const KernelEntry *kernel_for_call(const KernelEntry &row, const char *call) {
    for (const KernelEntry &entry : kernel_table()) {
        if (entry.call && entry.isa == row.isa && std::strcmp(entry.row, row.row) == 0 &&
            std::strcmp(entry.call, call) == 0)
            return &entry;
    }
    return nullptr;
}

bool has_kernels_for_calls() {
    for (const KernelEntry &entry : kernel_table()) {
        if (entry.call)
            return true;
    }
    return false;
}

KernelEntry make_entry(const involute_kernel &kernel, Op op, Form form) {
    KernelEntry entry = {};
    entry.row = kernel.row, entry.op = op, entry.form = form;
    entry.kernel = kernel.kernel, entry.stride = kernel.stride;
    entry.group_channels = kernel.group_channels, entry.channels = kernel.channels;
    entry.isa = static_cast<involute_isa>(kernel.isa);
    entry.packing = kernel.packing, entry.schedule = kernel.schedule;
    entry.symbol = kernel.symbol, entry.function = kernel.function;
    entry.call = kernel.call;
    return entry;
}

} // namespace involute
