// Why rows of the source break a rule of the target.
#include "copy/violation.h"

#include <gtest/gtest.h>

#include "mysql2pgsql/schema/collation.h"

namespace dbsync {
namespace {

Table sample() {
  Table table;
  table.name = {"public", "t"};
  for (const char* name : {"id", "d", "name", "e"}) table.columns.emplace_back().name = name;
  table.columns[0].type = {PgKind::int4};
  table.columns[1].type = {PgKind::date};
  table.columns[2].source_equality = {true, true, true};
  table.columns[3].two_empty_values = true;
  return table;
}

std::string hint_of(const char* sqlstate, std::vector<std::string> columns, const LoadedRows& rows,
                    std::string message = "m") {
  DdlUnit unit{"key", {"…"}};
  unit.columns = std::move(columns);
  unit.refers_to = QualifiedName{"public", "parent"};
  Error error(ErrorKind::data, std::move(message));
  error.sqlstate(sqlstate);
  return violation_hint(unit, error, rows);
}

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

constexpr char kAsOnSource[] = "as they are on the source";

TEST(Violation, OfAPolicyNamesIt) {
  const Table table = sample();
  LoadedRows rows;
  rows.table = &table;
  rows.changed = {"d"};
  EXPECT_HAS(hint_of("23502", {"id", "d"}, rows), "zero_date = \"-infinity\"");
  EXPECT_HAS(hint_of("23505", {"d"}, rows), "-infinity");
  EXPECT_HAS(hint_of("23514", {"d"}, rows), "zero_date");
  rows.changed = {"name"};
  EXPECT_HAS(hint_of("23505", {"name"}, rows), "invalid_utf8");
  EXPECT_HAS(hint_of("23503", {"name"}, rows), "nothing is equal");
  EXPECT_EQ(hint_of("23505", {"id"}, rows).find("invalid_utf8"), std::string::npos)
      << "another column's policy is no cause";
}

TEST(Violation, OfAnEnumsTwoEmptyValuesNamesThem) {
  const Table table = sample();
  LoadedRows rows;
  rows.table = &table;
  EXPECT_HAS(hint_of("23505", {"e"}, rows, "could not create unique index; Key (e)=() is duplicated."), "index 0");
  EXPECT_HAS(hint_of("23505", {"id", "e"}, rows, "Key (id, e)=(1, ) is duplicated."), "index 0");
  EXPECT_EQ(hint_of("23505", {"e"}, rows, "Key (e)=(a) is duplicated.").find("index 0"), std::string::npos);
}

TEST(Violation, OfAForeignKeyNamesTheCollationWhereItIsTheCause) {
  const Table table = sample();
  LoadedRows rows;
  rows.table = &table;
  rows.violations = 3;
  rows.true_violations = 0;
  const std::string all = hint_of("23503", {"name"}, rows);
  EXPECT_HAS(all, "all of them are right on the source");
  EXPECT_HAS(all, "without case, accents and blanks at the end");
  EXPECT_HAS(all, "citext");
  EXPECT_EQ(all.find(kAsOnSource), std::string::npos) << all;
  rows.true_violations = 1;
  EXPECT_HAS(hint_of("23503", {"name"}, rows), "the other 1 refer to nothing");
  rows.true_violations = 3;
  EXPECT_HAS(hint_of("23503", {"name"}, rows), kAsOnSource);
  EXPECT_HAS(hint_of("23503", {"id"}, LoadedRows{}), kAsOnSource);
}

TEST(Violation, OfTablesPutTogetherOrReadAtTwoMoments) {
  const Table table = sample();
  LoadedRows rows;
  rows.table = &table;
  rows.several_sources = true;
  EXPECT_HAS(hint_of("23505", {"id"}, rows), "[origin_column]");
  rows.several_sources = false;
  rows.query = true;
  EXPECT_HAS(hint_of("23505", {"id"}, rows), "query");
  rows.query = false;
  rows.one_moment = false;
  EXPECT_HAS(hint_of("23503", {"id"}, rows), "one moment");
}

std::string compares(std::string collation, MysqlKind kind = MysqlKind::varchar) {
  MysqlType type;
  type.kind = kind;
  type.collation = std::move(collation);
  return equality_of(type).describe();
}

TEST(Collation, SaysWhatTheSourceDoesNotTellApart) {
  EXPECT_EQ(compares("utf8mb4_general_ci"), "without case, accents and blanks at the end");
  EXPECT_EQ(compares("utf8mb4_0900_ai_ci"), "without case and accents");
  EXPECT_EQ(compares("utf8mb4_0900_as_ci"), "without case");
  EXPECT_EQ(compares("utf8mb4_0900_as_cs"), "");
  EXPECT_EQ(compares("utf8mb4_bin"), "without blanks at the end");
  EXPECT_EQ(compares("utf8mb4_nopad_bin"), "");
  EXPECT_EQ(compares("latin1_general_ci"), "without case and blanks at the end");
  EXPECT_EQ(compares("uca1400_ai_ci"), "without case, accents and blanks at the end");
  EXPECT_EQ(compares("binary"), "");
  EXPECT_EQ(compares(""), "");
  EXPECT_EQ(compares("utf8mb4_general_ci", MysqlKind::enumeration), "");
}

}  // namespace
}  // namespace dbsync
