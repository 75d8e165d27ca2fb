// The command line of valgrind, and its profile format (one dump a case, no compressed names).
#include "tests/perf/callgrind.h"

#include <filesystem>
#include <map>
#include <sstream>

#include "involute/involute.h"
#include "tests/kernels/emitted_library.h"
#include "tests/perf/pins.h"
#include "tests/perf/without_fma.h"

namespace involute::perf {
namespace {

namespace fs = std::filesystem;
using kernel_tests::CommandResult;
using kernel_tests::run_command;

bool starts_with(const std::string &text, const char *prefix) {
    return text.rfind(prefix, 0) == 0;
}

std::vector<std::string> options_of(const CountRequest &request) {
    std::vector<std::string> words = {"--isa", request.isa};
    if (!request.filter.empty())
        words.insert(words.end(), {"--filter", request.filter});
    if (request.smallest_only)
        words.push_back("--smallest");
    if (!request.library.empty())
        words.insert(words.end(), {"--row", request.row, "--library", request.library});
    return words;
}

// A cap in the environment would hide the instruction set that is asked for.
std::vector<std::string> in_environment(const CountRequest &request) {
    std::vector<std::string> words = {"env", "-u", "INVOLUTE_MAX_ISA"};
    words.insert(words.end(), request.environment.begin(), request.environment.end());
    return words;
}

bool run_counted(std::vector<std::string> words, const CountRequest &request,
                 std::vector<Count> *counts, std::string *error) {
    const CommandResult result = run_command(words);
    if (result.exit_code != 0) {
        *error = "exit " + std::to_string(result.exit_code) + " of";
        for (const std::string &word : words)
            *error += " " + word;
        *error += ": " + result.output;
        return false;
    }
    counts->clear();
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        Count count;
        std::string tag;
        if (fields >> tag >> count.name >> count.row && tag == "case") {
            count.isa = request.isa;
            counts->push_back(count);
        }
    }
    if (counts->empty())
        *error = "no case holds '" + request.filter + "'";
    return !counts->empty();
}

// Functions that stand between a kernel and the bodies of its loops, in every build the same ones
// and a handful of instructions a task.
bool is_runtime(const std::string &function) {
    return starts_with(function, "halide_") || starts_with(function, "involute::");
}

} // namespace

CountRequest whole_request(const std::string &isa) {
    CountRequest request;
    request.isa = isa;
    request.smallest_only = isa == "baseline";
    return request;
}

std::string reason_not_to_count(const std::string &isa) {
    if (std::string(INVOLUTE_VALGRIND).empty())
        return "valgrind was not there when the build was configured (Debian package valgrind)";
    if (isa == "avx512")
        return "valgrind knows no AVX-512 instructions";
    if (!fs::exists(INVOLUTE_VALGRIND))
        return std::string(INVOLUTE_VALGRIND) + " is no longer there";
    const involute_status status =
        involute_isa_check(isa == "avx2" ? INVOLUTE_ISA_AVX2 : INVOLUTE_ISA_BASELINE);
    return status.code == INVOLUTE_OK ? "" : status.message;
}

bool list_counts(const CountRequest &request, std::vector<Count> *counts, std::string *error) {
    std::vector<std::string> words = in_environment(request);
    words.push_back(INVOLUTE_COUNTED);
    for (const std::string &option : options_of(request))
        words.push_back(option);
    words.push_back("--list");
    return run_counted(words, request, counts, error);
}

bool count_instructions(const CountRequest &request, std::vector<Count> *counts,
                        std::string *error) {
    const std::string folder = kernel_tests::new_work_folder(), dumps = folder + "/dump";
    std::string program = INVOLUTE_COUNTED;
    if (!request.emulate_fma) {
        program = folder + "/counted";
        if (!copy_without_fma(INVOLUTE_COUNTED, program, error))
            return false;
    }
    std::vector<std::string> words = in_environment(request);
    words.insert(words.end(),
                 {INVOLUTE_VALGRIND, "--tool=callgrind", "-q", "--instr-atstart=no",
                  "--collect-atstart=no", "--toggle-collect=inv_*_argv", "--compress-strings=no",
                  "--compress-pos=no", "--dump-line=no", "--callgrind-out-file=" + dumps, program});
    for (const std::string &option : options_of(request))
        words.push_back(option);
    if (!run_counted(words, request, counts, error))
        return false;
    // Dumps are numbered from 1; the one at the end of the process has no number.
    for (size_t i = 0; i < counts->size(); ++i) {
        const std::string path = dumps + "." + std::to_string(i + 1);
        if (!read_dump(whole_file(path), &(*counts)[i], error)) {
            *error = (*counts)[i].name + ": " + *error;
            return false;
        }
    }
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    return true;
}

bool read_dump(const std::string &text, Count *count, std::string *error) {
    std::istringstream lines(text);
    std::string trigger, function;
    std::map<std::string, int64_t> others;
    bool inclusive = false; // the line after "calls=": what the called function cost
    count->instructions = 0;
    for (std::string line; std::getline(lines, line);) {
        if (starts_with(line, "desc: Trigger: "))
            trigger = line;
        if (starts_with(line, "fn="))
            function = line.substr(3);
        const bool called = starts_with(line, "calls=");
        if (!line.empty() && line[0] >= '0' && line[0] <= '9' && !inclusive) {
            std::istringstream fields(line);
            int64_t position = 0, cost = 0;
            fields >> position >> cost;
            if (starts_with(function, "inv_") || function == "memset")
                count->instructions += cost;
            else if (!is_runtime(function))
                others[function] += cost;
        }
        inclusive = called;
    }
    if (trigger.find(count->name) == std::string::npos || count->instructions == 0) {
        *error = "expected a dump of this case with instructions in it, got '" + trigger + "'";
        return false;
    }
    if (others.empty())
        return true;
    *error = "the kernel runs code that may differ between machines:";
    for (const auto &[name, cost] : others)
        *error += " " + name + " (" + std::to_string(cost) + " instructions)";
    return false;
}

} // namespace involute::perf
