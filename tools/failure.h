// How a subcommand stops: an exit code of the contract and one line that names the argument. Thrown
// and caught inside the command only (main.cpp); the library itself returns status values.
#pragma once

#include <stdexcept>
#include <string>

#include "involute/involute.h"

namespace involute {

enum ExitCode {
    kExitOk = 0,
    kExitFailed = 1,      // a check failed, or the library says that it is at fault itself
    kExitUsage = 2,       // wrong use or unusable input: arguments, files
    kExitEnvironment = 3, // the machine lacks something: instruction set, device, memory, package
};

class Failure : public std::runtime_error {
public:
    Failure(ExitCode code, const std::string &message) : std::runtime_error(message), code_(code) {}
    ExitCode code() const {
        return code_;
    }

private:
    ExitCode code_;
};

ExitCode exit_code_of(int32_t code); // of an involute_code

// Stops unless all is well. `subject` ("--weights FILE") goes before the library's message.
void require(const involute_status &status, const std::string &subject);

} // namespace involute
