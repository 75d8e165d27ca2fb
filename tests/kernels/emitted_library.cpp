// Files go to a folder of the process that is removed at its end.
#include "tests/kernels/emitted_library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "HalideRuntime.h"
#include "tests/kernels/problem.h"

namespace involute::kernel_tests {
namespace {

namespace fs = std::filesystem;

class WorkFolder {
public:
    WorkFolder() {
        std::error_code ignored;
        std::string name = (fs::temp_directory_path(ignored) / "involute_emit_XXXXXX").string();
        if (mkdtemp(name.data()))
            path_ = name;
    }
    ~WorkFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    // A new folder inside.
    std::string next() {
        const fs::path folder = path_ / std::to_string(++count_);
        fs::create_directories(folder);
        return folder.string();
    }

private:
    fs::path path_;
    int count_ = 0;
};

// Halide's runtime as an object; built once.
const std::string &runtime_object(std::string *error) {
    static std::string path;
    if (path.empty()) {
        const std::string folder = new_work_folder();
        const CommandResult built = run_command(
            {INVOLUTE_EMIT, "--runtime", "halide_runtime", "--isa", kLowestIsa, "--out", folder});
        if (built.exit_code == 0)
            path = folder + "/halide_runtime.o";
        else
            *error = "emit --runtime: " + built.output;
    }
    return path;
}

// The shared object's runtime hands everything over to this program's KernelContext.
template <class Handler>
bool install(void *library, const char *setter, Handler *handler) {
    using Setter = Handler *(*)(Handler *);
    const auto set = reinterpret_cast<Setter>(dlsym(library, setter));
    if (set)
        set(handler);
    return set != nullptr;
}

} // namespace

std::string EmitRequest::text() const {
    return "--row " + row + " --isa " + isa + " --schedule " + schedule +
           (knobs.empty() ? "" : " --knobs " + knobs) + (code.empty() ? "" : " --code " + code) +
           (call.empty() ? "" : " --call " + call) +
           (parallelism == 0 ? "" : " --parallelism " + std::to_string(parallelism)) +
           (fresh ? " --fresh" : "");
}

std::string EmitRequest::symbol() const {
    return "inv_" + row + "_f32__" + isa + "_" + schedule + "_argv";
}

std::string new_work_folder() {
    static WorkFolder folder;
    return folder.next();
}

CommandResult run_command(const std::vector<std::string> &words) {
    std::vector<char *> arguments;
    for (const std::string &word : words)
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    CommandResult result;
    int ends[2];
    if (pipe(ends) != 0)
        return result;
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
    std::array<char, 4096> block;
    for (ssize_t count; (count = read(ends[0], block.data(), block.size())) > 0;)
        result.output.append(block.data(), static_cast<size_t>(count));
    close(ends[0]);
    int state = 0;
    if (child > 0 && waitpid(child, &state, 0) == child)
        result.exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
    return result;
}

CommandResult run_emit(const EmitRequest &request, const std::string &folder) {
    std::vector<std::string> words = {INVOLUTE_EMIT, "--out", folder};
    std::istringstream options(request.text());
    for (std::string word; options >> word;)
        words.push_back(word);
    return run_command(words);
}

std::string emitted_library(const EmitRequest &request, std::string *error) {
    const std::string runtime = runtime_object(error);
    if (runtime.empty())
        return "";
    const std::string folder = new_work_folder();
    const CommandResult built = run_emit(request, folder);
    if (built.exit_code != 0) {
        *error = "emit " + request.text() + ": exit " + std::to_string(built.exit_code) + ": " +
                 built.output;
        return "";
    }
    const std::string symbol = request.symbol();
    const std::string name = symbol.substr(0, symbol.rfind("_argv"));
    const std::string library = folder + "/kernel.so";
    const CommandResult linked =
        run_command({INVOLUTE_CC, "-shared", "-Wl,-Bsymbolic", "-o", library,
                     folder + "/" + name + ".o", runtime, "-lpthread", "-ldl"});
    if (linked.exit_code != 0) {
        *error = "cc -shared: " + linked.output;
        return "";
    }
    return library;
}

KernelFunction open_kernel(const std::string &path, const std::string &symbol, std::string *error) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        *error = dlerror();
        return nullptr;
    }
    if (!install(library, "halide_set_custom_do_par_for", halide_do_par_for) ||
        !install(library, "halide_set_custom_malloc", halide_malloc) ||
        !install(library, "halide_set_custom_free", halide_free) ||
        !install(library, "halide_set_error_handler", halide_error)) {
        *error = "the Halide runtime has no setter for one of its handlers";
        return nullptr;
    }
    const auto function = reinterpret_cast<KernelFunction>(dlsym(library, symbol.c_str()));
    if (!function)
        *error = "no symbol " + symbol;
    return function;
}

} // namespace involute::kernel_tests
