// `involute compile`: a library for some targets, written to a folder of its own first: kernels by
// the emit program, the C source by the C compiler, both and the runtime by the linker into one
// object, of whose symbols only those of the interface stay visible.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "commands.h"
#include "compile_sources.h"
#include "compile_tensors.h"
#include "emit_program.h"
#include "failure.h"
#include "files.h"
#include "print.h"
#include "progress.h"
#include "system_info.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

// The runtime, all kernels, the public header (cmake/InvoluteParts.cmake).
struct Parts {
    std::string core, kernels, headers;
};

// Beside the emit program; or, where INVOLUTE_EMIT names a program of the user's, with this one.
Parts find_parts(const std::string &emit, const std::vector<CompileTarget> &targets) {
    std::vector<std::string> folders = parts_folders();
    folders.insert(folders.begin(), fs::path(emit).parent_path().string());
    std::string missing;
    for (const std::string &parent : folders) {
        const fs::path folder = fs::path(parent) / parts_subfolder(targets);
        std::string lacks;
        for (const char *name : {"involute_core.o", "libinvolute_kernels.a", "involute.h"})
            if (lacks.empty() && !fs::exists(folder / name))
                lacks = folder / name;
        if (lacks.empty())
            return {folder / "involute_core.o", folder / "libinvolute_kernels.a", folder};
        if (missing.empty())
            missing = lacks;
    }
    throw Failure(kExitEnvironment, "compile: " + missing + " is missing; " +
                                        build_parts_command(targets) +
                                        " builds it, cmake --install build/release installs it");
}

void write_file(const std::string &path, const std::string &text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.flush())
        throw Failure(kExitUsage, path + ": cannot be written");
}

// A folder inside of the output, so that files are renamed within one file system.
WorkFolder work_folder(const std::string &output) {
    make_output_folder(output);
    if (access(output.c_str(), W_OK | X_OK) != 0)
        throw Failure(kExitUsage, "-o " + output + ": " + std::strerror(errno));
    return WorkFolder(fs::absolute(output).string());
}

class LibraryBuilder {
public:
    LibraryBuilder(const Library &library, const std::string &output)
        : library_(library), emit_(require_emit_program("compile")),
          parts_(find_parts(emit_, library.targets)), output_(output),
          folder_(work_folder(output)) {}

    // Returns the size of the archive.
    int64_t build(const std::string &command) {
        std::vector<const LibraryKernel *> made;
        for (const LibraryKernel &kernel : library_.kernels)
            if (!kernel.in_inventory || kernel.schedule != kHand || !library_.emit.empty())
                made.push_back(&kernel);
        if (!made.empty())
            find_halide(emit_, folder_.path(), "compile");
        Progress progress(static_cast<int>(made.size()) + 2);
        emit_kernels(made, &progress);
        progress.step("compiling " + library_.name + ".c");
        compile(command);
        progress.step("linking lib" + library_.name + ".a");
        link(made);
        return static_cast<int64_t>(fs::file_size(path("lib" + library_.name + ".a")));
    }

    void finish(const std::string &command, int64_t bytes) {
        write_file(path("README.md"), library_readme(library_, command, bytes));
        write_file(path(library_.name + ".cmake"), library_cmake(library_));
        write_file(path(library_.name + ".pc"), library_pkg_config(library_));
        const std::string kernels = library_.name + ".kernels";
        if (!library_.emit.empty())
            keep_outputs(kernels);
        for (const std::string &file : files())
            move(file);
        if (!library_.emit.empty()) {
            std::error_code ignored;
            fs::remove_all(fs::path(output_) / kernels, ignored);
            move(kernels);
        }
    }

    std::vector<std::string> files() const {
        const std::string &name = library_.name;
        return {"lib" + name + ".a", name + ".h", name + ".cmake", name + ".pc", "README.md"};
    }

private:
    std::string path(const std::string &file) const {
        return folder_.path() + "/" + file;
    }

    void move(const std::string &file) const {
        std::error_code error;
        fs::rename(path(file), fs::path(output_) / file, error);
        if (error)
            throw Failure(kExitUsage, "-o " + output_ + "/" + file + ": " + error.message());
    }

    void run(const std::vector<std::string> &words, const std::string &what) const {
        wait_for(start_program(words, path("log")), "compile: " + what, path("log"));
    }

