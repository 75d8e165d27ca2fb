// In place of devices.cpp in libraries without kernels for devices: nothing is ever asked of it,
// since no model can be made for one.
#include "core/device.h"

namespace involute {

struct DeviceMirror::Piece {};

namespace {

Status none() {
    return Status::error(INVOLUTE_UNAVAILABLE, "device: this library was built without devices");
}

} // namespace

const halide_device_interface_t *device_interface(involute_isa) {
    return nullptr;
}

Status device_check(involute_isa) {
    return none();
}

involute_device memory_of(involute_isa) {
    return INVOLUTE_CPU;
}

Status device_handles(involute_isa, involute_device_handles *) {
    return none();
}

DeviceView::~DeviceView() = default;
DeviceView::DeviceView(DeviceView &&) noexcept = default;
DeviceView &DeviceView::operator=(DeviceView &&) noexcept = default;
Status DeviceView::wrap(involute_isa, void *, DeviceView *) {
    return none();
}

void DeviceView::give_to(halide_buffer_t *) const {}

DeviceMirror::DeviceMirror(involute_isa isa) : isa_(isa) {}
DeviceMirror::~DeviceMirror() = default;
DeviceMirror::DeviceMirror(DeviceMirror &&) noexcept = default;
DeviceMirror &DeviceMirror::operator=(DeviceMirror &&) noexcept = default;

Status DeviceMirror::add(const float *, size_t, const char *) {
    return none();
}

bool DeviceMirror::holds(const float *) const {
    return false;
}

Status DeviceMirror::view(const float *, DeviceView *) const {
    return none();
}

Status DeviceMirror::upload(const float *, size_t, void *) const {
    return none();
}

Status DeviceMirror::download(float *, size_t, void *) const {
    return none();
}

Status DeviceMirror::copy(const DeviceRows &, const DeviceRows &, void *) const {
    return none();
}

Status DeviceMirror::synchronise(void *) const {
    return none();
}

size_t DeviceMirror::bytes() const {
    return 0;
}

} // namespace involute
