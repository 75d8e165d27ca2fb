// The emit program: builds the kernels of one inventory row for several instruction sets in one
// process, or the Halide runtime that all kernels share, and writes what each one cost.
#include <dlfcn.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "Halide.h"
#include "generators/emit/pack.h"
#include "generators/emit/rows.h"

namespace involute::emit {
namespace {

using Halide::OutputFileType;
using Halide::Target;

// Halide's name of an ISA. Features are listed in full: nothing depends on the building machine.
// Without fused multiply-adds LLVM reorders the sums of unrolled taps unless told to be strict
// (with them it has nothing to gain, but would lose the fusing).
std::string target_of(const std::string &isa) {
    const std::string base = "x86-64-linux", avx2 = "-sse41-avx-f16c-fma-avx2";
    return isa == "baseline" ? base + "-strict_float"
           : isa == "avx2"   ? base + avx2
                             : base + avx2 + "-avx512-avx512_skylake";
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &t) { return t.tv_sec + 1e-6 * t.tv_usec; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Halide's autoschedulers by the schedules that they make.
const std::map<std::string, std::string> kAutoschedulers = {{"mullapudi2016", "Mullapudi2016"},
                                                            {"adams2019", "Adams2019"},
                                                            {"li2018", "Li2018"},
                                                            {"anderson2021", "Anderson2021"}};

// The plug-in lies beside Halide's library.
std::string plugin_of(const std::string &schedule) {
    Dl_info info{};
    const auto address = reinterpret_cast<void *>(&Halide::load_plugin);
    if (dladdr(address, &info) == 0) {
        throw std::runtime_error("Halide's library cannot be found");
    }
    const std::string library = info.dli_fname;
    return library.substr(0, library.rfind('/') + 1) + "libautoschedule_" + schedule + ".so";
}

struct Options {
    std::string row, define, out, runtime, schedule = "hand", knobs, code, pack, halide_runtime;
    std::vector<std::string> constants; // "images=1"
    std::vector<std::string> isas = {"baseline", "avx2", "avx512"};
    std::vector<std::string> outputs = {"object"};
    bool list = false;
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
    args.targets = {Target("x86-64-linux")};
    args.runtime_name = options.runtime;
    Halide::Internal::execute_generator(args);
}

void emit_row(const Options &options, const Row &row) {
    PackContents pack{&row, options.schedule, {}, {}, options.out, options.halide_runtime};
    std::ofstream costs(options.out + "/" + row.name + ".cost");
    for (const std::string &isa : options.isas) {
        const int packing = row.packing(isa);
        if (packing == 0) {
            continue;
        }
        const double start = cpu_seconds();
        Halide::Internal::ExecuteGeneratorArgs args;
        args.output_dir = options.out;
        args.output_types = output_types(options.outputs);
        const std::string &code = options.code.empty() ? isa : options.code;
        args.targets = {Target(target_of(code) + "-no_runtime-user_context")};
        args.generator_name = row.generator();
        args.function_name =
            "inv_" + std::string(row.name) + "_f32__" + isa + "_" + options.schedule;
        args.generator_params = {{"form", row.form},
                                 {"kernel", std::to_string(row.kernel)},
                                 {"stride", std::to_string(row.stride)},
                                 {"group_channels", std::to_string(row.group_channels)},
                                 {"channels", std::to_string(row.channels)},
                                 {"packing", std::to_string(packing)},
                                 {"isa", isa},
                                 {"schedule", options.schedule},
                                 {"knobs", options.knobs}};
        for (const std::string &constant : options.constants) {
            const size_t equals = constant.find('=');
            args.generator_params[constant.substr(0, equals)] = constant.substr(equals + 1);
        }
        const auto autoscheduler = kAutoschedulers.find(options.schedule);
        if (autoscheduler != kAutoschedulers.end()) {
            args.generator_params["autoscheduler"] = autoscheduler->second;
        }
        Halide::Internal::execute_generator(args);
        costs << row.name << ' ' << isa << ' ' << cpu_seconds() - start << '\n';
        pack.isas.push_back(isa);
        pack.symbols.push_back(args.function_name);
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
    if (kAutoschedulers.count(options.schedule) != 0) {
        Halide::load_plugin(plugin_of(options.schedule));
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
                   "\"name, op, form, 5, 1, 8, 0, 16, 16, 16\"");
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
    app.add_option("--isa", options.isas, "baseline, avx2, avx512")
        ->delimiter(',')
        ->check(CLI::IsMember({"baseline", "avx2", "avx512"}));
    app.add_option("--code", options.code,
                   "instruction set of the code, where it differs from that of the schedule: an "
                   "AVX-512 schedule can so be checked on an AVX2 machine")
        ->check(CLI::IsMember({"baseline", "avx2", "avx512"}));
    app.add_option("--schedule", options.schedule, "where the schedule comes from")
        ->check(CLI::IsMember(
            {"hand", "naive", "own", "mullapudi2016", "adams2019", "li2018", "anderson2021"}));
    app.add_option("--pack", options.pack,
                   "also link the kernels into this shared object, which the runtime can register");
    app.add_option("--halide-runtime", options.halide_runtime,
                   "object made by --runtime, for --pack");
    app.add_option("--knobs", options.knobs, "name=value,... for the hand schedule");
    app.add_option("--outputs", options.outputs, "what to write for each kernel")
        ->delimiter(',')
        ->check(CLI::IsMember({"object", "assembly", "stmt", "html", "llvm", "header", "schedule",
                               "conceptual_stmt"}));
    app.add_flag("--list", options.list, "name the rows");
    CLI11_PARSE(app, argc, argv);
    try {
        return involute::emit::run(options);
    } catch (const Halide::Error &error) {
        std::cerr << "emit: " << error.what() << '\n';
    } catch (const std::exception &error) {
        std::cerr << "emit: " << error.what() << '\n';
    }
    return 1;
}
