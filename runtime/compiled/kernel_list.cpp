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
        Op op;
        Form form;
        if (op_from_name(kernel.op, &op) && form_from_name(kernel.form, &form))
            list.push_back(make_entry(kernel, op, form));
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
