// The spaces of the ops: what is tried, what is ruled out before anything is compiled, and the page
// that tells people of the knobs.
#include "autotune/spaces.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "autotune/algorithms.h"
#include "autotune/op_knobs.h"

namespace involute::autotune {
namespace {

TuningKey involution(const std::string &isa) {
    TuningKey key;
    key.op = "involution", key.form = "bottleneck", key.isa = isa;
    key.kernel_height = key.kernel_width = 7;
    key.in_channels = key.out_channels = 64, key.hidden = 16, key.group_channels = 16;
    key.packing = 16;
    key.height = key.width = 20;
    return key;
}

TuningKey point(const std::string &isa) {
    TuningKey key;
    key.op = "conv2d", key.form = "point", key.isa = isa;
    key.in_channels = 64, key.out_channels = 256;
    key.packing = isa == "avx512" ? 32 : 16;
    key.height = key.width = 28;
    return key;
}

TuningKey dense() {
    TuningKey key;
    key.op = "dense", key.form = "point", key.isa = "avx512";
    key.in_channels = 2048, key.out_channels = 1000, key.packing = 32;
    key.height = key.width = 1;
    return key;
}

const KnobRange &knob(const KnobSpace &space, const std::string &name) {
    for (const KnobRange &range : space.knobs())
        if (range.name == name)
            return range;
    throw std::out_of_range(name);
}

TEST(Spaces, TilesFitIntoTheRegistersAndTheRow) {
    for (const char *isa : {"baseline", "avx2", "avx512"}) {
        const KnobSpace space = space_of(involution(isa));
        const schedules::Machine machine = schedules::machine_of(isa);
        ASSERT_GT(space.size(), 100u) << isa;
        EXPECT_LT(space.size(), space.combinations()) << isa;
        for (size_t i = 0; i < space.size(); i += 97) {
            const Point values = space.point(i);
            const int tile = values[0];
            EXPECT_LE(tile, 20);
            if (tile > 1) {
                EXPECT_LE(schedules::tile_registers(machine, tile, 16 / machine.lanes),
                          machine.registers);
            }
            EXPECT_TRUE(is_legal(involution(isa), space.json(values))) << space.text(values);
        }
        EXPECT_FALSE(space.rejected().empty());
    }
}

TEST(Spaces, StepsDivideTheirLoops) {
    TuningKey key = point("avx2");
    key.in_channels = 24;
    EXPECT_EQ(knob(space_of(key), "unroll_k").values, (std::vector<int>{1, 2, 3, 4, 6, 8, 12}));
    key = involution("avx2");
    key.in_channels = 96, key.hidden = 24;
    EXPECT_EQ(knob(space_of(key), "unroll_k").values, (std::vector<int>{1, 2, 3, 4, 6, 8, 12}));
}

TEST(Spaces, TasksAreEqualShares) {
    EXPECT_EQ(knob(space_of(involution("avx2")), "task_rows").values,
              (std::vector<int>{0, 2, 3, 5, 10, 20}));
    EXPECT_EQ(knob(space_of(point("avx2")), "task_blocks").values,
              (std::vector<int>{0, 1, 2, 4, 8, 16}));
}

// A kernel is built for one width: of the hand schedule's tiles the one that it would take is where
// the search begins.
TEST(Spaces, TheUsualPointIsTheHandSchedules) {
    const auto tile_for = [](int64_t width) {
        TuningKey key = involution("avx512");
        key.width = width;
        const KnobSpace space = space_of(key);
        return space.point(space.usual())[0];
    };
    EXPECT_EQ(tile_for(56), 14);
    EXPECT_EQ(tile_for(20), 10);
    EXPECT_EQ(tile_for(8), 8);
    EXPECT_EQ(tile_for(7), 7);
    EXPECT_EQ(tile_for(3), 1); // narrower than all of them: pixel by pixel
}

TEST(Spaces, KnobsOfOtherFormsAreLeftAlone) {
    const KnobSpace space = space_of(point("avx512"));
    EXPECT_EQ(knob(space, "unroll_window").values.size(), 1u);
    EXPECT_EQ(knob(space, "copy").values.size(), 1u);
    EXPECT_EQ(knob(space, "tile_b").values, std::vector<int>{0});
}

TEST(Spaces, SumsKeepTheirOrderUnlessAsked) {
    EXPECT_EQ(knob(space_of(dense()), "accumulators").values, std::vector<int>{1});
    SpaceOptions options;
    options.allow_reassociation = true;
    const KnobSpace space = space_of(dense(), options);
    EXPECT_EQ(knob(space, "accumulators").values, (std::vector<int>{1, 2, 4, 8}));
    EXPECT_FALSE(knob(space, "accumulators").keeps_order);
}

TEST(Spaces, KnobsMayBeFixed) {
    SpaceOptions options;
    options.fixed = {{"tile", {4, 5, 99}}, {"prefetch", {1}}};
    const KnobSpace space = space_of(point("avx2"), options);
    EXPECT_EQ(knob(space, "tile").values, (std::vector<int>{4, 5}));
    options.fixed = {{"no_such", {1}}};
    EXPECT_THROW(space_of(point("avx2"), options), std::invalid_argument);
    options.fixed = {{"tile", {99}}};
    EXPECT_THROW(space_of(point("avx2"), options), std::invalid_argument);
}

TEST(Spaces, KnobsOfAFileAreLegalOnlyAsAWhole) {
    const TuningKey key = point("avx2");
    const KnobSpace space = space_of(key);
    const Json usual = space.json(space.point(space.usual()));
    EXPECT_TRUE(is_legal(key, usual));
    const auto changed = [&](const std::string &name, const Json &value) {
        Json knobs = usual;
        knobs[name] = value;
        return knobs;
    };
    EXPECT_FALSE(is_legal(key, changed("tile", 16))); // 16 x 2 vectors of 16
    EXPECT_FALSE(is_legal(key, changed("tile", 0)));
    EXPECT_FALSE(is_legal(key, changed("tile", int64_t{1} << 40)));
    EXPECT_FALSE(is_legal(key, changed("tile", "6")));
    EXPECT_FALSE(is_legal(key, changed("tile", 5.5)));
    EXPECT_FALSE(is_legal(key, changed("other", 1)));
    EXPECT_FALSE(is_legal(key, Json::array()));
    Json fewer = usual;
    fewer.erase("tile");
    EXPECT_FALSE(is_legal(key, fewer));
    TuningKey narrow = involution("avx512");
    narrow.width = 5;
    const KnobSpace wide = space_of(involution("avx512"));
    EXPECT_FALSE(is_legal(narrow, wide.json(wide.point(wide.usual())))); // a tile of 10
}

TEST(Spaces, WhatHasNoKnobsSaysSo) {
    TuningKey key = point("avx2");
    key.op = "max_pool";
    EXPECT_NE(why_untunable(key), "");
    EXPECT_THROW(space_of(key), std::invalid_argument);
    key = involution("avx2");
    key.group_channels = 20;
    EXPECT_EQ(why_untunable(key), "");
    key.group_channels = 6;
    EXPECT_NE(why_untunable(key), "");
}

TEST(Spaces, EveryOpHasAHash) {
    for (const std::string &op : ops_with_knobs()) {
        ASSERT_EQ(op_hashes().count(op), 1u) << op;
        EXPECT_GT(op_hashes().at(op).size(), 20u) << op;
    }
    EXPECT_EQ(op_hashes().size(), ops_with_knobs().size());
}

TEST(Spaces, ThePageAboutKnobsIsUpToDate) {
    std::ifstream file(INVOLUTE_SOURCE_DIR "/docs/knobs.md");
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    EXPECT_EQ(text, knobs_page()) << "cmake --build --preset release --target refresh_knobs";
}

} // namespace
} // namespace involute::autotune
