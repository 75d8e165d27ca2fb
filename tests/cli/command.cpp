// posix_spawn, with both streams going to files.
#include "tests/cli/command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

extern char **environ;

namespace involute::test {

Answer run_command(const std::vector<std::string> &arguments,
                   const std::map<std::string, std::string> &environment) {
    std::vector<std::string> words = {INVOLUTE_COMMAND}, settings;
    words.insert(words.end(), arguments.begin(), arguments.end());
    for (char **entry = environ; *entry; ++entry) {
        const std::string text = *entry;
        if (environment.count(text.substr(0, text.find('='))) == 0)
            settings.push_back(text);
    }
    for (const auto &[name, value] : environment)
        settings.push_back(name + "=" + value);
    const auto pointers = [](std::vector<std::string> &texts) {
        std::vector<char *> list;
        for (std::string &text : texts)
            list.push_back(&text[0]);
        list.push_back(nullptr);
        return list;
    };

    const std::string base = temporary_path("command." + std::to_string(getpid()));
    const std::string out = base + ".out", err = base + ".err";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), kFlags, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), kFlags, 0600);
    pid_t child = 0;
    Answer answer;
    const int error = posix_spawn(&child, INVOLUTE_COMMAND, &actions, nullptr,
                                  pointers(words).data(), pointers(settings).data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        ADD_FAILURE() << INVOLUTE_COMMAND << " does not start: " << strerror(error);
        return answer;
    }
    int status = 0;
    waitpid(child, &status, 0);
    answer.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    answer.out = read_file(out);
    answer.err = read_file(err);
    unlink(out.c_str());
    unlink(err.c_str());
    return answer;
}

nlohmann::json bench(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "bench");
    arguments.push_back("--json");
    const Answer answer = run_command(arguments);
    EXPECT_EQ(answer.exit_code, 0) << answer.err;
    EXPECT_EQ(answer.err, "");
    return answer.json();
}

std::string source_path(const std::string &relative) {
    return std::string(INVOLUTE_SOURCE_DIR) + "/" + relative;
}

std::string temporary_path(const std::string &name) {
    return ::testing::TempDir() + "involute_cli_" + std::to_string(getpid()) + "_" + name;
}

void write_file(const std::string &path, const std::string &text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    ASSERT_TRUE(file.flush().good()) << path;
}

std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace involute::test
