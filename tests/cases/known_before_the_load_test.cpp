// What PostgreSQL cannot take is known before the load: --check, -d and the load say the
// same of a table, with a way out, before a row is written; what -d prints psql takes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

constexpr int kSource = 3;
constexpr int kTarget = 4;

class KnownBeforeTheLoad : public MigrationTest {
 protected:
  // Each of the runs fails these tables with `reason`, and has `remedy` for them.
  void expect_refused(int status, const std::vector<std::string>& tables, const std::string& reason,
                      const std::string& remedy) {
    const RunResult check = run({"mysql2pgsql", "--check", "--create"});
    EXPECT_EQ(check.exit_code, status) << check.describe();
    EXPECT_TRUE(has_line(check.out, {"do:", remedy})) << check.describe();
    const RunResult script = run({"mysql2pgsql", "-d"});
    EXPECT_EQ(script.exit_code, status) << script.describe();
    EXPECT_TRUE(has_line(script.err, {"HINT:", remedy})) << script.describe();
    const RunResult load = run({"mysql2pgsql", "--create"});
    EXPECT_EQ(load.exit_code, status) << load.describe();
    EXPECT_TRUE(has_line(load.err, {"ERROR", reason})) << load.describe();
    for (const std::string& table : tables) {
      EXPECT_TRUE(has_line(check.out, {"failed", table, reason})) << table << "\n" << check.describe();
      EXPECT_TRUE(has_line(script.out, {"-- NOT WRITTEN", table, reason})) << table << "\n" << script.describe();
      EXPECT_TRUE(has_line(load.err, {table, "FAILED"})) << table << "\n" << load.describe();
    }
    TargetDb other;
    const RunResult psql = other.load_with_psql(script.out);
    EXPECT_EQ(psql.exit_code, 0) << psql.describe();
  }

  void expect_loaded() {
    const RunResult script = run({"mysql2pgsql", "-d"});
    EXPECT_EQ(script.exit_code, 0) << script.describe();
    EXPECT_EQ(run({"mysql2pgsql", "--check", "--create"}).exit_code, 0) << last_run_report();
    EXPECT_EQ(run({"mysql2pgsql", "--create"}).exit_code, 0) << last_run_report();
    EXPECT_EQ(run({"mysql2pgsql", "--verify-only"}).exit_code, 0) << last_run_report();
  }

  std::string indexes_of(const std::string& table) {
    return target.value(fmt::format(
        "select string_agg(indexname, ' ' order by indexname) from pg_indexes where tablename = '{}'", table));
  }
};

TEST_F(KnownBeforeTheLoad, SystemColumnNames) {
  source.exec(
      "create table extents (id int primary key, xmin double, ymin double, xmax double, ymax double);"
      "create table comments (cid int primary key, ctid int not null default 0, key (ctid));"
      "create table objs (id int primary key, tableoid int, cmin int, cmax int);"
      "create table upper_case (id int primary key, XMIN int, CtId int);"
      "create table zchild (id int primary key, cid int, foreign key (cid) references comments (cid));"
      "insert into extents values (1, 1.5, 2.5, 3.5, 4.5); insert into comments values (1, 7); insert into objs values "
      "(1, 2, 3, 4);"
      "insert into upper_case values (1, 2, 3); insert into zchild values (1, 1)");
  expect_refused(kSource, {"extents", "comments", "objs"}, "system column", "[column_map]");
  EXPECT_EQ(target.query("select \"XMIN\", \"CtId\" from upper_case"), (Rows{{"2", "3"}}));
  EXPECT_EQ(target.query("select count(*) from zchild"), (Rows{{"1"}}));

  table_list("extents : select id, xmin from extents\n");
  EXPECT_EQ(run({"mysql2pgsql", "--create", "-l", "tab_list.txt"}).exit_code, kSource);
  EXPECT_TRUE(has_line(last_run_report(), {"system column", "xmin"})) << last_run_report();

  target.exec("drop schema public cascade; create schema public");
  configure(
      "[column_map]\nextents.xm* = x_m\nobjs.tableoid = tableoid_\nobjs.cmin = cmin_\nobjs.cmax = cmax_\ncomments.ctid "
      "= ctid_\n"
      "[exclude_columns]\nextents = xmax\n");
  expect_loaded();
  EXPECT_EQ(target.query("select x_m, ymax from extents"), (Rows{{"1.5", "4.5"}}));
}

