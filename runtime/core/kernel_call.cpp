// Building of argument lists, and translation of a kernel's return value into a status that names
// layer, row and message.
#include "core/kernel_call.h"

namespace involute {

KernelCall::KernelCall(const KernelEntry &kernel) : kernel_(&kernel) {
    add(&context_);
}

// The interface page bounds the number of arguments; at() would throw before anything is
// overwritten if a change of it were forgotten here.
void KernelCall::add(void *argument) {
    arguments_.at(static_cast<size_t>(argument_count_++)) = argument;
}

void KernelCall::append(const std::string &text) {
    text_ += (text_.empty() ? "" : ";") + text;
}

void KernelCall::add_scalar(Scalar value, const std::string &text) {
    Scalar &scalar = scalars_.at(static_cast<size_t>(scalar_count_++));
    scalar = value;
    add(&scalar);
    append(text);
}

void KernelCall::add_int(int64_t value) {
    Scalar scalar;
    scalar.integer = static_cast<int32_t>(value);
    add_scalar(scalar, "i" + std::to_string(value));
}

void KernelCall::add_cut(int64_t value) {
    Scalar scalar;
    scalar.integer = static_cast<int32_t>(value);
    add_scalar(scalar, "t");
}

void KernelCall::add_float(float value) {
    Scalar scalar;
    scalar.real = value;
    add_scalar(scalar, "f");
}

int KernelCall::add_buffer(const float *host, std::initializer_list<BufferDimension> dimensions) {
    Buffer &entry = buffers_.at(static_cast<size_t>(buffer_count_));
    size_t count = 0;
    std::string text;
    for (const BufferDimension &dimension : dimensions) {
        text += (count > 0 ? "," : "") + std::to_string(dimension.extent) + ":" +
                std::to_string(dimension.stride);
        entry.dimensions.at(count++) = halide_dimension_t(0, static_cast<int32_t>(dimension.extent),
                                                          static_cast<int32_t>(dimension.stride));
    }
    append(text);
    entry.buffer.type = halide_type_t(halide_type_float, 32, 1);
    entry.buffer.dimensions = static_cast<int32_t>(count);
    entry.buffer.dim = entry.dimensions.data();
    add(&entry.buffer);
    set_host(buffer_count_, host);
    return buffer_count_++;
}

void KernelCall::set_host(int buffer, const float *host) {
    // The buffer type of the kernels has no const; inputs are only read.
    buffers_[static_cast<size_t>(buffer)].buffer.host =
        reinterpret_cast<uint8_t *>(const_cast<float *>(host));
}

const float *KernelCall::host(int buffer) const {
    return reinterpret_cast<const float *>(buffers_[static_cast<size_t>(buffer)].buffer.host);
}

Status KernelCall::move_to_device(const DeviceMirror &tensors, const DeviceMirror &weights) {
    for (int i = 0; i < buffer_count_; ++i) {
        const float *place = host(i);
        const DeviceMirror &mirror = tensors.holds(place) ? tensors : weights;
        DeviceView view;
        if (!mirror.holds(place))
            return Status::error(INVOLUTE_INTERNAL, "row %s: argument %d is not on the device",
                                 kernel_->row, i);
        INVOLUTE_RETURN_IF_ERROR(mirror.view(place, &view));
        view.give_to(&buffers_[static_cast<size_t>(i)].buffer);
        views_.push_back(std::move(view));
    }
    return Status();
}

void KernelCall::set_device(int buffer, const DeviceView *view) {
    const size_t i = static_cast<size_t>(buffer);
    (view ? *view : views_[i]).give_to(&buffers_[i].buffer);
}

std::string KernelCall::signature() const {
    std::string text = kernel_->symbol;
    for (int i = 0; i < scalar_count_; ++i)
        text += " " + std::to_string(scalars_[static_cast<size_t>(i)].integer);
    for (int i = 0; i < buffer_count_; ++i) {
        const Buffer &entry = buffers_[static_cast<size_t>(i)];
        text += " (";
        for (int d = 0; d < entry.buffer.dimensions; ++d) {
            const halide_dimension_t &dimension = entry.dimensions[static_cast<size_t>(d)];
            text += std::to_string(dimension.extent) + ":" + std::to_string(dimension.stride) + " ";
        }
        text += ")";
    }
    return text;
}

Status KernelCall::invoke(KernelContext *context, const std::string &layer_name) {
    context_ = context;
    const int error = kernel_->function(arguments_.data());
    context_ = nullptr;
    if (error == 0)
        return Status();
    const char *message = context->error_message();
    // A kernel of a device fails where the device does.
    const involute_code code =
        error == halide_error_code_out_of_memory || error == halide_error_code_device_malloc_failed
            ? INVOLUTE_OUT_OF_MEMORY
        : is_device(kernel_->isa) ? INVOLUTE_UNAVAILABLE
                                  : INVOLUTE_INTERNAL;
    const Status status =
        Status::error(code, "layer '%s', row %s, %s: %s (kernel error %d)", layer_name.c_str(),
                      kernel_->row, kernel_->symbol, *message ? message : "no message", error);
    context->clear_error();
    return status;
}

} // namespace involute
