// A tuned kernel is built for one call, so that of several tiles for rows of any width only one is
// left, and sizes that a knob has to divide are known.
#include "autotune/spaces.h"

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>

#include "autotune/op_knobs.h"

namespace involute::autotune {

namespace {

using schedules::Knob;
using schedules::Machine;
using schedules::Tried;

int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

// Where a knob's values come from, by its name.
struct Sizes {
    std::vector<int64_t> divided; // the loops that an unrolled one must divide
    std::map<std::string, int64_t> shared;
    std::set<std::string> unused; // knobs that this shape's kernel does not look at
    int64_t row = 0;              // pixels that a tile may have at most; 0: any number
};

int64_t out_height(const TuningKey &key) {
    return ceil_div(key.height, key.stride) * key.upsample;
}

int64_t out_width(const TuningKey &key) {
    return ceil_div(key.width, key.stride) * key.upsample;
}

// The reduction of a generation's products.
std::vector<int64_t> generation_loops(const TuningKey &key) {
    return key.hidden != 0 ? std::vector<int64_t>{key.in_channels, key.hidden}
                           : std::vector<int64_t>{key.in_channels};
}

Sizes sizes_of(const TuningKey &key) {
    const std::set<std::string> other_tiles = {"tile_b", "tile_c", "tile_d", "tile_e"};
    const int64_t pixels = out_height(key) * out_width(key);
    Sizes sizes;
    sizes.shared = {{"task_rows", out_height(key)}, {"block_rows", out_height(key)}};
    if (key.op == "conv2d")
        sizes.row = pixels * (key.form == "point" ? key.batch : 1);
    if (key.op == "conv2d" && key.form != "grouped" && key.form != "depthwise") {
        const bool window = key.form == "window";
        sizes.divided = {key.in_channels * (window ? key.kernel_width : 1)};
        sizes.unused = {"tile_b", window ? "unroll_k" : "unroll_window"};
        if (key.form == "point")
            sizes.unused.insert("copy");
        sizes.shared = {{"task_pixels", pixels * (key.form == "point" ? key.batch : 1)},
                        {"task_blocks", ceil_div(key.out_channels, key.packing)}};
    } else if (key.op == "conv2d" || key.op == "kernel_generation") {
        sizes.divided = generation_loops(key);
        sizes.shared = {{"task_pixels", pixels}};
    } else if (key.op == "dense") {
        sizes.divided = {key.in_channels};
    } else if (key.op == "involution" || key.op == "aggregation") {
        sizes.divided = generation_loops(key);
        sizes.unused = other_tiles;
        sizes.row = out_width(key);
    } else if (key.op == "aggregation_grad_input" && key.generic) {
        sizes.unused = other_tiles;
        sizes.unused.insert("tile");
    } else if (key.op == "aggregation_grad_input") {
        sizes.unused = other_tiles;
        sizes.unused.insert("groups");
        sizes.row = key.width; // it goes back to the input
    } else if (key.op == "aggregation_grad_weight" && key.generic) {
        sizes.unused = {"unroll"};
    }
    return sizes;
}

// A tile wider than what it cuts would be no kernel; single pixels always are one.
bool is_too_wide(const Knob &knob, int64_t value, const Sizes &sizes) {
    return std::string(knob.name) == "tile" && sizes.row != 0 && value > sizes.row && value > 1;
}

// 0, and the size cut into 1, 2, 4, 8, 16 equal parts.
std::vector<int> shares(int64_t size) {
    std::set<int> values = {0};
    for (int64_t parts : {1, 2, 4, 8, 16})
        values.insert(static_cast<int>(ceil_div(size, parts)));
    return {values.begin(), values.end()};
}

std::vector<int> tried_values(const Knob &knob, const Sizes &sizes) {
    const int usual = *knob.value;
    if (sizes.unused.count(knob.name) != 0)
        return {knob.low == 0 ? 0 : usual};
    if (knob.tried == Tried::kShares) {
        std::vector<int> values = shares(sizes.shared.at(knob.name));
        values.erase(std::remove_if(values.begin(), values.end(),
                                    [&](int value) { return value > knob.high; }),
                     values.end());
        return values;
    }
    std::vector<int> values;
    for (int value = knob.low; value <= knob.high; ++value) {
        const bool power = (value & (value - 1)) == 0;
        const bool divides =
            knob.tried != Tried::kDivisors ||
            std::all_of(sizes.divided.begin(), sizes.divided.end(),
                        [&](int64_t loop) { return value != 0 && loop % value == 0; });
        if (divides && (power || knob.tried != Tried::kPowers) && !is_too_wide(knob, value, sizes))
            values.push_back(value);
    }
    return values;
}

// Of the tiles of the hand schedule the one that it takes for a row (x86/rows.cpp): fewest pixels,
// the widest of equals.
int row_tile(const std::vector<int> &tiles, int64_t row) {
    int best = 1;
    int64_t fewest = row;
    for (int tile : tiles) {
        const int64_t pixels = tile > 1 ? ceil_div(row, tile) * tile : row + 1;
        if (tile > 1 && tile <= row &&
            (best == 1 || pixels < fewest || (pixels == fewest && tile > best))) {
            best = tile;
            fewest = pixels;
        }
    }
    return best;
}

// What the hand schedule takes, as near as the tried values have it.
int usual_value(const Knob &knob, const std::vector<Knob> &all, const Sizes &sizes,
                const std::vector<int> &values) {
    int wanted = *knob.value;
    const bool cuts_rows = sizes.unused.count("tile_c") != 0;
    if (cuts_rows && std::string(knob.name) == "tile") {
        std::vector<int> tiles;
        for (const Knob &other : all)
            if (std::string(other.name).compare(0, 4, "tile") == 0)
                tiles.push_back(*other.value);
        wanted = row_tile(tiles, sizes.row);
    }
    return *std::min_element(values.begin(), values.end(), [&](int a, int b) {
        return std::abs(a - wanted) < std::abs(b - wanted);
    });
}

void fix(std::vector<KnobRange> *knobs, const SpaceOptions &options) {
    for (const auto &[name, values] : options.fixed) {
        const auto knob = std::find_if(knobs->begin(), knobs->end(),
                                       [&](const KnobRange &k) { return k.name == name; });
        if (knob == knobs->end())
            throw std::invalid_argument("knob " + name + ": the layer has none of that name");
        std::vector<int> kept;
        for (int value : knob->values)
            if (std::find(values.begin(), values.end(), value) != values.end())
                kept.push_back(value);
        if (kept.empty())
            throw std::invalid_argument("knob " + name + ": no such value is tried here");
        knob->values = kept;
    }
}

} // namespace

std::string why_untunable(const TuningKey &key) {
    if (!has_knobs(key.op))
        return "its schedule has no knobs";
    const bool groups = key.op == "involution" || key.op == "aggregation";
    if (groups && (key.group_channels % 4 != 0 || key.group_channels > 64))
        return "groups of " + std::to_string(key.group_channels) +
               " channels: only multiples of 4 up to 64 have vectors of their own";
    return "";
}

bool is_legal(const TuningKey &key, const Json &knobs) {
    if (!why_untunable(key).empty() || !knobs.is_object())
        return false;
    const OpKnobs set = op_knobs(key);
    const Sizes sizes = sizes_of(key);
    for (const Knob &knob : set.knobs) {
        const auto value = knobs.find(knob.name);
        if (value == knobs.end() || !value->is_number_integer())
            return false;
        const int64_t number = value->get<int64_t>();
        if (number < knob.low || number > knob.high || is_too_wide(knob, number, sizes))
            return false;
        *knob.value = static_cast<int>(number);
    }
    return knobs.size() == set.knobs.size() && set.violation().empty();
}

std::string knob_text(const Json &knobs) {
    std::string text;
    for (const auto &[name, value] : knobs.items())
        text += (text.empty() ? "" : ",") + name + "=" + value.dump();
    return text;
}

KnobSpace space_of(const TuningKey &key, const SpaceOptions &options) {
    if (const std::string why = why_untunable(key); !why.empty())
        throw std::invalid_argument(text_of(key) + ": " + why);
    const auto set = std::make_shared<OpKnobs>(op_knobs(key));
    const Sizes sizes = sizes_of(key);
    std::vector<KnobRange> ranges;
    for (const Knob &knob : set->knobs) {
        KnobRange range = {knob.name, tried_values(knob, sizes), knob.meaning, knob.keeps_order};
        if (!knob.keeps_order && !options.allow_reassociation)
            range.values = {*knob.value};
        ranges.push_back(range);
    }
    fix(&ranges, options);
    Point usual;
    for (size_t i = 0; i < ranges.size(); ++i)
        usual.push_back(usual_value(set->knobs[i], set->knobs, sizes, ranges[i].values));
    const auto violation = [set](const Point &point) {
        for (size_t i = 0; i < point.size(); ++i)
            *set->knobs[i].value = point[i];
        return set->violation();
    };
    return KnobSpace(std::move(ranges), violation, usual);
}

} // namespace involute::autotune
