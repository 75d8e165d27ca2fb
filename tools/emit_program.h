// Where the emit program is, and how it and the compilers that work with it are started: in a
// folder of their own, with what they print kept for the message when they fail.
#pragma once

#include <sys/types.h>

#include <deque>
#include <string>
#include <vector>

namespace involute {

// The folder that the program of this process lies in.
std::string program_folder();

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

// Starts a program, looked for in the path unless named by one, whose output goes into a file.
pid_t start_program(const std::vector<std::string> &words, const std::string &log);

// Waits for it. Stops with `what`, how it ended and what it printed unless all was well.
void wait_for(pid_t process, const std::string &what, const std::string &log);

// Programs side by side, as many as there are cores. Whatever still runs at the end is waited for,
// so that none works in a folder that is gone.
class ProgramPool {
public:
    ProgramPool() = default;
    ProgramPool(const ProgramPool &) = delete;
    ProgramPool &operator=(const ProgramPool &) = delete;
    ~ProgramPool();

    // As the two functions above; waits for the oldest program while there is no place.
    void start(const std::vector<std::string> &words, const std::string &what,
               const std::string &log);
    void wait_for_all();

private:
    void wait_for_first();

    struct Running {
        pid_t process;
        std::string what, log;
    };
    std::deque<Running> running_;
};

} // namespace involute
