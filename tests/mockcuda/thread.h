// What the driver hands to a translated kernel for one of its threads.
#pragma once

#include <cstdint>

struct Axes {
    unsigned x, y, z;
};

struct Thread {
    Axes tid, ntid, ctaid, nctaid;
    void **parameters;
    char *shared;
    unsigned shared_bytes;
    void (*wait)(Thread &); // until all threads of the block are here
    // Ends the launch. Faults of global memory are found by guard pages.
    void (*fault)(Thread &, const char *what, uint64_t address);
};

inline void trapped(Thread &thread) {
    thread.fault(thread, "trap", 0);
}

// `bytes` are what one instruction takes: a device faults where they are not aligned to it.
inline char *aligned(Thread &thread, uint64_t address, unsigned bytes) {
    if (address % bytes != 0)
        thread.fault(thread, "misaligned address", address);
    return reinterpret_cast<char *>(address);
}

inline char *in_global(Thread &thread, uint64_t address, unsigned bytes) {
    return aligned(thread, address, bytes);
}

inline char *in_local(Thread &thread, uint64_t address, unsigned bytes) {
    return aligned(thread, address, bytes);
}

inline char *in_shared(Thread &thread, uint64_t address, unsigned bytes) {
    aligned(thread, address, bytes);
    if (address + bytes > thread.shared_bytes)
        thread.fault(thread, "shared memory beyond its end", address);
    return thread.shared + address;
}
