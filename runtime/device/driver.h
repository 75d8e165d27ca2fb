// What stands behind devices.cpp for each kind of device: opencl.cpp and cuda.cpp. They open the
// driver's library when a device is first asked for, choose the device and hold its context, which
// Halide's runtime gets from them in place of one of its own.
#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <mutex>

#include "core/status.h"

struct halide_device_interface_t;

namespace involute {

struct DeviceDriver {
    const halide_device_interface_t *(*interface)();
    // Driver, device and context are there; tried again until they are.
    Status (*open)();
    // The others expect that it is open.
    void (*handles)(involute_device_handles *handles);
    // Of the device, in bytes; 0: the driver does not tell.
    void (*memory)(size_t *available, size_t *total);
    // Gives back what Halide's runtime keeps for later buffers.
    void (*release_unused)();
};

extern const DeviceDriver kOpenClDriver, kCudaDriver;

// A driver's shared library. It stays open: threads of its own may run to the end of the process.
class DriverLibrary {
public:
    // The first of them that there is; ends with nullptr.
    explicit DriverLibrary(const char *const *names) : names_(names) {}

    // nullptr without one; looked for again each time until there is one.
    void *get();
    void *symbol(const char *name) {
        void *library = get();
        return library ? dlsym(library, name) : nullptr;
    }
    template <class Function>
    bool find(Function *function, const char *name) {
        *function = reinterpret_cast<Function>(symbol(name));
        return *function != nullptr;
    }

private:
    const char *const *names_;
    std::mutex mutex_;
    void *library_ = nullptr;
};

Status no_driver(involute_isa isa, const char *file);
Status broken_driver(involute_isa isa, const char *function, int result);

// The index of the device to take: HL_GPU_DEVICE, else the one of `count` with the most cores.
int choose_device(int count, int (*cores)(int index));

} // namespace involute
