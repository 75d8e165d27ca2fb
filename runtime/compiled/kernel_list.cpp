// The kernels of a library that `involute compile` wrote: the table that stands in the C source
// written with it, as the runtime reads kernels.
#include <vector>

#include "core/registry.h"

extern "C" {
// Both of the same version by construction: they are linked when the library is written.
extern const involute_kernel involute_compiled_kernels[];
extern const size_t involute_compiled_kernel_count;
}

namespace involute {
namespace {

std::vector<KernelEntry> compiled_kernels() {
    std::vector<KernelEntry> list;
    for (size_t i = 0; i < involute_compiled_kernel_count; ++i) {
        const involute_kernel &kernel = involute_compiled_kernels[i];
        KernelEntry entry = {};
        if (!op_from_name(kernel.op, &entry.op) || !form_from_name(kernel.form, &entry.form))
            continue;
        entry.row = kernel.row, entry.schedule = kernel.schedule, entry.symbol = kernel.symbol;
        entry.kernel = kernel.kernel, entry.stride = kernel.stride;
        entry.group_channels = kernel.group_channels, entry.channels = kernel.channels;
        entry.isa = static_cast<involute_isa>(kernel.isa);
        entry.packing = kernel.packing, entry.function = kernel.function;
        list.push_back(entry);
    }
    return list;
}

} // namespace

KernelTable kernel_table() {
    // Models keep pointers to entries to the end of the process.
    static const auto *list = new std::vector<KernelEntry>(compiled_kernels());
    return {list->data(), list->size()};
}

} // namespace involute
