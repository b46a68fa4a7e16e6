#include "mysql2pgsql/schema/default_fit.h"

#include <gtest/gtest.h>

namespace dbsync {
namespace {

std::string literal(const std::string& text, bool number, const PgType& target) {
  return default_literal(text, number, target).value_or("none");
}

TEST(DefaultFit, Numbers) {
  EXPECT_EQ(literal("5", true, {PgKind::int2}), "5");
  EXPECT_EQ(literal("32768", true, {PgKind::int2}), "none");
  EXPECT_EQ(literal("-32768", true, {PgKind::int2}), "-32768");
  EXPECT_EQ(literal("1.50", true, {PgKind::int4}), "none");
  EXPECT_EQ(literal("2.00", true, {PgKind::int4}), "2.00");
  EXPECT_EQ(literal("99.99", true, {PgKind::numeric, 4, 2}), "99.99");
  EXPECT_EQ(literal("100", true, {PgKind::numeric, 4, 2}), "none");
  EXPECT_EQ(literal("18446744073709551615", true, {PgKind::numeric, 20}), "18446744073709551615");
  EXPECT_EQ(literal("12", false, {PgKind::int4}), "'12'");
  EXPECT_EQ(literal("ab", false, {PgKind::int4}), "none");
  EXPECT_EQ(literal("1", true, {PgKind::varbit}), "none");
  EXPECT_EQ(literal("5", true, {PgKind::json}), "'5'");
}

TEST(DefaultFit, Texts) {
  EXPECT_EQ(literal("äöü", false, {PgKind::varchar, 3}), "'äöü'");
  EXPECT_EQ(literal("äöüß", false, {PgKind::varchar, 3}), "none");
  EXPECT_EQ(literal("2020-02-30", false, {PgKind::date}), "none");
  EXPECT_EQ(literal("2020-02-29", false, {PgKind::date}), "'2020-02-29'");
  EXPECT_EQ(literal("25:00:00", false, {PgKind::time}), "none");
  EXPECT_EQ(literal("-800:00:00", false, {PgKind::interval}), "'-800:00:00'");
  EXPECT_EQ(literal("{", false, {PgKind::jsonb}), "none");
  EXPECT_EQ(literal("123e4567-e89b-12d3-a456-426614174000", false, {PgKind::uuid}),
            "'123e4567-e89b-12d3-a456-426614174000'");
  EXPECT_EQ(literal("300.1.1.1", false, {PgKind::inet}), "none");
  EXPECT_EQ(literal("a", false, {PgKind::bytea}), "none");
}

}  // namespace
}  // namespace dbsync
