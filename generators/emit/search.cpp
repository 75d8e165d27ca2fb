#include "generators/emit/search.h"

#include <dlfcn.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "schedules/auto/autoschedulers.h"

namespace involute::emit {
namespace {

using schedules::automatic::Autoscheduler;

// The plug-in lies beside Halide's library.
std::string plugin_path(const std::string &schedule) {
    Dl_info info{};
    const auto address = reinterpret_cast<void *>(&Halide::load_plugin);
    if (dladdr(address, &info) == 0) {
        throw Halide::CompileError("Halide's library cannot be found");
    }
    const std::string library = info.dli_fname;
    return library.substr(0, library.rfind('/') + 1) + "libautoschedule_" + schedule + ".so";
}

void search(Halide::Pipeline pipeline, const Halide::Target &target, const Autoscheduler &with) {
    Search &search = current_search();
    Halide::load_plugin(plugin_path(with.schedule));
    Halide::AutoschedulerParams parameters(with.plugin, with.parameters);
    parameters.extra["parallelism"] = std::to_string(search.key.parallelism);
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    search.source = pipeline.apply_autoscheduler(target, parameters).schedule_source;
    search.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    search.cpu_seconds = cpu_seconds() - cpu;
}

void save(Halide::Pipeline pipeline) {
    const Search &search = current_search();
    std::ofstream file(search.save_to);
    file << schedules::automatic::saved_schedule_text(
        std::filesystem::path(search.save_to).stem().string(), search.key, search.seconds,
        search.source, pipeline);
    if (!file.flush()) {
        throw Halide::CompileError(search.save_to + ": cannot be written");
    }
}

} // namespace

Search &current_search() {
    static Search search;
    return search;
}

void autoschedule(Halide::Pipeline pipeline, const Halide::Target &target) {
    Search &current = current_search();
    const Autoscheduler *with = schedules::automatic::autoscheduler_of(current.key.schedule);
    if (with == nullptr) {
        throw Halide::CompileError("no autoscheduler " + current.key.schedule);
    }
    const auto *saved = current.fresh ? nullptr : schedules::automatic::saved_schedule(current.key);
    if (saved != nullptr) {
        const std::string changed = schedules::automatic::changed_since(*saved, pipeline);
        if (!changed.empty()) {
            throw Halide::CompileError(changed);
        }
        saved->apply(pipeline, target);
        current.from_saved = true;
        current.seconds = current.cpu_seconds = saved->seconds;
        return;
    }
    search(pipeline, target, *with);
    if (!current.save_to.empty()) {
        if (!with->writes_code) {
            throw Halide::CompileError(current.key.schedule +
                                       ": its schedules refer to what is not declared and cannot "
                                       "be saved as code");
        }
        save(pipeline);
    }
}

void note_loop_nest(Halide::Pipeline pipeline) {
    Search &search = current_search();
    if (!search.wants_nest) {
        return;
    }
    std::ostringstream text; // Halide prints to the stream of errors only
    std::streambuf *before = std::cerr.rdbuf(text.rdbuf());
    pipeline.print_loop_nest();
    std::cerr.rdbuf(before);
    search.loop_nest = text.str();
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &t) { return t.tv_sec + 1e-6 * t.tv_usec; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

} // namespace involute::emit
