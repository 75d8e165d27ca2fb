// Kernels that were built apart from the library and handed over by involute_register_kernels.
#pragma once

#include "core/registry.h"

namespace involute {

Status register_kernels(const involute_kernel_table &table);

// The one of this row, instruction set and schedule that was built for the call (KernelCall::text),
// else the one for any, or nullptr. It stays where it is.
const KernelEntry *registered_kernel(const char *row, involute_isa isa, const char *schedule,
                                     const char *call);

// The first of this schedule that fits and whose row this library does not have, or nullptr.
const KernelEntry *registered_row(const LayerSpec &layer, involute_isa isa, const char *schedule);

// Whether there is any of this schedule.
bool has_schedule(const char *schedule);

} // namespace involute
