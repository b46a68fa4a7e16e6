#include "mysql2pgsql/row/wire_value.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbsync {
namespace {

struct Read {
  std::ptrdiff_t used = -1;  // -1: refused
  SourceValue value;
  Temporal temporal;
};

Read read(WireFormat format, const std::vector<unsigned char>& bytes) {
  Read out;
  const unsigned char* next =
      read_wire_value(format, bytes.data(), bytes.data() + bytes.size(), out.value, out.temporal);
  if (next != nullptr) out.used = next - bytes.data();
  return out;
}

// Every shorter piece must be refused; nothing may be read behind its end (the
// sanitizers watch, since each piece is an allocation of its own).
void expect_truncations_refused(WireFormat format, const std::vector<unsigned char>& bytes) {
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_EQ(
        read(format, std::vector<unsigned char>(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n))).used,
        -1)
        << n << " bytes";
}

TEST(WireValue, NumbersStayWhereTheyAre) {
  const std::vector<unsigned char> bytes{0xFE, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4, 99};
  for (const auto& [wire, size] : {std::pair(Wire::i8, 1),
                                   {Wire::u8, 1},
                                   {Wire::i16, 2},
                                   {Wire::u16, 2},
                                   {Wire::i32, 4},
                                   {Wire::u32, 4},
                                   {Wire::f32, 4},
                                   {Wire::i64, 8},
                                   {Wire::u64, 8},
                                   {Wire::f64, 8}}) {
    const Read out = read({wire, false}, bytes);
    EXPECT_EQ(out.used, size);
    EXPECT_EQ(out.value.data, reinterpret_cast<const char*>(bytes.data()));
    expect_truncations_refused({wire, false}, std::vector<unsigned char>(bytes.begin(), bytes.begin() + size));
  }
}

TEST(WireValue, BytesOfEveryLengthForm) {
  for (const std::size_t length : {0U, 1U, 250U, 251U, 65535U, 65536U, 70000U}) {
    std::vector<unsigned char> bytes;
    if (length < 251) {
      bytes = {static_cast<unsigned char>(length)};
    } else if (length < 65536) {
      bytes = {252, static_cast<unsigned char>(length), static_cast<unsigned char>(length >> 8)};
    } else {
      bytes = {253, static_cast<unsigned char>(length), static_cast<unsigned char>(length >> 8),
               static_cast<unsigned char>(length >> 16)};
    }
    const std::size_t head = bytes.size();
    bytes.resize(head + length, 'x');
    const Read out = read({Wire::bytes, false}, bytes);
    EXPECT_EQ(out.used, static_cast<std::ptrdiff_t>(bytes.size()));
    EXPECT_EQ(out.value.bytes(), std::string(length, 'x'));
    if (length < 1000) expect_truncations_refused({Wire::bytes, false}, bytes);
  }
}

TEST(WireValue, ImpossibleLengthsOfBytesAreRefused) {
  EXPECT_EQ(read({Wire::bytes, false}, {251}).used, -1);  // NULL has no place in a binary row
  EXPECT_EQ(read({Wire::bytes, false}, {255, 0}).used, -1);
  EXPECT_EQ(read({Wire::bytes, false}, {254, 255, 255, 255, 255, 255, 255, 255, 255, 0}).used, -1);
}

TEST(WireValue, DatesAndTimestamps) {
  const std::vector<unsigned char> full{11, 0xE8, 0x07, 11, 24, 10, 49, 31, 0x40, 0xE2, 0x01, 0x00};
  const Read out = read({Wire::temporal, false}, full);
  EXPECT_EQ(out.used, 12);
  EXPECT_EQ(out.temporal.year, 2024);
  EXPECT_EQ(out.temporal.month, 11U);
  EXPECT_EQ(out.temporal.day, 24U);
  EXPECT_EQ(out.temporal.hour, 10U);
  EXPECT_EQ(out.temporal.minute, 49U);
  EXPECT_EQ(out.temporal.second, 31U);
  EXPECT_EQ(out.temporal.microsecond, 123456U);
  expect_truncations_refused({Wire::temporal, false}, full);
  EXPECT_EQ(read({Wire::temporal, false}, {0}).temporal.year, 0);
  EXPECT_EQ(read({Wire::temporal, false}, {4, 0xE8, 0x07, 11, 24}).used, 5);
  EXPECT_EQ(read({Wire::temporal, false}, {7, 0xE8, 0x07, 11, 24, 1, 2, 3}).temporal.second, 3U);
  for (const int length : {1, 2, 3, 5, 6, 8, 9, 10, 12, 255})
    EXPECT_EQ(
        read({Wire::temporal, false}, {static_cast<unsigned char>(length), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})
            .used,
        -1);
}

TEST(WireValue, TimesFoldTheirDaysIntoHours) {
  const std::vector<unsigned char> full{12, 1, 34, 0, 0, 0, 22, 59, 58, 0x3F, 0x42, 0x0F, 0x00};
  const Read out = read({Wire::temporal, true}, full);
  EXPECT_EQ(out.used, 13);
  EXPECT_TRUE(out.temporal.negative);
  EXPECT_EQ(out.temporal.hour, 838U);
  EXPECT_EQ(out.temporal.minute, 59U);
  EXPECT_EQ(out.temporal.second, 58U);
  EXPECT_EQ(out.temporal.microsecond, 999999U);
  expect_truncations_refused({Wire::temporal, true}, full);
  EXPECT_EQ(read({Wire::temporal, true}, {0}).used, 1);
  EXPECT_EQ(read({Wire::temporal, true}, {8, 0, 255, 255, 255, 255, 1, 2, 3}).used, -1);  // hours would overflow
}

}  // namespace
}  // namespace dbsync
