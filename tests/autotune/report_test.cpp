// The page about searches: says what the history has, in a file that needs nothing else.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "autotune/history.h"
#include "autotune/spaces.h"
#include "tests/autotune/store_fixtures.h"
#include "tests/report/texts.h"
#include "tools/failure.h"
#include "tools/tune_report.h"

namespace involute::autotune {
namespace {

using report::test::all_matches;
using report::test::count;

using Texts = std::vector<std::string>;

class ReportTest : public ::testing::Test {
protected:
    const TuningKey involution = some_key(), point = some_point();
    Folder folder{memory()};
    History history = History::open(folder / "history", some_header());
    size_t made = 0;

    // The first is the usual point, others are spread over the space.
    static Json knobs(const TuningKey &key, size_t number) {
        static std::map<TuningKey, KnobSpace> spaces; // a large one takes a while
        if (spaces.count(key) == 0)
            spaces.emplace(key, space_of(key));
        const KnobSpace &space = spaces.at(key);
        return space.json(
            space.point((space.usual() + number * (space.size() / 41)) % space.size()));
    }

    Trial trial(const TuningKey &key, size_t number, double ratio) const {
        Trial trial;
        trial.knobs = knobs(key, number).dump();
        trial.incumbent = 2e-3;
        trial.median = ratio * trial.incumbent;
        trial.minimum = 0.9 * trial.median, trial.quartile1 = 0.98 * trial.median;
        trial.quartile3 = 1.05 * trial.median;
        trial.ratio = ratio;
        trial.build_seconds = 0.5;
        trial.code_bytes = 4000;
        trial.strategy = number < 2 ? "random" : "model";
        return trial;
    }

    void add(const TuningKey &key, const Trial &trial) {
        history.add(key, "time", trial);
        ++made;
    }

    static std::string reason(Outcome outcome) {
        return std::string("<script>") + outcome_name(outcome) + "</script> & \"a\" 'b'";
    }
    static std::string escaped_reason(Outcome outcome) {
        return std::string("&lt;script&gt;") + outcome_name(outcome) +
               "&lt;/script&gt; &amp; &quot;a&quot; &#39;b&#39;";
    }

    // The luckiest of the search is not what is confirmed as the best.
    void search_both() {
        const double ratios[] = {1.02, 1.4, 0.95, 2.6, 0.85, 0.78, 0.9, 1.1, 0.99, 0.88, 0.86, 1.3};
        size_t number = 0;
        for (double ratio : ratios)
            add(involution, trial(involution, number++, ratio));
        for (int outcome = 1; outcome <= static_cast<int>(Outcome::kFailed); ++outcome) {
            Trial rejected = trial(involution, number++, 0);
            rejected.outcome = static_cast<Outcome>(outcome);
            rejected.reason = reason(rejected.outcome);
            add(involution, rejected);
        }
        for (const auto &[which, ratio] :
             {std::pair<size_t, double>{5, 0.91}, {4, 0.8}, {10, 0.87}}) {
            Trial confirming = trial(involution, which, ratio);
            confirming.stage = "confirm";
            add(involution, confirming);
        }
        number = 0;
        for (double ratio : {1.01, 0.97, 1.2, 0.9, 0.93, 1.6, 1.05, 1.0})
            add(point, trial(point, number++, ratio));
    }

    std::string page(const std::vector<TuningKey> &layers,
                     const std::string &command = "involute tune --report page.html") const {
        const std::string file = folder / "page.html";
        write_tune_report(file, history, layers, command);
        EXPECT_TRUE(std::filesystem::exists(file));
        return read_text(file);
    }

    static std::string section(const std::string &page, const std::string &heading) {
        const size_t begin = page.find("<h2>" + heading);
        EXPECT_NE(begin, std::string::npos) << heading;
        return begin == std::string::npos
                   ? ""
                   : page.substr(begin, page.find("</section>", begin) - begin);
    }

