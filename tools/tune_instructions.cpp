// The case runs in a process of its own: under callgrind, which counts inside of the kernel only
// and writes a profile whenever a call of it ends; or under QEMU, where a plugin counts inside of
// this library and the packs (tools/instruction_mix.c), and what one run more adds is that of a
// run.
#include "tune_instructions.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "autotune/wisdom_files.h"
#include "emit_program.h"
#include "failure.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace {

namespace fs = std::filesystem;
constexpr double kCountingSeconds = 300;
constexpr const char *kSystemRoot = "/usr/aarch64-linux-gnu"; // of Debian's cross compiler

std::vector<std::string> bench_words(BenchCase which, const std::string &folder, int runs) {
    which.min_seconds = 0, which.min_iterations = runs;
    std::vector<std::string> words = bench_arguments(which, which.size);
    if (which.wisdom) {
        const std::string file = folder + "/wisdom.json";
        autotune::write_file_atomically(file, which.wisdom->text());
        words.insert(words.end(), {"--wisdom", file});
    }
    return words;
}

// Runs the case so often by this program under another; what both have printed.
std::string run_under(std::vector<std::string> words, const BenchCase &which,
                      const std::string &folder, int runs, std::string *failure) {
    const std::string under = words[0], log = folder + "/log";
    const std::vector<std::string> bench = bench_words(which, folder, runs);
    words.push_back(program_path());
    words.insert(words.end(), bench.begin(), bench.end());
    ProgramPool pool({kCountingSeconds, 0});
    pool.start(words, log, [&](const Ending &ending) {
        if (!ending.text.empty())
            *failure = under + " " + ending.text + "\n" + text_of(log);
    });
    pool.wait_for_all();
    return text_of(log);
}

// "totals: N" of a profile.
double total_of(const std::string &profile) {
    std::ifstream file(profile);
    const std::string key = "totals: ";
    for (std::string line; std::getline(file, line);)
        if (line.compare(0, key.size(), key) == 0)
            return std::strtod(line.c_str() + key.size(), nullptr);
    return 0;
}

std::string plugin() {
    return (fs::path(require_emit_program("--cost instructions")).parent_path() /
            "instruction_mix.so")
        .string();
}

// All that is executed in the library and in packs, by a process that runs the case so often.
double executed(const BenchCase &which, const std::string &folder, int runs, std::string *failure) {
    const std::vector<std::string> words = {
        "qemu-aarch64",
        "-L",
        kSystemRoot,
        "-E",
        std::string("LD_LIBRARY_PATH=") + kSystemRoot + "/lib",
        "-plugin",
        plugin() + ",in=libinvolute.so,in=" + environment_text("INVOLUTE_PACKS") + "/"};
    const std::string text = run_under(words, which, folder, runs, failure), key = "{\"total\": ";
    const size_t at = text.rfind(key);
    return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + key.size(), nullptr);
}

double count_emulated(const BenchCase &which, const std::string &symbol, const std::string &folder,
                      std::string *failure) {
    const double one = executed(which, folder, 1, failure);
    const double two = failure->empty() ? executed(which, folder, 2, failure) : 0;
    if (failure->empty() && !(two > one && one > 0))
        *failure = symbol + ": QEMU has counted " + significant(one, 9) + " and " +
                   significant(two, 9) + " instructions for one run and two";
    return failure->empty() ? two - one : 0;
}

} // namespace

void require_counting(involute_isa isa) {
    if (isa == INVOLUTE_ISA_NEON && is_emulated()) {
        if (!on_path("qemu-aarch64"))
            throw Failure(kExitEnvironment, "--cost instructions: qemu-aarch64 is missing; "
                                            "apt-get install qemu-user");
        if (!fs::exists(plugin()))
            throw Failure(kExitEnvironment, "--cost instructions: " + plugin() +
                                                " is missing; cmake --build --preset release "
                                                "builds it");
        return;
    }
    if (!on_path("valgrind"))
        throw Failure(kExitEnvironment,
                      "--cost instructions: valgrind is missing; apt-get install valgrind");
    if (isa == INVOLUTE_ISA_AVX512)
        throw Failure(kExitEnvironment,
                      "--cost instructions: valgrind knows no AVX-512; --isa avx2 "
                      "or baseline");
}

double count_instructions(const BenchCase &which, const std::string &symbol,
                          const std::string &folder, std::string *failure) {
    if (which.isa == INVOLUTE_ISA_NEON && is_emulated())
        return count_emulated(which, symbol, folder, failure);
    const std::string profile = folder + "/profile";
    const std::string entry_point = symbol + "_argv"; // what the runtime calls
    run_under({"valgrind", "--tool=callgrind", "--callgrind-out-file=" + profile,
               "--collect-atstart=no", "--toggle-collect=" + entry_point,
               "--dump-after=" + entry_point},
              which, folder, 1, failure);
    double count = 0;
    for (const auto &entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename();
        if (name.rfind("profile.", 0) != 0)
            continue;
        const double total = total_of(entry.path());
        count = count == 0 ? total : std::min(count, total); // the first call may load something
    }
    if (count <= 0 && failure->empty())
        *failure = symbol + ": was not called, or its name was stripped";
    return count;
}

} // namespace involute