TEST_F(KnownBeforeTheLoad, NamesThatBecomeSystemColumns) {
  source.exec(
      "create table upper_case (id int primary key, XMIN int); create table mapped (id int primary key, v int)");
  configure("[ddl]\nnames = \"lower\"\n[column_map]\nmapped.v = cmax\n");
  expect_refused(kSource, {"upper_case", "mapped"}, "system column", "[column_map]");
}

TEST_F(KnownBeforeTheLoad, MoreColumnsThanATableHolds) {
  std::string columns;
  for (int i = 0; i < 1700; ++i) columns += fmt::format(", q{} int", i);
  source.exec("create table survey (id int primary key" + columns +
              ") engine=MyISAM; insert into survey (id) values (1);"
              "create table good (id int primary key); insert into good values (1)");
  expect_refused(kSource, {"survey"}, "1,701 columns", "[exclude_columns]");
  EXPECT_EQ(target.query("select count(*) from good"), (Rows{{"1"}}));
}

TEST_F(KnownBeforeTheLoad, RowsThatMayBeTooWideAreWarnedOf) {
  std::string numbers;
  std::string texts;
  for (int i = 0; i < 1100; ++i) numbers += fmt::format(", q{} bigint", i);
  for (int i = 0; i < 500; ++i) texts += fmt::format(", q{} varchar(20)", i);
  source.exec("create table wide_numbers (id int primary key" + numbers +
              ") engine=MyISAM;"
              "create table wide_texts (id int primary key" +
              texts +
              ") engine=MyISAM default charset=latin1;"
              "create table narrow (id int primary key, v varchar(200))");
  const RunResult check = run({"mysql2pgsql", "--check", "--create"});
  EXPECT_EQ(check.exit_code, 0) << check.describe();
  for (const char* table : {"wide_numbers", "wide_texts"})
    EXPECT_TRUE(has_line(check.out, {"warning", table, "row is too big"})) << check.describe();
  EXPECT_FALSE(has_line(check.out, {"warning", "narrow"})) << check.describe();
  EXPECT_TRUE(has_line(run({"mysql2pgsql", "-d"}).out, {"-- NOTE:", "row is too big"}));
}

// The second database of a schema in use: what is there keeps its name.
TEST_F(KnownBeforeTheLoad, NamesThatTheTargetHasAreAvoided) {
  source.exec(
      "create table ir_playbook (id int auto_increment primary key, member int, kind enum('x', 'y'), "
      "changed timestamp not null default current_timestamp on update current_timestamp, key ir_playbook_member "
      "(member));"
      "insert into ir_playbook (member, kind) values (1, 'x')");
  target.exec(
      "create table ir_playbookmember (playbookid text, id text); create index ir_playbook_member on ir_playbookmember "
      "(id);"
      "create type ir_playbook_kind_enum as enum ('q'); create view ir_playbook_pkey as select 1 as id;"
      "create sequence ir_playbook_id_seq; create function ir_playbook_touch() returns int language sql as 'select 1'");
  configure("[ddl]\non_update_timestamp = \"trigger\"\n[types]\nir_playbook.kind = enum\n");
  const std::string script = run({"mysql2pgsql", "-d"}).out;
  EXPECT_EQ(target.load_with_psql(script).exit_code, 0) << script;
  target.exec("drop table ir_playbook; drop function ir_playbook_touch_2; drop type ir_playbook_kind_enum_2");
  expect_loaded();
  EXPECT_EQ(indexes_of("ir_playbook"), "ir_playbook_member_2 ir_playbook_pkey_2");
  EXPECT_EQ(target.query("insert into ir_playbook (member, kind) values (2, 'y') returning id"), (Rows{{"2"}}));
  // With its own things there, a second run gives the same names.
  EXPECT_EQ(run({"mysql2pgsql", "-d"}).out, script);
}

