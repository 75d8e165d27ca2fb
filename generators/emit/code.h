// What a kernel engineer looks at first in a kernel that was built: how large it is, and the
// assembly of the loop that does most of the work.
#pragma once

#include <cstdint>
#include <string>

namespace involute::emit {

// Bytes of machine code in an object file (its executable sections); 0 where it is none.
int64_t code_bytes(const std::string &object);

// The innermost loop with the most multiply-adds of x86 or ARM assembly (without fused ones,
// multiplies), from its label to the jump back, comments and directives left out; of those with
// equally many the shortest; "" without a loop. At most `max_lines`, then a line that says how many
// follow.
std::string hot_loop(const std::string &assembly, int max_lines);

// A kernel's description as JSON, on one line.
std::string description(const std::string &row, const std::string &isa, const std::string &object,
                        const std::string &assembly, double seconds, double cpu_seconds);

} // namespace involute::emit
