// The `involute` command: what was asked goes to one subcommand, what went wrong to stderr, and
// every ending to an exit code.
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "commands.h"
#include "failure.h"
#include "print.h"

namespace involute {

namespace {

constexpr const char *kFooter =
    "Data goes to stdout, messages and progress (on a terminal only) to stderr.\n"
    "Exit codes: 0 all is well; 1 a check failed; 2 wrong use, or a file or value that\n"
    "cannot be used; 3 this machine lacks something (instruction set, memory, package).";

std::vector<std::string> subcommand_names(const CLI::App &app) {
    std::vector<std::string> names;
    for (const CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; }))
        names.push_back(command->get_name());
    return names;
}

// CLI11 would only say that it did not expect the word.
void check_subcommand(const CLI::App &app, int argc, char **argv) {
    const std::vector<std::string> names = subcommand_names(app);
    if (argc < 2)
        throw Failure(kExitUsage,
                      "expected a subcommand: " + joined(names) + "; --help tells more");
    const std::string word = argv[1];
    for (const std::string &name : names)
        if (word == name)
            return;
    if (word.empty() || word[0] != '-')
        throw Failure(kExitUsage, "expected one of the subcommands " + joined(names) +
                                      ", found \"" + word + "\"");
}

int dispatch(int argc, char **argv, std::string *command_name) {
    CLI::App app("Involution kernels and RedNets without a framework.", "involute");
    app.set_version_flag("--version", involute_version());
    app.require_subcommand(1);
    app.footer(kFooter);
    int exit_code = kExitOk;
    add_run(&app, &exit_code);
    add_bench(&app, &exit_code);
    add_verify(&app, &exit_code);
    add_compare(&app, &exit_code);
    add_compile(&app, &exit_code);
#if INVOLUTE_AUTOTUNE
    add_tune(&app, &exit_code);
    add_wisdom(&app, &exit_code);
#endif
    add_info(&app, &exit_code);
    add_doctor(&app, &exit_code);
    for (CLI::App *command : app.get_subcommands([](const CLI::App *) { return true; }))
        command->footer(command->get_footer() + kFooter);
    check_subcommand(app, argc, argv);
    if (argv[1][0] != '-')
        *command_name = std::string(" ") + argv[1];
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        if (error.get_exit_code() != 0)
            throw Failure(kExitUsage, error.what());
        app.exit(error); // --help, --version
        print("");
    }
    return exit_code;
}

} // namespace

} // namespace involute

int main(int argc, char **argv) {
    std::string command;
    const auto complain = [&](const char *message) {
        std::fprintf(stderr, "involute%s: %s\n", command.c_str(), message);
    };
    try {
        return involute::dispatch(argc, argv, &command);
    } catch (const involute::Failure &failure) {
        complain(failure.what());
        return failure.code();
    } catch (const std::bad_alloc &) {
        complain("no memory left");
        return involute::kExitEnvironment;
    } catch (const std::exception &error) {
        complain(error.what());
        return involute::kExitFailed;
    }
}
