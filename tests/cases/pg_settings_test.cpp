// Source and target with every setting other than the default that a database, a
// role or a server may have: values must arrive as they are, in a copy and while
// following, and the schema with them.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/rows.h"

namespace dbsync::test {
namespace {

// What a database is given, and what our sessions must have instead; "" = left as
// it is, for the reason beside it.
struct Setting {
  const char* name;
  const char* of_source;
  const char* of_target;
  const char* seen_on_source;
  const char* seen_on_target;
};

constexpr Setting kSettings[] = {
    {"TimeZone", "Asia/Kolkata", "America/St_Johns", "UTC", "UTC"},
    {"DateStyle", "German", "SQL, DMY", "ISO, YMD", "ISO, YMD"},
    {"IntervalStyle", "sql_standard", "iso_8601", "postgres", "postgres"},
    {"extra_float_digits", "-10", "-5", "3", "3"},
    {"bytea_output", "escape", "escape", "hex", "hex"},
    {"lc_monetary", "POSIX", "POSIX", "C", "C"},
    {"array_nulls", "off", "off", "on", "on"},
    {"xmloption", "document", "document", "content", "content"},
    {"standard_conforming_strings", "off", "off", "on", "on"},
    {"backslash_quote", "off", "off", "safe_encoding", "safe_encoding"},
    {"quote_all_identifiers", "on", "on", "off", "off"},
    {"gin_fuzzy_search_limit", "1", "1", "0", "0"},
    {"transform_null_equals", "on", "on", "", "off"},  // a user's query on the source means what it means in psql
    {"row_security", "on", "on", "off", "off"},
    {"synchronize_seqscans", "on", "on", "off", "off"},
    {"default_transaction_isolation", "serializable", "serializable", "read committed", "read committed"},
    {"default_transaction_deferrable", "on", "on", "off", "off"},
    {"default_transaction_read_only", "on", "", "off", ""},   // a target is refused
    {"client_min_messages", "error", "error", "", "notice"},  // nothing is learned from the source's
    {"statement_timeout", "2s", "2s", "0", "0"},
    {"lock_timeout", "2s", "2s", "0", "0"},
    {"idle_in_transaction_session_timeout", "2s", "2s", "0", "0"},
    {"idle_session_timeout", "3s", "3s", "0", "0"},
    {"transaction_timeout", "4s", "4s", "0", "0"},
    {"default_with_oids", "on", "on", "", "off"},  // nothing is made on the source
    // What is not about values that we read or write:
    {"client_encoding", "LATIN1", "LATIN1", "UTF8", "UTF8"},
    {"search_path", "nowhere", "nowhere", "", ""},               // a query of a table list has the user's
    {"lc_numeric", "POSIX", "POSIX", "", ""},                    // to_char only
    {"lc_time", "POSIX", "POSIX", "", ""},                       // to_char only
    {"xmlbinary", "hex", "hex", "", ""},                         // xmlelement and its like only
    {"timezone_abbreviations", "India", "India", "", ""},        // our times have numbers for zones
    {"default_text_search_config", "simple", "simple", "", ""},  // to_tsvector of one argument only
    {"escape_string_warning", "off", "off", "", ""},             // warnings
    {"check_function_bodies", "on", "on", "", ""},               // off where functions are made
};

// In the same categories, and none of ours.
const std::set<std::string> kLeft = {
    // How the target stores, which the target decides.
    "default_table_access_method", "default_tablespace", "default_toast_compression", "temp_tablespaces",
    "gin_pending_list_limit",
    // VACUUM, the language of messages, libraries, rights on large objects.
    "vacuum_freeze_min_age", "vacuum_freeze_table_age", "vacuum_multixact_freeze_min_age",
    "vacuum_multixact_freeze_table_age", "vacuum_failsafe_age", "vacuum_multixact_failsafe_age",
    "vacuum_cleanup_index_scale_factor", "vacuum_truncate", "lc_messages", "local_preload_libraries",
    "session_preload_libraries", "dynamic_library_path", "lo_compat_privileges", "jit_provider",
    "extension_control_path", "icu_validation_level", "file_copy_method", "log_replication_commands",
    "createrole_self_grant",
    // Of the connection, which older servers list here.
    "tcp_keepalives_count", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_user_timeout",
    "ssl_renegotiation_limit",
    // Loads with triggers off and pg_dump's guard against views are the user's choice.
    "session_replication_role", "restrict_nonsystem_relation_kind", "event_triggers", "operator_precedence_warning",
    "password_encryption", "allow_alter_system",
    // Of one transaction, set by BEGIN.
    "transaction_isolation", "transaction_read_only", "transaction_deferrable"};

constexpr char kSchema[] =
    "create type pair as (a int, b text);"
    "create table texts (id int primary key, mo money default '1234.56', mos money[] default '{1.05,NULL}', x xml "
    "default 'a <b/> c', "
    "  an text[] default '{NULL,\"NULL\",\"null\"}', ai int[], ps pair[], iv interval default '-1 day 02:03:04.5', "
    "  ts timestamptz default '2020-02-03 04:05:06.789+00', d date default '2020-02-03', f8 float8 default 0.1, f4 "
    "float4, "
    "  b bytea default '\\x005cff27', rc regclass, s text default E'back\\\\slash''quote', tr tstzrange, fa float8[], "
    "da date[], "
    "  check (s <> E'\\\\'), check (mo <> '0.07'::money), check (an <> '{NULL}'));"
    "create table \"plain\" (id int primary key, ts timestamptz, d date, iv interval, f8 float8, f4 float4, b bytea, "
    "an text[], tr tstzrange)";

constexpr char kRow[] =
    "({0}, '-1234567.89', array['0.01'::money, null, '922337203685.47'], '<a>&lt;</a>text', array[null, 'NULL', "
    "'null', E'q\"\\\\'], "
    " array[1, null], array[row(null, 'NULL')::pair, null], '-1 year +2 mons -3 days 04:05:06.000007', '1883-01-01 "
    "00:00:00+00', "
    " '0044-03-15 BC', 0.1 + 0.2, 1e-7::float4 / 3, '\\x00275c80ff', 'public.plain', E'a\\\\b''c\\x01', "
    " '[2020-01-02 03:04:05.6+00,infinity)', array[1e300 / 3, null, '-0'], array['2001-02-03', null]::date[])";
constexpr char kPlainRow[] =
    "({0}, '2020-12-31 23:59:59.999999+00', '2020-02-29', '1 day -00:00:01', 1.0 / 3, 1.0 / 3, '\\x5c00ff', "
    " array[null, 'NULL'], '(,2020-01-01 00:00+00]')";

std::string rows(int first, int last) {
  std::string out;
  for (int id = first; id <= last; ++id)
    out += "insert into texts values " + fmt::format(kRow, id) + "; insert into \"plain\" values " +
           fmt::format(kPlainRow, id) + ";";
  return out;
}

class PgSettings : public FollowTest {
 protected:
  void make_source() {
    source.exec(kSchema);
    source.exec(rows(1, 3));
    source.exec("insert into texts (id) values (4)");
  }
  // From the next session on: those of the tests have been opened.
  static void spoil(TargetDb& db, const char* Setting::*value) {
    std::set<std::string> there;
    for (const auto& row : db.query("select name from pg_settings")) there.insert(*row[0]);
    for (const Setting& setting : kSettings)
      if (there.contains(setting.name) && *(setting.*value) != '\0')
        db.exec(fmt::format("alter database \"{}\" set {} = {}", db.name(), setting.name,
                            std::string_view(setting.name) == "DateStyle" ? std::string(setting.*value)
                                                                          : fmt::format("'{}'", setting.*value)));
  }
  static void mend(TargetDb& db) { db.exec(fmt::format("alter database \"{}\" reset all", db.name())); }

