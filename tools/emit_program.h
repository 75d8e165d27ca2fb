// Where the emit program is, and how it and the compilers that work with it are started: in a
// folder of their own, with what they print kept for the message when they fail.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace involute {

// The program of this process, and the folder that it lies in.
std::string program_path();
std::string program_folder();

const char *halide_version(); // that the emit program was built with

// "" when it is not set.
std::string environment_text(const char *name);

// Where the emit program and what `involute compile` links lie: in the build, in the installation
// that this program belongs to. Either may be missing.
std::vector<std::string> parts_folders();

// $INVOLUTE_EMIT, that of the build or installation that this program belongs to, or "".
std::string emit_program();

// The same, or exit 3 with the command that builds it; `subject` begins the message.
std::string require_emit_program(const std::string &subject);

// Sees to it that the emit program can be loaded: Halide, which is no part of an installation, is
// asked of Python where the loader does not know it. Exit 3 with the command that installs it.
// `folder` may be written to.
void find_halide(const std::string &emit, const std::string &folder, const std::string &subject);

// A folder that only this process uses, removed at the end.
class WorkFolder {
public:
    explicit WorkFolder(const std::string &parent);
    WorkFolder(WorkFolder &&other) noexcept;
    ~WorkFolder();
    const std::string &path() const {
        return path_;
    }

private:
    std::string path_;
};

std::string text_of(const std::string &path);

// What a program may use; 0: as much as there is.
struct Limits {
    double seconds = 0; // by the clock
    int64_t bytes = 0;  // of address space
};

// Of the address space of this process; 0: none.
void limit_memory(int64_t bytes);

// Starts a program, looked for in the path unless named by one, whose output goes into a file; "":
// all of it to where this program's errors go.
pid_t start_program(const std::vector<std::string> &words, const std::string &log);
pid_t start_program(const std::vector<std::string> &words, const std::string &log, Limits limits);

// Runs a program whose output is this one's errors; its exit code, 128 + the signal where it was
// one, 127 where it cannot be started.
int run_program(const std::vector<std::string> &words);

// Waits for it. Stops with `what`, how it ended and what it printed unless all was well.
void wait_for(pid_t process, const std::string &what, const std::string &log);

// How a program came to its end.
struct Ending {
    int exit_code = 0; // 128 + the signal where it was one
    std::string text;  // "" where all was well, else one line: what happened
    double seconds = 0;
    int64_t peak_bytes = 0; // of memory
};

// Programs side by side, as many as there are cores. Whatever still runs at the end is waited for,
// so that none works in a folder that is gone.
class ProgramPool {
public:
    explicit ProgramPool(Limits limits = {}) : limits_(limits) {}
    ProgramPool(const ProgramPool &) = delete;
    ProgramPool &operator=(const ProgramPool &) = delete;
    ~ProgramPool();

    // As the two functions above; waits for one to end while there is no place.
    void start(const std::vector<std::string> &words, const std::string &what,
               const std::string &log);
    // The same, but `ended` is told, and a failure stops nothing.
    void start(const std::vector<std::string> &words, const std::string &log,
               const std::function<void(const Ending &)> &ended);
    void wait_for_all();

private:
    void wait_for_one();

    struct Running {
        pid_t process;
        std::chrono::steady_clock::time_point begin;
        std::function<void(const Ending &)> ended;
    };
    Limits limits_;
    std::vector<Running> running_;
};

} // namespace involute
