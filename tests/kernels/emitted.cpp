// Files go to a folder of the process that is removed at its end.
#include "tests/kernels/emitted.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "tests/kernels/call.h"

namespace involute::kernel_tests {
namespace {

namespace fs = std::filesystem;

class WorkFolder {
public:
    WorkFolder() {
        std::string name = ::testing::TempDir() + "involute_emit_XXXXXX";
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

WorkFolder &work_folder() {
    static WorkFolder folder;
    return folder;
}

// Halide's runtime as an object; built once.
const std::string &runtime_object(std::string *error) {
    static std::string path;
    if (path.empty()) {
        const std::string folder = work_folder().next();
        const CommandResult built =
            run_command({INVOLUTE_EMIT, "--runtime", "halide_runtime", "--out", folder});
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

} // namespace

std::string EmitRequest::text() const {
    return "--row " + row + " --isa " + isa + " --schedule " + schedule +
           (knobs.empty() ? "" : " --knobs " + knobs) + (code.empty() ? "" : " --code " + code);
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
    if (request.schedule == "mullapudi2016") {
        words.push_back("--plugin");
        words.push_back(INVOLUTE_AUTOSCHEDULERS "/libautoschedule_mullapudi2016.so");
    }
    return run_command(words);
}

KernelFunction emitted_kernel(const EmitRequest &request, std::string *error) {
    const std::string runtime = runtime_object(error);
    if (runtime.empty())
        return nullptr;
    const std::string folder = work_folder().next();
    const CommandResult built = run_emit(request, folder);
    if (built.exit_code != 0) {
        *error = "emit " + request.text() + ": exit " + std::to_string(built.exit_code) + ": " +
                 built.output;
        return nullptr;
    }
    const std::string name = "inv_" + request.row + "_f32__" + request.isa + "_" + request.schedule;
    const std::string library = folder + "/kernel.so";
    const CommandResult linked =
        run_command({"cc", "-shared", "-Wl,-Bsymbolic", "-o", library, folder + "/" + name + ".o",
                     runtime, "-lpthread", "-ldl"});
    if (linked.exit_code != 0) {
        *error = "cc -shared: " + linked.output;
        return nullptr;
    }
    return open_kernel(library, name + "_argv", error);
}

std::vector<float> run_emitted(KernelFunction function, const Problem &problem,
                               const Operands &operands) {
    KernelEntry kernel = *problem.entry();
    kernel.function = function;
    const std::vector<Argument> arguments =
        make_arguments(problem, operands, Placement::kFlushWithEnd);
    KernelContext context(nullptr, 0);
    EXPECT_EQ(call_kernel(kernel, arguments, &context), 0) << context.error_message();
    for (const Argument &argument : arguments) {
        EXPECT_TRUE(argument.kind != Argument::Kind::kBuffer || argument.memory.slack_untouched())
            << "wrote beside " << argument.name;
    }
    return unpack_output(problem, arguments.back());
}

std::vector<Problem> problems_for(const KernelEntry &kernel, int count) {
    const std::vector<const KernelEntry *> kernels = available_kernels(kernel.op);
    std::vector<Problem> problems;
    for (size_t first = 0; first < kernels.size(); ++first) {
        if (kernels[first]->function != kernel.function)
            continue;
        for (int i = 0; i < count; ++i)
            problems.push_back(random_problem(
                kernel.op, static_cast<int64_t>(first + static_cast<size_t>(i) * kernels.size())));
    }
    return problems;
}

} // namespace involute::kernel_tests