    std::vector<std::string> emit_words(const LibraryKernel &kernel) const {
        std::vector<std::string> words = {
            emit_,          "--isa",         involute_isa_name(kernel.isa),
            "--schedule",   kernel.schedule, "--out",
            folder_.path(), "--outputs"};
        std::vector<std::string> outputs = {"object"};
        outputs.insert(outputs.end(), library_.emit.begin(), library_.emit.end());
        words.push_back(joined(outputs, ","));
        const std::vector<std::string> row =
            kernel.in_inventory && kernel.built_as.empty()
                ? std::vector<std::string>{"--row", kernel.row}
                : std::vector<std::string>{"--define", kernel.columns()};
        words.insert(words.end(), row.begin(), row.end());
        const auto add = [&words](const char *option, const std::string &value) {
            if (!value.empty())
                words.insert(words.end(), {option, value});
        };
        add("--constants", kernel.constants);
        add("--knobs", kernel.knobs);
        add("--call", kernel.call);
        return words;
    }

    void emit_kernels(const std::vector<const LibraryKernel *> &kernels, Progress *progress) const {
        ProgramPool programs;
        for (const LibraryKernel *kernel : kernels) {
            const std::string symbol = kernel->symbol();
            programs.start(emit_words(*kernel), "compile: " + symbol + ": the emit program",
                           path(symbol + ".log"));
            progress->step("building " + symbol);
        }
        programs.wait_for_all();
    }

    // The values of all tensors one after another, in the order in which the source lists them.
    std::string write_weights() const {
        if (!library_.embed)
            return "";
        const std::string file_path = path("weights.bin");
        std::ofstream file(file_path, std::ios::binary);
        for (size_t i = 0;; ++i) {
            const involute_named_tensor *entry =
                involute_weights_tensor(library_.model.weights.get(), i);
            if (!entry)
                break;
            file.write(static_cast<const char *>(entry->tensor.data),
                       static_cast<std::streamsize>(count_of(shape_of(entry->tensor)) * 4));
        }
        if (!file.flush())
            throw Failure(kExitUsage, file_path + ": cannot be written");
        return file_path;
    }

    void compile(const std::string &command) const {
        const std::string source = path(library_.name + ".c");
        write_file(path(library_.name + ".h"), library_header(library_, command));
        write_file(source, library_source(library_, write_weights()));
        run({compiler(), "-std=gnu11", "-O2", "-fPIC", "-Wall", "-Wextra", "-I", parts_.headers,
             "-I", folder_.path(), "-c", source, "-o", path("interface.o")},
            compiler() + " (CC names another)");
    }

    // Groups of inline functions are dissolved, and "unique" symbols become weak, as in
    // cmake/InvoluteArchive.cmake: objcopy makes no others local.
    void link(const std::vector<const LibraryKernel *> &made) const {
        const std::string all = path("all.o"), object = path(library_.name + ".o");
        std::vector<std::string> words = {
            compiler(),          "-r",       "-nostdlib", "-o", all, "-Wl,--force-group-allocation",
            path("interface.o"), parts_.core};
        for (const LibraryKernel *kernel : made)
            words.push_back(path(kernel->symbol() + ".o"));
        words.push_back(parts_.kernels);
        run(words, "the linker");
        run({tool("objcopy"), "--wildcard", "--weaken-symbol=_Z*", all},
            tool("objcopy") + " (package binutils)");
        words = {tool("objcopy")};
        for (const std::string &function : library_functions(library_))
            words.push_back("--keep-global-symbol=" + function);
        words.insert(words.end(), {all, object});
        run(words, tool("objcopy") + " (package binutils)");
        run({tool("ar"), "rcsD", path("lib" + library_.name + ".a"), object},
            tool("ar") + " (package binutils)");
    }

    void keep_outputs(const std::string &folder) const {
        fs::create_directory(path(folder));
        std::vector<fs::path> kept;
        for (const auto &entry : fs::directory_iterator(folder_.path())) {
            const std::string name = entry.path().filename();
            const std::string ending = entry.path().extension();
            if (name.compare(0, 4, "inv_") == 0 && ending != ".o" && ending != ".log" &&
                ending != ".cost")
                kept.push_back(entry.path());
        }
        for (const fs::path &file : kept)
            fs::rename(file, fs::path(path(folder)) / file.filename());
    }

    std::string tool(const char *name) const {
        return tool_prefix(library_.targets) + name;
    }

    std::string compiler() const {
        const std::string named = environment_text("CC");
        return !named.empty() ? named : is_cross(library_.targets) ? tool("gcc") : "cc";
    }

    const Library &library_;
    std::string emit_;
    Parts parts_;
    std::string output_;
    WorkFolder folder_;
};

