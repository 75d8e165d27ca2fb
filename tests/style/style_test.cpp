// The rules of the house that a program can check: who may include whom, pure algorithms, pure
// schedules, length of lines and files, nothing of a machine in the tree.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Line {
    std::string path;
    int number;
    std::string text;
};

bool is_source(const fs::path &path) {
    static const std::vector<std::string> endings = {".cpp", ".h",   ".hpp", ".c",
                                                     ".def", ".css", ".js"};
    for (const std::string &ending : endings) {
        if (path.extension() == ending)
            return true;
    }
    return false;
}

// The sources below `folder`, as paths from the root of the tree.
std::vector<std::string> sources(const std::string &folder) {
    std::vector<std::string> paths;
    const fs::path root = INVOLUTE_SOURCE_DIR;
    for (const auto &entry : fs::recursive_directory_iterator(root / folder)) {
        if (entry.is_regular_file() && is_source(entry.path()))
            paths.push_back(fs::relative(entry.path(), root).string());
    }
    EXPECT_FALSE(paths.empty()) << folder;
    return paths;
}

std::vector<Line> lines_of(const std::string &path) {
    std::vector<Line> lines;
    std::ifstream file(fs::path(INVOLUTE_SOURCE_DIR) / path);
    int number = 0;
    for (std::string text; std::getline(file, text);)
        lines.push_back({path, ++number, text});
    return lines;
}

std::string code_of(const std::string &line) { // without a comment at its end
    return line.substr(0, line.find("//"));
}

void expect_none(const std::vector<std::string> &paths, const std::string &pattern,
                 const std::string &why,
                 const std::function<bool(const std::string &)> &allowed = nullptr) {
    const std::regex expression(pattern);
    for (const std::string &path : paths) {
        for (const Line &line : lines_of(path)) {
            const std::string code = code_of(line.text);
            if (std::regex_search(code, expression) && !(allowed && allowed(code)))
                ADD_FAILURE() << path << ":" << line.number << ": " << why << ": " << line.text;
        }
    }
}

std::vector<std::string> without(std::vector<std::string> paths, const std::string &prefix) {
    std::vector<std::string> kept;
    for (std::string &path : paths) {
        if (path.rfind(prefix, 0) != 0)
            kept.push_back(std::move(path));
    }
    return kept;
}

const std::vector<std::string> kFolders = {"generators", "schedules", "runtime",  "tools",
                                           "report",     "oracle",    "autotune", "bench",
                                           "tests",      "examples"};

TEST(Style, AlgorithmsHoldNoScheduleAndNoTarget) {
    expect_none(without(sources("generators"), "generators/emit/"),
                R"(\.(vectorize|parallel|compute_at|compute_root|store_at|unroll|tile|split|)"
                R"(gpu_tile|reorder|store_in)\(|get_target\(|\bTarget\b|natural_vector_size)",
                "algorithms hold no schedule and no target");
}

const std::string kScheduleExample = "examples/04_write_a_schedule/my_schedule.cpp";

TEST(Style, SchedulesHoldNoArithmetic) {
    std::vector<std::string> paths = sources("schedules");
    paths.push_back(kScheduleExample);
    expect_none(paths, R"(\bRDom\s*\(|\bselect\(|\bcast<|\bFunc\s+\w+\s*[;({])",
                "schedules define nothing");
}

// Users write a schedule for whatever op has a hand schedule: the same functions without knobs.
TEST(Style, EveryOpTakesSchedulesOfUsers) {
    const auto functions = [](const std::string &path, const std::string &knobs) {
        std::string text;
        for (const Line &line : lines_of(path))
            text += line.text + " ";
        const std::regex declared("void schedule\\([^)]*\\);"), blanks(" +"), knob(knobs);
        std::vector<std::string> found;
        for (std::sregex_iterator at(text.begin(), text.end(), declared), end; at != end; ++at)
            found.push_back(
                std::regex_replace(std::regex_replace(at->str(), blanks, " "), knob, ""));
        return found;
    };
    const std::vector<std::string> hand =
        functions("schedules/hand_schedules.inc", R"( const \w+Knobs &knobs,)");
    EXPECT_GT(hand.size(), 10u);
    EXPECT_EQ(functions("schedules/own/schedules.h", "no knobs"), hand);
}

