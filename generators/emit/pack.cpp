#include "generators/emit/pack.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace involute::emit {
namespace {

const char *const kHeader =
#include "pack_header.inc"
    ;

// Halide's runtime defines these weakly; the pack's own take their place.
const char *const kServices = R"c(
static const involute_kernel_services *services;
static void use_services(const involute_kernel_services *given) { services = given; }
int halide_do_par_for(void *context, int (*task)(void *, int, uint8_t *), int min, int size,
                      uint8_t *closure) {
    return services->parallel_for(context, task, min, size, closure);
}
void *halide_malloc(void *context, size_t bytes) { return services->allocate(context, bytes); }
void halide_free(void *context, void *memory) { services->release(context, memory); }
void halide_error(void *context, const char *text) { services->error(context, text); }
void halide_print(void *context, const char *text) { (void)context, (void)text; }
)c";

std::string quoted(const std::string &text) {
    return "\"" + text + "\"";
}

std::string isa_constant(const std::string &isa) {
    return isa == "baseline" ? "INVOLUTE_ISA_BASELINE"
           : isa == "avx2"   ? "INVOLUTE_ISA_AVX2"
           : isa == "neon"   ? "INVOLUTE_ISA_NEON"
                             : "INVOLUTE_ISA_AVX512";
}

// That $CC names, else the usual one for the instruction set.
std::string compiler_for(const std::string &isa) {
    const char *named = std::getenv("CC");
    if (named != nullptr && *named != 0) {
        return named;
    }
#ifndef __aarch64__
    if (isa == "neon") {
        return "aarch64-linux-gnu-gcc";
    }
#endif
    return "cc";
}

std::string table_source(const PackContents &contents) {
    const Row &row = *contents.row;
    std::string text = "#include \"involute.h\"\n" + std::string(kServices);
    std::string kernels;
    for (size_t i = 0; i < contents.isas.size(); i++) {
        const std::string &isa = contents.isas[i], &symbol = contents.symbols[i];
        text += "int " + symbol + "_argv(void **arguments);\n";
        kernels += "    {" + quoted(row.name) + ", " + quoted(row.op) + ", " + quoted(row.form) +
                   ", \"f32\", " + quoted(contents.schedule) + ", " + quoted(symbol) + ", " +
                   (contents.call.empty() ? "0" : quoted(contents.call)) + ", " +
                   std::to_string(row.kernel) + ", " + std::to_string(row.stride) + ", " +
                   std::to_string(row.group_channels) + ", " + std::to_string(row.channels) + ", " +
                   std::to_string(row.packing(isa)) + ", " + isa_constant(isa) + ", " + symbol +
                   "_argv},\n";
    }
    return text + "static const involute_kernel kernels[] = {\n" + kernels +
           "};\nstatic const involute_kernel_table table = {\n"
           "    sizeof table, sizeof kernels[0], " +
           quoted(std::string(row.name) + " " + contents.schedule) +
           ", \"" INVOLUTE_VERSION "\", \"" INVOLUTE_KERNEL_INTERFACE "\",\n"
           "    kernels, sizeof kernels / sizeof kernels[0], use_services};\n"
           "const involute_kernel_table *involute_pack(void) { return &table; }\n";
}

void write(const std::string &path, const std::string &text) {
    std::ofstream file(path);
    file << text;
    if (!file.flush()) {
        throw std::runtime_error(path + ": cannot be written");
    }
}

// Throws with what the command printed unless it ends well.
void run(const std::vector<std::string> &words) {
    std::vector<char *> arguments;
    for (const std::string &word : words) {
        arguments.push_back(const_cast<char *>(word.c_str()));
    }
    arguments.push_back(nullptr);
    int ends[2];
    if (pipe(ends) != 0) {
        throw std::runtime_error("no pipe for " + words[0]);
    }
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
    close(ends[1]);
    std::string output;
    std::array<char, 4096> block;
    for (ssize_t count; (count = read(ends[0], block.data(), block.size())) > 0;) {
        output.append(block.data(), static_cast<size_t>(count));
    }
    close(ends[0]);
    int state = 0;
    if (child < 0 || waitpid(child, &state, 0) != child || !WIFEXITED(state) ||
        WEXITSTATUS(state) != 0) {
        const bool missing = WIFEXITED(state) && WEXITSTATUS(state) == 127;
        throw std::runtime_error(
            words[0] + (missing ? ": cannot be started; set CC" : ": failed:\n") + output);
    }
}

} // namespace

void link_pack(const PackContents &contents, const std::string &path) {
    const std::string folder = contents.folder;
    write(folder + "/involute.h", kHeader);
    write(folder + "/table.c", table_source(contents));
    write(folder + "/exports.map", "{ global: involute_pack; local: *; };\n");
    const std::string temporary = path + "." + std::to_string(getpid());
    std::vector<std::string> words = {compiler_for(contents.isas[0]),
                                      "-shared",
                                      "-fPIC",
                                      "-O1",
                                      "-Wl,-Bsymbolic",
                                      "-Wl,--version-script=" + folder + "/exports.map",
                                      "-o",
                                      temporary,
                                      folder + "/table.c"};
    for (const std::string &symbol : contents.symbols) {
        words.push_back(folder + "/" + symbol + ".o");
    }
    words.insert(words.end(), {contents.runtime, "-lpthread", "-ldl", "-lm"});
    try {
        run(words);
    } catch (...) {
        std::remove(temporary.c_str());
        throw;
    }
    if (std::rename(temporary.c_str(), path.c_str()) != 0) {
        throw std::runtime_error(path + ": cannot be written");
    }
}

} // namespace involute::emit
