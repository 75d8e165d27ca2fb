// What the stand-in driver launches: kernels that were translated to C++, block by block.
#pragma once

#include <string>

#include "tests/mockcuda/thread.h"

namespace mockcuda {

constexpr unsigned kMaxShared = 49152, kMaxThreads = 1024;

enum Result {
    kSuccess = 0,
    kInvalidValue = 1,
    kOutOfMemory = 2,
    kInvalidPtx = 218,
    kInvalidHandle = 400,
    kNotFound = 500,
    kIllegalAddress = 700,
    kLaunchFailed = 719,
};

struct Kernel {
    void (*run)(Thread &);
    bool waits;
    const unsigned *bytes; // of the parameters, up to a 0
    std::string name;
};

struct Launch {
    Axes grid, block;
    unsigned shared_bytes;
    void **parameters;
};

// kIllegalAddress when one of its threads faulted, kInvalidValue for more than a device takes; both
// with a line to stderr.
Result launch(const Kernel &kernel, const Launch &what);

std::string setting(const char *name); // of the environment, "" without

} // namespace mockcuda
