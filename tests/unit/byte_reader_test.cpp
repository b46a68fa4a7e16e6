#include "base/byte_reader.h"

#include <gtest/gtest.h>

namespace dbsync {
namespace {

using std::string_literals::operator""s;

TEST(ByteReader, ReadsBigEndian) {
  const std::string bytes = "\x01\xFF\xFE\0\0\1\0\0\0\0\0\0\0\2abc\0z"s;
  ByteReader reader(bytes, "test");
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.i16(), -2);
  EXPECT_EQ(reader.bytes(3), "\0\0\1"s);
  EXPECT_EQ(reader.i64(), 2);
  EXPECT_EQ(reader.c_string(), "abc");
  EXPECT_EQ(reader.remaining(), 1U);
  EXPECT_THROW(reader.expect_end(), DecodeError);
  EXPECT_EQ(reader.rest(), "z");
  reader.expect_end();
}

TEST(ByteReader, ReadsPastTheEndThrowWithTheOffset) {
  ByteReader reader("\1\2\3", "message");
  reader.u8();
  try {
    reader.i32();
    FAIL() << "no exception";
  } catch (const DecodeError& error) {
    EXPECT_EQ(error.offset(), 1U);
    EXPECT_EQ(error.kind(), ErrorKind::source);
    EXPECT_NE(std::string(error.what()).find("malformed message"), std::string::npos);
  }
  ByteReader string("abc", "string");
  EXPECT_THROW(string.c_string(), DecodeError);
}

}  // namespace
}  // namespace dbsync
