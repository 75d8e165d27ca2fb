// The C functions by which an application takes part: its memory and its log.
#include "core/allocator.h"
#include "core/c_guard.h"
#include "core/log.h"

using involute::guarded;
using involute::Status;

involute_status involute_set_allocator(const involute_allocator *allocator) {
    return guarded([&]() -> Status {
        if (allocator) {
            INVOLUTE_RETURN_IF_ERROR(involute::check_struct(
                "allocator", allocator, allocator->struct_size, sizeof *allocator));
        }
        return involute::set_allocator(allocator);
    });
}

involute_status involute_set_logger(involute_log_function function, void *user,
                                    involute_log_level level) {
    return guarded([&] { return involute::set_logger(function, user, level); });
}
