// Errors as values: a code and one line of text, cheap when everything is well. The C interface
// returns the same thing as a plain struct.
#pragma once

#include <string>

#include "involute/involute.h"

namespace involute {

class [[nodiscard]] Status {
public:
    Status() = default; // ok

    // printf-style. The message names the tensor, dimension or argument, what was expected and what
    // was found.
    [[gnu::format(printf, 2, 3)]] static Status error(involute_code code, const char *format, ...);

    // From the C struct.
    static Status of(const involute_status &status);

    bool ok() const {
        return code_ == INVOLUTE_OK;
    }
    involute_code code() const {
        return code_;
    }
    const std::string &message() const {
        return message_;
    }
    // Cut to the size of the C struct, never inside a UTF-8 character.
    involute_status c_status() const;

private:
    involute_code code_ = INVOLUTE_OK;
    std::string message_;
};

} // namespace involute

#define INVOLUTE_RETURN_IF_ERROR(expression)                                                       \
    do {                                                                                           \
        if (::involute::Status status_ = (expression); !status_.ok())                              \
            return status_;                                                                        \
    } while (false)
