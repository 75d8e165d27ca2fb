// Loops over the packed order, so that writes are sequential (with weights of every pixel, sixteen
// runs of them). Packing and unpacking share one walk and cannot disagree.
#include "core/packing.h"

#include <algorithm>
#include <cinttypes>

#include "core/checked_size.h"

namespace involute {
namespace {

// Both directions of a packing share the walk over the packed order: visit(packed index, source
// index) for every stored weight.
template <class Visit>
void walk_matrix(const MatrixPacking &shape, Visit visit) {
    for (int64_t no = 0; no < ceil_div(shape.outputs, shape.nr); ++no) {
        const int64_t width = std::min(shape.nr, shape.outputs - no * shape.nr);
        for (int64_t k = 0; k < shape.depth; ++k) {
            for (int64_t ni = 0; ni < width; ++ni)
                visit((no * shape.depth + k) * shape.nr + ni,
                      (no * shape.nr + ni) * shape.depth + k);
        }
    }
}

template <class Visit>
void walk_window(const WindowPacking &shape, Visit visit) {
    const int64_t kernel = shape.kernel, channels = shape.channels;
    for (int64_t no = 0; no < shape.blocks(); ++no) {
        const int64_t width = std::min(shape.nr, shape.outputs - no * shape.nr);
        for (int64_t ky = 0; ky < kernel; ++ky) {
            for (int64_t kx = 0; kx < kernel; ++kx) {
                for (int64_t c = 0; c < channels; ++c) {
                    const int64_t j = kx * channels + c;
                    const int64_t row = (no * kernel + ky) * kernel * channels + j;
                    for (int64_t ni = 0; ni < width; ++ni)
                        visit(row * shape.nr + ni,
                              (((no * shape.nr + ni) * channels + c) * kernel + ky) * kernel + kx);
                }
            }
        }
    }
}

template <class Visit>
void walk_grouped(const GroupedPacking &shape, Visit visit) {
    const int64_t taps = shape.height * shape.width, padded = shape.padded_outputs();
    const int64_t of_pixel = shape.groups * taps * shape.depth * padded;
    // A cache line of the source holds so many pixels.
    constexpr int64_t kLine = 16;
    for (int64_t first = 0; first < shape.pixels; first += kLine) {
        const int64_t last = std::min(first + kLine, shape.pixels);
        for (int64_t g = 0; g < shape.groups; ++g) {
            for (int64_t tap = 0; tap < taps; ++tap) {
                for (int64_t c = 0; c < shape.depth; ++c) {
                    for (int64_t o = 0; o < shape.outputs; ++o) {
                        const int64_t to = ((g * taps + tap) * shape.depth + c) * padded + o;
                        const int64_t from =
                            ((g * shape.outputs + o) * shape.depth + c) * taps + tap;
                        for (int64_t p = first; p < last; ++p)
                            visit(p * of_pixel + to, from * shape.pixels + p);
                    }
                }
            }
        }
    }
}

Status allocate_packed(std::initializer_list<int64_t> factors, const char *what,
                       WeightMemory *memory, WeightSpan *packed) {
    int64_t size = 0;
    if (!checked_product(factors, &size) || size > INT32_MAX) {
        return Status::error(INVOLUTE_UNSUPPORTED,
                             "%s: its packed weights need more than %d values", what, INT32_MAX);
    }
    return memory->allocate(static_cast<size_t>(size), what, packed);
}

} // namespace

int64_t MatrixPacking::blocks() const {
    return std::max(padded_blocks, ceil_div(outputs, nr));
}

int64_t MatrixPacking::size() const {
    return blocks() * depth * nr;
}

int64_t WindowPacking::blocks() const {
    return ceil_div(outputs, nr);
}

int64_t WindowPacking::size() const {
    return blocks() * kernel * kernel * channels * nr;
}

void pack_matrix(const MatrixPacking &shape, const float *source, float *packed) {
    std::fill(packed, packed + shape.size(), 0.0f);
    walk_matrix(shape, [=](int64_t to, int64_t from) { packed[to] = source[from]; });
}

void unpack_matrix(const MatrixPacking &shape, const float *packed, float *source) {
    walk_matrix(shape, [=](int64_t from, int64_t to) { source[to] = packed[from]; });
}

void pack_window(const WindowPacking &shape, const float *source, float *packed) {
    std::fill(packed, packed + shape.size(), 0.0f);
    walk_window(shape, [=](int64_t to, int64_t from) { packed[to] = source[from]; });
}

void unpack_window(const WindowPacking &shape, const float *packed, float *source) {
    walk_window(shape, [=](int64_t from, int64_t to) { source[to] = packed[from]; });
}

int64_t GroupedPacking::padded_outputs() const {
    return round_up(outputs, nr);
}

int64_t GroupedPacking::size() const {
    return padded_outputs() * depth * height * width * groups * pixels;
}

void pack_grouped(const GroupedPacking &shape, const float *source, float *packed) {
    std::fill(packed, packed + shape.size(), 0.0f);
    walk_grouped(shape, [=](int64_t to, int64_t from) { packed[to] = source[from]; });
}

void unpack_grouped(const GroupedPacking &shape, const float *packed, float *source) {
    walk_grouped(shape, [=](int64_t from, int64_t to) { source[to] = packed[from]; });
}

void pack_grouped_vector(const GroupedPacking &shape, const float *source, float *packed) {
    const int64_t padded = shape.padded_outputs();
    std::fill(packed, packed + padded * shape.groups * shape.pixels, 0.0f);
    for (int64_t p = 0; source && p < shape.pixels; ++p) {
        for (int64_t g = 0; g < shape.groups; ++g) {
            for (int64_t o = 0; o < shape.outputs; ++o)
                packed[(p * shape.groups + g) * padded + o] =
                    source[(g * shape.outputs + o) * shape.pixels + p];
        }
    }
}

void pack_vector(int64_t count, int64_t nr, int64_t blocks, const float *source, float *packed) {
    std::fill(packed, packed + blocks * nr, 0.0f);
    if (source)
        std::copy(source, source + count, packed);
}

void unpack_vector(int64_t count, const float *packed, float *source) {
    std::copy(packed, packed + count, source);
}

Status pack_matrix(const MatrixPacking &shape, const float *source, const char *what,
                   WeightMemory *memory, WeightSpan *packed) {
    INVOLUTE_RETURN_IF_ERROR(
        allocate_packed({shape.blocks(), shape.depth, shape.nr}, what, memory, packed));
    pack_matrix(shape, source, packed->data());
    return Status();
}

Status pack_window(const WindowPacking &shape, const float *source, const char *what,
                   WeightMemory *memory, WeightSpan *packed) {
    INVOLUTE_RETURN_IF_ERROR(
        allocate_packed({shape.blocks(), shape.kernel, shape.kernel, shape.channels, shape.nr},
                        what, memory, packed));
    pack_window(shape, source, packed->data());
    return Status();
}

Status pack_grouped(const GroupedPacking &shape, const float *source, const char *what,
                    WeightMemory *memory, WeightSpan *packed) {
    INVOLUTE_RETURN_IF_ERROR(allocate_packed({shape.padded_outputs(), shape.depth, shape.height,
                                              shape.width, shape.groups, shape.pixels},
                                             what, memory, packed));
    pack_grouped(shape, source, packed->data());
    return Status();
}

Status pack_grouped_vector(const GroupedPacking &shape, const float *source, const char *what,
                           WeightMemory *memory, WeightSpan *packed) {
    INVOLUTE_RETURN_IF_ERROR(allocate_packed({shape.padded_outputs(), shape.groups, shape.pixels},
                                             what, memory, packed));
    pack_grouped_vector(shape, source, packed->data());
    return Status();
}

Status pack_vector(int64_t count, int64_t nr, int64_t blocks, const float *source, const char *what,
                   WeightMemory *memory, WeightSpan *packed) {
    INVOLUTE_RETURN_IF_ERROR(allocate_packed({blocks, nr}, what, memory, packed));
    pack_vector(count, nr, blocks, source, packed->data());
    return Status();
}

} // namespace involute