    // The texts of the cells of the rows that begin with `name`.
    static std::vector<std::string> rows(const std::string &part, const std::string &name) {
        std::vector<std::string> found;
        for (const std::string &row :
             all_matches(part, "(<th scope=\"row\">" + name + "<.*)</tr>")) {
            std::string text = std::regex_replace(row, std::regex("</t[hd]>"), "|");
            found.push_back(std::regex_replace(text, std::regex("<[^>]*>"), ""));
        }
        return found;
    }
};

TEST_F(ReportTest, SaysTheResultInOneSentence) {
    search_both();
    ASSERT_EQ(made, 31u);
    EXPECT_EQ(count(page({involution, point}),
                    "<h1>31 trials of 2 layers: the best knobs are 17.9% faster than by hand in "
                    "geometric mean, 25.0% at most (involution 64@56x56 k7 s1 g16, avx512, 1 "
                    "thread); not confirmed: 1 layer.</h1>"),
              1u);
    // A layer that is named twice is one layer.
    EXPECT_EQ(count(page({point, point}), "<h1>8 trials of 1 layer: the best knobs are 11.1% "
                                          "faster than by hand; not confirmed: 1 layer.</h1>"),
              1u);
}

TEST_F(ReportTest, ComparesTheBestWithTheHandSchedule) {
    search_both();
    const std::string text = page({involution, point});
    const std::string first = section(text, text_of(involution));
    const std::string second = section(text, "conv2d point");
    const Texts hand = {"hand schedule|–|2.000|–|–|2.000|1.000|–|–|"};
    EXPECT_EQ(rows(first, "hand schedule"), hand);
    EXPECT_EQ(rows(first, "usual knobs"),
              Texts{"usual knobs|search|2.040|1.999|2.142|2.000|1.020|4.00|" +
                    knob_text(knobs(involution, 0)) + "|"});
    EXPECT_EQ(rows(first, "best, confirmed"),
              Texts{"best, confirmed|confirm|1.600|1.568|1.680|2.000|0.8000|4.00|" +
                    knob_text(knobs(involution, 4)) + "|"});
    EXPECT_EQ(
        rows(second, "best of the search, not confirmed"),
        Texts{"best of the search, not confirmed|search|1.800|1.764|1.890|2.000|0.9000|4.00|" +
              knob_text(knobs(point, 3)) + "|"});

    EXPECT_NE(first.find("2 trials by the strategy random"), std::string::npos);
    EXPECT_NE(first.find("18 trials by the strategy model"), std::string::npos);
    EXPECT_NE(first.find("3 confirming trials; 15 ok, 8 rejected"), std::string::npos);
    EXPECT_NE(first.find("took 11.5 s in sum"), std::string::npos);
    EXPECT_NE(first.find("The wisdom of this history has the best knobs."), std::string::npos);
    EXPECT_NE(second.find("has nothing for this layer"), std::string::npos);
}

TEST_F(ReportTest, KnobsThatGaveAWrongResultAreNotTheBest) {
    search_both();
    Trial wrong = trial(involution, 4, 0);
    wrong.outcome = Outcome::kWrong;
    wrong.stage = "confirm";
    add(involution, wrong);
    const Texts best = rows(section(page({involution}), text_of(involution)), "best, confirmed");
    ASSERT_EQ(best.size(), 1u);
    EXPECT_EQ(count(best[0], knob_text(knobs(involution, 10))), 1u) << best[0];
}

TEST_F(ReportTest, SaysWhatTheWisdomTakes) {
    search_both();
    const std::string best = knobs(involution, 4).dump(), next = knobs(involution, 10).dump();
    const auto part = [&] { return section(page({involution}), text_of(involution)); };
    history.add({"rednet50", 1.1, false, {{involution, best}}});
    EXPECT_NE(part().find("has other knobs than the best."), std::string::npos);
    EXPECT_EQ(rows(part(), "in the wisdom"),
              Texts{"in the wisdom|confirm|1.740|1.705|1.827|2.000|0.8700|4.00|" +
                    knob_text(knobs(involution, 10)) + "|"});
    const std::string third = knobs(involution, 5).dump();
    for (const std::string &knobs : {next, third})
        history.add({"rednet50", 1.1, false, {{involution, knobs}}});
    EXPECT_NE(part().find("keeps the hand schedule&#39;s kernel."), std::string::npos);
    EXPECT_EQ(rows(part(), "in the wisdom"), Texts());
}

TEST_F(ReportTest, NamesEveryRejectedTrial) {
    search_both();
    const std::string text = page({involution, point});
    EXPECT_EQ(text.find("<script>wrong"), std::string::npos);
    const std::string rejected = section(text, "Rejected trials");
    for (int number = 1; number <= static_cast<int>(Outcome::kFailed); ++number) {
        const Outcome outcome = static_cast<Outcome>(number);
        const size_t place = 11 + static_cast<size_t>(number);
        Texts one;
        for (const std::string &row : rows(rejected, text_of(involution)))
            if (count(row, std::string("|") + outcome_name(outcome) + "|") > 0)
                one.push_back(row);
        EXPECT_EQ(one, Texts{text_of(involution) + "|" + std::to_string(place + 1) + "|search|" +
                             outcome_name(outcome) + "|" + escaped_reason(outcome) + "|" +
                             knob_text(knobs(involution, place)) + "|"});
    }
    EXPECT_EQ(count(rejected, "<tr"), 9u); // a head
}

TEST_F(ReportTest, EveryLayerHasItsPlotsWithWords) {
    search_both();
    const std::string text = page({involution, point});
    const auto descriptions = [](const std::string &part, const std::string &begin) {
        return count(part, "\">" + begin);
    };
    constexpr size_t kWidths = 3;
    for (const auto &[heading, fall] :
         {std::pair<std::string, std::string>{text_of(involution), "0.78, with trial 6 of 23."},
          {"conv2d point", "0.9, with trial 4 of 8."}}) {
        const std::string part = section(text, heading);
        EXPECT_EQ(count(part, "<svg "), 2 * kWidths);
        EXPECT_EQ(descriptions(part, "Time over that of the hand schedule for each"), kWidths);
        EXPECT_EQ(count(part, "so far: in the end " + fall), kWidths);
        EXPECT_EQ(descriptions(part, "For each knob, how much slower"), kWidths);
        EXPECT_EQ(count(part, "<summary>Values</summary>"), 2u);
    }
    EXPECT_EQ(descriptions(text, "For each layer the time of the hand schedule over"), kWidths);
    EXPECT_EQ(count(text, "<svg "), 5 * kWidths);
}

// The best and the median of each value of a knob, and what was rejected with it.
TEST_F(ReportTest, KnobsAreTheirValues) {
    Json usual = knobs(involution, 0);
    for (const auto &[unrolled, ratio] : {std::pair<int, double>{0, 0.9}, {0, 0.7}, {1, 1.2}}) {
        Trial one = trial(involution, 0, ratio);
        usual["unroll_taps"] = unrolled;
        one.knobs = usual.dump();
        add(involution, one);
    }
    Trial wrong = trial(involution, 0, 0);
    wrong.knobs = usual.dump();
    wrong.outcome = Outcome::kNoisy;
    add(involution, wrong);
    const std::string part = section(page({involution}), text_of(involution));
    const std::string values = part.substr(part.find("Each value of each knob that varied"));
    EXPECT_EQ(rows(values, ".*"),
              (Texts{"unroll_taps|0|2|0|0.7000|0.8000|", "unroll_taps|1|1|1|1.200|1.200|"}));
}

TEST_F(ReportTest, AsksForNothing) {
    search_both();
    const std::string text = page({involution, point}, "involute tune --op '<a>' & \"b\"");
    for (const char *reference : {"http://", "https://", "src=", "@import", "url("})
        EXPECT_EQ(text.find(reference), std::string::npos) << reference;
    EXPECT_NE(text.find("&lt;a&gt;&#39; &amp; &quot;b&quot;"), std::string::npos);
    EXPECT_NE(text.find("Halide 21.0.0 on the CPU family genuineintel-6-143"), std::string::npos);
}

TEST_F(ReportTest, LayersWithoutTrialsSaySo) {
    EXPECT_NE(page({}).find("<h1>No layer was searched.</h1>"), std::string::npos);
    EXPECT_NE(page({involution}).find("<h1>0 trials of 1 layer.</h1>"), std::string::npos);
    add(involution, trial(involution, 2, 1.25));
    const std::string text = page({involution, point});
    EXPECT_NE(text.find("<h1>1 trial of 2 layers: the best knobs are as fast as by hand; 1 layer "
                        "without a time; not confirmed: 1 layer.</h1>"),
              std::string::npos);
    EXPECT_NE(section(text, "conv2d point").find("The history has no trials of this layer."),
              std::string::npos);
    EXPECT_NE(section(text, text_of(involution)).find("skipped: not tried"), std::string::npos);
    EXPECT_NE(text.find("No trial was rejected."), std::string::npos);
    EXPECT_NE(text.find(": -20.0 %<"), std::string::npos); // of a layer where by hand stays
}

TEST_F(ReportTest, LayersWhereNothingWorks) {
    Trial crashed = trial(involution, 0, 0);
    crashed.outcome = Outcome::kCrashed;
    crashed.reason = "ended by signal 11";
    add(involution, crashed);
    const std::string text = page({involution});
    EXPECT_NE(text.find("<h1>1 trial of 1 layer: none gave a time.</h1>"), std::string::npos);
    const std::string part = section(text, text_of(involution));
    EXPECT_EQ(count(part, "<svg "), 0u);
    EXPECT_NE(part.find("failed: crashed"), std::string::npos);
    EXPECT_NE(part.find("No knob had several values."), std::string::npos);
}

TEST_F(ReportTest, UnwritablePathStops) {
    const std::string path = folder / "none/page.html";
    EXPECT_EQ(message_of<Failure>([&] { write_tune_report(path, history, {}, "involute tune"); }),
              path + ": cannot be written");
}

} // namespace
} // namespace involute::autotune
