// Greedy by size: the largest tensor first, each at the lowest address where no tensor that lives
// at the same time is in its way.
#include "core/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "core/aligned.h"
#include "core/checked_size.h"

namespace involute {
namespace {

constexpr int64_t kOverread = 64;

bool meet(const TensorLifetime &a, const TensorLifetime &b) {
    return a.first <= b.last && b.first <= a.last;
}

} // namespace

MemoryPlan plan_memory(const std::vector<TensorLifetime> &tensors) {
    MemoryPlan plan;
    plan.offsets.assign(tensors.size(), 0);
    std::vector<int64_t> sizes;
    int last_step = 0;
    for (const TensorLifetime &tensor : tensors) {
        sizes.push_back(round_up(tensor.bytes + kOverread, kBlockAlignment));
        plan.bytes_unshared += sizes.back();
        last_step = std::max(last_step, tensor.last);
    }
    for (int step = 0; step <= last_step; ++step) {
        int64_t alive = 0;
        for (size_t i = 0; i < tensors.size(); ++i) {
            if (tensors[i].first <= step && step <= tensors[i].last)
                alive += sizes[i];
        }
        plan.bytes_most_alive = std::max(plan.bytes_most_alive, alive);
    }

    std::vector<size_t> order(tensors.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
    std::vector<size_t> placed; // by offset
    for (size_t tensor : order) {
        int64_t offset = 0;
        for (size_t other : placed) {
            if (!meet(tensors[tensor], tensors[other]))
                continue;
            if (offset + sizes[tensor] <= plan.offsets[other])
                break;
            offset = std::max(offset, plan.offsets[other] + sizes[other]);
        }
        plan.offsets[tensor] = offset;
        plan.bytes = std::max(plan.bytes, offset + sizes[tensor]);
        const auto place = std::upper_bound(
            placed.begin(), placed.end(), offset,
            [&](int64_t value, size_t other) { return value < plan.offsets[other]; });
        placed.insert(place, tensor);
    }
    return plan;
}

} // namespace involute
