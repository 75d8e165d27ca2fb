// The options that run, bench, verify and info share: how they are declared, and how their texts
// become values. Every complaint names the option and says what exists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "involute/involute.h"

namespace involute {

// As they were given; bench takes lists ("1,2", or the option again), run takes one of each.
struct RawOptions {
    std::vector<std::string> model, size, batch, threads, isa, dtype, schedule;
    std::string weights, wisdom;
};
void add_shared_options(CLI::App *command, RawOptions *raw);

// Options of a single operator; only bench and `info --row`.
struct RawOperator {
    std::vector<std::string> op, channels, kernel, stride, dilation, group_channels, reduction,
        out_channels, groups, upsample, border;
    bool relu = false;
};
void add_operator_options(CLI::App *command, RawOperator *raw);

struct Size {
    int64_t height = 0, width = 0; // 0: not given
};

// Those that have kernels; where one CPU has several of them, rising. As the columns of the
// inventory, which has one more for the devices, gpu.
inline constexpr involute_isa kInstructionSets[] = {INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2,
                                                    INVOLUTE_ISA_AVX512, INVOLUTE_ISA_NEON};
// These and the devices.
inline constexpr involute_isa kAllIsas[] = {INVOLUTE_ISA_BASELINE, INVOLUTE_ISA_AVX2,
                                            INVOLUTE_ISA_AVX512,   INVOLUTE_ISA_NEON,
                                            INVOLUTE_ISA_OPENCL,   INVOLUTE_ISA_CUDA};
inline bool is_device(involute_isa isa) {
    return isa == INVOLUTE_ISA_OPENCL || isa == INVOLUTE_ISA_CUDA;
}
// INVOLUTE_ISA_AUTO where it names none of them.
involute_isa isa_named(const std::string &name);

// What networks are called, rednet-digits included.
const std::vector<std::string> &model_names();

// Stops with exit 2: "ARGUMENT: expected EXPECTED, found "FOUND"".
[[noreturn]] void refuse(const std::string &argument, const std::string &expected,
                         const std::string &found);

// `argument` is the option's name, "--threads".
std::vector<std::string> split_list(const std::string &argument,
                                    const std::vector<std::string> &values);
int64_t parse_integer(const std::string &argument, const std::string &text, int64_t low,
                      int64_t high);
std::vector<int64_t> parse_integers(const std::string &argument,
                                    const std::vector<std::string> &values, int64_t low,
                                    int64_t high);
Size parse_size(const std::string &argument, const std::string &text);
double parse_seconds(const std::string &argument, const std::string &text);

// The values of a list option, or `fallback` when it was not given.
std::vector<int> parse_threads(const std::vector<std::string> &values,
                               const std::string &argument = "--threads");    // usable cores
std::vector<int64_t> parse_batches(const std::vector<std::string> &values);   // 1
std::vector<Size> parse_sizes(const std::vector<std::string> &values);        // one of {0, 0}
std::vector<involute_isa> parse_isas(const std::vector<std::string> &values); // the best
std::vector<std::string> parse_schedules(const std::vector<std::string> &values,
                                         const std::string &argument = "--schedule"); // hand
void check_precision(const RawOptions &raw); // dtype, and wisdom without a use

inline const std::string kHand = "hand";               // the schedule inside the library
inline const std::string kTuned = "tuned";             // the same with numbers out of wisdom
inline const std::string kSpecialised = "specialised"; // the same on rows for one layer only

// The one value of an option that takes a list elsewhere; "" when it was not given.
std::string only_value(const std::string &argument, const std::vector<std::string> &values);

std::string size_text(Size size); // "224x224"

} // namespace involute
