#include <gtest/gtest.h>

#include "check/check_findings.h"
#include "check/column_fit.h"
#include "check/server_version.h"

namespace dbsync {
namespace {

using enum ColumnFit;
using enum ServerRole;

struct Pair {
  PgType wanted;
  PgType there;
  ColumnFit fit;
};

class ColumnFits : public testing::TestWithParam<Pair> {};

TEST_P(ColumnFits, AsTheValuesDo) {
  EXPECT_EQ(column_fit(GetParam().wanted, GetParam().there), GetParam().fit)
      << type_sql(GetParam().wanted) << " into " << type_sql(GetParam().there);
}

PgType numeric(int precision, int scale) { return {PgKind::numeric, precision, scale}; }
PgType named(PgKind kind, const char* name) { return {kind, -1, 0, name}; }

INSTANTIATE_TEST_SUITE_P(
    All, ColumnFits,
    testing::Values(
        Pair{{PgKind::varchar, 20}, {PgKind::varchar, 20}, fits},
        Pair{{PgKind::varchar, 20}, {PgKind::varchar, 19}, narrower}, Pair{{PgKind::varchar, 20}, {PgKind::text}, fits},
        Pair{{PgKind::text}, {PgKind::varchar, 20}, narrower}, Pair{{PgKind::text}, {PgKind::varchar}, fits},
        Pair{{PgKind::bpchar, 3}, {PgKind::varchar, 3}, fits}, Pair{{PgKind::int4}, {PgKind::int8}, fits},
        Pair{{PgKind::int8}, {PgKind::int4}, narrower}, Pair{{PgKind::int4}, {PgKind::text}, fits},
        Pair{{PgKind::int4}, {PgKind::varchar, 5}, narrower}, Pair{{PgKind::int8}, numeric(20, 0), fits},
        Pair{{PgKind::int8}, numeric(19, 2), narrower}, Pair{{PgKind::int8}, {PgKind::numeric}, fits},
        Pair{numeric(9, 0), {PgKind::int4}, fits}, Pair{numeric(10, 0), {PgKind::int4}, narrower},
        Pair{numeric(5, 2), {PgKind::int4}, different}, Pair{numeric(10, 2), numeric(10, 2), fits},
        Pair{numeric(10, 2), numeric(10, 3), narrower}, Pair{numeric(10, 2), numeric(12, 1), narrower},
        Pair{{PgKind::numeric}, numeric(10, 2), narrower}, Pair{{PgKind::float4}, {PgKind::float8}, fits},
        Pair{{PgKind::float8}, {PgKind::float4}, narrower}, Pair{{PgKind::timestamp}, {PgKind::timestamp, 3}, narrower},
        Pair{{PgKind::timestamp, 3}, {PgKind::timestamp}, fits},
        Pair{{PgKind::timestamp}, {PgKind::timestamptz}, different}, Pair{{PgKind::text}, {PgKind::int4}, different},
        Pair{{PgKind::json}, {PgKind::jsonb}, fits}, Pair{{PgKind::bit, 8}, {PgKind::varbit, 8}, fits},
        Pair{{PgKind::bit, 8}, {PgKind::bit, 7}, different}, Pair{{PgKind::bytea}, {PgKind::bytea}, fits},
        Pair{named(PgKind::other, "a.point"), named(PgKind::other, "a.point"), fits},
        Pair{named(PgKind::other, "a.point"), named(PgKind::other, "b.point"), different}));

TEST(ServerVersion, OldestPostgresql) {
  EXPECT_EQ(too_old_postgresql(postgresql_dialect(9), 90624, target),
            "PostgreSQL 9.6 is too old: 10 is the oldest that is supported");
  EXPECT_FALSE(too_old_postgresql(postgresql_dialect(10), 100000, target));
  EXPECT_FALSE(too_old_postgresql(postgresql_dialect(18), 180001, target));
  EXPECT_FALSE(too_old_postgresql(greenplum_dialect(6), 90426, target)) << "Greenplum 6 is PostgreSQL 9.4 inside";
  EXPECT_FALSE(too_old_postgresql(greenplum_dialect(5), 80323, target));
  EXPECT_EQ(too_old_postgresql(greenplum_dialect(5), 80323, source),
            "Greenplum 5 is too old: 6 is the oldest that is supported");
  EXPECT_TRUE(too_old_postgresql(greenplum_dialect(4), 80215, target));
  EXPECT_FALSE(too_old_postgresql(cloudberry_dialect(1), 140004, target));
}

TEST(ServerVersion, OldestMysql) {
  EXPECT_EQ(too_old_mysql(false, 50562), "MySQL 5.5 is too old: 5.6 is the oldest that is supported");
  EXPECT_FALSE(too_old_mysql(false, 50600));
  EXPECT_FALSE(too_old_mysql(false, 90000));
  EXPECT_EQ(too_old_mysql(true, 50568), "MariaDB 5.5 is too old: 10.0 is the oldest that is supported");
  EXPECT_FALSE(too_old_mysql(true, 100000));
}

TEST(CheckFindings, TheFirstFailureDecidesTheStatus) {
  CheckFindings findings;
  EXPECT_EQ(findings.exit_status(), 0);
  findings.passed("a", "fine");
  findings.warning("b", "odd", "look");
  EXPECT_EQ(findings.exit_status(), 0);
  findings.failed(ErrorKind::target, "c", "bad", "mend", CheckFinding::Reach::table);
  findings.failed(ErrorKind::source, "d", "bad", "mend");
  EXPECT_EQ(findings.exit_status(), 4);
  EXPECT_EQ(findings.text(),
            "passed   a  fine\nwarning  b  odd\n            do: look\nfailed   c  bad\n            do: mend\n"
            "failed   d  bad\n            do: mend\n\n1 passed, 1 warnings, 2 failed\n");
}

TEST(CheckFindings, ALoadStopsAtWhatConcernsAllOfIt) {
  CheckFindings tables;
  tables.failed(ErrorKind::target, "table", "bad", "mend", CheckFinding::Reach::table);
  EXPECT_NO_THROW(tables.log_and_stop());
  tables.failed(ErrorKind::source, "source", "too old", "newer");
  try {
    tables.log_and_stop();
    FAIL() << "the load would go on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::source);
    EXPECT_STREQ(error.what(), "source: too old");
    EXPECT_EQ(error.hint(), "newer");
  }
}

}  // namespace
}  // namespace dbsync
