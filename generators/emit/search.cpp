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

void search(Halide::Pipeline pipeline, const Halide::Target &target, const Autoscheduler &with) {
    Search &search = current_search();
    Halide::load_plugin(halide_folder() + "/libautoschedule_" + with.schedule + ".so");
    Halide::AutoschedulerParams parameters(with.plugin, with.parameters);
    parameters.extra["parallelism"] = std::to_string(search.key.parallelism);
    for (const auto &[name, value] : search.parameters) {
        parameters.extra[name] = value;
    }
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    const Halide::AutoSchedulerResults found = pipeline.apply_autoscheduler(target, parameters);
    search.source = found.schedule_source;
    search.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    search.cpu_seconds = cpu_seconds() - cpu;
    if (!search.features_to.empty()) {
        std::ofstream file(search.features_to, std::ios::binary);
        file.write(reinterpret_cast<const char *>(found.featurization.data()),
                   static_cast<std::streamsize>(found.featurization.size()));
        if (!file.flush()) {
            throw Halide::CompileError(search.features_to + ": cannot be written");
        }
    }
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
    const bool as_usual = !current.fresh && current.parameters.empty();
    const auto *saved = !as_usual ? nullptr : schedules::automatic::saved_schedule(current.key);
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

std::string halide_folder() {
    Dl_info info{};
    const auto address = reinterpret_cast<void *>(&Halide::load_plugin);
    if (dladdr(address, &info) == 0) {
        throw Halide::CompileError("Halide's library cannot be found");
    }
    const std::string library = info.dli_fname;
    return library.substr(0, library.rfind('/'));
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
