#include "schema/table_limits.h"

#include <gtest/gtest.h>

#include "schema/names.h"

namespace dbsync {
namespace {

Table table_of(std::size_t columns, const PgType& type) {
  Table table;
  for (std::size_t i = 0; i < columns; ++i) {
    Column& column = table.columns.emplace_back();
    column.name = "c" + std::to_string(i);
    column.type = type;
  }
  return table;
}

TEST(SystemColumns, DependOnTheServer) {
  for (const char* name : {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
    EXPECT_TRUE(is_system_column(name, postgresql_dialect(15))) << name;
  for (const char* name : {"XMIN", "ctid2", "oid", "gp_segment_id"})
    EXPECT_FALSE(is_system_column(name, postgresql_dialect(15))) << name;
  EXPECT_TRUE(is_system_column("oid", postgresql_dialect(11)));
  EXPECT_TRUE(is_system_column("oid", greenplum_dialect(6)));
  EXPECT_FALSE(is_system_column("oid", greenplum_dialect(7)));
  EXPECT_TRUE(is_system_column("gp_segment_id", greenplum_dialect(6)));
}

TEST(TableLimits, Columns) {
  EXPECT_FALSE(beyond_limits(table_of(1600, {PgKind::int4}), "t", postgresql_dialect(15)));
  const auto problem = beyond_limits(table_of(1601, {PgKind::int4}), "t", postgresql_dialect(15));
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->hint().find("[exclude_columns]"), std::string::npos);
}

TEST(TableLimits, RowsThatMayBeTooWide) {
  EXPECT_EQ(row_width_warning(table_of(1000, {PgKind::int8})), "");
  EXPECT_NE(row_width_warning(table_of(1200, {PgKind::int8})), "");
  EXPECT_EQ(row_width_warning(table_of(300, {PgKind::varchar, 20})), "");
  EXPECT_NE(row_width_warning(table_of(500, {PgKind::varchar, 20})), "");
  EXPECT_EQ(row_width_warning(table_of(400, {PgKind::text})), "");
}

// makeObjectName of indexcmds.c: the longer part is cut first.
TEST(UsualName, IsTheServers) {
  EXPECT_EQ(usual_name("t", "id", "seq"), "t_id_seq");
  EXPECT_EQ(usual_name(std::string(60, 't'), "id", "seq"), std::string(56, 't') + "_id_seq");
  EXPECT_EQ(usual_name(std::string(40, 't'), std::string(40, 'c'), "seq"),
            std::string(29, 't') + "_" + std::string(29, 'c') + "_seq");
}

TEST(NameSet, GivesWayToWhatOthersHave) {
  NameSet names;
  names.reserve("t_x", "u");
  names.reserve("t_pkey", "t");
  EXPECT_EQ(names.claim("t_x", "t"), "t_x_2");
  EXPECT_EQ(names.claim("t_pkey", "t"), "t_pkey") << "its own, of an earlier run";
  EXPECT_EQ(names.claim("t_pkey", "t"), "t_pkey_2");
  EXPECT_FALSE(names.is_free("t_x", "t"));
  EXPECT_TRUE(names.is_free("t_y", "t"));
}

}  // namespace
}  // namespace dbsync
