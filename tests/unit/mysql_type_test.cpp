#include "mysql2pgsql/row/mysql_type.h"

#include <gtest/gtest.h>

#include "mysql2pgsql/schema/type_map.h"

namespace dbsync {
namespace {

TEST(MysqlType, ReadsLengthsAndSigns) {
  EXPECT_TRUE(parse_mysql_type("int", "int(10) unsigned zerofill").is_unsigned);
  EXPECT_FALSE(parse_mysql_type("int", "int(11)").is_unsigned);
  EXPECT_TRUE(parse_mysql_type("bigint", "bigint unsigned").is_unsigned);  // MySQL 8 has no display width
  EXPECT_EQ(parse_mysql_type("tinyint", "tinyint(1)").display_width, 1);
  EXPECT_EQ(parse_mysql_type("decimal", "decimal(65,30)").precision, 65);
  EXPECT_EQ(parse_mysql_type("decimal", "decimal(65,30)").scale, 30);
  EXPECT_EQ(parse_mysql_type("datetime", "datetime(6)").fraction, 6);
  EXPECT_EQ(parse_mysql_type("datetime", "datetime").fraction, 0);
  EXPECT_EQ(parse_mysql_type("varchar", "varchar(255)").length, 255);
}

TEST(MysqlType, ReadsLabelsWithQuotesAndCommas) {
  const auto type = parse_mysql_type("enum", "enum('a','it''s','x,y',')','unsigned')");
  EXPECT_EQ(type.labels, (std::vector<std::string>{"a", "it's", "x,y", ")", "unsigned"}));
  EXPECT_FALSE(type.is_unsigned);
  EXPECT_EQ(parse_mysql_type("enum", "enum('b\\\\c')").labels, (std::vector<std::string>{"b\\c"}));
}

// Rules of [types] are matched with what is left.
TEST(MysqlType, CommentsAreNoPartOfIt) {
  EXPECT_EQ(parse_mysql_type("datetime", "datetime(3) /* mariadb-5.3 */").text, "datetime(3)");
  EXPECT_EQ(parse_mysql_type("datetime", "datetime(3) /* mariadb-5.3 */").fraction, 3);
  EXPECT_EQ(parse_mysql_type("time", "time /* mysql-5.6 (old) */").fraction, 0);
  EXPECT_EQ(parse_mysql_type("varchar", "varchar(10) /*M!100301 COMPRESSED*/").text, "varchar(10)");
  const auto labels = parse_mysql_type("enum", "enum('/* a','b''/*','c\\\\') /* x */");
  EXPECT_EQ(labels.labels, (std::vector<std::string>{"/* a", "b'/*", "c\\"}));
}

TEST(MysqlType, UnknownTypesAreUnsupported) {
  EXPECT_EQ(parse_mysql_type("hologram", "hologram(3)").kind, MysqlKind::unsupported);
}

struct Mapping {
  const char* data_type;
  const char* column_type;
  const char* expected;
};

class TypeMap : public testing::TestWithParam<Mapping> {};

TEST_P(TypeMap, GivesTheMostFaithfulType) {
  const auto type = map_type(parse_mysql_type(GetParam().data_type, GetParam().column_type), postgresql_dialect(15));
  ASSERT_TRUE(type.has_value());
  EXPECT_EQ(type_sql(*type), GetParam().expected) << GetParam().column_type;
}

INSTANTIATE_TEST_SUITE_P(
    Types, TypeMap,
    testing::Values(
        Mapping{"tinyint", "tinyint(1)", "smallint"}, Mapping{"smallint", "smallint(5) unsigned", "integer"},
        Mapping{"mediumint", "mediumint unsigned", "integer"}, Mapping{"int", "int unsigned", "bigint"},
        Mapping{"bigint", "bigint(20) unsigned", "numeric(20,0)"}, Mapping{"bigint", "bigint(20)", "bigint"},
        Mapping{"decimal", "decimal(10,2)", "numeric(10,2)"}, Mapping{"float", "float(7,3)", "real"},
        Mapping{"double", "double", "double precision"}, Mapping{"bit", "bit(9)", "bit(9)"},
        Mapping{"year", "year(4)", "smallint"}, Mapping{"datetime", "datetime(3)", "timestamp(3)"},
        Mapping{"timestamp", "timestamp", "timestamptz(0)"}, Mapping{"time", "time(6)", "interval(6)"},
        Mapping{"char", "char(3)", "varchar(3)"}, Mapping{"longtext", "longtext", "text"},
        Mapping{"varbinary", "varbinary(16)", "bytea"}, Mapping{"enum", "enum('a')", "text"},
        Mapping{"json", "json", "json"}, Mapping{"point", "point", "bytea"}, Mapping{"uuid", "uuid", "uuid"},
        Mapping{"inet6", "inet6", "inet"}, Mapping{"vector", "vector(3)", "real[]"}));

}  // namespace
}  // namespace dbsync
