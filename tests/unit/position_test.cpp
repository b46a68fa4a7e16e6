#include "cdc/position.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dbsync {
namespace {

TEST(Position, TextAndBack) {
  EXPECT_EQ(lsn_position(0x16B374D848).text(), "16/B374D848");
  EXPECT_EQ(lsn_position(0).text(), "0/0");
  for (const char* text : {"0/0", "0/1929770", "FFFFFFFF/FFFFFFFF", "mysql-bin.000042:1234", "a.b.000001:4", ""})
    EXPECT_EQ(parse_position(text).text(), text);
  EXPECT_EQ(parse_position("16/b374d848"), lsn_position(0x16B374D848));
}

TEST(Position, OrderOfOneKind) {
  EXPECT_LT(parse_position("0/FFFFFFFF"), parse_position("1/0"));
  EXPECT_LT(parse_position("bin.000009:900"), parse_position("bin.000010:4"));
  EXPECT_LT(parse_position("bin.000010:4"), parse_position("bin.000010:5"));
  EXPECT_LT(Position{}, parse_position("0/0"));
  EXPECT_EQ(Position{}, Position{});
}

TEST(Position, KindsAreNotCompared) {
  EXPECT_THROW((void)(parse_position("0/1") < parse_position("bin.000001:4")), Error);
}

TEST(Position, RefusesOtherText) {
  for (const char* text : {"x", "0/", "/0", "1/100000000", "0/-1", "0/0 ", "bin:4", "bin.x:4", "bin.000001:", "now"})
    EXPECT_THROW(parse_position(text), Error) << text;
}

}  // namespace
}  // namespace dbsync
