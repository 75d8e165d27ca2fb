// Checks and copies of caller's tensors. All of them are seen as five dimensions b, y, x, g, t
// (TensorLayout); dimensions of extent 1 have no say in any stride.
#include "core/tensor_view.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "core/aligned.h"

namespace involute {
namespace {

struct Strides {
    int64_t b, y, x, g, t;
};

Strides native_strides(const TensorLayout &layout) {
    const int64_t pixel = layout.pixel_stride;
    return {layout.pixels() * pixel, layout.width * pixel, pixel, layout.taps, 1};
}

Strides caller_strides(const involute_tensor &tensor, const TensorLayout &layout) {
    const int64_t *s = tensor.strides;
    switch (layout.kind) {
    case TensorLayout::Kind::kVector:
        return {s[0], 0, 0, 0, s[1]};
    case TensorLayout::Kind::kKernels:
        return {s[0], s[3], s[4], s[1], s[2]};
    case TensorLayout::Kind::kMap:
        break;
    }
    return {s[0], s[2], s[3], 0, s[1]};
}

// By rows of pixels; sixteen pixels at a time, so that a transposing copy uses whole cache lines on
// both sides.
void copy(const TensorLayout &layout, const float *from, const Strides &f, float *to,
          const Strides &t) {
    constexpr int64_t kPixels = 16;
    const bool runs = f.t == 1 && t.t == 1;
    for (int64_t b = 0; b < layout.batch; ++b) {
        for (int64_t y = 0; y < layout.height; ++y) {
            for (int64_t x0 = 0; x0 < layout.width; x0 += kPixels) {
                const int64_t count = std::min(kPixels, layout.width - x0);
                const float *source = from + b * f.b + y * f.y + x0 * f.x;
                float *target = to + b * t.b + y * t.y + x0 * t.x;
                for (int64_t g = 0; g < layout.groups; ++g) {
                    for (int64_t x = 0; runs && x < count; ++x)
                        std::memcpy(target + x * t.x + g * t.g, source + x * f.x + g * f.g,
                                    static_cast<size_t>(layout.taps) * sizeof(float));
                    for (int64_t tap = 0; !runs && tap < layout.taps; ++tap) {
                        for (int64_t x = 0; x < count; ++x)
                            target[x * t.x + g * t.g + tap * t.t] =
                                source[x * f.x + g * f.g + tap * f.t];
                    }
                }
            }
        }
    }
}

bool has_strides(const involute_tensor &tensor, const TensorLayout &layout, const Strides &want) {
    const Strides have = caller_strides(tensor, layout);
    return (layout.batch == 1 || have.b == want.b) && (layout.height == 1 || have.y == want.y) &&
           (layout.width == 1 || have.x == want.x) && (layout.groups == 1 || have.g == want.g) &&
           (layout.taps == 1 || have.t == want.t);
}

// What devices ask for: no kernel of theirs takes other layouts apart, and the widest access is of
// four values.
Status check_device_tensor(const char *what, const char *name, const involute_tensor &tensor,
                           const TensorLayout &layout) {
    constexpr uintptr_t kAlignment = 16;
    TensorLayout dense = layout;
    dense.pixel_stride = layout.channels();
    if (!has_strides(tensor, layout, native_strides(dense))) {
        return Status::error(
            INVOLUTE_INVALID_ARGUMENT,
            "%s '%.100s': expected channels-last memory without gaps on a device, got strides %s",
            what, name, shape_text({tensor.strides, tensor.strides + tensor.rank}).c_str());
    }
    if (tensor.device == INVOLUTE_DEVICE_CUDA &&
        reinterpret_cast<uintptr_t>(tensor.data) % kAlignment != 0) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "%s '%.100s': expected data at a multiple of 16 bytes, got %p", what,
                             name, tensor.data);
    }
    return Status();
}

// Each stride must reach beyond everything that the smaller ones reach.
bool values_apart(const involute_tensor &tensor) {
    int order[INVOLUTE_MAX_RANK];
    for (int i = 0; i < tensor.rank; ++i) { // by insertion: at most 8, no memory taken
        int at = i;
        for (; at > 0 && tensor.strides[order[at - 1]] > tensor.strides[i]; --at)
            order[at] = order[at - 1];
        order[at] = i;
    }
    int64_t reach = 0;
    for (int i = 0; i < tensor.rank; ++i) {
        const int64_t extent = tensor.shape[order[i]], stride = tensor.strides[order[i]];
        if (extent == 1)
            continue;
        if (stride <= reach)
            return false;
        reach += (extent - 1) * stride;
    }
    return true;
}

} // namespace

