// Wisdom as text: a round trip, all that may be wrong with a file, look-ups.
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <stdexcept>
#include <vector>

#include "tests/autotune/store_fixtures.h"

namespace involute::autotune {
namespace {

Wisdom some_wisdom() {
    Wisdom wisdom;
    wisdom.header = some_header();
    wisdom.entries[some_key(64, 56)] = {{{"tile", 6}, {"unroll_k", 4}}, "time"};
    wisdom.entries[some_key(64, 112)] = {Json::object(), "time"};
    wisdom.entries[some_point()] = {{{"block", -1}}, "instructions"};
    return wisdom;
}

Wisdom parse(const std::string &text, std::vector<std::string> *warnings = nullptr) {
    return Wisdom::parse(text, some_header(), warnings);
}

std::string why_refused(const std::string &text) {
    return message_of<std::invalid_argument>([&] { parse(text); });
}

std::string replaced(std::string text, const std::string &from, const std::string &to) {
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

bool all_legal(const Json &) {
    return true;
}

TEST(WisdomFile, RoundTrip) {
    const std::string text = some_wisdom().text();
    std::vector<std::string> warnings;
    const Wisdom read = parse(text, &warnings);
    EXPECT_EQ(read.text(), text);
    EXPECT_EQ(read.entries.size(), 3u);
    EXPECT_EQ(read.entries.at(some_key()).knobs.dump(), R"({"tile":6,"unroll_k":4})");
    EXPECT_EQ(read.entries.at(some_point()).cost, "instructions");
    EXPECT_TRUE(warnings.empty());

    Wisdom empty;
    empty.header = some_header();
    EXPECT_EQ(parse(empty.text()).text(), empty.text());
}

TEST(WisdomFile, IsReadable) {
    Wisdom wisdom = some_wisdom();
    wisdom.entries.erase(some_point());
    wisdom.entries.erase(some_key(64, 112));
    EXPECT_EQ(wisdom.text(), "{\n"
                             "\"schema\": 1,\n"
                             "\"halide\": \"21.0.0\",\n"
                             "\"cpu\": {\"family\":\"genuineintel-6-143\",\"features\":"
                             "[\"avx2\",\"avx512\",\"fma\"]},\n"
                             "\"ops\": {\"involution\":\"abcdef\"},\n"
                             "\"entries\": [\n"
                             "{\"cost\":\"time\",\"key\":" +
                                 to_json(some_key()).dump() +
                                 ",\"knobs\":{\"tile\":6,\"unroll_k\":4}}\n]\n}\n");
}

TEST(WisdomFile, TruncatedAnywhereIsAnErrorOrWhole) {
    const std::string text = some_wisdom().text();
    for (size_t length = 0; length < text.size(); ++length) {
        try {
            EXPECT_EQ(parse(text.substr(0, length)).text(), text) << length;
        } catch (const std::invalid_argument &) {
            EXPECT_LT(length, text.size() - 1);
        }
    }
}

TEST(WisdomFile, AnyByteMayBeWrong) {
    const std::string text = some_wisdom().text();
    std::mt19937 random(1);
    for (int round = 0; round < 3000; ++round) {
        std::string wrong = text;
        for (int flips = 1 + round % 3; flips > 0; --flips)
            wrong[random() % wrong.size()] = char(random() % 256);
        message_of<std::invalid_argument>([&] { parse(parse(wrong).text()); });
    }
}

// Puts each value of another type in place of each value; visits all in `json`.
void replace_each(Json &json, const std::function<void(const Json &replacement)> &check) {
    const Json original = json;
    for (const Json &other : {Json(nullptr), Json(true), Json(1), Json(1.5), Json("x"),
                              Json::array(), Json::object()}) {
        if (other.type() == original.type() ||
            (other.is_number_integer() && original.is_number_integer()))
            continue;
        json = other;
        check(other);
    }
    json = original;
    if (json.is_structured()) {
        for (Json &inside : json)
            replace_each(inside, check);
    }
}

TEST(WisdomFile, EveryValueHasItsType) {
    Json json = Json::parse(some_wisdom().text());
    int tried = 0;
    replace_each(json, [&](const Json &replacement) {
        ++tried;
        EXPECT_NE(why_refused(json.dump()), "") << replacement << " in " << json;
    });
    EXPECT_GT(tried, 400);
}

// Removes each field, and adds an unknown one to each object.
void spoil_each(Json &json, const std::string &path,
                const std::function<void(const std::string &)> &check) {
    if (json.is_object() && path != "/ops" && path.find("/knobs") == std::string::npos) {
        json["surplus"] = 1;
        check("surplus");
        json.erase("surplus");
        const Json original = json;
        for (const auto &[name, value] : original.items()) {
            json.erase(name);
            check(name);
            json[name] = value;
        }
    }
    if (json.is_object()) {
        for (const auto &[name, value] : json.items())
            spoil_each(value, path + "/" + name, check);
    } else if (json.is_array()) {
        for (Json &value : json)
            spoil_each(value, path, check);
    }
}

TEST(WisdomFile, MissingAndUnknownFieldsAreNamed) {
    Json json = Json::parse(some_wisdom().text());
    spoil_each(json, "", [&](const std::string &field) {
        EXPECT_NE(why_refused(json.dump()).find(field), std::string::npos) << field << json;
    });
}

TEST(WisdomFile, NothingStandsTwice) {
    const std::string text = some_wisdom().text();
    for (const auto &[from, to] : std::vector<std::pair<std::string, std::string>>{
             {"\"schema\": 1", "\"schema\": 1, \"schema\": 1"},
             {"\"tile\":6", "\"tile\":6,\"tile\":7"},
             {"\"stride\":1", "\"stride\":1,\"stride\":2"},
             {"\"family\":", "\"family\":\"x\",\"family\":"}})
        EXPECT_NE(why_refused(replaced(text, from, to)).find("twice"), std::string::npos) << to;
    // The same key with other knobs.
    const size_t begin = text.find("{\"cost\""), end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    const std::string why = why_refused(replaced(text, line, line + line));
    EXPECT_NE(why.find("entry 2"), std::string::npos) << why;
    EXPECT_NE(why.find("twice"), std::string::npos) << why;
}

TEST(WisdomFile, KnobsAndCostsHaveLimits) {
    const std::string text = some_wisdom().text();
    for (const char *value : {"2147483648", "-2147483649", "6.0", "\"6\"", "99999999999999999999"})
        EXPECT_NE(why_refused(replaced(text, "\"tile\":6", std::string("\"tile\":") + value)), "");
    for (const char *value : {"2147483647", "-2147483648"})
        EXPECT_EQ(why_refused(replaced(text, "\"tile\":6", std::string("\"tile\":") + value)), "");
    for (const char *cost : {"", "Time", "a b"})
        EXPECT_NE(why_refused(replaced(text, "\"time\"", "\"" + std::string(cost) + "\"")), "");
    EXPECT_NE(why_refused(replaced(text, "\"involution\":\"abcdef\"", "\"other\":\"abcdef\""))
                  .find("no hash of op \"involution\""),
              std::string::npos);
}

TEST(WisdomFile, DeepAndLargeTextIsRefused) {
    EXPECT_NE(why_refused(std::string(1 << 20, '[')).find("nested"), std::string::npos);
    std::string deep;
    for (int i = 0; i < 100000; ++i)
        deep += "{\"a\":";
    EXPECT_NE(why_refused(deep).find("nested"), std::string::npos);
    std::string text = some_wisdom().text();
    text.resize(kMaxWisdomBytes, ' ');
    EXPECT_EQ(why_refused(text), "");
    EXPECT_NE(why_refused(text + " ").find("larger"), std::string::npos);
}

TEST(WisdomFile, AnotherSchemaIsLeftOut) {
    // Its other fields may mean anything.
    for (const std::string &text :
         {replaced(some_wisdom().text(), "\"schema\": 1", "\"schema\": 2"),
          std::string(R"({"schema": 7, "colour": "red"})")}) {
        std::vector<std::string> warnings;
        EXPECT_TRUE(parse(text, &warnings).entries.empty());
        ASSERT_EQ(warnings.size(), 1u);
        EXPECT_NE(warnings[0].find("schema"), std::string::npos);
    }
}

TEST(WisdomFile, AnotherHalideIsLeftOut) {
    WisdomHeader current = some_header();
    current.halide = "22.0.0";
    std::vector<std::string> warnings;
    const Wisdom read = Wisdom::parse(some_wisdom().text(), current, &warnings);
    EXPECT_TRUE(read.entries.empty());
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find("21.0.0"), std::string::npos);
    EXPECT_EQ(read.header.halide, "22.0.0");
}

TEST(WisdomFile, ChangedOpsAreLeftOut) {
    WisdomHeader current = some_header();
    current.ops["involution"] = "other";
    std::vector<std::string> warnings;
    Wisdom read = Wisdom::parse(some_wisdom().text(), current, &warnings);
    EXPECT_EQ(read.entries.size(), 1u);
    EXPECT_EQ(read.entries.count(some_point()), 1u);
    ASSERT_EQ(warnings.size(), 1u); // for two entries
    EXPECT_NE(warnings[0].find("involution"), std::string::npos);

    current.ops.erase("conv2d");
    warnings.clear();
    EXPECT_TRUE(Wisdom::parse(some_wisdom().text(), current, &warnings).entries.empty());
    EXPECT_EQ(warnings.size(), 2u);
}

TEST(WisdomFile, AnotherCpuIsKept) {
    WisdomHeader current = some_header();
    current.cpu_family = "authenticamd-25-1";
    current.features = {"avx2"};
    std::vector<std::string> warnings;
    const Wisdom read = Wisdom::parse(some_wisdom().text(), current, &warnings);
    EXPECT_EQ(read.text(), some_wisdom().text());
    EXPECT_TRUE(warnings.empty());
}

TEST(WisdomLookup, ExactNearestNone) {
    const Wisdom wisdom = some_wisdom();
    Wisdom::Found found = wisdom.find(some_key(64, 56), all_legal);
    EXPECT_EQ(found.match, Match::kExact);
    EXPECT_EQ(found.entry.knobs["tile"], 6);

    found = wisdom.find(some_key(64, 48), all_legal);
    EXPECT_EQ(found.match, Match::kNearest);
    EXPECT_EQ(found.key, some_key(64, 56));
    found = wisdom.find(some_key(64, 100), all_legal);
    EXPECT_EQ(found.key, some_key(64, 112));
    EXPECT_TRUE(found.entry.knobs.empty());

    EXPECT_EQ(wisdom.find(some_key(64, 28), all_legal).match, Match::kNearest); // just so
    EXPECT_EQ(wisdom.find(some_key(64, 27), all_legal).match, Match::kNone);
    TuningKey other = some_key();
    other.isa = "avx2";
    EXPECT_EQ(wisdom.find(other, all_legal).match, Match::kNone);
}

TEST(WisdomLookup, TiesAreTheFirstInOrder) {
    const TuningKey small = some_key(64, 32), large = some_key(64, 128);
    Wisdom wisdom;
    wisdom.entries[large] = {{{"tile", 2}}, "time"};
    wisdom.entries[small] = {{{"tile", 1}}, "time"};
    EXPECT_EQ(wisdom.find(some_key(64, 64), all_legal).key, small);
}

TEST(WisdomLookup, OnlyLegalKnobs) {
    const Wisdom wisdom = some_wisdom();
    const auto none_legal = [](const Json &knobs) {
        EXPECT_FALSE(knobs.empty()); // the hand schedule's are not asked for
        return false;
    };
    const Wisdom::Found found = wisdom.find(some_key(64, 56), none_legal);
    EXPECT_EQ(found.match, Match::kNearest);
    EXPECT_EQ(found.key, some_key(64, 112));
    EXPECT_EQ(wisdom.find(some_key(64, 112), none_legal).match, Match::kExact);
    EXPECT_EQ(wisdom.find(some_key(64, 40), none_legal).match, Match::kNone);
    EXPECT_EQ(wisdom.find(some_point(), none_legal).match, Match::kNone);
    EXPECT_STREQ(match_name(Match::kNone), "none");
    EXPECT_STREQ(match_name(Match::kNearest), "nearest");
    EXPECT_STREQ(match_name(Match::kExact), "exact");
}

TEST(WisdomLookup, LaidOverEachOther) {
    Wisdom own, shipped;
    own.header = shipped.header = some_header();
    own.header.ops.erase("conv2d");
    own.entries[some_key()] = {{{"tile", 1}}, "time"};
    shipped.entries[some_key()] = {{{"tile", 2}}, "time"};
    shipped.entries[some_point()] = {{{"block", 3}}, "time"};
    own.add_missing(shipped);
    EXPECT_EQ(own.entries.at(some_key()).knobs["tile"], 1);
    EXPECT_EQ(own.entries.at(some_point()).knobs["block"], 3);
    EXPECT_EQ(parse(own.text()).text(), own.text());
}

} // namespace
} // namespace involute::autotune
