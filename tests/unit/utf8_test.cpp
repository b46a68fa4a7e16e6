#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace dbsync {
namespace {

TEST(ValidTextPrefix, TakesWhatIsValid) {
  for (const std::string text : {"", "a", "abcdefgh", "abcdefghi", "Füße", "日本語テキスト", "emoji 😀😀 and more text",
                                 "\xF4\x8F\xBF\xBF", "\xEE\x80\x80", "\x7F"})
    EXPECT_EQ(valid_text_prefix(text), text.size()) << text;
}

struct BadText {
  std::string text;
  std::size_t good;
};

class InvalidText : public testing::TestWithParam<BadText> {};

TEST_P(InvalidText, StopsBeforeTheFirstBadByte) {
  EXPECT_EQ(valid_text_prefix(GetParam().text), GetParam().good);
  // Wherever it stands relative to the eight-byte steps of the fast path.
  for (std::size_t pad = 0; pad < 17; ++pad)
    EXPECT_EQ(valid_text_prefix(std::string(pad, 'x') + GetParam().text + "yyyyyyyyyyyyyyyyy"), pad + GetParam().good);
}

using std::string_literals::operator""s;
INSTANTIATE_TEST_SUITE_P(Sequences, InvalidText,
                         testing::Values(BadText{"\0"s, 0}, BadText{"ab\0cd"s, 2}, BadText{"\x80"s, 0},
                                         BadText{"a\xC0\x80"s, 1}, BadText{"\xC1\xBF"s, 0}, BadText{"\xE0\x9F\xBF"s, 0},
                                         BadText{"\xED\xA0\x80"s, 0}, BadText{"\xF0\x8F\xBF\xBF"s, 0},
                                         BadText{"\xF4\x90\x80\x80"s, 0}, BadText{"\xF5\x80\x80\x80"s, 0},
                                         BadText{"\xFF"s, 0}, BadText{"\xC3("s, 0}, BadText{"\xE2\x82"s, 0},
                                         BadText{"ok\xF0\x9F\x98"s, 2}));

TEST(Utf8, CharactersTellTheirCode) {
  const auto code = [](std::string_view text) { return static_cast<unsigned>(first_character(text).code); };
  EXPECT_EQ(code("a"), 0x61U);
  EXPECT_EQ(code("üb"), 0xfcU);
  EXPECT_EQ(code("漢"), 0x6f22U);
  EXPECT_EQ(code("😀"), 0x1f600U);
  EXPECT_EQ(first_character("😀!").bytes, 4U);
  EXPECT_FALSE(first_character("\x9b").valid);
  EXPECT_EQ(code("\x9b"), 0x9bU);
}

TEST(Utf8, TruncationRespectsCharacters) {
  EXPECT_EQ(utf8_truncate("Füße", 2), "F");
  EXPECT_EQ(utf8_truncate("Füße", 3), "Fü");
  EXPECT_EQ(utf8_truncate("abc", 9), "abc");
}

}  // namespace
}  // namespace dbsync
