// Arithmetic on sizes that a caller or a file chose: products that must not wrap, and rounding up
// to whole blocks.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace involute {

// False when a factor is negative or the product does not fit.
inline bool checked_product(std::initializer_list<int64_t> factors, int64_t *product) {
    int64_t result = 1;
    for (int64_t factor : factors) {
        if (factor < 0 || __builtin_mul_overflow(result, factor, &result))
            return false;
    }
    *product = result;
    return true;
}

inline int64_t ceil_div(int64_t value, int64_t divisor) {
    return value / divisor + (value % divisor != 0);
}

inline int64_t round_up(int64_t value, int64_t multiple) {
    return ceil_div(value, multiple) * multiple;
}

// `value` in runs of `run`, each rounded up.
inline int64_t round_up_runs(int64_t value, int64_t run, int64_t multiple) {
    return value / run * round_up(run, multiple) + round_up(value % run, multiple);
}

} // namespace involute
