// Read from /proc; what cannot be read is 0 or "unknown", never an error.
#include "system_info.h"

#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "print.h"

#ifndef INVOLUTE_COMMIT
#define INVOLUTE_COMMIT "unknown"
#endif

namespace involute {

namespace {

constexpr const char *kProcessor = kArm ? "aarch64" : "x86_64";

// What follows the colon on the first line that starts with `key`, without blanks around.
std::string proc_field(const char *path, const std::string &key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.compare(0, key.size(), key) != 0)
            continue;
        const size_t colon = line.find(':');
        const size_t first = colon == std::string::npos ? std::string::npos
                                                        : line.find_first_not_of(" \t", colon + 1);
        if (first != std::string::npos)
            return line.substr(first, line.find_last_not_of(" \t") + 1 - first);
    }
    return "";
}

int64_t proc_kilobytes(const char *path, const std::string &key) {
    return std::strtoll(proc_field(path, key).c_str(), nullptr, 10) * 1024;
}

} // namespace

std::string cpu_model() {
    if (is_emulated())
        return std::string(kProcessor) + ", emulated";
    for (const char *key : {"model name", "Model", "Hardware"}) {
        const std::string found = proc_field("/proc/cpuinfo", key);
        if (!found.empty())
            return found;
    }
    return "unknown";
}

bool is_emulated() {
    // The kernel's own kind, which emulators of user programs pass on as it is; of kernels before
    // 6.1 the fields of their list of processors, which differ.
    std::string kind;
    std::ifstream("/proc/sys/kernel/arch") >> kind;
    if (!kind.empty())
        return kind != kProcessor;
    return proc_field("/proc/cpuinfo", kArm ? "CPU implementer" : "vendor_id").empty() &&
           !proc_field("/proc/cpuinfo", kArm ? "vendor_id" : "CPU implementer").empty();
}

std::string cpu_family() {
    if (is_emulated())
        return std::string(kProcessor) + "-emulated";
    std::string text;
    const std::vector<const char *> keys =
        kArm ? std::vector<const char *>{"CPU implementer", "CPU part", "CPU variant"}
             : std::vector<const char *>{"vendor_id", "cpu family", "model\t"};
    for (const char *key : keys) {
        const std::string value = proc_field("/proc/cpuinfo", key);
        text += (text.empty() ? "" : "-") + (value.empty() ? "unknown" : value);
    }
    for (char &c : text)
        c = std::isalnum(static_cast<unsigned char>(c))
                ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                : '-';
    return text;
}

std::vector<std::string> cpu_features() {
    static const std::set<std::string> known = {
        "sse4_1",   "avx",      "avx2",     "fma",         "f16c",        "avx512f",
        "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16",
        "asimd",    "asimdhp",  "asimddp",  "sve",         "i8mm",        "bf16"};
    if (is_emulated()) // the list is of the machine below
        return {kArm ? "asimd" : "avx2"};
    const std::string flags = proc_field("/proc/cpuinfo", "flags");
    std::istringstream words(flags.empty() ? proc_field("/proc/cpuinfo", "Features") : flags);
    std::set<std::string> found;
    for (std::string word; words >> word;)
        if (known.count(word) != 0)
            found.insert(word);
    return {found.begin(), found.end()};
}

int usable_cores() {
    // Room for more processors than cpu_set_t has: the plain call fails on the largest machines.
    for (int processors = 1024; processors <= 1 << 20; processors *= 4) {
        cpu_set_t *set = CPU_ALLOC(processors);
        if (!set)
            break;
        const size_t size = CPU_ALLOC_SIZE(processors);
        const bool found = sched_getaffinity(0, size, set) == 0;
        const int count = found ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return count;
    }
    return 1;
}

int64_t memory_total_bytes() {
    return proc_kilobytes("/proc/meminfo", "MemTotal");
}

int64_t memory_free_bytes() {
    return proc_kilobytes("/proc/meminfo", "MemAvailable");
}

const char *commit() {
    return INVOLUTE_COMMIT;
}

bool on_path(const char *tool) {
    const char *path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (access((folder + "/" + tool).c_str(), X_OK) == 0)
            return true;
    return false;
}

std::string command_line() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::vector<std::string> words;
    for (std::string word; std::getline(file, word, '\0');)
        words.push_back(words.empty() ? "involute" : shell_quoted(word));
    return joined(words, " ");
}

void reset_peak_rss() {
    malloc_trim(0); // what earlier work freed is not this one's
    std::ofstream("/proc/self/clear_refs") << "5";
}

int64_t peak_rss_bytes() {
    const int64_t peak = proc_kilobytes("/proc/self/status", "VmHWM");
    if (peak > 0)
        return peak;
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return int64_t{usage.ru_maxrss} * 1024;
}

} // namespace involute
