#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace dbsync {
namespace {

TEST(Text, Trim) {
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \t\r\n"), "");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim("\t a b \r\n"), "a b");
}

TEST(Text, LowerIsAsciiOnly) {
  EXPECT_EQ(to_lower("AZaz09_\xC3\x89"), "azaz09_\xC3\x89");
  EXPECT_TRUE(equal_ignore_case("UTF8", "utf8"));
  EXPECT_FALSE(equal_ignore_case("utf8", "utf8mb4"));
  EXPECT_FALSE(equal_ignore_case("[", "{"));
  EXPECT_TRUE(equal_ignore_case("", ""));
}

TEST(Text, Join) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
}

// What a server sends must not act on a terminal, or look like something else.
TEST(Text, ControlCharactersAreShown) {
  EXPECT_EQ(one_line("a\nb\r\n"), "a b");
  EXPECT_EQ(one_line("\x1b]0;title\x07"), "\\x1b]0;title\\x07");
  EXPECT_EQ(one_line("\xc2\x9b"
                     "31m"),
            "\\x9b31m")
      << "the one-byte CSI of 8-bit terminals";
  EXPECT_EQ(one_line("\x9b"
                     "31m"),
            "\\x9b31m")
      << "no UTF-8";
  EXPECT_EQ(one_line("a\xe2\x80\xae"
                     "b"),
            "a\\u202eb")
      << "right to left";
  EXPECT_EQ(one_line("a\xe2\x80\xa8"
                     "b"),
            "a b")
      << "line separator";
  EXPECT_EQ(one_line("größer 漢 😀"), "größer 漢 😀");
  EXPECT_EQ(visible("a\n\x1b[2Jb\n"), "a\n\\x1b[2Jb\n");
}

TEST(Text, NamesLineUp) {
  EXPECT_EQ(aligned({"ab", "漢字", "e\xcc\x81"}), (std::vector<std::string>{"ab  ", "漢字", "e\xcc\x81   "}));
  EXPECT_EQ(aligned({"a\nb", "\x1b"}), (std::vector<std::string>{"a b ", "\\x1b"}));
  EXPECT_TRUE(aligned({}).empty());
}

TEST(Text, NearestName) {
  const std::vector<std::string> names{"host", "port", "password", "connect_string"};
  EXPECT_EQ(nearest_name("hosts", names), "host");
  EXPECT_EQ(nearest_name("HOST", names), "host");
  EXPECT_EQ(nearest_name("pasword", names), "password");
  EXPECT_EQ(nearest_name("conect_strng", names), "connect_string");
  EXPECT_EQ(nearest_name("zzzz", names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name("host", {}), "");
}

TEST(Text, FormatCount) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Text, FormatBytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(std::uint64_t{5} << 30U), "5.0 GiB");
  EXPECT_EQ(format_bytes(std::uint64_t{2048} << 40U), "2048.0 TiB");
}

TEST(Text, FormatSeconds) {
  EXPECT_EQ(format_seconds(3.21), "3.21s");
  EXPECT_EQ(format_seconds(75.4), "1m15s");
  EXPECT_EQ(format_seconds(3600), "1h00m00s");
  EXPECT_EQ(format_seconds(90061), "25h01m01s");
}

}  // namespace
}  // namespace dbsync
