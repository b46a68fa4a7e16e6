// Databases in other encodings than UTF-8, on either side: names, definitions and
// values arrive, and what cannot is named.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/rows.h"

namespace dbsync::test {
namespace {

// A database beside another one of the same server; dropped at the end.
class EncodedDb {
 public:
  EncodedDb(TargetDb& beside, const std::string& encoding) : beside_(beside), name_(beside.name() + "_" + encoding) {
    beside_.exec(fmt::format("create database \"{}\" encoding '{}' template template0 lc_collate 'C' lc_ctype 'C'",
                             name_, encoding));
    session_ = std::make_unique<PgSession>(conninfo());
    session_->run("set client_encoding to " + std::string(encoding == "SQL_ASCII" ? encoding : "UTF8"));
  }
  ~EncodedDb() {
    try {
      session_->run(
          "select pg_terminate_backend(active_pid) from pg_replication_slots where database = current_database() and "
          "active");
      eventually([this] {
        return session_->run("select 1 from pg_replication_slots where database = current_database() and active")
            .empty();
      });
      session_->run(
          "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()");
      session_.reset();
      beside_.exec(fmt::format("drop database \"{}\"", name_));
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
    }
  }
  EncodedDb(const EncodedDb&) = delete;
  EncodedDb& operator=(const EncodedDb&) = delete;

  std::string conninfo() const { return beside_.conninfo() + " dbname=" + name_; }
  Rows run(const std::string& sql) { return session_->run(sql); }

 private:
  TargetDb& beside_;
  std::string name_;
  std::unique_ptr<PgSession> session_;
};

class PgEncodings : public ::testing::Test {
 protected:
  void configure(const EncodedDb& source, const EncodedDb& target, std::string_view extra = {}) {
    dir.write_file("my.cfg",
                   fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n{}\n",
                               source.conninfo(), target.conninfo(), extra));
  }
  RunResult run(std::vector<std::string> words) {
    words.insert(words.begin(), "pgsql2pgsql");
    RunOptions options;
    options.cwd = dir.path();
    return run_program(words, options);
  }
  void expect_run(const std::vector<std::string>& words) {
    const RunResult result = run(words);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
  }
  static void expect_same(EncodedDb& source, EncodedDb& target, const std::string& query) {
    EXPECT_EQ(difference(source.run(query), target.run(query)), "") << query;
  }
  static void expect_names(const RunResult& result, std::initializer_list<const char*> texts) {
    for (const char* text : texts) EXPECT_NE(result.err.find(text), std::string::npos) << text << "\n" << result.err;
  }