TEST_F(KnownBeforeTheLoad, WhatStandsInATablesPlace) {
  source.exec(
      "create table a_view (id int primary key); create table a_matview (id int primary key);"
      "create table a_sequence (id int primary key); create table an_index (id int primary key);"
      "create table a_type (id int primary key); create table a_domain (id int primary key);"
      "create table good (id int primary key); insert into good values (1)");
  target.exec(
      "create view a_view as select 1 as id; create materialized view a_matview as select 1 as id; create sequence "
      "a_sequence;"
      "create table other (id int); create index an_index on other (id); create type a_type as enum ('a');"
      "create domain a_domain as int");
  expect_refused(kTarget, {"a_view", "a_matview", "a_sequence", "an_index", "a_type", "a_domain"},
                 "is on the target, but is", "rename or drop it");
  EXPECT_EQ(target.query("select count(*) from good"), (Rows{{"1"}}));
}

// Of the run itself: a table may be called as another one's sequence, and a foreign key as a check.
TEST_F(KnownBeforeTheLoad, NamesThatMeetInOneRun) {
  const std::string longest(64, 'n');
  source.exec(
      "create table t (id int auto_increment primary key, v int); create table t_id_seq (id int primary key, v int);"
      "insert into t (v) values (1), (2); insert into t_id_seq values (1, 1);"
      "create table keys_and_checks (id int primary key, kind enum('a', 'b') not null, p int, q int, r int, "
      "constraint keys_and_checks_pkey foreign key (p) references t (id), "
      "constraint keys_and_checks_kind_check foreign key (q) references t (id), "
      "constraint keys_and_checks_kind_not_null foreign key (r) references t (id));"
      "insert into keys_and_checks values (1, 'a', 1, 1, 1);"
      "create table names (id int primary key, a int, b int, c int, d int, key `" +
      longest + "` (a), key `" + longest.substr(1) +
      "` (b), "
      "key names_id_seq (c), key names_pkey (d))");
  expect_loaded();
  EXPECT_EQ(target.query("insert into t (v) values (3) returning id"), (Rows{{"3"}}));
  EXPECT_EQ(
      target.query(
          "select count(*) from pg_constraint where conrelid = 'keys_and_checks'::regclass and contype in ('f', 'c')"),
      (Rows{{"4"}}));
}

TEST_F(KnownBeforeTheLoad, DefaultsThatARuleLeavesNoRoomFor) {
  source.exec(
      "create table d (id int primary key, five int default 5, one int default 1, big int default 70000, word "
      "varchar(10) default 'abcdef', "
      "short_word varchar(10) default 'ab', doc varchar(20) default '{\"a\": 1}', nodoc varchar(20) default '{', day "
      "date default '2020-02-03', "
      "price decimal(10,2) default 12345.67, clock varchar(20) default '25:00:00', u varchar(40) default 'no uuid', "
      "bits bit(8) default b'101', years year default 2020); insert into d (id) values (1)");
  configure(
      "[types]\nd.five = boolean\nd.one = boolean\nd.big = smallint\nd.word = varchar(3)\nd.short_word = "
      "varchar(3)\nd.doc = jsonb\n"
      "d.nodoc = json\nd.day = bigint\nd.price = numeric(4,2)\nd.clock = time\nd.u = uuid\nd.bits = bit(4)\nd.years = "
      "date\n");
  const RunResult script = run({"mysql2pgsql", "-d"});
  EXPECT_EQ(script.exit_code, 0) << script.describe();
  EXPECT_EQ(target.load_with_psql(script.out).exit_code, 0) << script.out;
  target.exec("insert into d (id) values (1)");  // each default that is there can be had
  EXPECT_EQ(
      target.query("select five, one, big, word, short_word, doc, nodoc, day, price, clock, u, bits, years from d"),
      (Rows{{std::nullopt, "t", std::nullopt, std::nullopt, "ab", "{\"a\": 1}", std::nullopt, std::nullopt,
             std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt}}));
  for (const char* column : {"five", "big", "word", "nodoc", "day", "price", "clock", "u", "bits", "years"})
    EXPECT_TRUE(has_line(script.out, {fmt::format("\"{}\"", column), "--", "left out"})) << column << "\n"
                                                                                         << script.out;
}

