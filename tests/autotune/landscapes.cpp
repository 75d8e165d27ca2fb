#include "tests/autotune/landscapes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autotune/random.h"

namespace involute::autotune {

namespace {

std::vector<int> up_to(int last) {
    std::vector<int> values;
    for (int value = 1; value <= last; ++value)
        values.push_back(value);
    return values;
}

struct Layer {
    std::string name;
    int width;       // pixels a row
    int registers;   // vector registers
    double work;     // share of arithmetic; the rest is memory
    double overhead; // of starting a task, against the layer's time
    int knobs;       // 5 .. 7 of the list below
    int least, most; // accumulators that are legal
    int code;        // accumulators times unroll that are legal
    double rejected; // share of points that turn out to be wrong
};

enum { kTile, kUnroll, kPrefetch, kTask, kBlock, kOrder, kAhead };

std::vector<KnobRange> ranges(int knobs) {
    std::vector<KnobRange> all = {{"tile", up_to(14), "pixels a register tile", true},
                                  {"unroll", {1, 2, 4, 8, 16}, "of the inner loop", true},
                                  {"prefetch", {0, 1}, "of weights", true},
                                  {"task", {0, 1, 2, 4, 8, 16, 32}, "rows; 0: the runtime", true},
                                  {"block", {1, 2, 3}, "vectors of channels", true},
                                  {"order", {0, 1}, "channels outside", true},
                                  {"ahead", {0, 1}, "loads before use", true}};
    all.resize(static_cast<size_t>(knobs));
    return all;
}

int knob(const Point &point, size_t index) {
    return index < point.size() ? point[index] : index == kBlock ? 1 : 0;
}

double run_time(const Layer &layer, const Point &point) {
    const int tile = point[kTile], block = knob(point, kBlock), unroll = point[kUnroll];
    const int accumulators = tile * block, width = layer.width;
    const double waste = static_cast<double>((width + tile - 1) / tile * tile) / width;
    const double latency = std::max(1.0, 8.0 / accumulators); // two units of four cycles each
    const double loads = 1 + 0.5 * (1.0 / tile + 1.0 / (3 * block));
    const int spilled = std::max(0, accumulators + block + 1 - layer.registers);
    const double loop = 1 + 0.12 / unroll + 0.004 * unroll * accumulators / 8.0;
    const double arithmetic = waste * std::pow(latency, 0.8) * loads * (1 + 0.06 * spilled) * loop;

    double memory = knob(point, kPrefetch) == 1 ? (width > 20 ? 0.88 : 1.03) : 1;
    if (knob(point, kOrder) == 1)
        memory *= block > 1 ? 0.9 : 1.08;
    if (knob(point, kAhead) == 1)
        memory *= unroll >= 4 ? 0.94 : 1.02;
    const int task = point[kTask] == 0 ? 8 : point[kTask]; // the runtime's guess
    const double idle = 0.01 * std::pow(std::log2(task * 28.0 / (width * 4)), 2);
    const double tasks = 1 + layer.overhead / task + idle + (point[kTask] == 0 ? 0.01 : 0);
    return (layer.work * arithmetic + (1 - layer.work) * memory * 1.5) * tasks;
}

Sweep sweep_of(const Layer &layer, uint64_t seed) {
    const auto violation = [&](const Point &point) -> std::string {
        const int accumulators = point[kTile] * knob(point, kBlock);
        if (accumulators < layer.least || accumulators > layer.most)
            return std::to_string(accumulators) + " accumulators";
        const int code = accumulators * point[kUnroll];
        return code <= layer.code ? "" : std::to_string(code) + " sums in the loop";
    };
    Point usual = {8, 2, 0, 0, 1, 0, 0};
    usual.resize(static_cast<size_t>(layer.knobs));
    Sweep sweep{KnobSpace(ranges(layer.knobs), violation, usual), {}, {{"layer", layer.name}}};
    const double reference = run_time(layer, usual);
    Random random(seed);
    for (size_t index = 0; index < sweep.space.size(); ++index) {
        double noise = -6; // of twelve uniform ones: nearly normal
        for (int i = 0; i < 12; ++i)
            noise += static_cast<double>(random.below(1 << 20)) / (1 << 20);
        const double cost =
            run_time(layer, sweep.space.point(index)) / reference * (1 + 0.005 * noise);
        const bool rejected = index != sweep.space.usual() &&
                              static_cast<double>(random.below(1000)) < 1000 * layer.rejected;
        sweep.costs.push_back(rejected ? std::numeric_limits<double>::infinity() : cost);
    }
    return sweep;
}

} // namespace

std::vector<Landscape> landscapes() {
    const Layer layers[] = {
        {"wide rows", 112, 32, 0.8, 0.05, 5, 6, 28, 64, 0},
        {"narrow rows", 14, 32, 0.8, 0.3, 5, 1, 30, 100, 0},
        {"sixteen registers", 56, 16, 0.9, 0.1, 6, 3, 16, 60, 0},
        {"bound by memory", 28, 32, 0.3, 0.2, 6, 4, 24, 40, 0},
        {"rows of seven", 7, 32, 0.7, 0.5, 7, 6, 14, 24, 0},
        {"one in ten rejected", 56, 32, 0.7, 0.2, 7, 6, 16, 32, 0.1},
    };
    std::vector<Landscape> all;
    for (const Layer &layer : layers)
        all.push_back({layer.name, sweep_of(layer, all.size() + 1)});
    return all;
}

} // namespace involute::autotune
