#include "mysql2pgsql/schema/type_rule.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dbsync {
namespace {

struct TargetType {
  const char* text;
  const char* sql;  // as DDL writes it
};

class KnownTarget : public testing::TestWithParam<TargetType> {};

TEST_P(KnownTarget, IsWrittenAsMeant) {
  const auto type = parse_pg_type(GetParam().text);
  ASSERT_TRUE(type) << GetParam().text;
  EXPECT_EQ(type_sql(*type), GetParam().sql);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, KnownTarget,
    testing::Values(TargetType{"numeric(10,2)", "numeric(10,2)"}, TargetType{"numeric( 10 , 2 )", "numeric(10,2)"},
                    TargetType{" NUMERIC (10)", "numeric(10,0)"}, TargetType{"decimal", "numeric"},
                    TargetType{"varchar( 5 )", "varchar(5)"},
                    TargetType{"character varying(10485760)", "varchar(10485760)"}, TargetType{"char(3)", "char(3)"},
                    TargetType{"bit varying(9)", "bit varying(9)"}, TargetType{"timestamp(0)", "timestamp(0)"},
                    TargetType{"timestamp(6) with time zone", "timestamptz(6)"},
                    TargetType{"timestamp without time zone", "timestamp"}, TargetType{"time( 3)", "time(3)"},
                    TargetType{"vector( 3 )", "vector(3)"}, TargetType{"citext", "citext"},
                    TargetType{"int8", "bigint"}, TargetType{"text[]", "text[]"}));

class UnknownTarget : public testing::TestWithParam<const char*> {};

TEST_P(UnknownTarget, IsAnErrorOfTheConfiguration) {
  EXPECT_FALSE(parse_pg_type(GetParam()));
  try {
    parse_type_rule("a.b", GetParam(), "shop", "my.cfg line 3");
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_TRUE(error.message().starts_with("my.cfg line 3: [types] a.b = ")) << error.message();
  }
}

INSTANTIATE_TEST_SUITE_P(Texts, UnknownTarget,
                         testing::Values("int(3)", "bigint(20)", "text(5)", "boolean(1)", "bytea(3)", "uuid(16)",
                                         "json(1)", "real(7,3)", "varchar(0)", "varchar(10485761)", "varchar()",
                                         "varchar(1,2)", "varchar(-1)", "varchar(+1)", "varchar(1x)", "bit(0)",
                                         "timestamp(7)", "time(-1)", "numeric(0)", "numeric(1001)", "numeric(10,)",
                                         "numeric(10,11)", "numeric(1 0)", "numeric(10,2", "numeric(1,2,3)",
                                         "citext(3)", "vector(0)", "vector(16001)", "enum(3)", "varchar(3)x", "money",
                                         ""));

MysqlCatalog shop() {
  MysqlCatalog catalog;
  catalog.db = "shop";
  MysqlTable& orders = catalog.tables.emplace_back();
  orders.name = "orders";
  for (const auto& [name, type] : {std::pair{"id", "int(10) unsigned"}, std::pair{"flags", "set('a','b')"}}) {
    MysqlColumn& column = orders.columns.emplace_back();
    column.name = name;
    const std::string_view text = type;
    column.type = parse_mysql_type(text.substr(0, text.find('(')), text);
  }
  return catalog;
}

struct Idle {
  const char* key;
  const char* warning;  // behind the rule's text; "" = the rule is for a column
};

class IdleRule : public testing::TestWithParam<Idle> {};

TEST_P(IdleRule, IsWarnedOfWithWhatIsNearest) {
  const MysqlCatalog catalog = shop();
  const std::vector<TypeRule> rules{parse_type_rule(GetParam().key, "text", "shop", "my.cfg line 9")};
  const auto warnings = TypeRuleUse(rules, catalog).warnings();
  if (*GetParam().warning == '\0') {
    EXPECT_TRUE(warnings.empty()) << warnings[0];
    return;
  }
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0], std::string("my.cfg line 9: [types] ") + GetParam().key + " = text: matches no column; " +
                             GetParam().warning);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, IdleRule,
    testing::Values(Idle{"orders.flags", ""}, Idle{"int unsigned", ""}, Idle{"*.id", ""}, Idle{"orders.*", ""},
                    Idle{"*.flags set('a','b')", ""},
                    Idle{"order.flags", "there is no table order, did you mean orders?"},
                    Idle{"customers.flags", "there is no table customers"},
                    Idle{"orders.flag", "there is no column flag, did you mean flags?"},
                    Idle{"*.total", "there is no column total"},
                    Idle{"int(11) unsigned",
                         "there is no column of the type int(11) unsigned, did you mean int(10) unsigned?"},
                    Idle{"orders.id int", "there is no column of that name and the type int"},
                    Idle{"json", "there is no column of the type json"}));

TEST(IdleRule, AColumnOfAResultCounts) {
  const MysqlCatalog catalog = shop();
  const std::vector<TypeRule> rules{parse_type_rule("*.total decimal(30,2)", "text", "shop", "my.cfg line 9")};
  TypeRuleUse use(rules, catalog);
  EXPECT_EQ(use.warnings().size(), 1U);
  use.see(parse_mysql_type("decimal", "decimal(30,2)"), {}, "total");
  EXPECT_TRUE(use.warnings().empty());
}

}  // namespace
}  // namespace dbsync
