// The exit code of every status of the library.
#include "failure.h"

#include <algorithm>

namespace involute {

ExitCode exit_code_of(int32_t code) {
    switch (code) {
    case INVOLUTE_OK:
        return kExitOk;
    case INVOLUTE_INVALID_ARGUMENT:
    case INVOLUTE_INVALID_FILE:
    case INVOLUTE_UNSUPPORTED: // legal, but asked of a version that has no kernel for it
    case INVOLUTE_IO_ERROR:
        return kExitUsage;
    case INVOLUTE_UNAVAILABLE:
    case INVOLUTE_OUT_OF_MEMORY:
        return kExitEnvironment;
    default: // INVOLUTE_INTERNAL: a check inside the library failed
        return kExitFailed;
    }
}

void require(const involute_status &status, const std::string &subject) {
    if (status.code == INVOLUTE_OK)
        return;
    // The library names file or instruction set as well; once is enough.
    std::string message = status.message;
    const size_t blank = subject.find(' ');
    for (const std::string &said : {subject, subject.substr(std::min<size_t>(2, subject.size())),
                                    blank == std::string::npos ? "" : subject.substr(blank + 1)})
        if (!said.empty() && message.compare(0, said.size() + 2, said + ": ") == 0)
            message.erase(0, said.size() + 2);
    throw Failure(exit_code_of(status.code), subject.empty() ? message : subject + ": " + message);
}

} // namespace involute
