// What this machine and this process are: CPU, cores, memory, and the commit of the build.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace involute {

// Whether this program is for 64-bit ARM.
#if defined(__aarch64__)
inline constexpr bool kArm = true;
#else
inline constexpr bool kArm = false;
#endif

std::string cpu_model();
// Whether an emulator runs this program on a processor of another kind: then times mean nothing.
bool is_emulated();
inline constexpr const char *kEmulated = "an emulated processor: times mean nothing";
std::string cpu_family();                // vendor, family and model: "genuineintel-6-143"
std::vector<std::string> cpu_features(); // that kernels may use, sorted: "avx2", "fma", ...
int usable_cores();                      // of this process's affinity mask
int64_t memory_total_bytes();            // 0: not known
int64_t memory_free_bytes();             // available without swapping; 0: not known
const char *commit();                    // of the sources, "unknown" outside a checkout
std::string command_line();              // of this process, as it was given
bool on_path(const char *tool);          // an executable of that name is in $PATH

// Peak resident memory of the process since the last reset, in bytes (since the start where the
// kernel does not allow a reset).
void reset_peak_rss();
int64_t peak_rss_bytes();

} // namespace involute
