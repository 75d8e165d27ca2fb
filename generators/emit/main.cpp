// The emit program: builds the kernels of one inventory row for several instruction sets in one
// process, or the Halide runtime that all kernels share, and writes what each one cost.
#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <iostream>

#include "Halide.h"
#include "generators/emit/code.h"
#include "generators/emit/pack.h"
#include "generators/emit/rows.h"
#include "generators/emit/search.h"
#include "schedules/auto/autoschedulers.h"

namespace involute::emit {
namespace {

using Halide::OutputFileType;
using Halide::Target;

// Halide's name of the processor that has an ISA, and of its system. Devices are the host's.
std::string processor_of(const std::string &isa, const std::string &os) {
    return (isa == "neon" ? "arm-64-" : "x86-64-") + os;
}

// The same with the features of the ISA. Features are listed in full: nothing depends on the
// building machine. Without fused multiply-adds LLVM reorders the sums of unrolled taps unless told
// to be strict (with them it has nothing to gain, but would lose the fusing).
std::string target_of(const std::string &isa, const std::string &os) {
    const std::string base = processor_of(isa, os), avx2 = "-sse41-avx-f16c-fma-avx2";
    return isa == "neon"       ? base
           : isa == "opencl"   ? base + "-opencl-cl_doubles"
           : isa == "cuda"     ? base + "-cuda-cuda_capability_70" // Volta and newer
           : isa == "baseline" ? base + "-strict_float"
           : isa == "avx2"     ? base + avx2
                               : base + avx2 + "-avx512-avx512_skylake";
}

std::vector<std::string> schedule_names() {
    std::vector<std::string> names = {"hand", "tuned", "specialised", "naive", "own"};
    for (const auto &known : schedules::automatic::autoschedulers()) {
        names.push_back(known.schedule);
    }
    return names;
}

struct Options {
    std::string row, define, out, runtime, schedule = "hand", knobs, code, pack, halide_runtime;
    std::string call, describe, save_schedule, features, os = "linux";
    std::vector<std::string> search; // "beam_size=1"
    int parallelism = 16;            // as the autoschedulers themselves
    bool fresh = false;
    std::vector<std::string> constants; // "images=1"
    std::vector<std::string> isas = {"baseline", "avx2", "avx512"};
    std::vector<std::string> outputs = {"object"};
    bool list = false, where = false;
};

std::set<OutputFileType> output_types(const std::vector<std::string> &names) {
    static const std::map<std::string, OutputFileType> known = {
        {"object", OutputFileType::object},
        {"assembly", OutputFileType::assembly},
        {"stmt", OutputFileType::stmt},
        {"html", OutputFileType::stmt_html},
        {"llvm", OutputFileType::llvm_assembly},
        {"header", OutputFileType::c_header},
        {"schedule", OutputFileType::schedule},
        {"conceptual_stmt", OutputFileType::conceptual_stmt},
        {"device_code", OutputFileType::device_code},
    };
    std::set<OutputFileType> types;
    for (const std::string &name : names) {
        types.insert(known.at(name));
    }
    return types;
}

void emit_runtime(const Options &options) {
    Halide::Internal::ExecuteGeneratorArgs args;
    args.output_dir = options.out;
    args.output_types = {OutputFileType::object};
    std::string target = processor_of(options.isas.front(), options.os);
    for (const std::string &isa : options.isas) {
        if (isa == "opencl" || isa == "cuda") {
            target += "-" + isa;
        }
    }
    args.targets = {Target(target)};
    args.runtime_name = options.runtime;
    Halide::Internal::execute_generator(args);
}

std::map<std::string, std::string> parameters(const Options &options, const Row &row,
                                              const std::string &isa, int packing) {
    std::map<std::string, std::string> all = {
        {"form", row.form},
        {"kernel", std::to_string(row.kernel)},
        {"stride", std::to_string(row.stride)},
        {"group_channels", std::to_string(row.group_channels)},
        {"channels", std::to_string(row.channels)},
        {"packing", std::to_string(packing)},
        {"isa", isa},
        {"schedule", options.schedule},
        {"knobs", options.knobs},
        {"call", options.call}};
    for (const std::string &constant : options.constants) {
        const size_t equals = constant.find('=');
        all[constant.substr(0, equals)] = constant.substr(equals + 1);
    }
    return all;
}

void start_search(const Options &options, const Row &row, const std::string &isa) {
    Search &search = current_search();
    search = Search();
    search.key = {row.name, isa, options.schedule, options.call, options.parallelism};
    search.fresh = options.fresh;
    search.wants_nest = !options.describe.empty();
    search.save_to = options.save_schedule;
    search.features_to = options.features;
    for (const std::string &parameter : options.search) {
        const size_t equals = parameter.find('=');
        search.parameters[parameter.substr(0, equals)] = parameter.substr(equals + 1);
    }
}

void emit_row(const Options &options, const Row &row) {
    PackContents pack{&row, options.schedule, options.call,          {},
                      {},   options.out,      options.halide_runtime};
    std::ofstream costs(options.out + "/" + row.name + ".cost");
    std::string descriptions;
    for (const std::string &isa : options.isas) {
        const int packing = row.packing(isa);
        if (packing == 0) {
            continue;
        }
        const double start = cpu_seconds();
        const auto began = std::chrono::steady_clock::now();
        start_search(options, row, isa);
        Halide::Internal::ExecuteGeneratorArgs args;
        args.output_dir = options.out;
        args.output_types = output_types(options.outputs);
        if (!options.describe.empty()) {
            args.output_types.insert({OutputFileType::object, OutputFileType::assembly});
        }
        const std::string &code = options.code.empty() ? isa : options.code;
        args.targets = {Target(target_of(code, options.os) + "-no_runtime-user_context")};
        args.generator_name = row.generator();
        args.function_name =
            "inv_" + std::string(row.name) + "_f32__" + isa + "_" + options.schedule;
        args.generator_params = parameters(options, row, isa, packing);
        Halide::Internal::execute_generator(args);
        const double used = cpu_seconds() - start;
        costs << row.name << ' ' << isa << ' ' << used << '\n';
        if (!options.describe.empty()) {
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
            const std::string file = options.out + "/" + args.function_name;
            descriptions +=
                description(row.name, isa, file + ".o", file + ".s", took.count(), used);
        }
        pack.isas.push_back(isa);
        pack.symbols.push_back(args.function_name);
    }
    if (!options.describe.empty() && !(std::ofstream(options.describe) << descriptions).flush()) {
        throw std::runtime_error(options.describe + ": cannot be written");
    }
    if (!options.pack.empty()) {
        link_pack(pack, options.pack);
    }
}

int run(const Options &options) {
    if (options.list) {
        for (const Row &row : rows()) {
            std::cout << row.name << '\n';
        }
        return 0;
    }
    if (options.where) {
        std::cout << halide_folder() << '\n';
        return 0;
    }
    if (!options.runtime.empty()) {
        emit_runtime(options);
        return 0;
    }
    if (!options.define.empty()) {
        emit_row(options, row_from_text(options.define));
        return 0;
    }
    for (const Row &row : rows()) {
        if (options.row == row.name) {
            emit_row(options, row);
            return 0;
        }
    }
    std::cerr << "emit: unknown row '" << options.row << "' (--list names them)\n";
    return 2;
}

} // namespace
} // namespace involute::emit

