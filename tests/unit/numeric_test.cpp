#include "format/numeric.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace dbsync {
namespace {

std::string encode(std::string_view text) {
  std::string out(numeric_bound(text.size()), '\0');
  out.resize(encode_numeric(text, out.data()));
  return out;
}

struct NumericCase {
  const char* text;
  std::vector<int> words;  // ndigits, weight, sign, dscale, digits…
};

class NumericBytes : public testing::TestWithParam<NumericCase> {};

TEST_P(NumericBytes, AreWhatNumericRecvReads) {
  std::string expected;
  for (const int word : GetParam().words) {
    expected += static_cast<char>(word >> 8 & 0xFF);
    expected += static_cast<char>(word & 0xFF);
  }
  EXPECT_EQ(encode(GetParam().text), expected) << GetParam().text;
}

// Taken from `COPY (SELECT x::numeric) TO STDOUT (FORMAT binary)` of PostgreSQL 15.
INSTANTIATE_TEST_SUITE_P(Values, NumericBytes,
                         testing::Values(NumericCase{"0", {0, 0, 0, 0}}, NumericCase{"0.00", {0, 0, 0, 2}},
                                         NumericCase{"-0.00", {0, 0, 0, 2}}, NumericCase{"1", {1, 0, 0, 0, 1}},
                                         NumericCase{"-1", {1, 0, 0x4000, 0, 1}}, NumericCase{"10000", {1, 1, 0, 0, 1}},
                                         NumericCase{"12345.678", {3, 1, 0, 3, 1, 2345, 6780}},
                                         NumericCase{"0.0001", {1, -1, 0, 4, 1}},
                                         NumericCase{"0.00001", {1, -2, 0, 5, 1000}},
                                         NumericCase{"100000000.5", {4, 2, 0, 1, 1, 0, 0, 5000}},
                                         NumericCase{"007.50", {2, 0, 0, 2, 7, 5000}}));

class NumericRoundTrip : public testing::TestWithParam<const char*> {};

TEST_P(NumericRoundTrip, GivesTheSameText) { EXPECT_EQ(decode_numeric(encode(GetParam())), GetParam()); }

INSTANTIATE_TEST_SUITE_P(Values, NumericRoundTrip,
                         testing::Values("0", "0.0", "1", "-1", "9999", "10000", "99999999", "0.1", "-0.1",
                                         "0.0000000001", "123456789.987654321",
                                         "99999999999999999999999999999999999.999999999999999999999999999999",
                                         "-99999999999999999999999999999999999999999999999999999999999999999",
                                         "0.000000000000000000000000000001",
                                         "10000000000000000000000000000000000000000000000000000000000000000"));

TEST(Numeric, RandomDecimalsComeBack) {
  std::mt19937_64 random(20240817);
  for (int i = 0; i < 20000; ++i) {
    std::string text = random() % 2 == 0 ? "-" : "";
    const auto whole = random() % 36;
    const auto scale = random() % 31;
    text += static_cast<char>('1' + random() % 9);
    for (unsigned d = 0; d < whole; ++d) text += static_cast<char>('0' + (random() % 3 == 0 ? 0 : random() % 10));
    if (scale > 0) text += '.';
    for (unsigned d = 0; d < scale; ++d) text += static_cast<char>('0' + (random() % 3 == 0 ? 0 : random() % 10));
    ASSERT_EQ(decode_numeric(encode(text)), text);
  }
}

TEST(Numeric, IntegersAreEncodedLikeTheirText) {
  for (const std::uint64_t v :
       {0ULL, 1ULL, 9999ULL, 10000ULL, 4294967295ULL, 9223372036854775808ULL, 18446744073709551615ULL}) {
    std::string bytes(numeric_bound(20), '\0');
    bytes.resize(encode_numeric(v, false, bytes.data()));
    EXPECT_EQ(bytes, encode(std::to_string(v)));
  }
}

TEST(Numeric, WhatIsNotADecimalIsRefused) {
  for (const char* text : {"", "-", "+", ".", "-.", "1e5", "1.2.3", "abc", "1 ", " 1", "0x10", "NaN", "--1"})
    EXPECT_EQ(encode(text), "") << text;
  EXPECT_EQ(encode(std::string("1\0", 2)), "");
  EXPECT_EQ(encode(std::string(131073, '9')), "");
  EXPECT_EQ(encode("0." + std::string(16384, '1')), "");
}

// NUMERIC_DSCALE_MAX of numeric.c is 16383.
TEST(Numeric, AScaleBeyondTheServersIsRefused) {
  const std::string head("\0\1\0\0\0\0", 6);
  const std::string one("\0\1", 2);
  EXPECT_EQ(decode_numeric(head + std::string("\x3F\xFF", 2) + one).size(), 2U + 16383U);
  EXPECT_EQ(decode_numeric(head + std::string("\x40\x00", 2) + one), "");
  EXPECT_EQ(decode_numeric(head + std::string("\x7F\xFF", 2) + one), "");
}

TEST(Numeric, TruncatedBytesThrow) {
  const std::string bytes = encode("12345.678");
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_THROW(decode_numeric(std::string_view(bytes).substr(0, n)), std::exception) << n;
}

}  // namespace
}  // namespace dbsync
