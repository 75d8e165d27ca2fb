// What stands between the C functions and everything else: no exception leaves, NULL is no crash.
#pragma once

#include <cstring>
#include <exception>
#include <new>

#include "core/status.h"

namespace involute {

template <class Body>
involute_status guarded(Body body) {
    try {
        return Status(body()).c_status();
    } catch (const std::bad_alloc &) {
        // No memory for a message either: the struct is filled in place.
        involute_status status;
        std::memset(&status, 0, sizeof status);
        status.code = INVOLUTE_OUT_OF_MEMORY;
        std::strncpy(status.message, "not enough memory", sizeof status.message - 1);
        return status;
    } catch (const std::exception &exception) {
        involute_status status;
        std::memset(&status, 0, sizeof status);
        status.code = INVOLUTE_INTERNAL;
        std::strncpy(status.message, exception.what(), sizeof status.message - 1);
        return status;
    }
}

inline Status check_pointer(const char *what, const void *pointer) {
    return pointer
               ? Status()
               : Status::error(INVOLUTE_INVALID_ARGUMENT, "%s: expected a pointer, got NULL", what);
}

} // namespace involute
