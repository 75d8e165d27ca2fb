// Valgrind emulates a fused multiply-add by one call for each of its lanes, which makes counting 12
// times slower. How many instructions a kernel executes does not depend on their results, so the
// counted program is a copy in which each one is another instruction with the same operands.
#pragma once

#include <string>

namespace involute::perf {

// Copies the ELF file `from` to `to` with vpminud in place of every VEX vfmadd...ps and the like.
// Needs objdump. False and the reason in `error` when something is not as expected.
bool copy_without_fma(const std::string &from, const std::string &to, std::string *error);

} // namespace involute::perf
