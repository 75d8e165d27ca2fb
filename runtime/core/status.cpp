// Formatting of error messages and their way into the C struct, which holds less than a message may
// need: the cut keeps UTF-8 whole.
#include "core/status.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace involute {

Status Status::error(involute_code code, const char *format, ...) {
    // One line, no longer than the C struct shows.
    char text[sizeof(involute_status::message)];
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    Status status;
    status.code_ = code == INVOLUTE_OK ? INVOLUTE_INTERNAL : code;
    status.message_ = length < 0 ? "the message could not be formatted" : text;
    for (char &c : status.message_) {
        if (c == '\n' || c == '\r')
            c = ' ';
    }
    return status;
}

Status Status::of(const involute_status &status) {
    Status copy;
    copy.code_ = static_cast<involute_code>(status.code);
    copy.message_ = status.message;
    return copy;
}

involute_status Status::c_status() const {
    involute_status status;
    std::memset(&status, 0, sizeof status);
    status.code = code_;
    size_t length = message_.size();
    if (length >= sizeof status.message)
        length = sizeof status.message - 1;
    // A cut (here or in error()) may leave the first bytes of a longer character: find where the
    // last character starts and drop it when it is not whole.
    size_t start = length;
    while (start > 0 && length - start < 4) {
        const unsigned char byte = static_cast<unsigned char>(message_[--start]);
        if ((byte & 0xC0) == 0x80)
            continue; // inside a character
        const size_t whole = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        if (start + whole > length)
            length = start;
        break;
    }
    std::memcpy(status.message, message_.data(), length);
    return status;
}

} // namespace involute
