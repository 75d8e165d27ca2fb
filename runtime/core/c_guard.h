// What stands between the C functions and everything else: no exception leaves, NULL is no crash.
#pragma once

#include <cstring>
#include <exception>
#include <new>

#include "core/log.h"
#include "core/status.h"

namespace involute {

template <class Body>
involute_status without_exceptions(Body body) {
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

// The same for what an application calls: it learns of failures by its log as well.
template <class Body>
involute_status guarded(Body body) {
    const involute_status status = without_exceptions(body);
    if (status.code != INVOLUTE_OK)
        log(INVOLUTE_LOG_ERROR, "%s", status.message);
    return status;
}

inline Status check_pointer(const char *what, const void *pointer) {
    return pointer
               ? Status()
               : Status::error(INVOLUTE_INVALID_ARGUMENT, "%s: expected a pointer, got NULL", what);
}

// A caller built with a newer header may pass a longer struct; what this library does not know must
// then be zero, which means "default" for every option.
inline Status check_struct(const char *what, const void *options, size_t given, size_t known) {
    constexpr size_t kLongest = 4096;
    if (given < known || given > kLongest) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "%s: expected struct_size %zu (sizeof), got %zu", what, known, given);
    }
    const unsigned char *bytes = static_cast<const unsigned char *>(options);
    for (size_t i = known; i < given; ++i) {
        if (bytes[i] != 0) {
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "%s: byte %zu sets an option that this library does not know",
                                 what, i);
        }
    }
    return Status();
}

} // namespace involute