  RunResult run(std::vector<std::string> words) {
    words.insert(words.begin(), "pgsql2pgsql");
    return run_program(words, here());
  }
  void expect_all_rows() {
    for (const char* table : {"texts", "\"plain\""}) expect_same_table(table);
  }
};

TEST_F(PgSettings, NoneChangesAValue) {
  if (source.version() < 120000) GTEST_SKIP() << "floats are written with fewer digits before 12";
  make_source();
  spoil(source, &Setting::of_source);
  spoil(target, &Setting::of_target);
  const RunResult begun = run({"--create", "--end-at", "now", "--verify", "-j", "2"});
  ASSERT_EQ(begun.exit_code, 0) << begun.describe();
  expect_all_rows();
  // What pg_dump wrote: the defaults and checks.
  target.exec("begin; insert into texts (id) values (99)");
  EXPECT_EQ(difference(source.query("select (t).mo, (t).mos, (t).x::text, (t).an, (t).iv, (t).ts, (t).d, (t).f8, "
                                    "(t).b, (t).s from texts t where id = 4"),
                       target.query("select (t).mo, (t).mos, (t).x::text, (t).an, (t).iv, (t).ts, (t).d, (t).f8, "
                                    "(t).b, (t).s from texts t where id = 99")),
            "");
  target.exec("rollback");
  expect_same("select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'c' order by 1");
  source.exec(rows(11, 12) +
              "update texts set mo = mo * 2, s = s || E'\\\\', an = an || 'NULL'::text where id < 3; delete from texts "
              "where id = 3");
  source.exec("alter table texts add column late money default '12.34'; update texts set late = '0.99' where id = 1");
  const RunResult followed = run({"--end-at", "now", "--verify"});
  ASSERT_EQ(followed.exit_code, 0) << followed.describe();
  expect_all_rows();
  const RunResult ended = run({"--cleanup"});
  EXPECT_EQ(ended.exit_code, 0) << ended.describe();
  EXPECT_EQ(source.value("select count(*) from pg_publication"), "0");
  // What is printed, read by psql, and rows as text only.
  const RunResult script = run({"-d"});
  ASSERT_EQ(script.exit_code, 0) << script.describe();
  target.exec("drop table texts, \"plain\"; drop type pair");
  const RunResult psql = target.load_with_psql(script.out);
  ASSERT_EQ(psql.exit_code, 0) << psql.err;
  const RunResult copied = run({"--full-only", "--copy-format", "text", "--verify"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  expect_all_rows();
  EXPECT_EQ(source.value("select count(*) from texts"), "5");
}

using Seen = std::map<std::string, std::string>;

Seen seen_in(TargetDb& db, const std::string& table) {
  Seen out;
  for (const auto& row : db.query("select name, setting from " + table)) out[*row[0]] = *row[1];
  return out;
}

// A setting that a newer server brings fails this test until somebody has thought
// about it.
TEST_F(PgSettings, EveryOneIsPinnedOrLeftForAReason) {
  make_source();
  target.exec(
      "create table seen (name text, setting text); create table seen_here (name text, setting text);"
      "create function look(name text) returns boolean language plpgsql as $$ begin if name = 'TimeZone' then "
      "insert into public.seen_here select s.name, s.setting from pg_settings s; end if; return true; end $$;"
      "alter table seen add check (look(name))");
  spoil(source, &Setting::of_source);
  spoil(target, &Setting::of_target);
  dir.write_file("tab_list.txt", "seen : select name, setting from pg_settings");
  const RunResult copied = run({"--full-only", "-l", "tab_list.txt"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  const Seen on_source = seen_in(target, "seen");
  const Seen on_target = seen_in(target, "seen_here");
  std::set<std::string> known = kLeft;
  for (const Setting& setting : kSettings) {
    known.insert(setting.name);
    const auto expect = [&](const Seen& seen, const char* value, const char* where) {
      if (!seen.contains(setting.name) || *value == '\0') return;
      EXPECT_EQ(seen.at(setting.name), value) << setting.name << where;
    };
    expect(on_source, setting.seen_on_source, " on the source");
    expect(on_target, setting.seen_on_target, " on the target");
  }
  for (TargetDb* db : {&source, &target})
    for (const auto& row :
         db->query("select name from pg_settings where context in ('user', 'superuser') and name not like '%.%' "
                   "and (category like 'Client Connection Defaults%' or category like 'Version and Platform%')"))
      EXPECT_TRUE(known.contains(*row[0])) << *row[0] << ": does it change how values are read or written?";
}

}  // namespace
}  // namespace dbsync::test
