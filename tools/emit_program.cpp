#include "emit_program.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "failure.h"
#include "print.h"
#include "system_info.h"

namespace involute {

namespace fs = std::filesystem;

namespace {

constexpr const char *kBuildEmit =
    "cmake --preset release && cmake --build --preset release --target involute_emit";

constexpr const char *kAskForHalide =
    "import importlib.util as u; print(u.find_spec('halide').submodule_search_locations[0])";

// How a program ends, 128 + the signal where it was one.
int ended_with(pid_t process) {
    int state = 0;
    if (waitpid(process, &state, 0) != process)
        return -1;
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

// Whether the loader finds no Halide for the emit program. Other failures show when it has work.
bool lacks_halide(const std::string &emit, const std::string &log) {
    return ended_with(start_program({emit, "--list"}, log)) == 127 &&
           text_of(log).find("libHalide") != std::string::npos;
}

// Where `pip install halide` has put its libraries, asked of $INVOLUTE_PYTHON or python3; or "".
std::string halide_of_python(const std::string &log) {
    const std::string named = environment_text("INVOLUTE_PYTHON");
    const std::string python = named.empty() ? "python3" : named;
    if (ended_with(start_program({python, "-c", kAskForHalide}, log)) != 0)
        return "";
    const std::string text = text_of(log);
    return text.substr(0, text.find('\n')) + "/lib64";
}

constexpr const char *kWork = "work-"; // and the number of the process

// Folders of processes that were killed.
void remove_abandoned(const std::string &parent) {
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(parent, error)) {
        const std::string name = entry.path().filename();
        if (name.rfind(kWork, 0) != 0)
            continue;
        const int process = std::atoi(name.c_str() + std::strlen(kWork));
        std::error_code ignored;
        if (process > 0 && kill(process, 0) != 0 && errno == ESRCH)
            fs::remove_all(entry.path(), ignored);
    }
}

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBetweenLooks(5);

// One line; "" where all was well.
std::string what_happened(int exit_code, Limits limits) {
    if (exit_code == 0)
        return "";
    if (exit_code == 127)
        return "cannot be started";
    if (exit_code == 128 + SIGALRM && limits.seconds > 0)
        return "was stopped after " + fixed(limits.seconds, 0) + " s";
    if (exit_code > 128)
        return std::string("was ended by signal ") + std::to_string(exit_code - 128) + " (" +
               strsignal(exit_code - 128) + ")";
    return "failed:";
}

} // namespace

std::string program_path() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).string();
}

std::string program_folder() {
    return fs::path(program_path()).parent_path().string();
}

const char *halide_version() {
    return INVOLUTE_HALIDE_VERSION;
}

std::string environment_text(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}

std::vector<std::string> parts_folders() {
    const fs::path folder = program_folder();
    return {folder / "emit", folder.parent_path() / "libexec" / "involute"};
}

std::string emit_program() {
    const std::string named = environment_text("INVOLUTE_EMIT");
    if (!named.empty())
        return fs::exists(named) ? named : "";
    for (const fs::path folder : parts_folders())
        if (fs::exists(folder / "involute_emit"))
            return folder / "involute_emit";
    return "";
}

std::string require_emit_program(const std::string &subject) {
    const std::string path = emit_program();
    if (path.empty())
        throw Failure(kExitEnvironment, subject + ": the emit program is missing; " +
                                            std::string(kBuildEmit) +
                                            " builds it, cmake --install build/release installs "
                                            "it, INVOLUTE_EMIT names it");
    return path;
}

void find_halide(const std::string &emit, const std::string &folder, const std::string &subject) {
    const WorkFolder work(folder);
    const std::string log = work.path() + "/log";
    if (!lacks_halide(emit, log))
        return;
    const std::string words = text_of(log), known = environment_text("LD_LIBRARY_PATH"),
                      library = halide_of_python(log);
    if (!library.empty()) {
        setenv("LD_LIBRARY_PATH", (library + (known.empty() ? "" : ":" + known)).c_str(), 1);
        if (!lacks_halide(emit, log))
            return;
    }
    throw Failure(kExitEnvironment,
                  subject +
                      ": the emit program needs Halide " INVOLUTE_HALIDE_VERSION
                      ", which is not found; pip install halide==" INVOLUTE_HALIDE_VERSION
                      " installs it. INVOLUTE_PYTHON names the Python that has it, "
                      "LD_LIBRARY_PATH the folder of libHalide.so\n" +
                      words);
}

