// Aligned storage on posix_memalign, so that any size is allowed, not only multiples of the
// alignment.
#include "core/aligned.h"

#include <cstdlib>
#include <cstring>

namespace involute {

AlignedFloats::~AlignedFloats() {
    std::free(data_);
}

Status AlignedFloats::allocate(size_t count, const char *what, AlignedFloats *result) {
    AlignedFloats fresh;
    if (count > 0) {
        void *memory = nullptr;
        if (count > SIZE_MAX / sizeof(float) ||
            posix_memalign(&memory, kBlockAlignment, count * sizeof(float)) != 0) {
            return Status::error(INVOLUTE_OUT_OF_MEMORY, "%s: no memory for %zu float32 values",
                                 what, count);
        }
        std::memset(memory, 0, count * sizeof(float));
        fresh.data_ = static_cast<float *>(memory);
        fresh.size_ = count;
    }
    *result = std::move(fresh);
    return Status();
}

} // namespace involute
