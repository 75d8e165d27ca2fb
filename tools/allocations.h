// Counts every heap allocation of the process, the library's included: the executable's malloc and
// its relatives come before libc's.
#pragma once

#include <cstdint>

namespace involute {

// Calls so far of malloc, calloc, realloc, aligned_alloc, posix_memalign and memalign (operator new
// ends in them), by any thread. Stays 0 in builds whose sanitizer has a malloc of its own.
uint64_t allocation_count();

} // namespace involute
