// Keys: their JSON and all that may be wrong with it, their order, how far apart they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

#include "tests/autotune/store_fixtures.h"

namespace involute::autotune {
namespace {

std::string why_refused(const Json &json) {
    return message_of<std::invalid_argument>([&] { key_from_json(json); });
}

TEST(TuningKey, JsonHoldsAllOfIt) {
    const TuningKey key = some_key();
    EXPECT_EQ(to_json(key).dump(),
              R"({"batch":1,"dilation":1,"dtype":"f32","form":"bottleneck","generic":false,)"
              R"("group_channels":16,"groups":1,"height":56,"hidden":16,"in_channels":64,)"
              R"("isa":"avx512","kernel_height":7,"kernel_width":7,"op":"involution",)"
              R"("out_channels":64,"packing":16,"stride":1,"threads":1,"upsample":1,"width":56})");
    EXPECT_EQ(key_from_json(Json::parse(to_json(key).dump())), key);
    // Each field makes a key another one, and is read back.
    const Json good = to_json(key);
    for (const auto &[name, value] : good.items()) {
        Json json = good;
        json[name] = value.is_string() ? Json("other") : value.is_boolean() ? Json(true) : Json(9);
        const TuningKey other = key_from_json(json);
        EXPECT_FALSE(other == key) << name;
        EXPECT_EQ(to_json(other), json) << name;
    }
}

TEST(TuningKey, WrongFieldsAreNamed) {
    const Json good = to_json(some_key());
    for (const auto &[name, value] : good.items()) {
        const std::string quoted = "\"" + name + "\"";
        Json json = good;
        json.erase(name);
        EXPECT_NE(why_refused(json).find(quoted), std::string::npos) << name;
        for (const Json &wrong : {Json(nullptr), Json(1.5), Json("x"), Json(true), Json(3),
                                  Json::array({1}), Json{{"a", 1}}}) {
            if (wrong.type() == value.type() ||
                (wrong.is_number_integer() && value.is_number_integer()))
                continue;
            json = good;
            json[name] = wrong;
            EXPECT_NE(why_refused(json).find(quoted), std::string::npos) << name << " " << wrong;
        }
        if (!value.is_number())
            continue;
        for (const char *wrong : {"-1", "2147483648", "18446744073709551615", "1e3", "-0.0",
                                  "-9223372036854775808", "99999999999999999999"}) {
            json[name] = Json::parse(wrong);
            EXPECT_NE(why_refused(json).find(quoted), std::string::npos) << name << " " << wrong;
        }
        for (const int64_t right : {int64_t{0}, int64_t{2147483647}}) {
            json[name] = right;
            EXPECT_EQ(why_refused(json), "") << name;
        }
    }
    Json json = good;
    json["colour"] = 1;
    EXPECT_NE(why_refused(json).find("\"colour\""), std::string::npos);
    for (const Json &wrong : {Json(), Json(1), Json("x"), Json::array()})
        EXPECT_NE(why_refused(wrong), "");
}

TEST(TuningKey, OrderIsThatOfNumbers) {
    std::vector<TuningKey> keys = {some_key(64, 112), some_key(128, 7), some_key(64, 56),
                                   some_point(64), some_key(64, 7)};
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(keys, (std::vector<TuningKey>{some_point(64), some_key(64, 7), some_key(64, 56),
                                            some_key(64, 112), some_key(128, 7)}));
    EXPECT_FALSE(some_key() < some_key());
}

TEST(TuningKey, TextIsForPeople) {
    TuningKey key = some_key();
    EXPECT_EQ(text_of(key), "involution 64@56x56 k7 s1 g16, avx512, 1 thread");
    key.kernel_width = 3;
    key.threads = key.batch = key.dilation = key.upsample = 2;
    EXPECT_EQ(text_of(key), "involution 64@56x56 b2 k7x3 s1 d2 u2 g16, avx512, 2 threads");
    key = some_point();
    key.groups = 2;
    key.dtype = "f16";
    EXPECT_EQ(text_of(key), "conv2d point 64->256@28x28 k1 s1 in 2 groups, avx512 f16, 1 thread");
}

TEST(TuningKey, DistanceIsInOctaves) {
    const TuningKey key = some_key();
    EXPECT_EQ(distance(key, key), 0);
    EXPECT_EQ(distance(key, some_key(64, 28)), 2);  // height and width
    EXPECT_EQ(distance(key, some_key(128, 56)), 2); // in and out
    EXPECT_EQ(distance(some_key(256, 14), key), 8);
    TuningKey other = key;
    other.batch = 8;
    EXPECT_EQ(distance(key, other), 3);
    EXPECT_EQ(distance(other, key), 3);
    other.height = 0;
    EXPECT_TRUE(std::isinf(distance(key, other)));
    other = key;
    other.threads = 2;
    other.hidden = 8;
    EXPECT_EQ(distance(key, other), 2);
}

TEST(TuningKey, KnobsOfOtherKernelsAreInfinitelyFar) {
    const std::vector<std::function<void(TuningKey &)>> changes = {
        [](TuningKey &key) { key.op = "aggregation"; },
        [](TuningKey &key) { key.form = "single"; },
        [](TuningKey &key) { key.isa = "avx2"; },
        [](TuningKey &key) { key.dtype = "f16"; },
        [](TuningKey &key) { key.kernel_height = 3; },
        [](TuningKey &key) { key.kernel_width = 3; },
        [](TuningKey &key) { key.stride = 2; },
        [](TuningKey &key) { key.dilation = 2; },
        [](TuningKey &key) { key.upsample = 2; },
        [](TuningKey &key) { key.groups = 2; },
        [](TuningKey &key) { key.group_channels = 8; },
        [](TuningKey &key) { key.packing = 8; },
        [](TuningKey &key) { key.generic = true; },
    };
    for (const auto &change : changes) {
        TuningKey other = some_key();
        change(other);
        EXPECT_TRUE(std::isinf(distance(some_key(), other))) << to_json(other);
    }
}

} // namespace
} // namespace involute::autotune