const char *dtype_name(int32_t dtype) {
    switch (dtype) {
    case INVOLUTE_F32:
        return "f32";
    case INVOLUTE_BF16:
        return "bf16";
    case INVOLUTE_I8:
        return "i8";
    case INVOLUTE_U8:
        return "u8";
    default:
        return "unknown";
    }
}

Status check_tensor(const char *what, const char *name, const involute_tensor &tensor,
                    const TensorLayout &layout, bool writable, involute_device device) {
    if (tensor.dtype != INVOLUTE_F32) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "%s '%.100s': expected dtype f32, got %s (%d)", what, name,
                             dtype_name(tensor.dtype), tensor.dtype);
    }
    if (tensor.device != INVOLUTE_CPU && tensor.device != device) {
        const std::string other =
            device == INVOLUTE_CPU ? "" : " or " + std::to_string(device) + " (of this session)";
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "%s '%.100s': expected device 0 (CPU)%s, got %d", what, name,
                             other.c_str(), tensor.device);
    }
    const std::vector<int64_t>::size_type rank = layout.kind == TensorLayout::Kind::kMap      ? 4
                                                 : layout.kind == TensorLayout::Kind::kVector ? 2
                                                                                              : 5;
    int64_t shape[5] = {layout.batch, layout.channels(), layout.height, layout.width, 0};
    if (layout.kind == TensorLayout::Kind::kKernels) {
        const int64_t kernels[5] = {layout.batch, layout.groups, layout.taps, layout.height,
                                    layout.width};
        std::copy(kernels, kernels + 5, shape);
    }
    bool same = tensor.rank >= 0 && static_cast<size_t>(tensor.rank) == rank;
    for (size_t i = 0; same && i < rank; ++i)
        same = tensor.shape[i] == shape[i];
    if (!same) {
        const int known = std::clamp(tensor.rank, 0, INVOLUTE_MAX_RANK);
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "%s '%.100s': expected shape %s, got %s (rank %d)", what, name,
                             shape_text({shape, shape + rank}).c_str(),
                             shape_text({tensor.shape, tensor.shape + known}).c_str(), tensor.rank);
    }
    if (!tensor.data) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT, "%s '%.100s': expected data, got NULL",
                             what, name);
    }
    if (reinterpret_cast<uintptr_t>(tensor.data) % sizeof(float) != 0) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "%s '%.100s': expected data at a multiple of 4 bytes, got %p", what,
                             name, tensor.data);
    }
    int64_t reach = 0;
    for (int i = 0; i < tensor.rank; ++i) {
        int64_t step = 0;
        if (tensor.shape[i] == 1)
            continue;
        if (tensor.strides[i] < 0 ||
            __builtin_mul_overflow(tensor.strides[i], tensor.shape[i] - 1, &step) ||
            __builtin_add_overflow(reach, step, &reach) ||
            reach >= INT64_MAX / static_cast<int64_t>(sizeof(float))) {
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "%s '%.100s': stride %" PRId64 " of dimension %d is negative or "
                                 "too large",
                                 what, name, tensor.strides[i], i);
        }
    }
    if (writable && !values_apart(tensor)) {
        return Status::error(INVOLUTE_INVALID_ARGUMENT,
                             "%s '%.100s': strides %s let values share an address", what, name,
                             shape_text({tensor.strides, tensor.strides + rank}).c_str());
    }
    return tensor.device == INVOLUTE_CPU ? Status()
                                         : check_device_tensor(what, name, tensor, layout);
}

bool is_native(const involute_tensor &tensor, const TensorLayout &layout) {
    if (reinterpret_cast<uintptr_t>(tensor.data) % kVectorAlignment != 0)
        return false;
    return has_strides(tensor, layout, native_strides(layout));
}

ByteRange byte_range(const involute_tensor &tensor) {
    uintptr_t reach = 0;
    for (int i = 0; i < tensor.rank; ++i)
        reach += static_cast<uintptr_t>((tensor.shape[i] - 1) * tensor.strides[i]);
    const uintptr_t first = reinterpret_cast<uintptr_t>(tensor.data);
    if (tensor.device == INVOLUTE_DEVICE_OPENCL)
        return {first, first + 1};
    return {first, first + (reach + 1) * sizeof(float)};
}

void copy_in(const involute_tensor &tensor, const TensorLayout &layout, float *native) {
    copy(layout, static_cast<const float *>(tensor.data), caller_strides(tensor, layout), native,
         native_strides(layout));
}

void copy_out(const float *native, const TensorLayout &layout, const involute_tensor &tensor) {
    copy(layout, native, native_strides(layout), static_cast<float *>(tensor.data),
         caller_strides(tensor, layout));
}

} // namespace involute
