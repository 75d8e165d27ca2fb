#include "schedules/auto/saved_schedules.h"

#include <sstream>

namespace involute::schedules::automatic {

namespace {

#include "saved_schedules.inc" // made by CMake: the files in schedules/auto/saved

// The numbers in "Func sum_1 = pipeline.get_func(7);".
std::vector<int> scheduled_funcs(const std::string &source) {
    const std::string call = "pipeline.get_func(";
    std::vector<int> numbers;
    for (size_t at = 0; (at = source.find(call, at)) != std::string::npos;) {
        at += call.size();
        numbers.push_back(std::stoi(source.substr(at)));
    }
    return numbers;
}

} // namespace

const std::vector<SavedSchedule> &saved_schedules() {
    static const std::vector<SavedSchedule> all = {
#define INVOLUTE_SAVED(name) name##_saved,
        INVOLUTE_ALL_SAVED
#undef INVOLUTE_SAVED
    };
    return all;
}

const SavedSchedule *saved_schedule(const SearchKey &key) {
    for (const SavedSchedule &saved : saved_schedules()) {
        if (saved.key.row == key.row && saved.key.isa == key.isa &&
            saved.key.schedule == key.schedule && saved.key.call == key.call &&
            saved.key.parallelism == key.parallelism) {
            return &saved;
        }
    }
    return nullptr;
}

std::string func_name(const Halide::Func &func) {
    return func.name().substr(0, func.name().find('$'));
}

std::string changed_since(const SavedSchedule &saved, Halide::Pipeline pipeline) {
    for (const auto &[number, name] : saved.funcs) {
        std::string found = "no Func";
        try {
            found = func_name(pipeline.get_func(static_cast<size_t>(number)));
        } catch (const Halide::Error &) { // there are not so many
        }
        if (found != name) {
            return "saved schedule of " + saved.key.row + " for " + saved.key.isa + " by " +
                   saved.key.schedule + ": expected Func " + std::to_string(number) +
                   " of the algorithm to be " + name + ", found " + found +
                   "; the algorithm has changed since: search anew (--fresh) and save again";
        }
    }
    return "";
}

std::string saved_schedule_text(const std::string &name, const SearchKey &key, double seconds,
                                const std::string &source, Halide::Pipeline pipeline) {
    std::ostringstream text;
    text << "// Found by " << key.schedule << " for " << key.row << ", " << key.isa << ", "
         << key.parallelism
         << " threads. Made by involute_emit --save-schedule; not to be edited.\n"
         << "inline void " << name
         << "_apply(Halide::Pipeline pipeline, Halide::Target) {\n"
            "    using Halide::Func;\n    using Halide::MemoryType;\n    using Halide::RVar;\n"
            "    using Halide::TailStrategy;\n    using Halide::Var;\n";
    std::istringstream lines(source);
    for (std::string line; std::getline(lines, line);) {
        text << "    " << line << "\n";
    }
    text << "}\n\nconst SavedSchedule " << name << "_saved = {\n    {\"" << key.row << "\", \""
         << key.isa << "\", \"" << key.schedule << "\",\n     \"" << key.call << "\",\n     "
         << key.parallelism << "},\n    " << seconds << ",\n    {";
    const char *comma = "";
    for (int number : scheduled_funcs(source)) {
        text << comma << "{" << number << ", \""
             << func_name(pipeline.get_func(static_cast<size_t>(number))) << "\"}";
        comma = ", ";
    }
    text << "},\n    " << name << "_apply};\n";
    return text.str();
}

} // namespace involute::schedules::automatic
