// `involute tune` on an operator with ten points, in a folder of its own.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "autotune/history.h"
#include "tests/cli/command.h"
#include "tools/tuned_layers.h"

namespace involute::test {

class Tune : public ::testing::Test {
protected:
    Tune() : folder_(temporary_path("tune." + std::to_string(getpid()))) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~Tune() override {
        std::filesystem::remove_all(folder_);
    }

    std::string path(const std::string &name) const {
        return folder_ + "/" + name;
    }
    Answer command(std::vector<std::string> arguments,
                   std::map<std::string, std::string> environment = {}) const {
        environment["INVOLUTE_PACKS"] = path("packs");
        environment["XDG_CONFIG_HOME"] = path("config");
        return run_command(arguments, environment);
    }
    // Wisdom is kept in wisdom.json unless `more` names another.
    Answer tune(const std::vector<std::string> &more,
                const std::map<std::string, std::string> &environment = {}) const {
        std::vector<std::string> words = {"tune",
                                          "--op",
                                          "conv2d",
                                          "--kernel",
                                          "1",
                                          "--channels",
                                          "16",
                                          "--size",
                                          "8x8",
                                          "--isa",
                                          "baseline",
                                          "--knob",
                                          "tile=2",
                                          "--knob",
                                          "task_pixels=0",
                                          "--knob",
                                          "task_blocks=0",
                                          "--json"};
        if (std::count(more.begin(), more.end(), "--wisdom") == 0)
            words.insert(words.end(), {"--wisdom", path("wisdom.json")});
        words.insert(words.end(), more.begin(), more.end());
        return command(words, environment);
    }
    autotune::History history(const std::string &name = "wisdom.history.sqlite") const {
        return autotune::History::open(path(name), wisdom_header(), true);
    }
    std::vector<autotune::Trial> trials(const std::string &name = "wisdom.history.sqlite") const {
        const autotune::History opened = history(name);
        std::vector<autotune::Trial> all;
        for (const autotune::TuningKey &key : opened.keys())
            for (const autotune::Trial &trial : opened.trials(key, "time"))
                all.push_back(trial);
        return all;
    }

    const std::string folder_;
};

// What was tried in searches.
inline std::set<std::string> searched(const std::vector<autotune::Trial> &trials) {
    std::set<std::string> knobs;
    for (const autotune::Trial &trial : trials)
        if (trial.stage == "search")
            knobs.insert(trial.knobs);
    return knobs;
}

// `involute tune` of a small operator in the background, in a process group of its own with all
// that it starts. Packs, wisdom.json and what it says (wisdom.json.err) lie in `folder`.
inline pid_t start_tune(const std::string &folder, const std::vector<std::string> &more) {
    const std::string wisdom = folder + "/wisdom.json";
    std::vector<std::string> words = {
        INVOLUTE_COMMAND, "tune", "--op",  "conv2d",   "--kernel", "1",   "--channels", "16",
        "--size",         "8x8",  "--isa", "baseline", "--wisdom", wisdom};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char *> arguments;
    for (std::string &word : words)
        arguments.push_back(&word[0]);
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        setenv("INVOLUTE_PACKS", (folder + "/packs").c_str(), 1);
        if (!freopen("/dev/null", "w", stdout) || !freopen((wisdom + ".err").c_str(), "w", stderr))
            _exit(1);
        execv(INVOLUTE_COMMAND, arguments.data());
        _exit(127);
    }
    return child;
}

} // namespace involute::test
