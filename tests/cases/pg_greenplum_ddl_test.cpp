// The DDL of a PostgreSQL source for Greenplum and its relatives, written without a reachable
// target and compared with tests/golden/pg_ddl_<dialect>.sql.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/golden/golden.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

constexpr int kConfigFailed = 2;

constexpr char kSchema[] = R"(
  create type mood as enum ('sad', 'it''s "ok"');
  create type pair as (x int, y text);
  create type span as range (subtype = float8);
  create domain positive as int default 7 not null check (value > 0) check (value <> 13);
  create domain tags as text[];
  create domain deep as positive;
  create function own() returns int language sql as 'select 1';
  create function note() returns trigger language plpgsql as 'begin return new; end';
  create table types (id int primary key, m mood default 'it''s "ok"', ms mood[], p pair, s span, d positive, t tags,
    deep deep, uid uuid default gen_random_uuid(), n numeric(3,-2), path jsonpath, many int4multirange, mac macaddr8,
    own int default own(), at timestamptz default now(), ids int[] default '{1,2}');
  create table steps (id int generated always as identity (increment by 5 start with 3) primary key, other bigserial,
    size int generated always as (1 + 1) stored);
  create table indexed (id int primary key, a int, b text, c text, j jsonb);
  create index nulls on indexed (a desc nulls last, b nulls first);
  create index pattern on indexed (b text_pattern_ops);
  create index part on indexed (a) where b is not null;
  create index carries on indexed (a) include (b, c);
  create index hashed on indexed using hash (a);
  create index brin on indexed using brin (a);
  create index gin on indexed using gin (j jsonb_path_ops);
  create unique index other_key on indexed (a);
  create table child (id int primary key, up int references indexed on delete cascade);
  create table excluded (r int4range, exclude using gist (r with &&));
  create trigger noted before update on child for each row execute function note();
  create rule no as on delete to child do instead nothing;
  create view v as select * from child;
  create table by_name (a inet, mac macaddr, x xml, primary key (mac));
  create table only_xml (x xml);
  create table inherits (own int) inherits (child);
  create table ranged (id int, d date not null, v text, primary key (id, d)) partition by range (d);
  create table ranged_0 partition of ranged for values from (minvalue) to ('2020-01-01');
  create table ranged_1 partition of ranged for values from ('2020-01-01') to ('2021-01-01');
  create table ranged_x partition of ranged default;
  create table listed (id int, k text) partition by list (k);
  create table listed_a partition of listed for values in ('a', 'it''s', null);
  create table levels (id int, d date, k int, primary key (id, d, k)) partition by range (d);
  create table levels_1 partition of levels for values from ('2020-01-01') to ('2021-01-01') partition by list (k);
  create table levels_1a partition of levels_1 for values in (1, 2);
  create table levels_1x partition of levels_1 default;
  create table levels_2 partition of levels for values from ('2021-01-01') to (maxvalue) partition by list (k);
  create table levels_2a partition of levels_2 for values in (1);
  create table uneven (id int, d date) partition by range (d);
  create table uneven_1 partition of uneven for values from ('2020-01-01') to ('2021-01-01') partition by list (id);
  create table uneven_1a partition of uneven_1 for values in (1);
  create table uneven_2 partition of uneven for values from ('2021-01-01') to (maxvalue);
  create table hashed_parts (id int primary key) partition by hash (id);
  create table hashed_parts_0 partition of hashed_parts for values with (modulus 1, remainder 0);
  create table two_keys (a int, b int) partition by range (a, b);
  create table two_keys_0 partition of two_keys for values from (1, 1) to (2, 2);
)";

class PgGreenplumDdlTest : public PgMigrationTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (source.version() < 150000) GTEST_SKIP() << "numeric scales below 0 came with PostgreSQL 15";
    source.exec(kSchema);
  }

  std::string ddl(const std::string& config) {
    dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n{}", source.conninfo(), config));
    const RunResult result = run({"pgsql2pgsql", "-d", "--dialect", GetParam()});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    return result.out;
  }

  std::string without_name(std::string text) const {
    for (std::size_t at = text.find(source.name()); at != std::string::npos; at = text.find(source.name(), at))
      text.replace(at, source.name().size(), "shop");
    return text;
  }
};

TEST_P(PgGreenplumDdlTest, IsTheGoldenOne) {
  std::string all = "---- by keys\n" + ddl("");
  all += "\n---- by rules\n" +
         ddl("[distribution]\nindexed = b\nchild = randomly\n[greenplum]\nstorage = heap\nchild.storage = ao_row\n");
  expect_golden(fmt::format("tests/golden/pg_ddl_{}.sql", GetParam()), without_name(std::move(all)));
}

INSTANTIATE_TEST_SUITE_P(Dialect, PgGreenplumDdlTest, ::testing::Values("greenplum6", "greenplum7"),
                         [](const auto& format) { return std::string(format.param); });

// A rule that no table can have fails its table, and --check names it.
class PgDistributionTest : public PgMigrationTest {};

TEST_F(PgDistributionTest, ByATypeWithoutAHashIsAnError) {
  source.exec("create table doc (id int primary key, x xml); create table fine (id int primary key)");
  dir.write_file("my.cfg",
                 fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[distribution]\ndoc = x\n", source.conninfo()));
  const RunResult result = run({"pgsql2pgsql", "-d", "--dialect", "greenplum6"});
  EXPECT_EQ(result.exit_code, kConfigFailed) << result.describe();
  EXPECT_NE(result.err.find("[distribution] doc: x of public.doc is xml, which has no hash to distribute by"),
            std::string::npos)
      << result.err;
  EXPECT_NE(result.out.find("CREATE TABLE \"public\".\"fine\""), std::string::npos) << result.out;
}

TEST_F(PgDistributionTest, ReplicatedWithPartitionsIsAnError) {
  source.exec(
      "create table p (id int) partition by range (id); create table p1 partition of p for values from (1) to (9)");
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[distribution]\np = replicated\n",
                                       source.conninfo()));
  const RunResult result = run({"pgsql2pgsql", "-d", "--dialect", "greenplum7"});
  EXPECT_EQ(result.exit_code, kConfigFailed) << result.describe();
  EXPECT_NE(result.err.find("cannot replicate a table with partitions"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace dbsync::test
