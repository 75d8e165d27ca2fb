// The subcommands. Each adds itself to the command line; when it is the chosen one, it runs inside
// parse() and leaves its exit code. Failures leave it by throwing.
#pragma once

#include <CLI/CLI.hpp>

namespace involute {

void add_run(CLI::App *app, int *exit_code);
void add_bench(CLI::App *app, int *exit_code);
void add_verify(CLI::App *app, int *exit_code);
void add_compare(CLI::App *app, int *exit_code);
void add_compile(CLI::App *app, int *exit_code);
void add_tune(CLI::App *app, int *exit_code);
void add_wisdom(CLI::App *app, int *exit_code);
void add_info(CLI::App *app, int *exit_code);
void add_doctor(CLI::App *app, int *exit_code);

} // namespace involute
