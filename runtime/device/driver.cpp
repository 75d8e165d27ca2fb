// What the drivers of all kinds of devices have in common.
#include "device/driver.h"

#pragma GCC visibility push(hidden)
#include "HalideRuntime.h"
#pragma GCC visibility pop

#include "core/isa.h"

namespace involute {

void *DriverLibrary::get() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const char *const *name = names_; *name && !library_; ++name)
        library_ = dlopen(*name, RTLD_LAZY | RTLD_LOCAL);
    return library_;
}

Status no_driver(involute_isa isa, const char *file) {
    return Status::error(INVOLUTE_UNAVAILABLE, "isa %s: no driver, there is no %s", isa_name(isa),
                         file);
}

Status broken_driver(involute_isa isa, const char *function, int result) {
    return Status::error(INVOLUTE_UNAVAILABLE, "isa %s: the driver's %s failed with %d",
                         isa_name(isa), function, result);
}

int choose_device(int count, int (*cores)(int index)) {
    const int asked = halide_get_gpu_device(nullptr);
    if (asked >= 0)
        return asked;
    int best = 0, most = 0;
    for (int i = 0; i < count && count > 1; ++i) {
        const int found = cores(i);
        if (found > most)
            best = i, most = found;
    }
    return best;
}

} // namespace involute
