// The cuts: convolutions into runs of pixels x runs of output blocks, everything else into runs of
// image rows. Sizes come from the caches, the rest from the makespan that a cut leads to.
#include "core/partition.h"

#include <algorithm>
#include <cmath>
#include <unistd.h>

#include "core/checked_size.h"
#include "core/tiles.h"

namespace involute {
namespace {

// What of the inputs of a task stays in the L1 cache while the output blocks go by;
constexpr int64_t kInputBytes = 48 << 10;
// weights up to this size come from the L2 cache every time, so that many small tasks cost nothing;
// of larger ones every pass is felt, and the inputs only have to come from L3.
constexpr int64_t kCachedWeightBytes = 256 << 10, kLargeInputBytes = 1 << 20;
// The share of the L2 cache for the kernels of one block of an involution, beside the rows of a
// group; and of all kernels, which need no second block.
constexpr double kKernelShare = 0.375, kAllKernelShare = 0.625;

// Time until the last of `tasks` equal tasks has ended, and with several threads a part of a task
// more: one is late at times, the more of them the surer, and small tasks even that out.
double makespan(int64_t tasks, int64_t threads, double task) {
    const double late = threads > 1 ? 0.05 + 0.05 * std::log2(static_cast<double>(threads)) : 0;
    return (static_cast<double>(ceil_div(tasks, threads)) + late) * task;
}

// The different values of ceil(total / pieces), largest first.
template <class Visit>
void for_each_share(int64_t total, int64_t largest, Visit visit) {
    int64_t share = std::min(total, largest);
    while (true) {
        visit(share);
        if (share == 1)
            return;
        // The largest share that needs more pieces, evened out.
        const int64_t pieces = ceil_div(total, share) + 1;
        share = std::min(share - 1, ceil_div(total, pieces));
    }
}

// Of a convolution: multiply-adds that take a nanosecond; nanoseconds of a task beside its work;
// and bytes a nanosecond of weights from memory, half of which hide behind arithmetic, and of
// inputs that another core wrote (Zen 3, cores that share no cache: 16 and 13).
constexpr double kMultiplyAdds = 35, kTaskTime = 200, kWeightBytes = 32, kInputBytesFromCores = 13;

// Every thread begins with its own part of the tasks, in which the runs of blocks follow each other
// for one run of pixels after the other. With as many runs of pixels as threads each thread reads
// all weights but only its own pixels, which the layer before left in its caches; with one run, its
// own weights and all pixels.
double first_reads(const WorkShape &work, int64_t weight_bytes, int64_t pixel_runs,
                   int64_t threads) {
    const double runs = static_cast<double>(pixel_runs), count = static_cast<double>(threads);
    const double input_bytes = static_cast<double>(work.pixels() * work.input_floats * 4);
    const double foreign = std::max(0.0, 1 / runs - 1 / count);
    return static_cast<double>(weight_bytes) * std::min(1.0, runs / count) / kWeightBytes +
           input_bytes * foreign / kInputBytesFromCores;
}

Partition cut_convolution(const KernelEntry &kernel, const WorkShape &work, int64_t threads) {
    const int64_t tile = convolution_tile(kernel, work.pixels());
    const int64_t tiles = ceil_div(work.pixels(), tile);
    const int64_t weight_bytes = work.blocks * kernel.packing * work.depth * 4;
    const int64_t tile_bytes = tile * work.input_floats * 4;
    const int64_t largest = std::max<int64_t>(
        1, (weight_bytes <= kCachedWeightBytes ? kInputBytes : kLargeInputBytes) / tile_bytes);
    // Of one tile and one block.
    const double step = static_cast<double>(tile * kernel.packing * work.depth) / kMultiplyAdds;
    Partition best;
    double shortest = 0;
    for_each_share(tiles, largest, [&](int64_t tiles_per_task) {
        const int64_t pixel_runs = ceil_div(tiles, tiles_per_task);
        const double reads = first_reads(work, weight_bytes, pixel_runs, threads);
        for_each_share(work.blocks, work.blocks, [&](int64_t blocks_per_task) {
            const int64_t tasks = work.images * pixel_runs * ceil_div(work.blocks, blocks_per_task);
            // The first tile of a block finds its weights in a cache further away, the first block
            // of a task its inputs, which then serve the next tasks as well.
            const double task = step * (static_cast<double>(tiles_per_task) + 0.5) *
                                    (static_cast<double>(blocks_per_task) + 0.05) +
                                kTaskTime;
            const double time = makespan(tasks, threads, task) + reads;
            if (shortest == 0 || time < shortest) {
                shortest = time;
                best.pixels_per_task =
                    static_cast<int32_t>(std::min(tiles_per_task * tile, work.pixels()));
                best.blocks_per_task = static_cast<int32_t>(blocks_per_task);
                best.tasks = tasks;
            }
        });
    });
    return best;
}

// Runs of rows of one image; `overhead` of a task, in rows.
double cut_rows(const WorkShape &work, int64_t threads, double overhead, Partition *best,
                int64_t most = INT32_MAX) {
    double shortest = 0;
    for_each_share(work.rows, most, [&](int64_t rows) {
        const int64_t tasks = work.images * ceil_div(work.rows, rows);
        const double time = makespan(tasks, threads, static_cast<double>(rows) + overhead);
        if (shortest == 0 || time < shortest) {
            shortest = time;
            best->rows_per_task = static_cast<int32_t>(rows);
            best->pixels_per_task = static_cast<int32_t>(rows * work.width);
            best->tasks = tasks;
        }
    });
    return shortest;
}

// The rows whose kernels are in memory at once: as many as the caches hold, so that fewest pixels
// are made twice because a block of rows is no whole number of tiles.
int64_t block_rows(const KernelEntry &kernel, const WorkShape &work, int64_t rows, int64_t bytes,
                   int64_t all_bytes) {
    const int64_t tile = product_tile(kernel);
    const int64_t row_bytes = work.width * work.blocks * kernel.packing * 4;
    if (rows * row_bytes <= all_bytes)
        return rows;
    const auto made = [&](int64_t block) {
        return round_up_runs(rows * work.width, block * work.width, tile);
    };
    int64_t best = 1;
    for (int64_t block = 2; block <= rows && block * row_bytes <= bytes; ++block) {
        if (made(block) <= made(best))
            best = block;
    }
    return best;
}

// In multiply-adds of an involution, 35 of which take a nanosecond: three loops that wait for each
// other, and a weight that a core reads for the first time.
constexpr double kMeeting = 200e3, kColdWeight = 4;

// Multiply-adds of one pixel of an involution, by the loop that threads share when all maps are one
// task, and the iterations of that loop for each run of pixels or rows.
struct InvolutionWork {
    double hidden = 0, kernels = 0, aggregation = 0;
    int64_t hidden_steps = 1, kernel_steps = 1, groups = 1;

