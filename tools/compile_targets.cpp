#include "compile_targets.h"

#include <algorithm>
#include <set>

#include "failure.h"
#include "network.h"
#include "options.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

const std::vector<CompileTarget> kTargets = {
    {"x86-64-linux", INVOLUTE_ISA_BASELINE},      {"x86-64-linux-avx2", INVOLUTE_ISA_AVX2},
    {"x86-64-linux-avx512", INVOLUTE_ISA_AVX512}, {"arm-64-linux", INVOLUTE_ISA_NEON},
    {"x86-64-linux-opencl", INVOLUTE_ISA_OPENCL}, {"x86-64-linux-cuda", INVOLUTE_ISA_CUDA}};
const std::vector<std::string> kOtherTargets = {"arm-64-android", "arm-64-ios", "arm-64-osx"};

bool is_arm(involute_isa isa) {
    return isa == INVOLUTE_ISA_NEON;
}

bool is_built(involute_isa isa) {
    for (const Json &kernel : Json::parse(involute_kernels_json()))
        if (kernel.at("isa") == involute_isa_name(isa))
            return true;
    return false;
}

[[noreturn]] void cannot(const std::string &name, const std::string &reason) {
    throw Failure(kExitEnvironment, "--target " + name + ": " + reason);
}

} // namespace

std::vector<CompileTarget> parse_targets(const std::vector<std::string> &values) {
    std::set<std::string> asked;
    std::vector<std::string> known;
    for (const CompileTarget &target : kTargets)
        known.push_back(target.name);
    for (const std::string &item : split_list("--target", values)) {
        if (std::find(kOtherTargets.begin(), kOtherTargets.end(), item) != kOtherTargets.end())
            cannot(item,
                   "this version compiles no libraries for it; 'involute_emit --isa neon --os' "
                   "writes objects of single rows");
        if (std::find(known.begin(), known.end(), item) == known.end())
            refuse("--target", joined(known) + " or " + joined(kOtherTargets, " or "), item);
        asked.insert(item);
    }
    std::vector<CompileTarget> targets;
    for (const CompileTarget &target : kTargets) {
        const bool usual = is_arm(target.isa) == kArm && !is_device(target.isa);
        if (asked.empty() ? !usual : asked.count(target.name) == 0)
            continue;
        if (kArm && !is_arm(target.isa))
            cannot(target.name, "libraries for x86 are compiled on x86");
        if (is_device(target.isa) && !is_built(target.isa))
            cannot(target.name, std::string("this build has no kernels for it; 'cmake --preset "
                                            "release -DINVOLUTE_") +
                                    (target.isa == INVOLUTE_ISA_CUDA ? "CUDA" : "OPENCL") +
                                    "=ON && cmake --build --preset release' builds them");
        targets.push_back(target);
    }
    if (is_arm(targets.front().isa) != is_arm(targets.back().isa))
        throw Failure(kExitUsage, "--target: expected targets of one processor, which become "
                                  "variants in one library, found " +
                                      targets.front().name + " and " + targets.back().name);
    return targets;
}

bool is_cross(const std::vector<CompileTarget> &targets) {
    return is_arm(targets.front().isa) != kArm;
}

std::string tool_prefix(const std::vector<CompileTarget> &targets) {
    return is_cross(targets) ? "aarch64-linux-gnu-" : "";
}

std::string parts_subfolder(const std::vector<CompileTarget> &targets) {
    return is_cross(targets) ? targets.front().name : "";
}

std::string build_parts_command(const std::vector<CompileTarget> &targets) {
    const std::string preset = is_cross(targets) ? "aarch64" : "release";
    return "cmake --preset " + preset + " && cmake --build --preset " + preset +
           " --target involute_parts";
}

involute_isa stand_in(involute_isa isa) {
    return is_arm(isa) && !kArm ? INVOLUTE_ISA_BASELINE : isa;
}

} // namespace involute