// docs/write-a-schedule.md holds the whole file, with words between its parts.
TEST(Style, TheGuideShowsTheScheduleOfTheExample) {
    const auto without_blanks = [](std::vector<Line> lines, bool fenced) {
        std::string text;
        bool inside = !fenced;
        for (const Line &line : lines) {
            if (fenced && line.text.rfind("```", 0) == 0)
                inside = line.text == "```cpp";
            else if (inside && !line.text.empty())
                text += line.text + "\n";
        }
        return text;
    };
    const std::vector<Line> example = lines_of(kScheduleExample);
    EXPECT_LT(example.size(), 120u);
    EXPECT_GT(example.size(), 30u);
    EXPECT_EQ(without_blanks(lines_of("docs/write-a-schedule.md"), true),
              without_blanks(example, false));
}

TEST(Style, FoldersIncludeWhatTheyMay) {
    const auto only = [](std::vector<std::string> allowed) {
        return [allowed](const std::string &code) {
            for (const std::string &prefix : allowed) {
                if (code.find("\"" + prefix) != std::string::npos)
                    return true;
            }
            return false;
        };
    };
    const std::string quoted = R"(#include ")";
    expect_none(without(sources("generators"), "generators/emit/"), quoted,
                "algorithms include Halide and each other", only({"Halide.h", "generators/"}));
    expect_none(sources("schedules"), quoted, "schedules include algorithms",
                only({"Halide.h", "generators/", "schedules/", "saved_schedules.inc"}));
    expect_none(sources("runtime"), quoted, "the runtime stands alone",
                only({"core/", "nets/", "io/", "device/", "involute/", "HalideRuntime",
                      "kernel_table.inc"}));
    expect_none(sources("tools"), R"(#include "(core|nets|io|runtime|generators|schedules)/)",
                "tools use the public header only");
    expect_none(sources("oracle"), quoted, "the oracle stands alone", only({"oracle/"}));
    expect_none(sources("autotune"), quoted, "the tuner knows of schedules their knobs only",
                [](const std::string &code) {
                    return std::regex_search(
                        code, std::regex("\"(autotune/|schedules/(gpu/|\\w+_)?knobs\\.h|"
                                         "algorithm_hashes\\.inc)"));
                });
    expect_none(sources("report"), quoted, "reports know of no kernels",
                only({"report/", "page_css.inc", "page_js.inc"}));
}

TEST(Style, LinesAndFilesAreShort) {
    for (const std::string &folder : kFolders) {
        for (const std::string &path : sources(folder)) {
            const std::vector<Line> lines = lines_of(path);
            EXPECT_LE(lines.size(), 500u) << path;
            for (const Line &line : lines) {
                // inventory.def is a table; its comment and rows may run wide.
                if (line.text.size() > 100 && path != "generators/inventory.def")
                    ADD_FAILURE() << path << ":" << line.number << ": " << line.text.size()
                                  << " columns";
            }
        }
    }
}

TEST(Style, EveryFileSaysWhatItAnswersFor) {
    for (const std::string &folder : kFolders) {
        for (const std::string &path : sources(folder)) {
            const std::vector<Line> lines = lines_of(path);
            ASSERT_FALSE(lines.empty()) << path;
            // A source beside its header may leave it to that.
            const std::string header = path.substr(0, path.rfind('.')) + ".h";
            const bool has_header = path.size() > 4 && path.substr(path.size() - 4) == ".cpp" &&
                                    fs::exists(fs::path(INVOLUTE_SOURCE_DIR) / header);
            const bool schedule = path.rfind("schedules/", 0) == 0; // headed by schedules.h
            const std::string start = lines[0].text.substr(0, 2);
            EXPECT_TRUE(has_header || schedule || start == "//" || start == "/*") << path;
        }
    }
}

TEST(Style, NothingOfAMachineIsInTheTree) {
    // Put together here, so that this file does not hold what it looks for.
    const std::string paths = std::string("(^|[^A-Za-z.])/(wo") + "rk|ro" + "ot|fa" + "rm)/";
    const std::string hosts = std::string("py") + "pi\\.org|python" + "hosted|deb\\.deb" + "ian";
    const std::regex expression(paths + "|" + hosts);
    for (const std::string &folder : kFolders) {
        for (const std::string &path : sources(folder)) {
            for (const Line &line : lines_of(path))
                EXPECT_FALSE(std::regex_search(line.text, expression))
                    << path << ":" << line.number << ": " << line.text;
        }
    }
}

TEST(Style, NothingIsLeftOpen) {
    const std::regex expression(std::string("TO") + "DO|FIX" + "ME|not impl" + "emented");
    for (const std::string &folder : kFolders) {
        for (const std::string &path : sources(folder)) {
            for (const Line &line : lines_of(path))
                EXPECT_FALSE(std::regex_search(line.text, expression))
                    << path << ":" << line.number << ": " << line.text;
        }
    }
}

} // namespace
