// A pack is named by what it holds and by a hash of the emit program that built it: algorithms and
// schedules are inside of that, so a changed one asks for packs of its own.
#include "packs.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "failure.h"
#include "progress.h"
#include "system_info.h"

namespace involute {

namespace {

namespace fs = std::filesystem;

constexpr const char *kBuildEmit =
    "cmake --preset release && cmake --build --preset release --target involute_emit";

fs::path program_folder() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).parent_path();
}

std::string environment(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}

uint64_t hash_of_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    uint64_t hash = 0xcbf29ce484222325u; // FNV-1a
    std::vector<char> block(1 << 16);
    while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
        for (std::streamsize i = 0; i < file.gcount(); ++i)
            hash =
                (hash ^ static_cast<unsigned char>(block[static_cast<size_t>(i)])) * 0x100000001b3u;
    return hash;
}

std::string hexadecimal(uint64_t value) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
    return text;
}

// A folder that only this process uses, removed at the end.
class WorkFolder {
public:
    explicit WorkFolder(const std::string &parent) {
        std::string name = parent + "/work-XXXXXX";
        if (!mkdtemp(name.data()))
            throw Failure(kExitEnvironment, parent + ": cannot be written");
        path_ = name;
    }
    WorkFolder(WorkFolder &&other) noexcept : path_(std::exchange(other.path_, "")) {}
    ~WorkFolder() {
        std::error_code ignored;
        if (!path_.empty())
            fs::remove_all(path_, ignored);
    }
    const std::string &path() const {
        return path_;
    }

private:
    std::string path_;
};

std::string text_of(const std::string &path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Build {
    PackRequest request;
    WorkFolder folder;
    std::string log;
    pid_t process;
};

// Starts a program whose output goes into a file.
pid_t start(const std::vector<std::string> &words, const std::string &log) {
    std::vector<char *> arguments;
    for (const std::string &word : words)
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        if (!std::freopen(log.c_str(), "w", stdout))
            _exit(126);
        dup2(STDOUT_FILENO, STDERR_FILENO);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    if (child < 0)
        throw Failure(kExitEnvironment, words[0] + ": no process can be started");
    return child;
}

// The emit program and the packs that it builds.
class Builder {
public:
    Builder() : emit_(emit_program()), folder_(packs_folder()) {
        if (emit_.empty())
            throw Failure(kExitEnvironment, "packs: the emit program is missing; " +
                                                std::string(kBuildEmit) +
                                                " builds it, INVOLUTE_EMIT names it");
        std::error_code error;
        fs::create_directories(folder_, error);
        if (error)
            throw Failure(kExitEnvironment, folder_ + ": " + error.message());
        hash_ = hexadecimal(hash_of_file(emit_));
    }

    std::string path(const PackRequest &request) const {
        return folder_ + "/" + request.row + "__" + request.isa + "_" + request.schedule + "-" +
               hash_ + ".so";
    }

    void build(const std::vector<PackRequest> &requests) {
        Progress progress(static_cast<int>(requests.size()) + 1);
        progress.step("building packs: Halide's runtime");
        build_runtime();
        std::deque<Build> running;
        const size_t at_once = static_cast<size_t>(std::max(1, usable_cores()));
        for (const PackRequest &request : requests) {
            if (running.size() == at_once)
                finish_one(&running);
            progress.step("building packs: " + request.text());
            running.push_back(begin(request));
        }
        while (!running.empty())
            finish_one(&running);
    }

private:
    std::string runtime() const {
        return folder_ + "/halide_runtime-" + hash_ + ".o";
    }

    void build_runtime() const {
        if (fs::exists(runtime()))
            return;
        const WorkFolder folder(folder_);
        const std::string log = folder.path() + "/log";
        wait(start({emit_, "--runtime", "halide_runtime", "--out", folder.path()}, log),
             "Halide's runtime", log);
        fs::rename(folder.path() + "/halide_runtime.o", runtime());
    }

    Build begin(const PackRequest &request) const {
        WorkFolder folder(folder_);
        const std::string log = folder.path() + "/log";
        const pid_t process = start({emit_, "--row", request.row, "--isa", request.isa,
                                     "--schedule", request.schedule, "--out", folder.path(),
                                     "--halide-runtime", runtime(), "--pack", path(request)},
                                    log);
        return {request, std::move(folder), log, process};
    }

    static void finish_one(std::deque<Build> *running) {
        const Build build = std::move(running->front());
        running->pop_front();
        try {
            wait(build.process, build.request.text(), build.log);
        } catch (const Failure &) {
            for (const Build &other : *running)
                waitpid(other.process, nullptr, 0);
            throw;
        }
    }

    static void wait(pid_t process, const std::string &what, const std::string &log) {
        int state = 0;
        if (waitpid(process, &state, 0) == process && WIFEXITED(state) && WEXITSTATUS(state) == 0)
            return;
        throw Failure(kExitEnvironment,
                      "pack " + what + ": the emit program failed" +
                          (WIFSIGNALED(state) ? " by signal " + std::to_string(WTERMSIG(state))
                                              : std::string()) +
                          ":\n" + text_of(log));
    }

    std::string emit_, folder_, hash_;
};

// Loading is running code: only what this program has built, or was told by INVOLUTE_PACKS.
void open_pack(const std::string &path) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library)
        throw Failure(kExitEnvironment, "pack " + path + ": " + dlerror());
    using Entry = const involute_kernel_table *(*)();
    const auto entry = reinterpret_cast<Entry>(dlsym(library, "involute_pack"));
    if (!entry)
        throw Failure(kExitEnvironment, "pack " + path + ": has no function involute_pack");
    require(involute_register_kernels(entry()), "pack " + path);
}

} // namespace

std::string PackRequest::text() const {
    return row + " " + isa + " " + schedule;
}

std::vector<PackRequest> pack_requests(const Json &model, const std::string &schedule) {
    std::vector<PackRequest> requests;
    for (const Json &row : model.at("rows"))
        requests.push_back({row.at("row"), row.at("isa"), schedule});
    return requests;
}

void provide_packs(const std::vector<PackRequest> &requests) {
    static std::set<std::string> registered;
    std::vector<PackRequest> wanted, missing;
    for (const PackRequest &request : requests)
        if (registered.count(request.text()) == 0)
            wanted.push_back(request);
    if (wanted.empty())
        return;
    Builder builder;
    for (const PackRequest &request : wanted)
        if (!fs::exists(builder.path(request)))
            missing.push_back(request);
    if (!missing.empty())
        builder.build(missing);
    for (const PackRequest &request : wanted) {
        open_pack(builder.path(request));
        registered.insert(request.text());
    }
}

std::string packs_folder() {
    const std::string named = environment("INVOLUTE_PACKS");
    if (!named.empty())
        return named;
    const fs::path folder = program_folder();
    if (fs::exists(folder / "emit" / "involute_emit"))
        return (folder / "packs").string();
    const std::string cache = environment("XDG_CACHE_HOME"), home = environment("HOME");
    return (cache.empty() ? home + "/.cache" : cache) + "/involute/packs";
}

std::string emit_program() {
    const std::string named = environment("INVOLUTE_EMIT");
    if (!named.empty())
        return fs::exists(named) ? named : "";
    const fs::path folder = program_folder();
    for (const fs::path &path : {folder / "emit" / "involute_emit",
                                 folder.parent_path() / "libexec" / "involute" / "involute_emit"})
        if (fs::exists(path))
            return path.string();
    return "";
}

} // namespace involute