TEST_F(KnownBeforeTheLoad, TypesOfExtensionsThatAreMissing) {
  source.exec(
      "create table words (id int primary key, w varchar(10) default 'Xyz'); insert into words values (1, 'Abc');"
      "create table good (id int primary key); insert into good values (1)");
  configure("[types]\nwords.w = citext\n");
  expect_refused(kTarget, {"words"}, "no type citext", "CREATE EXTENSION citext");
  EXPECT_EQ(target.query("select count(*) from good"), (Rows{{"1"}}));
  // A table that is there needs the type no more.
  target.exec("create table words (id int primary key, w text)");
  EXPECT_EQ(run({"mysql2pgsql", "--create", "--truncate"}).exit_code, 0) << last_run_report();
  if (target.value("select count(*) from pg_available_extensions where name = 'citext'") == "0") return;
  target.exec("drop table words, good; create extension citext");
  expect_loaded();
  EXPECT_EQ(target.query("select w = 'aBC' from words"), (Rows{{"t"}}));
  EXPECT_EQ(target.query("insert into words (id) values (9) returning w"), (Rows{{"Xyz"}}));
}

class TablesOfANewerApplication : public KnownBeforeTheLoad {
 protected:
  TablesOfANewerApplication() {
    source.exec(
        "create table remote (id int auto_increment primary key, name varchar(20) not null, v varchar(10));"
        "insert into remote (name, v) values ('a', 'x'), ('b', null)");
  }
  RunResult check(const std::string& more_columns) {
    target.exec(
        fmt::format("drop table if exists remote; create table remote (id serial primary key, name varchar(20) not "
                    "null, v varchar(10){})",
                    more_columns));
    return run({"mysql2pgsql", "--check"});
  }
};

TEST_F(TablesOfANewerApplication, ColumnsThatNothingFills) {
  target.exec("create domain filled as int not null; create domain given as int not null default 7");
  for (const char* column : {", created timestamptz not null", ", created filled"}) {
    const RunResult result = check(column);
    EXPECT_EQ(result.exit_code, kTarget) << result.describe();
    EXPECT_TRUE(has_line(result.out, {"failed", "public.remote", "column created is NOT NULL, has no default"}))
        << result.describe();
    EXPECT_TRUE(has_line(result.out, {"do:", "SET DEFAULT"})) << result.describe();
  }
  std::string filled = ", a int not null default 1, b given, c int generated always as identity, d timestamptz";
  if (target.version() >= 120000) filled += ", e int not null generated always as (1) stored";
  const RunResult result = check(filled);
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(run({"mysql2pgsql"}).exit_code, 0) << "as promised: " << last_run_report();
}

TEST_F(TablesOfANewerApplication, NarrowerColumns) {
  source.exec(
      "drop table remote; create table remote (id int primary key, name varchar(20), kind enum('a', 'b', 'c'), n "
      "bigint, price decimal(10,2))");
  target.exec(
      "create type kinds as enum ('a', 'c');"
      "create table remote (id int primary key, name varchar(10) not null, kind kinds, n int, price numeric(5,2))");
  const RunResult result = run({"mysql2pgsql", "--check"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  for (const auto& [column, reason] : {std::pair{"name", "narrower"},
                                       {"name", "is NOT NULL"},
                                       {"kind", "lacks the values b"},
                                       {"n", "narrower"},
                                       {"price", "narrower"}})
    EXPECT_TRUE(has_line(result.out, {"warning", "public.remote", fmt::format("column {}", column), reason}))
        << column << "\n"
        << result.describe();
}

}  // namespace

}  // namespace dbsync::test