// What one state takes, asked of this program's own library: the same plan by the same code.
std::string memory_of(const Library &library) {
    involute_isa isa = INVOLUTE_ISA_BASELINE; // the best target that runs here
    for (const CompileTarget &target : library.targets)
        if (involute_isa_check(stand_in(target.isa)).code == INVOLUTE_OK)
            isa = target.isa;
    Model model;
    model.label = library.label;
    model.model = model_for(library.model, stand_in(isa));
    const Size size = operator_size(kind_of(library), library.size); // networks have one
    const int64_t batch = std::max<int64_t>(1, library.batch);
    const Session session = create_session(model, batch, size, 1);
    std::vector<std::string> parts;
    for (const char *name : {"weights", "activations", "scratch", "total"})
        parts.push_back(std::string(name) + " " +
                        grouped(session.json.at("memory").at(name).get<int64_t>()) + " bytes");
    const std::string channels =
        library.is_network
            ? ""
            : ", " + std::to_string(setting(library.model.json, "channels", 0)) + " channels";
    return "A state at " + size_text(size) + ", batch " + std::to_string(batch) + channels +
           ", one thread (" + involute_isa_name(isa) + "): " + joined(parts) +
           ". All of it is allocated by create; run allocates nothing.";
}

int compile(const CompileOptions &options) {
    if (options.output.empty())
        throw Failure(kExitUsage, "-o: expected the folder to write to");
    Library library = describe_library(options);
    LibraryBuilder builder(library, options.output);
    const int64_t bytes = builder.build(options.command);
    library.memory = memory_of(library);
    builder.finish(options.command, bytes);

    Json row = {{"name", library.name},     {"folder", options.output}, {"bytes", bytes},
                {"targets", Json::array()}, {"files", builder.files()}, {"kernels", Json::array()}};
    for (const CompileTarget &target : library.targets)
        row["targets"].push_back(target.name);
    std::string text =
        options.output + ": " + joined(builder.files()) + "; " + megabytes(bytes) + "\n";
    for (const LibraryKernel &kernel : library.kernels) {
        row["kernels"].push_back(kernel.symbol());
        text +=
            "  " + kernel.symbol() + (kernel.in_inventory ? "" : ": " + kernel.columns()) + "\n";
    }
    print(options.json ? row.dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : text);
    return kExitOk;
}

} // namespace

void add_compile(CLI::App *app, int *exit_code) {
    CLI::App *command = app->add_subcommand(
        "compile", "Write a C library of one operator or of a whole network for some targets");
    command->footer(
        "Written to -o: libNAME.a, NAME.h, NAME.cmake, NAME.pc, README.md; needs libc,\n"
        "libm and libpthread only. Settings that are given are constants of the\n"
        "kernels; channels, size and batch that are not are arguments of NAME_create.\n"
        "Ops: all. The weights of local are for one size, which --size must name.\n"
        "  involute compile --op involution --kernel 5 --group-channels 8 -o out\n"
        "  involute compile --model rednet50 --weights F --embed --size 224x224 -o out\n"
        "Interface: docs/compile.md.\n\n");
    auto options = std::make_shared<CompileOptions>();
    add_operator_options(command, &options->op);
    const auto list = [command](const std::string &name, std::vector<std::string> *values,
                                const std::string &type, const std::string &help) {
        command->add_option(name, *values, help)->type_name(type)->allow_extra_args(false);
    };
    list("--model", &options->model, "NAME|FILE.json",
         "a network instead: " + joined(model_names()));
    command->add_option("--weights", options->weights, "of the network: file, or synthetic[:SEED]")
        ->type_name("FILE|synthetic");
    command->add_flag("--embed", options->embed, "the weights inside the library");
    list("--size", &options->size, "HxW", "constant size of the input (of networks the usual one)");
    list("--batch", &options->batch, "N", "constant batch (of networks the usual one)");
    list("--target", &options->target, "NAME",
         "x86-64-linux, x86-64-linux-avx2, x86-64-linux-avx512 (all of them), "
         "x86-64-linux-opencl, x86-64-linux-cuda: variants in one archive, the best that runs is "
         "taken, devices before CPUs; or arm-64-linux");
    command->add_option("--wisdom", options->wisdom, "knobs for the tuned schedule")
        ->type_name("FILE");
    list("--schedule", &options->schedule, "NAME", "where schedules come from (hand)");
    list("--dtype", &options->dtype, "NAME", "f32");
    list("--emit", &options->emit, "KIND",
         "also write, to NAME.kernels: stmt, assembly, llvm, html");
    command->add_option("-o,--output", options->output, "folder to write to")->type_name("DIR");
    command->add_option("--name", options->name, "prefix of everything in the interface")
        ->type_name("NAME");
    command->add_flag("--json", options->json, "print JSON");
    command->callback([=] {
        options->command = command_line();
        *exit_code = compile(*options);
    });
}

} // namespace involute
