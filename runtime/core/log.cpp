// Calls of the application's function hold a shared lock and its exchange holds the lock alone: who
// has taken a function back may free what it uses. The thread inside a call is marked, so that a
// function that calls the library neither logs about that nor waits for itself.
#include "core/log.h"

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <shared_mutex>

#include "core/threads.h"

namespace involute {
namespace {

std::shared_mutex logger_mutex_;
involute_log_function logger_ = nullptr; // these two under logger_mutex_
void *logger_user_ = nullptr;
std::atomic<int> logger_level_{0}; // 0: nobody listens

INVOLUTE_THREAD_LOCAL bool inside_logger_ = false;

} // namespace

bool log_wanted(involute_log_level level) {
    return static_cast<int>(level) <= logger_level_.load(std::memory_order_relaxed) &&
           !inside_logger_;
}

void log(involute_log_level level, const char *format, ...) {
    if (!log_wanted(level))
        return;
    char text[sizeof(involute_status::message)];
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const std::shared_lock<std::shared_mutex> lock(logger_mutex_);
    if (length < 0 || !logger_ || static_cast<int>(level) > logger_level_.load())
        return; // taken back meanwhile
    inside_logger_ = true;
    logger_(logger_user_, level, text);
    inside_logger_ = false;
}

Status set_logger(involute_log_function function, void *user, involute_log_level level) {
    if (function && (level < INVOLUTE_LOG_ERROR || level > INVOLUTE_LOG_DEBUG)) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "level: expected %d .. %d, got %d",
                             INVOLUTE_LOG_ERROR, INVOLUTE_LOG_DEBUG, static_cast<int>(level));
    }
    if (inside_logger_) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "logger: it cannot be exchanged while it is being called");
    }
    const std::lock_guard<std::shared_mutex> lock(logger_mutex_);
    logger_ = function;
    logger_user_ = function ? user : nullptr;
    logger_level_ = function ? static_cast<int>(level) : 0;
    return Status();
}

} // namespace involute
