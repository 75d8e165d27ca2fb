// The case runs in a process of its own under callgrind, which counts inside of the kernel only and
// writes a profile whenever a call of it ends.
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

std::vector<std::string> bench_words(BenchCase which, const std::string &folder) {
    which.min_seconds = 0, which.min_iterations = 1;
    std::vector<std::string> words = bench_arguments(which, which.size);
    if (which.wisdom) {
        const std::string file = folder + "/wisdom.json";
        autotune::write_file_atomically(file, which.wisdom->text());
        words.insert(words.end(), {"--wisdom", file});
    }
    return words;
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

} // namespace

void require_counting(involute_isa isa) {
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
    const std::string profile = folder + "/profile", log = folder + "/log";
    const std::string entry_point = symbol + "_argv"; // what the runtime calls
    std::vector<std::string> words = {"valgrind",
                                      "--tool=callgrind",
                                      "--callgrind-out-file=" + profile,
                                      "--collect-atstart=no",
                                      "--toggle-collect=" + entry_point,
                                      "--dump-after=" + entry_point,
                                      program_path()};
    const std::vector<std::string> bench = bench_words(which, folder);
    words.insert(words.end(), bench.begin(), bench.end());
    ProgramPool pool({kCountingSeconds, 0});
    pool.start(words, log, [&](const Ending &ending) {
        if (!ending.text.empty())
            *failure = "valgrind " + ending.text + "\n" + text_of(log);
    });
    pool.wait_for_all();
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