int main(int argc, char **argv) {
    involute::emit::Options options;
    CLI::App app{"Builds the kernels of an inventory row."};
    app.add_option("--row", options.row, "row of generators/inventory.def");
    app.add_option("--define", options.define,
                   "a row that is not in the inventory, as its columns there: "
                   "\"name, op, form, 5, 1, 8, 0, 16, 16, 16, 16, 0\"");
    app.add_option("--constants", options.constants,
                   "sizes that the row is built for: images=B, map_height=H, map_width=W")
        ->delimiter(',')
        ->check([](const std::string &text) {
            const std::string name = text.substr(0, text.find('='));
            const bool known = name == "images" || name == "map_height" || name == "map_width";
            return known && name.size() < text.size()
                       ? ""
                       : "expected images=B, map_height=H or map_width=W";
        });
    app.add_option("--runtime", options.runtime, "build Halide's runtime under this name instead");
    app.add_option("--out", options.out, "output folder");
    app.add_option("--isa", options.isas,
                   "baseline, avx2, avx512 (all three), neon, opencl or cuda; of --runtime the "
                   "processor and its devices")
        ->delimiter(',')
        ->check(CLI::IsMember({"baseline", "avx2", "avx512", "neon", "opencl", "cuda"}));
    app.add_option("--os", options.os, "system that the objects are for")
        ->check(CLI::IsMember({"linux", "android", "ios", "osx"}));
    app.add_option("--code", options.code,
                   "instruction set of the code, where it differs from that of the schedule: an "
                   "AVX-512 schedule can so be checked on an AVX2 machine")
        ->check(CLI::IsMember({"baseline", "avx2", "avx512"}));
    app.add_option("--schedule", options.schedule, "where the schedule comes from")
        ->check(CLI::IsMember(involute::emit::schedule_names()));
    app.add_option("--call", options.call,
                   "build it for one call only, whose sizes become constants: \"call\" of a layer "
                   "of involute_session_json");
    app.add_option("--parallelism", options.parallelism, "threads that autoschedulers plan for")
        ->check(CLI::Range(1, 1024));
    app.add_option("--save-schedule", options.save_schedule,
                   "keep what an autoscheduler has found as code, for schedules/auto/saved");
    app.add_option("--search", options.search,
                   "name=value,... for the autoscheduler, such as beam_size=1,random_dropout=1")
        ->delimiter(',')
        ->check([](const std::string &text) {
            const size_t equals = text.find('=');
            return equals == 0 || equals == std::string::npos ? "expected name=value" : "";
        });
    app.add_option("--features", options.features,
                   "also write what Adams2019's cost model is trained with");
    app.add_flag("--fresh", options.fresh, "search even where a schedule is kept");
    app.add_option("--describe", options.describe,
                   "write what was built as JSON: cost, size, loop nest, hot loop");
    app.add_option("--pack", options.pack,
                   "also link the kernels into this shared object, which the runtime can register");
    app.add_option("--halide-runtime", options.halide_runtime,
                   "object made by --runtime, for --pack");
    app.add_option("--knobs", options.knobs,
                   "name=value,... for the schedules hand, specialised and tuned");
    app.add_option("--outputs", options.outputs, "what to write for each kernel")
        ->delimiter(',')
        ->check(CLI::IsMember({"object", "assembly", "stmt", "html", "llvm", "header", "schedule",
                               "conceptual_stmt", "device_code"}));
    app.add_flag("--list", options.list, "name the rows");
    app.add_flag("--where", options.where, "print the folder of Halide's library");
    CLI11_PARSE(app, argc, argv);
    try {
        return involute::emit::run(options);
    } catch (const Halide::Error &error) {
        std::cerr << "emit: " << error.what() << '\n';
        return 4; // this kernel will never be built, whatever the machine has
    } catch (const std::exception &error) {
        std::cerr << "emit: " << error.what() << '\n';
    }
    return 1;
}
