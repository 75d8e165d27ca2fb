// Random numbers that are the same with every compiler and standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace involute::autotune {

// SplitMix64: Steele, Lea & Flood, Fast Splittable Pseudorandom Number Generators, 2014.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

    // 0 .. limit - 1, each as likely as the others.
    uint64_t below(uint64_t limit) {
        const uint64_t uneven = (UINT64_MAX % limit + 1) % limit; // numbers that have no full round
        uint64_t drawn = next();
        while (drawn > UINT64_MAX - uneven)
            drawn = next();
        return drawn % limit;
    }

    // Puts `count` of the items, drawn without replacement, at the front.
    template <typename T>
    void draw_to_front(std::vector<T> &items, size_t count) {
        for (size_t i = 0; i < count && i < items.size(); ++i)
            std::swap(items[i], items[i + below(items.size() - i)]);
    }

private:
    uint64_t state_;
};

} // namespace involute::autotune
