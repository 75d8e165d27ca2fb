// Kernels that were built apart from the library and handed over by involute_register_kernels.
#pragma once

#include "core/registry.h"

namespace involute {

Status register_kernels(const involute_kernel_table &table);

// The one of this row, instruction set and schedule, or nullptr. It stays where it is.
const KernelEntry *registered_kernel(const char *row, involute_isa isa, const char *schedule);

// Whether there is any of this schedule.
bool has_schedule(const char *schedule);

} // namespace involute
