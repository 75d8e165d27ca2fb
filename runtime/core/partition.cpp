// The cut of convolutions by output blocks and pixel tiles, of the other ops by rows, with the tile
// sizes that the schedules use.
#include "core/partition.h"

#include <algorithm>
#include <numeric>

#include "core/checked_size.h"

namespace involute {
namespace {

// Pixels that the product kernels handle in one step, by instruction set and packing width: as many
// accumulators as the registers hold. A figure that no longer matches the schedule costs balance,
// never correctness.
int64_t work_tile(const KernelEntry &kernel) {
    switch (kernel.isa) {
    case INVOLUTE_ISA_AVX512:
        return kernel.packing >= 32 ? 7 : 14;
    case INVOLUTE_ISA_AVX2:
        return 6;
    default:
        return 2;
    }
}

// Enough for an even finish when one thread is late, few enough that a task stays long.
constexpr int64_t kTasksPerThread = 4;

Partition cut_convolution(const KernelEntry &kernel, const WorkShape &work, int64_t threads) {
    const int64_t tiles = std::max<int64_t>(1, ceil_div(work.pixels, work_tile(kernel)));
    const int64_t whole = work.blocks * work.images; // tasks when pixels are not cut
    // Blocks alone: each thread reads its weights once and nobody else's.
    int64_t pieces = 1;
    if (threads > 1 && whole < kTasksPerThread * threads && whole % threads != 0)
        pieces = std::min(tiles, ceil_div(kTasksPerThread * threads, whole));
    Partition partition;
    partition.tiles_per_task = static_cast<int32_t>(ceil_div(tiles, pieces));
    partition.tasks = whole * ceil_div(tiles, partition.tiles_per_task);
    return partition;
}

Partition cut_rows(const WorkShape &work, int64_t threads) {
    // As few pieces of an image as give each thread the same number of tasks.
    const int64_t wanted = threads / std::gcd(threads, work.images);
    const int64_t pieces = std::max<int64_t>(1, std::min(wanted, work.rows));
    Partition partition;
    partition.rows_per_task = static_cast<int32_t>(ceil_div(work.rows, pieces));
    partition.tasks = work.images * ceil_div(work.rows, partition.rows_per_task);
    return partition;
}

} // namespace

Partition cut_work(const KernelEntry &kernel, const WorkShape &work, int threads) {
    switch (kernel.op) {
    case Op::kConv2d:
        return cut_convolution(kernel, work, threads);
    case Op::kDense:
    case Op::kGlobalPool:
        return Partition(); // these kernels cut for themselves
    default:
        return cut_rows(work, threads);
    }
}

} // namespace involute