  TargetDb sources{PgSide::source};
  TargetDb targets;
  TestDir dir;
};

struct Words {
  const char* from;
  const char* to;
  const char* table;
  const char* column;
  const char* word;
};

constexpr Words kWords[] = {{"LATIN1", "UTF8", "Größe", "Straße", "müde"},
                            {"EUC_JP", "EUC_JP", "漢字表", "列名", "悲しい"},
                            {"UTF8", "LATIN1", "Größe", "Straße", "müde"}};

TEST_F(PgEncodings, NamesDefinitionsAndValuesArrive) {
  for (const Words& words : kWords) {
    SCOPED_TRACE(std::string(words.from) + " to " + words.to);
    EncodedDb source(sources, words.from);
    EncodedDb target(targets, words.to);
    configure(source, target);
    source.run(
        fmt::format("create type \"{0} typ\" as enum ('froh', '{2}');"
                    "create table \"{0}\" (\"{1}\" text primary key check (\"{1}\" <> '{2}'), m \"{0} typ\" default "
                    "'{2}', d text default '{2} {2}', i interval);"
                    "comment on table \"{0}\" is '{1} {2}'; create index \"{1} idx\" on \"{0}\" (lower(\"{1}\"));"
                    "create function \"{0} fn\"() returns text language sql as $$ select '{2}'::text $$;"
                    "create view \"{0} v\" as select \"{1}\" from \"{0}\" where d = '{2} {2}';"
                    "insert into \"{0}\" values ('{0}', default, '{1}'), ('x', 'froh', default)",
                    words.table, words.column, words.word));
    expect_run({"--create", "--end-at", "now", "--verify"});
    source.run(fmt::format(
        "insert into \"{0}\" values ('{2}{2}'); update \"{0}\" set m = '{2}', d = '{1}' where \"{1}\" = 'x'; "
        "delete from \"{0}\" where \"{1}\" = '{0}'",
        words.table, words.column, words.word));
    expect_run({"--end-at", "now", "--verify"});
    expect_run({"--cleanup"});
    expect_same(source, target, fmt::format("select t::text, \"{0} fn\"() from \"{0}\" t order by 1", words.table));
    expect_same(
        source, target,
        fmt::format("select v::text, obj_description('\"{0}\"'::regclass) from \"{0} v\" v order by 1", words.table));
    expect_same(source, target,
                "select conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = "
                "'public'::regnamespace and contype <> 'n' order by 1");
    expect_same(source, target, "select indexdef from pg_indexes where schemaname = 'public' order by 1");
  }
}

// No encoding at all: bytes are bytes, in names and definitions, too.
TEST_F(PgEncodings, BytesOfAnyKindArriveInSqlAscii) {
  EncodedDb source(sources, "SQL_ASCII");
  EncodedDb target(targets, "SQL_ASCII");
  configure(source, target);
  source.run(
      "create table \"na\xEFve\" (id int primary key, \"col\xE9\" text default 'd\xE9"
      "f', j json, i interval);"
      "comment on table \"na\xEFve\" is 'caf\xE9'; insert into \"na\xEFve\" values (1, E'\\xff\\xfe', '\"\xE9\"'), (2, "
      "'é', null);"
      "insert into \"na\xEFve\" values (3)");
  expect_run({"--create", "--end-at", "now", "--verify"});
  source.run(
      "insert into \"na\xEFve\" values (4, E'x\\xe9\\\\'); update \"na\xEFve\" set \"col\xE9\" = \"col\xE9\" || "
      "E'\\xe8' where id < 3");
  expect_run({"--end-at", "now", "--verify"});
  expect_run({"--cleanup"});
  expect_same(source, target,
              "select id, encode(textsend(\"col\xE9\"), 'hex'), encode(textsend(j::text), 'hex') from \"na\xEFve\" "
              "order by id");
  expect_same(source, target, "select encode(textsend(obj_description('\"na\xEFve\"'::regclass)), 'hex')");
}

TEST_F(PgEncodings, BytesThatAreNoTextAreNamed) {
  EncodedDb source(sources, "SQL_ASCII");
  EncodedDb target(targets, "UTF8");
  configure(source, target);
  source.run(
      "create table good (id int primary key, v text); insert into good values (1, 'é');"
      "create table bad (id int primary key, v text); insert into bad values (1, 'ok'), (2, E'caf\\xe9')");
  const RunResult copied = run({"--full-only", "--create"});
  EXPECT_EQ(copied.exit_code, 5) << copied.describe();
  expect_names(copied, {"public.bad: ", "0xe9; COPY bad, line 2, column v", "HINT: a source in SQL_ASCII",
                        "ignore_copy_error_count_each_table"});
  expect_same(source, target, "select * from good");
  // Set aside by name; converted by the query of the hint.
  configure(source, target, "ignore_copy_error_count_each_table = \"5\"");
  expect_run({"--full-only", "--create", "--include", "bad"});
  EXPECT_NE(dir.read_file("rejects/public.bad.jsonl").find("{\"id\":\"2\",\"v\":{\"hex\":\"636166e9\"}}"),
            std::string::npos);
  configure(source, target);
  dir.write_file(
      "tab_list.txt",
      "bad : select id, convert_from(convert(textsend(v), 'LATIN1', 'UTF8'), 'SQL_ASCII') as v from bad where id = 2");
  expect_run({"--full-only", "-l", "tab_list.txt"});
  EXPECT_EQ(target.run("select v from bad where id = 2")[0][0], "café");
  // The same while following.
  source.run("truncate bad");
  expect_run({"--restart", "--end-at", "now"});
  source.run("update good set v = E'\\xe8' where id = 1");
  const RunResult followed = run({"--end-at", "now"});
  EXPECT_EQ(followed.exit_code, 5) << followed.describe();
  expect_names(followed, {"UPDATE of public.good (id = 1)", "0xe8", "HINT: a source in SQL_ASCII"});
}

TEST_F(PgEncodings, CharactersThatTheTargetLacksAreNamed) {
  EncodedDb source(sources, "UTF8");
  EncodedDb target(targets, "LATIN1");
  configure(source, target);
  source.run(
      "create table good (id int primary key, v text); insert into good values (1, 'é');"
      "create table bad (id int primary key, v text); insert into bad values (1, 'ok'), (2, '100 €')");
  const RunResult copied = run({"--full-only", "--create"});
  EXPECT_EQ(copied.exit_code, 5) << copied.describe();
  expect_names(copied, {"public.bad: ", "0xe2 0x82 0xac", "COPY bad, line 2, column v",
                        "HINT: the target's database is in LATIN1: create it with ENCODING 'UTF8' TEMPLATE template0"});
  expect_same(source, target, "select * from good");
  source.run("truncate bad");
  expect_run({"--restart", "--end-at", "now"});
  source.run("update good set v = '漢' where id = 1");
  const RunResult followed = run({"--end-at", "now"});
  EXPECT_EQ(followed.exit_code, 5) << followed.describe();
  expect_names(followed,
               {"UPDATE of public.good (id = 1)", "0xe6 0xbc 0xa2", "HINT: the target's database is in LATIN1"});
  expect_run({"--cleanup", "--force"});
  // Names that cannot even be asked for.
  source.run(
      "update good set v = 'e'; create table \"漢\" (id int primary key); create table c (id int primary key, \"€\" "
      "int); insert into c values (1, 2)");
  target.run("create table c (id int primary key, euro int); truncate good");
  for (const char* mode : {"--check", "--full-only"}) {
    const RunResult names = run({mode, "--create"});
    EXPECT_EQ(names.exit_code, 4) << names.describe();
    for (const char* text :
         {"target table public.漢", "the target's database is in LATIN1, which has no characters for the name"})
      EXPECT_NE((names.out + names.err).find(text), std::string::npos) << names.describe();
  }
  configure(source, target, "[column_map]\nc.€ = euro");
  expect_run({"--full-only", "--create", "--truncate", "--verify", "--exclude", "漢"});
  EXPECT_EQ(target.run("select euro from c")[0][0], "2");
}

}  // namespace
}  // namespace dbsync::test
