// Error messages: formatting, one line, and the cut to the size of the C struct, which keeps every
// character whole.
#include "core/status.h"

#include <gtest/gtest.h>

#include <cstring>

namespace involute {
namespace {

TEST(Status, OkIsEmpty) {
    const Status status;
    EXPECT_TRUE(status.ok());
    const involute_status c = status.c_status();
    EXPECT_EQ(c.code, INVOLUTE_OK);
    EXPECT_STREQ(c.message, "");
}

TEST(Status, FormatsOneLine) {
    const Status status =
        Status::error(INVOLUTE_INVALID_FILE, "tensor '%s': expected %d,\ngot %d", "a", 3, 4);
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.code(), INVOLUTE_INVALID_FILE);
    EXPECT_EQ(status.message(), "tensor 'a': expected 3, got 4");
    EXPECT_STREQ(status.c_status().message, "tensor 'a': expected 3, got 4");
}

TEST(Status, ErrorIsNeverOk) {
    EXPECT_EQ(Status::error(INVOLUTE_OK, "contradiction").code(), INVOLUTE_INTERNAL);
}

TEST(Status, LongMessagesEndWithinTheStruct) {
    const std::string text(2000, 'x');
    const involute_status c = Status::error(INVOLUTE_INTERNAL, "%s", text.c_str()).c_status();
    EXPECT_EQ(std::strlen(c.message), sizeof c.message - 1);
}

// Characters of 1 to 4 bytes, put at every distance from the end: what is left is whole.
TEST(Status, CutKeepsCharactersWhole) {
    for (const char *character : {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
        const size_t width = std::strlen(character);
        for (size_t lead = 495; lead <= 507; ++lead) {
            std::string text(lead, 'a');
            while (text.size() < 520)
                text += character;
            const involute_status c =
                Status::error(INVOLUTE_INTERNAL, "%s", text.c_str()).c_status();
            const size_t length = std::strlen(c.message);
            const size_t room = sizeof c.message - 1;
            EXPECT_EQ(length, lead + (room - lead) / width * width) << width << " " << lead;
            EXPECT_EQ(text.compare(0, length, c.message), 0);
        }
    }
}

} // namespace
} // namespace involute