WorkFolder::WorkFolder(const std::string &parent) {
    remove_abandoned(parent);
    std::string name = parent + "/" + kWork + std::to_string(getpid()) + "-XXXXXX";
    if (!mkdtemp(name.data()))
        throw Failure(kExitEnvironment, parent + ": cannot be written");
    path_ = name;
}

WorkFolder::WorkFolder(WorkFolder &&other) noexcept : path_(std::exchange(other.path_, "")) {}

WorkFolder::~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty())
        fs::remove_all(path_, ignored);
}

std::string text_of(const std::string &path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void limit_memory(int64_t bytes) {
    const rlimit memory = {static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
    if (bytes > 0)
        setrlimit(RLIMIT_AS, &memory);
}

// The alarm outlives exec and ends what does not handle it.
static void limit_time(double seconds) {
    itimerval timer = {};
    timer.it_value.tv_sec = static_cast<time_t>(seconds);
    timer.it_value.tv_usec = static_cast<suseconds_t>(1e6 * (seconds - std::floor(seconds)));
    setitimer(ITIMER_REAL, &timer, nullptr);
}

pid_t start_program(const std::vector<std::string> &words, const std::string &log) {
    return start_program(words, log, Limits());
}

pid_t start_program(const std::vector<std::string> &words, const std::string &log, Limits limits) {
    std::vector<char *> arguments;
    for (const std::string &word : words)
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        if (log.empty()) {
            dup2(STDERR_FILENO, STDOUT_FILENO);
        } else {
            const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            if (file < 0)
                _exit(126);
            dup2(file, STDOUT_FILENO);
            dup2(file, STDERR_FILENO);
        }
        if (limits.seconds > 0)
            limit_time(limits.seconds);
        limit_memory(limits.bytes);
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
    if (child < 0)
        throw Failure(kExitEnvironment, words[0] + ": no process can be started");
    return child;
}

int run_program(const std::vector<std::string> &words) {
    return ended_with(start_program(words, ""));
}

void wait_for(pid_t process, const std::string &what, const std::string &log) {
    int state = 0;
    if (waitpid(process, &state, 0) == process && WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 127)
        throw Failure(kExitEnvironment, what + " cannot be started\n" + text_of(log));
    throw Failure(
        kExitEnvironment,
        what + " failed" +
            (WIFSIGNALED(state) ? " by signal " + std::to_string(WTERMSIG(state)) : std::string()) +
            ":\n" + text_of(log));
}

ProgramPool::~ProgramPool() {
    for (const Running &program : running_)
        waitpid(program.process, nullptr, 0);
}

void ProgramPool::start(const std::vector<std::string> &words, const std::string &what,
                        const std::string &log) {
    start(words, log, [what, log](const Ending &ending) {
        if (!ending.text.empty())
            throw Failure(kExitEnvironment, what + " " + ending.text + "\n" + text_of(log));
    });
}

void ProgramPool::start(const std::vector<std::string> &words, const std::string &log,
                        const std::function<void(const Ending &)> &ended) {
    if (running_.size() == static_cast<size_t>(std::max(1, usable_cores())))
        wait_for_one();
    running_.push_back({start_program(words, log, limits_), Clock::now(), ended});
}

void ProgramPool::wait_for_all() {
    while (!running_.empty())
        wait_for_one();
}

// The first that ends, whichever that is: other children of this process are left alone.
void ProgramPool::wait_for_one() {
    for (;; std::this_thread::sleep_for(kBetweenLooks)) {
        for (size_t i = 0; i < running_.size(); ++i) {
            int state = 0;
            rusage used = {};
            if (wait4(running_[i].process, &state, WNOHANG, &used) == 0)
                continue;
            const Running program = running_[i];
            running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
            Ending ending;
            ending.exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
            ending.seconds = std::chrono::duration<double>(Clock::now() - program.begin).count();
            ending.peak_bytes = int64_t{used.ru_maxrss} * 1024;
            ending.text = what_happened(ending.exit_code, limits_);
            return program.ended(ending);
        }
    }
}

} // namespace involute
