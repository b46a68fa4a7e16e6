#include "mysql2pgsql/schema/default_map.h"

#include <gtest/gtest.h>

#include "mysql2pgsql/schema/mysql_default.h"

namespace dbsync {
namespace {

std::string binary_default(const char* column_type, const char* shown, bool is_mariadb, unsigned version) {
  MysqlColumn column;
  column.name = "c";
  column.type =
      parse_mysql_type(std::string_view(column_type).substr(0, std::string_view(column_type).find('(')), column_type);
  settle_default(column, shown, false, is_mariadb, version);
  return map_default(column, {PgKind::bytea}, ZeroDatePolicy::null_value).sql;
}

// MySQL 8 shows binary defaults in hexadecimal; elsewhere 0x is what the value
// begins with, and nothing of it may reach the SQL text unchecked.
TEST(BinaryDefault, HexIsReadWhereTheServerWritesIt) {
  EXPECT_EQ(binary_default("varbinary(8)", "0x6162", false, 80036), "'\\x6162'");
  EXPECT_EQ(binary_default("binary(4)", "0x61", false, 80036), "'\\x61000000'");
  EXPECT_EQ(binary_default("varbinary(8)", "'0xab'", true, 101119), "'\\x30786162'");
  EXPECT_EQ(binary_default("binary(3)", "x'616200'", true, 110809), "'\\x616200'");
  EXPECT_EQ(binary_default("varbinary(8)", "x'0x'; drop'", true, 110809).find("drop"), std::string::npos);
  EXPECT_EQ(binary_default("varbinary(20)", "'0x'';'", true, 101119), "'\\x3078273b'");
  EXPECT_EQ(binary_default("varbinary(20)", "0x'; drop table t; --", false, 80036).find("drop"), std::string::npos);
}

// What passes is written into the DDL without quotes.
TEST(NumberDefault, IsDigitsAndNothingElse) {
  for (const char* text : {"0", "-1", "+1", "10.50", "1e10", "1.5E-300", "99999999999999999999", "1e999"})
    EXPECT_TRUE(is_number(text)) << text;
  for (const char* text :
       {"", "-", "--1", "1-1", "1--", "1.", ".5", "1.2.3", "1e", "1e+", "e5", "0x10", "1 ", " 1", "nan", "inf", "1;"})
    EXPECT_FALSE(is_number(text)) << text;
}

TEST(NumberDefault, OfMariadbIsALiteralOnlyWhenItIsANumber) {
  MysqlColumn column;
  column.type = parse_mysql_type("int", "int(11)");
  settle_default(column, "1--1", false, true, 101119);
  EXPECT_EQ(column.default_kind, MysqlColumn::Default::expression);
  settle_default(column, "-1", false, true, 101119);
  EXPECT_EQ(column.default_kind, MysqlColumn::Default::literal);
}

TEST(BitDefault, LongerThanSixtyFourBitsIsLeftOut) {
  MysqlColumn column;
  column.type = parse_mysql_type("bit", "bit(99)");
  settle_default(column, "b'1'", false, true, 101119);
  EXPECT_EQ(map_default(column, {PgKind::bit, 99}, ZeroDatePolicy::null_value).sql, "");
}

}  // namespace
}  // namespace dbsync
