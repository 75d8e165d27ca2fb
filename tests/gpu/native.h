// Memory and streams of a device by its own driver, as an application has them.
#pragma once

#include <memory>
#include <vector>

#include "involute/involute.h"

namespace involute::gpu_tests {

// The device that the environment names (INVOLUTE_DEVICE), AUTO: none.
involute_isa device_of_environment();

class Native {
public:
    // `isa` answers. Failures of the driver end the test's process with a message.
    static std::unique_ptr<Native> open(involute_isa isa);
    virtual ~Native() = default;

    virtual involute_device memory_kind() const = 0;
    virtual void *allocate(size_t count) = 0; // floats
    virtual void release(void *memory) = 0;
    virtual void *create_stream() = 0;
    virtual void destroy_stream(void *stream) = 0;
    // In the order of the stream; the values may be gone when it returns.
    virtual void write(void *memory, const std::vector<float> &values, void *stream) = 0;
    virtual void finish(void *stream) = 0;
    // What lies there now: waits for no stream but the usual one.
    virtual std::vector<float> read(void *memory, size_t count) = 0;
    // The driver is tests/mockcuda, which does nothing in a stream before something waits for it.
    virtual bool is_stand_in() {
        return false;
    }
};

} // namespace involute::gpu_tests
