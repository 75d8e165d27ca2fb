// The driver libraries of devices. They are opened when a device is first asked for and never
// linked with.
#pragma once

#include "core/status.h"

namespace involute {

// INVOLUTE_UNAVAILABLE when there is no driver, or none with a device.
Status driver_check(involute_isa isa);

} // namespace involute
