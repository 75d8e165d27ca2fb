// The memset of the counted program: kernels call it, and that of libc is another one on every CPU.
// Built with fixed options (tests/CMakeLists.txt), so that it costs the same in every build.
#include <cstddef>

#include <emmintrin.h>

extern "C" void *memset(void *memory, int value, size_t count) {
    char *to = static_cast<char *>(memory);
    const __m128i block = _mm_set1_epi8(static_cast<char>(value));
    for (; count >= sizeof block; count -= sizeof block, to += sizeof block)
        _mm_storeu_si128(reinterpret_cast<__m128i *>(to), block);
    for (; count > 0; --count)
        *to++ = static_cast<char>(value);
    return memory;
}