    int64_t weights = 1; // of kernel generation

    double all() const {
        return hidden + kernels + aggregation;
    }
    double row(const WorkShape &work) const {
        return all() * static_cast<double>(work.width);
    }
    double cold() const {
        return kColdWeight * static_cast<double>(weights);
    }
};

InvolutionWork involution_work(const KernelEntry &kernel, const WorkShape &work) {
    const double columns = static_cast<double>(work.blocks * kernel.packing);
    InvolutionWork result;
    result.kernels = static_cast<double>(work.depth) * columns;
    result.kernel_steps = ceil_div(work.blocks, blocks_at_once(kernel));
    // columns / groups taps for every channel; it needs more instructions a multiply-add.
    result.aggregation =
        1.5 * columns * static_cast<double>(work.input_floats) / static_cast<double>(work.groups);
    result.groups = work.groups;
    result.weights = work.blocks * kernel.packing * work.depth;
    if (kernel.form == Form::kBottleneck) {
        result.hidden = static_cast<double>(work.depth * work.input_floats);
        result.hidden_steps = ceil_div(work.depth, kernel.packing * blocks_at_once(kernel));
        result.weights += work.depth * work.input_floats;
    }
    return result;
}

// By how much more pixels of generation `rows` rows are, because they are no whole number of tiles.
double generated(const KernelEntry &kernel, const WorkShape &work, int64_t rows) {
    const int64_t pixels = rows * work.width;
    return static_cast<double>(round_up(pixels, product_tile(kernel))) /
           static_cast<double>(pixels);
}

// Time of all maps as one task, in rows: its inner loops are shared, image by image. They balance
// whatever the number of rows, as far as there are blocks and groups for all threads; but threads
// meet after each loop, and inputs and kernels change cores. Each reads its share of the weights.
double time_together(const KernelEntry &kernel, const InvolutionWork &cost, const WorkShape &work,
                     int64_t threads) {
    // The share of the last thread of a loop over `steps` and runs of `count` pixels or rows.
    const auto longest = [&](double all, int64_t steps, int64_t count) {
        const int64_t runs = (threads - 1) * kLoopPieces / steps + 1;
        const int64_t run = ceil_div(count, runs), pieces = steps * ceil_div(count, run);
        const double part = static_cast<double>(run) / static_cast<double>(count * steps);
        return all * part * static_cast<double>(ceil_div(pieces, threads));
    };
    const int64_t tiles = ceil_div(work.pixels(), product_tile(kernel));
    const double generation = (longest(cost.hidden, cost.hidden_steps, tiles) +
                               longest(cost.kernels, cost.kernel_steps, tiles)) *
                              generated(kernel, work, work.rows);
    const double aggregation = longest(cost.aggregation, cost.groups, work.rows);
    const double share = std::min(1.0, (generation + aggregation) / cost.all());
    // Of two threads each finds half of what it reads in the caches of the other.
    const double exchange = 1.2 + 0.5 / static_cast<double>(threads);
    return exchange * share * static_cast<double>(work.images * work.rows) +
           (static_cast<double>(work.images) * kMeeting +
            cost.cold() / static_cast<double>(threads)) /
               cost.row(work);
}

// The most rows of a task: those whose padded input is little more than an L2 cache holds, so that
// large maps do not go through memory once more; a few rows at least, since a task copies the rows
// around its own.
int64_t most_rows(const WorkShape &work, const Cores &cores) {
    constexpr double kPaddedShare = 1.25;
    constexpr int64_t kFewRows = 4;
    const int64_t row_bytes = (work.width * work.stride + work.border) * work.input_floats * 4;
    const int64_t held =
        static_cast<int64_t>(kPaddedShare * static_cast<double>(cores.l2_bytes)) / row_bytes;
    return std::max(kFewRows, (held - work.border) / work.stride);
}

// The best runs of rows, and their time in rows. Each thread reads all weights.
double cut_involution_rows(const KernelEntry &kernel, const InvolutionWork &cost,
                           const WorkShape &work, const Cores &cores, Partition *best) {
    const int64_t threads = cores.threads;
    const double generation = (cost.hidden + cost.kernels) / cost.all();
    // A task copies the rows above and below its own.
    const double overhead = 0.08 * static_cast<double>(work.border);
    double shortest = 0;
    for_each_share(work.rows, most_rows(work, cores), [&](int64_t rows) {
        const double row = 1 + generation * (generated(kernel, work, rows) - 1);
        const int64_t tasks = work.images * ceil_div(work.rows, rows);
        const double time = makespan(tasks, threads, static_cast<double>(rows) * row + overhead);
        if (shortest == 0 || time < shortest) {
            shortest = time;
            best->rows_per_task = static_cast<int32_t>(rows);
            best->tasks = tasks;
        }
    });
    return shortest + cost.cold() / cost.row(work);
}

Partition cut_involution(const KernelEntry &kernel, const WorkShape &work, const Cores &cores) {
    const int64_t threads = cores.threads;
    const InvolutionWork cost = involution_work(kernel, work);
    Partition cut;
    const double apart = cut_involution_rows(kernel, cost, work, cores, &cut);
    int64_t caches = 1;
    if (threads > 1 && time_together(kernel, cost, work, threads) < apart) {
        cut = Partition();
        cut.rows_per_task = static_cast<int32_t>(work.rows);
        cut.images_per_task = static_cast<int32_t>(work.images);
        cut.threads_per_task = static_cast<int32_t>(threads);
        caches = std::max<int64_t>(1, threads / work.images);
    }
    const double bytes = static_cast<double>(caches * cores.l2_bytes);
    cut.rows_per_block = static_cast<int32_t>(
        block_rows(kernel, work, cut.rows_per_task, static_cast<int64_t>(kKernelShare * bytes),
                   static_cast<int64_t>(kAllKernelShare * bytes)));
    return cut;
}

// A task copies the input rows of one group after the other, those it shares with its neighbours
// included: with a constant window a few at a time, else all at once, for which they should fit
// into half of the L2 cache.
Partition cut_gradient(const KernelEntry &kernel, const WorkShape &work, const Cores &cores) {
    constexpr double kCopy = 0.15; // of a row, in rows
    constexpr int64_t kFewRows = 4;
    int64_t most = INT32_MAX;
    if (kernel.kernel == 0) {
        const int64_t row_bytes =
            (work.width * work.stride + work.depth) * round_up(work.input_floats, 8) * 4;
        most = std::max(kFewRows, (cores.l2_bytes / 2 / row_bytes - work.depth) / work.stride);
    }
    Partition cut;
    cut_rows(work, cores.threads, kCopy * static_cast<double>(work.depth), &cut, most);
    return cut;
}

} // namespace

int64_t l2_cache_bytes() {
    int64_t bytes = 0;
#if defined(_SC_LEVEL2_CACHE_SIZE)
    bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
    return bytes > 0 ? std::clamp<int64_t>(bytes, 256 << 10, 2 << 20) : kUsualL2Bytes;
}

Partition cut_work(const KernelEntry &kernel, const WorkShape &work, const Cores &cores) {
    const int threads = cores.threads;
    Partition cut;
    switch (kernel.op) {
    case Op::kConv2d:
        if (!kernel.is_generic())
            return cut_convolution(kernel, work, threads);
        cut_rows(work, threads, 0.1, &cut);
        return cut;
    case Op::kInvolution:
        return cut_involution(kernel, work, cores);
    case Op::kAggregation:
        cut_rows(work, threads, 0.5, &cut);
        return cut;
    case Op::kKernelGeneration:
    case Op::kSoftmax:
    case Op::kLocal:
    case Op::kReluGrad:
    case Op::kAvgPoolGrad:
    case Op::kMaxPool:
    case Op::kAvgPool:
        cut_rows(work, threads, 0.1, &cut);
        return cut;
    case Op::kAggregationGradInput:
    case Op::kAggregationGradWeight:
        return cut_gradient(kernel, work, cores);
    case Op::kGlobalPool:
    case Op::kDense:
        return cut; // these kernels cut for themselves
    }
    return cut;
}

} // namespace involute
