// The C functions of weights and tensor files, and that of pictures but for the decoders.
#include <memory>

#include "core/c_guard.h"
#include "core/checked_size.h"
#include "io/picture_loading.h"
#include "io/portable_rule.h"
#include "io/preprocess.h"
#include "io/safetensors.h"
#include "io/weight_sources.h"

using involute::check_pointer;
using involute::guarded;
using involute::Status;

involute_status involute_weights_open(const char *path, involute_weights **weights) {
    return guarded([&]() -> Status {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("path", path));
        INVOLUTE_RETURN_IF_ERROR(check_pointer("weights", weights));
        std::unique_ptr<involute_weights> opened;
        INVOLUTE_RETURN_IF_ERROR(involute::open_weights(path, &opened));
        *weights = opened.release();
        return {};
    });
}

involute_status involute_weights_synthetic(uint64_t seed, involute_weights **weights) {
    return guarded([&]() -> Status {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("weights", weights));
        *weights = involute::synthetic_weights(seed).release();
        return {};
    });
}

involute_status involute_weights_create(const involute_named_tensor *tensors, size_t count,
                                        involute_weights **weights) {
    return guarded([&]() -> Status {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("weights", weights));
        if (count > 0)
            INVOLUTE_RETURN_IF_ERROR(check_pointer("tensors", tensors));
        std::unique_ptr<involute_weights> copied;
        INVOLUTE_RETURN_IF_ERROR(involute::copy_weights(tensors, count, &copied));
        *weights = copied.release();
        return {};
    });
}

// No exception may leave these either; a lack of memory answers as a missing tensor does.
const involute_named_tensor *involute_weights_tensor(const involute_weights *weights,
                                                     size_t index) {
    try {
        return weights != nullptr ? weights->at(index) : nullptr;
    } catch (const std::exception &) {
        return nullptr;
    }
}

const involute_named_tensor *involute_weights_find(const involute_weights *weights,
                                                   const char *name) {
    try {
        return weights != nullptr && name != nullptr ? weights->find(name) : nullptr;
    } catch (const std::exception &) {
        return nullptr;
    }
}

const char *involute_weights_metadata(const involute_weights *weights, const char *key) {
    try {
        return weights != nullptr && key != nullptr ? weights->metadata(key) : nullptr;
    } catch (const std::exception &) {
        return nullptr;
    }
}

void involute_weights_destroy(involute_weights *weights) {
    delete weights;
}

involute_status involute_tensors_save(const char *path, const involute_named_tensor *tensors,
                                      size_t count, const char *const *metadata,
                                      size_t metadata_count) {
    return guarded([&]() -> Status {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("path", path));
        if (count > 0)
            INVOLUTE_RETURN_IF_ERROR(check_pointer("tensors", tensors));
        if (metadata_count > 0)
            INVOLUTE_RETURN_IF_ERROR(check_pointer("metadata", metadata));
        std::map<std::string, std::string> texts;
        for (size_t i = 0; i < metadata_count; i++) {
            INVOLUTE_RETURN_IF_ERROR(check_pointer("metadata key", metadata[2 * i]));
            INVOLUTE_RETURN_IF_ERROR(check_pointer("metadata value", metadata[2 * i + 1]));
            texts[metadata[2 * i]] = metadata[2 * i + 1];
        }
        return involute::save_tensors(path, tensors, count, texts);
    });
}

involute_status involute_tensor_fill(involute_tensor *tensor, const char *name, uint64_t seed,
                                     double centre, double half_width) {
    return guarded([&]() -> Status {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("tensor", tensor));
        INVOLUTE_RETURN_IF_ERROR(check_pointer("name", name));
        INVOLUTE_RETURN_IF_ERROR(check_pointer("tensor data", tensor->data));
        if (tensor->dtype != INVOLUTE_F32 || tensor->rank < 0 || tensor->rank > INVOLUTE_MAX_RANK)
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "tensor %s: expected float32 of rank 0 to %d", name,
                                 INVOLUTE_MAX_RANK);
        int64_t count = 1;
        for (int d = 0; d < tensor->rank; d++) {
            if (!involute::checked_product({count, tensor->shape[d]}, &count))
                return Status::error(INVOLUTE_INVALID_ARGUMENT, "tensor %s: its size overflows",
                                     name);
        }
        const involute::PortableRule rule(name, seed, centre, half_width);
        float *data = static_cast<float *>(tensor->data);
        for (int64_t i = 0; i < count; i++) {
            int64_t rest = i, at = 0;
            for (int d = tensor->rank - 1; d >= 0; d--) {
                at += rest % tensor->shape[d] * tensor->strides[d];
                rest /= tensor->shape[d];
            }
            data[at] = rule[static_cast<uint64_t>(i)];
        }
        return {};
    });
}

involute_status involute_internal_image_load(const char *path, const char *preprocessing,
                                             int64_t height, int64_t width, involute_tensor *tensor,
                                             involute::PictureReader read) {
    return guarded([&]() -> Status {
        INVOLUTE_RETURN_IF_ERROR(check_pointer("path", path));
        INVOLUTE_RETURN_IF_ERROR(check_pointer("tensor", tensor));
        involute::Preprocessing recipe;
        INVOLUTE_RETURN_IF_ERROR(
            involute::parse_preprocessing(preprocessing != nullptr ? preprocessing : "", &recipe));
        int64_t h = 0, w = 0;
        INVOLUTE_RETURN_IF_ERROR(involute::preprocessed_size(recipe, height, width, &h, &w));
        if (tensor->data == nullptr) {
            const int64_t shape[4] = {1, 3, h, w};
            *tensor = involute_tensor_f32(nullptr, 4, shape);
            return {};
        }
        if (tensor->dtype != INVOLUTE_F32 || tensor->rank != 4 || tensor->shape[0] != 1 ||
            tensor->shape[1] != 3 || tensor->shape[2] != h || tensor->shape[3] != w)
            return Status::error(INVOLUTE_INVALID_ARGUMENT,
                                 "tensor: expected float32 of shape [1, 3, %lld, %lld]",
                                 static_cast<long long>(h), static_cast<long long>(w));
        involute::Image image;
        INVOLUTE_RETURN_IF_ERROR(Status::of(read(path, &image)));
        return involute::preprocess(image, recipe, height, width,
                                    static_cast<float *>(tensor->data), tensor->strides + 1);
    });
}
