// Every error that a DBA can meet has a hint, and the hint fits what was being done.
#include "pg/hints.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error_cause.h"
#include "mysql2pgsql/client/mysql_hints.h"

namespace dbsync {
namespace {

using enum PgStep;

struct Expected {
  const char* sqlstate;
  const char* message;
  PgStep step;
  const char* has;
};

// As the servers write them.
const Expected kExpected[] = {
    {"42701", "column name \"ctid\" conflicts with a system column name", create, "system column"},
    {"42701", "column \"a\" specified more than once", create, "[column_map]"},
    {"42710", "type \"t_e_enum\" already exists", create, "drop or rename"},
    {"42710", "constraint \"c\" for relation \"t\" already exists", build, "constraint of that name"},
    {"42710", "constraint \"c\" for relation \"t\" already exists", foreign_key, "constraint of that name"},
    {"42P07", "relation \"t\" already exists", create, "-s"},
    {"42P07", "relation \"t_idx\" already exists", build, "--resume"},
    {"54000", "string is too long for tsvector (2265970 bytes, max 1048575 bytes)", build, "left("},
    {"54000", "index row size 2720 exceeds btree version 4 maximum 2704 for index \"i\"", build, "md5"},
    {"54000", "index row requires 8200 bytes, maximum size is 8191", load, "drop the index"},
    {"54000", "row is too big: size 8168, maximum size 8160", load, "split the table"},
    {"54011", "tables can have at most 1600 columns", create, "[exclude_columns]"},
    {"54011", "cannot use more than 32 columns in an index", build, "32 columns"},
    {"54011", "target lists can have at most 1664 entries", read, "1,664"},
    {"22001", "value too long for type character varying(3)", load, "longer than the column \"c\""},
    {"22001", "value too long for type character varying(3)", follow, "TYPE"},
    {"22003", "value \"99999\" is out of range for type smallint", load, "outside the range"},
    {"22003", "integer out of range", build, "expression"},
    {"22P02", "invalid input syntax for type integer: \"x\"", load, "type of the column"},
    {"22P02", "invalid input value for enum mood: \"z\"", load, "ADD VALUE"},
    {"22P02", "invalid input value for enum mood: \"z\"", follow, "ALTER TYPE mood ADD VALUE 'z'"},
    {"22P02", "invalid input syntax for type integer: \"x\"", read, "query"},
    {"22P05",
     "character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"", load,
     "UTF8"},
    {"22021", "invalid byte sequence for encoding \"UTF8\": 0xff", load, "bytea"},
    {"22021", "invalid byte sequence for encoding \"UTF8\": 0xff", read, "SQL_ASCII"},
    {"22007", "invalid input syntax for type date: \"x\"", load, "date"},
    {"22008", "date out of range: \"x\"", load, "range"},
    {"22P03", "incorrect binary data format", load, "--copy-format text"},
    {"22P04", "extra data after last expected column", load, "columns"},
    {"23502", "null value in column \"c\" of relation \"t\" violates not-null constraint", load, "DROP NOT NULL"},
    {"23502", "column \"c\" of relation \"t\" contains null values", build, "IS NULL"},
    {"23502", "null value in column \"c\" violates not-null constraint", follow, "DROP NOT NULL"},
    {"23503", "insert or update on table \"t\" violates foreign key constraint", load, "foreign key"},
    {"23503", "insert or update on table \"t\" violates foreign key constraint", follow, "session_replication_role"},
    {"23505", "duplicate key value violates unique constraint", load, "--truncate"},
    {"23505", "duplicate key value violates unique constraint", follow, "something else writes"},
    {"23514", "no partition of relation \"t\" found for row", load, "PARTITION OF"},
    {"23514", "new row for relation \"t\" violates check constraint", load, "check"},
    {"42804", "foreign key constraint \"f\" cannot be implemented", foreign_key, "one type"},
    {"42804", "column \"c\" is of type integer but default expression is of type text", create, "default"},
    {"42830", "there is no unique constraint matching given keys", foreign_key, "unique key"},
    {"42704", "type \"citext\" does not exist", create, "CREATE EXTENSION"},
    {"42704", "data type json has no default operator class for access method \"btree\"", build, "operator class"},
    {"42704", "publication \"p\" does not exist", read, "--restart"},
    {"42704", "replication slot \"s\" does not exist", read, "--restart"},
    {"55000", "can no longer get changes from replication slot \"s\"", read, "max_slot_wal_keep_size"},
    {"55006", "replication slot \"s\" is active for PID 1", read, "another pgsql2pgsql"},
    {"42501", "permission denied for table t", load, "GRANT INSERT"},
    {"42501", "permission denied for schema public", create, "GRANT CREATE"},
    {"42501", "must be owner of table t", build, "owner"},
    {"42501", "permission denied for table t", read, "GRANT SELECT"},
    {"42501", "permission denied for table t", follow, "UPDATE"},
    {"42P01", "relation \"t\" does not exist", read, "query"},
    {"42P01", "relation \"t\" does not exist", follow, "create the table"},
    {"42P01", "relation \"t\" does not exist", any, "--create"},
    {"42703", "column \"x\" does not exist", read, "query"},
    {"42703", "column \"x\" of relation \"t\" does not exist", follow, "add the column"},
    {"42883", "function n1(text) does not exist; PL/pgSQL function public.n2(text) line 1 at RETURN", build,
     "ALTER FUNCTION public.n2(text) SET search_path = public"},
    {"42883", "operator does not exist: point = point", build, "operator"},
    {"42883", "function f(integer) does not exist", create, "create the function"},
    {"53100", "could not extend file \"base/1/2\": No space left on device", load, "make room"},
    {"53100", "could not write to file \"pg_wal/x\": No space left on device", build, "make room"},
    {"53100", "could not write block: No space left on device", read, "the source's disk"},
    {"53200", "out of shared memory", create, "max_locks_per_transaction"},
    {"53200", "out of memory", load, "lower -j"},
    {"53300", "sorry, too many clients already", connect, "max_connections"},
    {"55P03", "canceling statement due to lock timeout", build, "pg_stat_activity"},
    {"57014", "canceling statement due to statement timeout", load, "statement_timeout"},
    {"57014", "canceling statement due to statement timeout", read, "statement_timeout"},
    {"0A000", "unique constraint on partitioned table must include all partitioning columns", build, "partition"},
    {"42501", "query would be affected by row-level security policy for table \"t\"", follow, "BYPASSRLS"},
    {"0A000", "COPY FROM not supported with row-level security", load, "BYPASSRLS"},
    {"28P01", "password authentication failed for user \"u\"", connect, "password"},
    {"", "FATAL:  password authentication failed for user \"u\"", connect, "password"},
    {"", "connection to server failed: Connection refused", connect, "the server runs"},
    {"", "FATAL:  database \"x\" does not exist", connect, "dbname"},
    {"3D000", "database \"x\" does not exist", connect, "CREATE DATABASE"},
    {"3F000", "schema \"x\" does not exist", create, "CREATE SCHEMA"},
    {"25006", "cannot execute CREATE TABLE in a read-only transaction", create, "standby"},
    {"25006", "cannot execute COPY FROM in a read-only transaction", load, "target_session_attrs"},
    {"P0001", "no", load, "DISABLE TRIGGER"},
    {"P0001", "no", follow, "trigger"},
    {"40001", "canceling statement due to conflict with recovery", read, "hot_standby_feedback"},
    {"XX001", "invalid page in block 1", read, "backup"},
};

TEST(Hints, OfPostgresqlFitWhatWasBeingDone) {
  for (const Expected& expected : kExpected) {
    const std::string hint = pg_hint(expected.sqlstate, expected.message, expected.step, "\"public\".\"t\"", "c").text;
    EXPECT_NE(hint.find(expected.has), std::string::npos)
        << expected.sqlstate << " " << expected.message << "\n  HINT: " << hint;
    EXPECT_EQ(hint.find('{'), std::string::npos) << hint;
  }
}

// No error of the list is without one, whatever was being done on the target.
TEST(Hints, OfTheTargetAreThereForEveryStep) {
  for (const char* state :
       {"42701", "42710", "42P07", "54000", "54011", "22001", "22003", "22P02", "22P05", "23502", "42804", "42704",
        "42501", "42P01", "42703", "42883", "53100", "53200", "53300", "55P03", "57014", "0A000", "25006", "3F000"})
    for (const PgStep step : {create, load, build, foreign_key, follow}) {
      const bool needs_rows = (state[0] == '2' && state[1] != '5') || std::string(state) == "42701";
      if (needs_rows && (step == foreign_key || step == build || step == create)) continue;
      if (std::string(state) == "42701") continue;  // two columns of one name: of CREATE TABLE
      EXPECT_FALSE(pg_hint(state, "", step).text.empty()) << state << " in step " << static_cast<int>(step);
    }
}

TEST(Hints, OfTheSourceDoNotSpeakOfTheTarget) {
  for (const char* state : {"42P01", "42703", "42501", "53100", "57014", "22021"})
    EXPECT_EQ(pg_hint(state, "", read).text.find("target"), std::string::npos) << state;
}

// What the program knows better stays; what the server adds by itself gives way to what
// was being done.
TEST(Hints, AreReplacedByWhoKnowsMore) {
  Error own(ErrorKind::target, "m");
  own.sqlstate("42501").hint("ours");
  add_hint(own, load, "t");
  EXPECT_EQ(own.hint(), "ours");
  Error servers(ErrorKind::target, "function n1(text) does not exist; PL/pgSQL function n2(text) line 1 at RETURN");
  servers.sqlstate("42883").general_hint("You might need to add explicit type casts.");
  add_hint(servers, build, "t");
  EXPECT_NE(servers.hint().find("ALTER FUNCTION n2(text)"), std::string::npos) << servers.hint();
  Error source(ErrorKind::source, "m");
  source.sqlstate("42501");
  add_hint(source, load, "t");
  EXPECT_EQ(source.hint(), "");
}

TEST(Hints, QuoteTheLabelOfAnEnum) {
  const std::string hint =
      pg_hint("22P02", "invalid input value for enum s.mood: \"it's\"; unnamed portal parameter $2", follow).text;
  EXPECT_NE(hint.find("ALTER TYPE s.mood ADD VALUE 'it''s'"), std::string::npos) << hint;
}

TEST(Hints, OfMysqlAreThereForEveryErrorThatIsMet) {
  for (const unsigned code :
       {1168U, 29U,   130U,  1030U, 1044U, 1142U, 1045U, 1049U, 1146U, 1194U, 1205U, 1317U, 1814U, 2002U,
        2003U, 2005U, 2006U, 2013U, 1227U, 1290U, 3024U, 1143U, 1034U, 1016U, 1017U, 1356U, 1932U, 1812U,
        1969U, 1927U, 1040U, 1203U, 1226U, 1153U, 1130U, 1698U, 1412U, 1114U, 2026U, 2059U, 1064U, 1054U})
    EXPECT_FALSE(mysql_hint(code, "").empty()) << code;
}

TEST(Hints, OfMysqlLookAtTheEnginesOwnError) {
  EXPECT_NE(mysql_hint(1030, "Got error 28 \"No space left on device\" from storage engine InnoDB").find("full"),
            std::string::npos);
  EXPECT_NE(mysql_hint(1030, "Got error 130 \"Incorrect file format\" from storage engine MyISAM").find("REPAIR"),
            std::string::npos);
  EXPECT_NE(mysql_hint(1030, "Got error 194 \"Tablespace is missing\" from storage engine InnoDB").find("IMPORT"),
            std::string::npos);
  EXPECT_NE(mysql_hint(1030, "Got error 12345 from storage engine X").find("perror"), std::string::npos);
  EXPECT_NE(mysql_hint(1016, "Can't open file: 't.MYI' (errno: 145)").find("crashed"), std::string::npos);
  EXPECT_NE(mysql_hint(29, "File './d/t.MYD' not found (Errcode: 13 \"Permission denied\")").find("rights"),
            std::string::npos);
}

TEST(ErrorCauses, AreTheSameWhereNamesDiffer) {
  const auto missing = [](const std::string& table) {
    Error error(ErrorKind::target, "the target has no table public." + table);
    error.sqlstate("42P01").hint("create it with --create, or by hand from what -d prints");
    return cause_of(error, {table, "public." + table});
  };
  EXPECT_EQ(missing("a"), missing("orders_2024"));
  Error denied(ErrorKind::target, "permission denied for table a");
  denied.sqlstate("42501");
  EXPECT_NE(missing("a"), cause_of(denied, {"a"}));
  Error server(ErrorKind::target, "relation \"a_idx\" already exists");
  Error other(ErrorKind::target, "relation \"b_idx\" already exists");
  EXPECT_EQ(cause_of(server, {}), cause_of(other, {}));
}

// Each has a count and a row of its own.
TEST(ErrorCauses, AreNotSharedByRowsThatBreakARule) {
  Error error(ErrorKind::data, "3 rows; …");
  error.sqlstate("23503");
  EXPECT_EQ(cause_of(error, {}), "");
}

TEST(ErrorCauses, NamesAreBounded) {
  EXPECT_EQ(some_of({"a", "b"}), "a, b");
  EXPECT_EQ(some_of({"a", "b", "c", "d"}, 2), "a, b and 2 more");
}

}  // namespace
}  // namespace dbsync
