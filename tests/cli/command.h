// Runs the built command and captures what it says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace involute::test {

struct Answer {
    int exit_code = -1; // 128 + the signal when it was killed by one
    std::string out, err;

    nlohmann::json json() const { // of `out`; discarded (fails every check) when it is none
        return nlohmann::json::parse(out, nullptr, false);
    }
};

// `environment` is added to the test's own.
Answer run_command(const std::vector<std::string> &arguments,
                   const std::map<std::string, std::string> &environment = {});

// The rows of `involute bench ARGUMENTS --json`; anything but success and silence fails the test.
nlohmann::json bench(std::vector<std::string> arguments);

// Paths in the source tree, in the folder for temporary files.
std::string source_path(const std::string &relative);
std::string temporary_path(const std::string &name);

void write_file(const std::string &path, const std::string &text);
std::string read_file(const std::string &path);

} // namespace involute::test
