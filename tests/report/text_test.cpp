// Escaping for each place, and numbers as people read them.
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/escape.h"
#include "report/number.h"
#include "tests/report/texts.h"

namespace {

using namespace involute::report;
using involute::report::test::kInf;
using involute::report::test::kNan;

const std::string kBad = "\xef\xbf\xbd"; // U+FFFD

TEST(Escape, InvalidUtf8IsReplaced) {
    EXPECT_EQ(valid_utf8("äö → 日 \xf0\x9f\x98\x80"), "äö → 日 \xf0\x9f\x98\x80");
    EXPECT_EQ(valid_utf8("a\xff"), "a" + kBad);
    EXPECT_EQ(valid_utf8("\xc3"), kBad);                                  // cut off
    EXPECT_EQ(valid_utf8("\xc3("), kBad + "(");                           // what follows is kept
    EXPECT_EQ(valid_utf8("\xc0\xaf"), kBad + kBad);                       // "/" in two bytes
    EXPECT_EQ(valid_utf8("\xe0\x80\xaf"), kBad + kBad + kBad);            // in three
    EXPECT_EQ(valid_utf8("\xed\xa0\x80"), kBad + kBad + kBad);            // a surrogate
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), kBad + kBad + kBad + kBad); // beyond U+10FFFF
    EXPECT_EQ(valid_utf8("\xf4\x8f\xbf\xbd"), "\xf4\x8f\xbf\xbd");
    EXPECT_EQ(valid_utf8(std::string("a\0b\x1b[0m\x7f", 8)),
              "a" + kBad + "b" + kBad + "[0m" + kBad);
    EXPECT_EQ(valid_utf8("a\tb\r\nc"), "a\tb\nc");
}

TEST(Escape, Html) {
    EXPECT_EQ(html_escaped("<a b=\"c\" d='e'>&amp;"),
              "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
    EXPECT_EQ(html_escaped("\xff"), kBad);
}

TEST(Escape, Markdown) {
    EXPECT_EQ(markdown_escaped("a|b"), "a\\|b");
    EXPECT_EQ(markdown_escaped("two\nlines"), "two lines");
    EXPECT_EQ(markdown_escaped("<b> [x](y) *z* ~ `q` \\"),
              "\\<b\\> \\[x\\](y) \\*z\\* \\~ \\`q\\` \\\\");
    EXPECT_EQ(markdown_escaped("relu_grad _it_"), "relu_grad \\_it\\_");
    EXPECT_EQ(markdown_escaped("# no heading"), "\\# no heading");
    EXPECT_EQ(markdown_escaped("- no list"), "\\- no list");
    EXPECT_EQ(markdown_escaped("-1.5"), "-1.5");
}

TEST(Escape, MarkdownCode) {
    EXPECT_EQ(markdown_code("a|b"), "`a\\|b`");
    EXPECT_EQ(markdown_code("a``b`c"), "```a``b`c```");
    EXPECT_EQ(markdown_code("`a`"), "`` `a` ``");
    EXPECT_EQ(markdown_code(""), "");
}

TEST(Escape, JsonInAScriptCannotEndIt) {
    const std::string text = "</script><!-- \"q\" \\ \t\n äöü \xff";
    const std::string json = json_string(text);
    EXPECT_EQ(json.find('<'), std::string::npos) << json;
    EXPECT_EQ(nlohmann::json::parse(json).get<std::string>(), valid_utf8(text));
}

TEST(Number, SignificantDigits) {
    EXPECT_EQ(number_text(1.25, significant(3)), "1.25");
    EXPECT_EQ(number_text(1.2, significant(3)), "1.20");
    EXPECT_EQ(number_text(0.012345, significant(3)), "0.0123");
    EXPECT_EQ(number_text(99.96, significant(3)), "100");
    EXPECT_EQ(number_text(9.996, significant(3)), "10.0");
    EXPECT_EQ(number_text(123456, significant(3)), "123,456"); // no digit is made a zero
    EXPECT_EQ(number_text(-1234.5, significant(6)), "-1,234.50");
    EXPECT_EQ(number_text(0, significant(3)), "0");
    EXPECT_EQ(number_text(-0.0, significant(3)), "0");
}

TEST(Number, Decimals) {
    EXPECT_EQ(number_text(1.005e6, decimals(2)), "1,005,000.00");
    EXPECT_EQ(number_text(999.999, decimals(0)), "1,000");
    EXPECT_EQ(number_text(-999, decimals(0)), "-999");
    EXPECT_EQ(number_text(0, decimals(2)), "0.00");
    EXPECT_EQ(number_text(-0.0, decimals(2)), "0.00");
    EXPECT_EQ(number_text(0.001, decimals(2)), "1.0e-3"); // what is not zero does not read as zero
}

TEST(Number, HugeTinyAndNone) {
    EXPECT_EQ(number_text(1.23456e-9, significant(3)), "1.23e-9");
    EXPECT_EQ(number_text(1.7976931348623157e308, significant(3)), "1.80e308");
    EXPECT_EQ(number_text(4.94e-324, significant(1)), "5e-324");
    EXPECT_EQ(number_text(1e300, decimals(2)), "1.000e300");
    EXPECT_EQ(number_text(kInf), "inf");
    EXPECT_EQ(number_text(-kInf), "-inf");
    EXPECT_EQ(number_text(kNan), kMissing);
    EXPECT_EQ(number_text(kNan, {}, "ms"), kMissing);
    EXPECT_EQ(number_text(1.5, significant(2), "ms"), "1.5 ms");
}

TEST(Number, Percent) {
    EXPECT_EQ(percent_text(0.9731), "97.3%");
    EXPECT_EQ(percent_text(12.5, 0), "1,250%");
    EXPECT_EQ(percent_text(kNan), kMissing);
}

} // namespace
