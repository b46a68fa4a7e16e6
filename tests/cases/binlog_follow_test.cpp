// mysql2pgsql follows the binlog: rows of every type in every row image, transactions of
// every shape, and where it must stop.
//
// What was followed is compared with what a copy writes, and with the source by --verify.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/binlog_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/own_server.h"

namespace dbsync::test {

namespace {

using testing::HasSubstr;

constexpr int kSourceFailed = 3;

struct TypeCase {
  std::string name;
  std::string type;
  std::string values[3];
};

// Times with each number of digits after the second.
void add_temporal_cases(std::vector<TypeCase>& out) {
  for (int digits = 0; digits <= 6; ++digits) {
    const auto fraction = [&](const char* six) {
      return digits == 0 ? "" : "." + std::string(six, static_cast<std::size_t>(digits));
    };
    out.push_back({fmt::format("tm{}", digits),
                   fmt::format("time({})", digits),
                   {"'-838:59:59'", "'-00:00:00" + fraction("123456") + "'", "'10:20:30" + fraction("987654") + "'"}});
    out.push_back({fmt::format("dtm{}", digits),
                   fmt::format("datetime({})", digits),
                   {"'1000-01-01 00:00:00'", "'9999-12-31 23:59:59" + fraction("999999") + "'",
                    "'2024-02-29 12:13:14" + fraction("123456") + "'"}});
    out.push_back({fmt::format("ts{}", digits),
                   fmt::format("timestamp({}) NULL", digits),
                   {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07" + fraction("999999") + "'",
                    "'2024-02-29 12:13:14" + fraction("120056") + "'"}});
  }
}

// What only one family of servers has.
void add_cases_of_server(std::vector<TypeCase>& out, SourceDb& source) {
  const bool has_json = source.version().starts_with("8") || source.version().starts_with("9");
  if (source.is_mariadb()) {
    out.push_back({"j", "json", {"'{\"a\": 1}'", "'[]'", "'\"x\"'"}});
    out.push_back({"u",
                   "uuid",
                   {"'00112233-4455-6677-8899-aabbccddeeff'", "'00000000-0000-0000-0000-000000000000'",
                    "'f0112233-4455-6677-8899-aabbccdd0000'"}});
    out.push_back({"i4", "inet4", {"'1.2.0.0'", "'0.0.0.0'", "'255.255.255.255'"}});
    out.push_back({"i6", "inet6", {"'2001:db8::'", "'::'", "'::ffff:1.2.3.4'"}});
    out.push_back({"cv", "varchar(500) compressed", {"repeat('x',400)", "'short'", "''"}});
    out.push_back({"ct", "text compressed character set latin1", {"repeat(_latin1 0xE9,4000)", "'short'", "''"}});
  }
  if (has_json)
    out.push_back({"j",
                   "json",
                   {"json_object('a', json_array(1, -2, 3.5, true, null, 'x\\ny'), 'big', 123456789012345678)",
                    "cast('[]' as json)",
                    "json_object('d', cast('2024-01-02' as date), 't', cast('-10:20:30.5' as time(3)), 'n', cast(1.50 "
                    "as decimal(10,2)), "
                    "'f', 1e20, 'g', 1.5e-7, 'h', 100.0e0)"}});
}

// The values are the limits of each type, where it has some.
std::vector<TypeCase> type_cases(SourceDb& source) {
  std::vector<TypeCase> out{
      {"tiny", "tinyint", {"-128", "127", "0"}},
      {"utiny", "tinyint unsigned", {"0", "255", "7"}},
      {"small", "smallint", {"-32768", "32767", "5"}},
      {"med", "mediumint", {"-8388608", "8388607", "-1"}},
      {"umed", "mediumint unsigned", {"0", "16777215", "8388608"}},
      {"i", "int", {"-2147483648", "2147483647", "-1"}},
      {"ui", "int unsigned", {"0", "4294967295", "77"}},
      {"big", "bigint", {"-9223372036854775808", "9223372036854775807", "-1"}},
      {"ubig", "bigint unsigned", {"0", "18446744073709551615", "9223372036854775808"}},
      {"d1", "decimal(10,2)", {"-99999999.99", "12345678.91", "0"}},
      {"d2",
       "decimal(65,30)",
       {"99999999999999999999999999999999999.999999999999999999999999999999", "-1.5",
        "0.000000000000000000000000000001"}},
      {"d3", "decimal(5,0)", {"-99999", "10", "0"}},
      {"d4", "decimal(18,9)", {"123456789.123456789", "-0.000000001", "100000000"}},
      {"f", "float", {"-3.5", "1.17549e-38", "3.40282e38"}},
      {"db", "double", {"-2.2250738585072014e-308", "1.7976931348623157e308", "0.1"}},
      {"b1", "bit(1)", {"b'0'", "b'1'", "b'1'"}},
      {"b9", "bit(9)", {"b'101010101'", "b'111111111'", "b'0'"}},
      {"b64", "bit(64)", {"b'1'", "18446744073709551615", "9223372036854775808"}},
      {"y", "year", {"1901", "2155", "0"}},
      {"dt", "date", {"'1000-01-01'", "'9999-12-31'", "'0000-00-00'"}},
      {"c10", "char(10)", {"'abc'", "''", "'0123456789'"}},
      {"c255", "char(255) character set utf8mb4", {"repeat('x',255)", "'y'", "repeat(_utf8mb4 0xE282AC,250)"}},
      {"v20", "varchar(20)", {"'abc  '", "''", "'01234567890123456789'"}},
      {"v300", "varchar(300)", {"repeat('x',300)", "'y'", "repeat('z',256)"}},
      {"vl1", "varchar(50) character set latin1", {"_utf8mb4 0xE282ACC3A9", "'plain'", "_latin1 0x81"}},
      {"cgbk", "char(20) character set gbk", {"_gbk 0xC4E3BAC3", "'plain'", "_gbk 0x8140FE4F"}},
      {"vsjis", "varchar(20) character set sjis", {"_sjis 0x8365", "_sjis 0x815F", "_sjis 0xB1B2"}},
      {"vujis", "varchar(20) character set ujis", {"_ujis 0xA4A2", "'p'", "_ujis 0x8FB0A1"}},
      {"vbig5", "varchar(20) character set big5", {"_big5 0xA440", "'p'", "_big5 0xC6FC"}},
      {"vu16", "varchar(20) character set utf16", {"_utf8mb4 0xF09F9880", "'p'", "' a'"}},
      {"cu32", "char(20) character set utf32", {"_utf8mb4 0xF09F9880", "'p'", "' a'"}},
      {"vkoi", "varchar(20) character set koi8r", {"_koi8r 0xC1C2C3", "'p'", "'q'"}},
      {"bin4", "binary(4)", {"0x01000000", "0x00000000", "0x01020304"}},
      {"vb", "varbinary(300)", {"0x0100", "''", "repeat(0xFF,300)"}},
      {"bl", "blob", {"0x00FF", "''", "repeat('a',3000)"}},
      {"lb", "longblob", {"0x00FF", "''", "repeat('a',70000)"}},
      {"tt", "tinytext", {"'abc'", "''", "'z'"}},
      {"mt", "mediumtext character set latin1", {"_latin1 0x80E9", "''", "repeat('q',70000)"}},
      {"e", "enum('a','b\\'c','','x,y')", {"'a'", "'x,y'", "''"}},
      {"s", "set('a','b','c','d','e','f','g','h','i')", {"'a,i'", "''", "'a,b,c,d,e,f,g,h,i'"}},
  };
  add_temporal_cases(out);
  add_cases_of_server(out, source);
  return out;
}

constexpr const char* kTables[] = {"t_pk", "t_uk", "t_no"};

std::string joined(const std::vector<TypeCase>& types, const std::function<std::string(const TypeCase&)>& text) {
  std::string out;
  for (const TypeCase& type : types) out += (out.empty() ? "" : ", ") + text(type);
  return out;
}

std::string insert(const std::string& table, const std::vector<TypeCase>& types, int values, int id) {
  return fmt::format("INSERT INTO {} (id, {}) VALUES ({}, {});", table,
                     joined(types, [](const auto& t) { return t.name; }), id,
                     joined(types, [&](const auto& t) { return t.values[values]; }));
}

std::string setting(const std::vector<TypeCase>& types, int values) {
  return joined(types, [&](const auto& t) { return t.name + " = " + (values < 0 ? "NULL" : t.values[values]); });
}

void create_tables(MysqlSession& source, const std::vector<TypeCase>& types) {
  const char* keys[] = {"PRIMARY KEY (id)", "UNIQUE KEY (id)", "KEY (id)"};
  for (int k = 0; k < 3; ++k) {
    source.run(fmt::format(
        "CREATE TABLE {} (id int NOT NULL, {}, {}) CHARACTER SET utf8mb4", kTables[k],
        joined(types, [](const auto& t) { return t.name + " " + t.type + (t.type.ends_with("NULL") ? "" : " NULL"); }),
        keys[k]));
    for (int id = 1; id <= 6; ++id) source.run(insert(kTables[k], types, id % 3, id));
  }
  source.run(
      "CREATE TABLE dflt (id int primary key, a int default 7, b varchar(10) default 'x''y', c datetime default "
      "'2020-01-02 03:04:05', "
      "d enum('p','q') default 'q', e decimal(5,2) not null default 1.25, f bit(3) default b'101', g char(5) not null, "
      "h int not null, "
      "i text, k date default '2021-02-03', l set('a','b') default 'a,b', m float default 1.5, n bigint unsigned "
      "default "
      "18446744073709551615, o binary(3) default 'ab', p year default 2001, q timestamp null default '2001-02-03 "
      "04:05:06', r time "
      "default '-01:02:03')");
}

// Insert, update of every column by itself and of all, to NULL, of the key, delete.
void change_tables(MysqlSession& source, const std::vector<TypeCase>& types, const std::string& image, int base) {
  source.run(fmt::format("SET SESSION binlog_row_image = {}", image));
  for (const std::string table : kTables) {
    for (int v = 0; v < 3; ++v) source.run(insert(table, types, v, base + v));
    source.run(fmt::format("INSERT INTO {} (id) VALUES ({})", table, base + 9));
    source.run("BEGIN");
    for (const TypeCase& type : types)
      source.run(fmt::format("UPDATE {} SET {} = {} WHERE id = {}", table, type.name, type.values[1], base));
    source.run("COMMIT");
    source.run(fmt::format("UPDATE {} SET {} WHERE id = {}", table, setting(types, 2), base + 1));
    source.run(fmt::format("UPDATE {} SET {} WHERE id = {}", table, setting(types, -1), base + 2));
    source.run(fmt::format("UPDATE {0} SET id = {1}, tiny = 3 WHERE id = {2}", table, base + 50, base + 1));
    source.run(fmt::format("DELETE FROM {} WHERE id = {}", table, base / 100));
    source.run(fmt::format("UPDATE {} SET i = id * 2 WHERE id IN (5, 6)", table));
  }
  source.run(
      fmt::format("INSERT INTO dflt (id, g, h) VALUES ({0}, 'g', 1); INSERT INTO dflt (id) VALUES ({1}); INSERT INTO "
                  "dflt (id, a, b, i) "
                  "VALUES ({2}, NULL, NULL, 't'); UPDATE dflt SET b = 'changed' WHERE id = {0}",
                  base, base + 1, base + 2));
}

// The tables of public and of `schema` hold the same rows.
void expect_same_rows(TargetDb& target, const std::string& schema) {
  for (const char* table : {"t_pk", "t_uk", "t_no", "dflt"}) {
    const std::string a = fmt::format("SELECT x::text FROM public.{} x", table),
                      b = fmt::format("SELECT x::text FROM {}.{} x", schema, table);
    EXPECT_EQ(
        target.value(fmt::format("SELECT count(*) FROM (({0} EXCEPT ALL {1}) UNION ALL ({1} EXCEPT ALL {0})) d", a, b)),
        "0")
        << table;
    EXPECT_NE(target.value(fmt::format("SELECT count(*) FROM public.{}", table)), "0");
  }
}

bool knows_value(MysqlSession& session, const std::string& variable, const std::string& value) {
  try {
    session.run(fmt::format("SET SESSION {} = {}", variable, value));
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void follow_every_type(Migration& migration, MysqlSession& session, const std::vector<TypeCase>& types) {
  session.run("SET sql_mode = '', time_zone = '+00:00'");
  create_tables(session, types);
  const RunResult copied = migration.run({"mysql2pgsql", "--follow", "--create", "--end-at", "now"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  change_tables(session, types, "FULL", 100);
  change_tables(session, types, "NOBLOB", 200);
  change_tables(session, types, "MINIMAL", 300);
  // MariaDB from 11.4 on, which tests/matrix has.
  if (knows_value(session, "binlog_row_image", "FULL_NODUP")) change_tables(session, types, "FULL_NODUP", 400);
  const RunResult followed = migration.run({"mysql2pgsql", "--end-at", "now"});
  ASSERT_EQ(followed.exit_code, 0) << followed.describe();
  migration.target.exec("CREATE SCHEMA again");
  const RunResult again = migration.run({"mysql2pgsql", "--create", "-s", "again"});
  ASSERT_EQ(again.exit_code, 0) << again.describe();
  expect_same_rows(migration.target, "again");
}

using BinlogFollow = BinlogTest;

}  // namespace

TEST_F(BinlogFollow, EveryTypeInEveryImage) {
  MysqlSession session(source.name());
  follow_every_type(*this, session, type_cases(source));
}

// Compressed events, no checksums, and the times of MariaDB before 10.1.
TEST_F(BinlogFollow, EveryTypeOfAServerWithOtherSettings) {
  const OwnServer server("mariadb", "binlog_settings",
                         {"--binlog-checksum=NONE", "--log-bin-compress=1", "--log-bin-compress-min-len=10",
                          "--mysql56-temporal-format=OFF"});
  MysqlSession(server.mysql(), "").run("CREATE DATABASE followed CHARACTER SET utf8mb4");
  dir.write_file("my.cfg", my_cfg(mysql_section(server.mysql(), "followed"), target.conninfo()));
  MysqlSession session(server.mysql(), "followed");
  auto types = type_cases(source);
  if (!source.is_mariadb()) std::erase_if(types, [](const TypeCase& type) { return type.name == "j"; });
  follow_every_type(*this, session, types);
}

// MySQL from 8.0 on logs what JSON functions have changed within a large value.
TEST_F(BinlogFollow, ChangesWithinJsonValues) {
  MysqlSession session(source.name());
  if (source.is_mariadb() || !knows_value(session, "binlog_row_value_options", "'PARTIAL_JSON'"))
    GTEST_SKIP() << "this server does not log such changes";
  session.run(
      "CREATE TABLE n (id int PRIMARY KEY, a json, v varchar(20), b json); CREATE TABLE other (id int PRIMARY KEY, a "
      "json); CREATE TABLE c (id int PRIMARY KEY, n int, FOREIGN KEY (n) REFERENCES n (id) ON UPDATE CASCADE)");
  table_list("n\nc\n");
  const std::string document =
      "json_object('a', repeat('x', 300), 'list', json_array(1, json_object('k', json_array(true, 1.5)), 'e', null), "
      "'t', cast('10:20:30' as time), 'a.b', 1, 'q\"u\\\\', json_object('é', 7), '', 0, 'large', repeat('y', 70000))";
  for (const char* table : {"n", "other"})
    session.run(fmt::format("INSERT INTO {} (id, a) VALUES (1, {}), (2, {}), (3, NULL), (4, '[1, 2, 3]')", table,
                            document, document));
  session.run("UPDATE n SET b = a; INSERT INTO c VALUES (1, 1), (2, 2)");
  begin({"-l", "tab_list.txt"});
  const char* const changes[] = {
      "json_set(a, '$.list[0]', 100, '$.list[1].k[1]', 'new', '$.a', 'short')",
      "json_set(a, '$.added', json_array(1, 2), '$.list[9]', 'behind', '$.z', null)",
      "json_remove(a, '$.t', '$.list[0]', '$.\"a.b\"')",
      "json_replace(a, '$.\"q\\\\\"u\\\\\\\\\".\"é\"', 8, '$.\"\"', 'of an empty name')",
      "json_insert(json_array_insert(a, '$.list[0]', 'first'), '$.list[1].more', json_object('x', 1e100))",
      "json_set(a, '$[0].a', 'of itself')",
      "json_set(a, '$.large', repeat('z', 66000))",
      "json_set(a, '$', json_array(1))",
  };
  for (const char* change : changes)
    for (const char* table : {"n", "other"}) session.run(fmt::format("UPDATE {} SET a = {}", table, change));
  session.run(
      "UPDATE n SET a = b WHERE id = 2; UPDATE n SET b = json_set(b, '$.a', 'c'), a = json_remove(a, '$.a'), v = 'v' "
      "WHERE id = 2; UPDATE n SET b = json_set(b, '$.a', 'd'), id = 20 WHERE id = 2; UPDATE n SET b = NULL, a = "
      "json_set(a, '$[0]', 5) WHERE id = 4");
  const RunResult result = follow({"-l", "tab_list.txt", "--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT n FROM c WHERE id = 2"), "20");
  // Without the old value a change cannot be applied.
  session.run(
      "SET SESSION binlog_row_image = MINIMAL; UPDATE other SET a = json_set(a, '$.a', 5); UPDATE n SET b = "
      "json_set(b, "
      "'$.a', 'e') WHERE id = 20");
  const RunResult refused = follow({"-l", "tab_list.txt"});
  EXPECT_EQ(refused.exit_code, kSourceFailed) << refused.describe();
  EXPECT_THAT(refused.err,
              HasSubstr(fmt::format("{}.n tells only what has changed in the JSON value of column b", source.name())));
  EXPECT_THAT(refused.err, HasSubstr("binlog_row_value_options = ''"));
}

TEST_F(BinlogFollow, TransactionsOfEveryShape) {
  source.exec(
      "CREATE TABLE n (a int PRIMARY KEY, b varchar(10)); CREATE TABLE m (a int PRIMARY KEY) ENGINE=MyISAM; "
      "INSERT INTO n VALUES (1, 'x'); INSERT INTO m VALUES (1)");
  begin();
  MysqlSession session(source.name());
  session.run(
      "BEGIN; INSERT INTO n VALUES (2, 'a'); SAVEPOINT s; INSERT INTO n VALUES (3, 'undone'); ROLLBACK TO s; COMMIT");
  if (source.is_mariadb())
    session.run(
        "BEGIN; INSERT INTO n VALUES (4, 'd'); SAVEPOINT s; INSERT INTO n VALUES (5, 'undone'); INSERT INTO m VALUES "
        "(5); ROLLBACK TO s; COMMIT");
  session.run("BEGIN; INSERT INTO n VALUES (6, 'gone'); ROLLBACK; INSERT INTO m VALUES (6)");
  session.run("XA START 'c'; INSERT INTO n VALUES (10, 'xa'); XA END 'c'; XA PREPARE 'c'; XA COMMIT 'c'");
  session.run("XA START 'r'; INSERT INTO n VALUES (11, 'gone'); XA END 'r'; XA PREPARE 'r'; XA ROLLBACK 'r'");
  session.run("XA START 'o'; INSERT INTO n VALUES (12, 'one'); XA END 'o'; XA COMMIT 'o' ONE PHASE");
  session.run(
      "CREATE TABLE made AS SELECT * FROM n; DROP TABLE made; DELETE FROM n WHERE a = 1; TRUNCATE TABLE m; INSERT INTO "
      "m VALUES (7)");
  const RunResult result = follow({"--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT string_agg(a || b, ' ' ORDER BY a) FROM n"),
            source.is_mariadb() ? "2a 4d 10xa 12one" : "2a 10xa 12one");
  EXPECT_EQ(target.value("SELECT string_agg(a::text, ' ') FROM m"), "7");
}

// The rows of an XA transaction are in the binlog where it was prepared.
TEST_F(BinlogFollow, XaPreparedInOneRunAndCommittedInAnother) {
  if (source.version().starts_with("5.")) GTEST_SKIP() << "MySQL 5.6 logs XA transactions at their commit";
  source.exec("CREATE TABLE n (a int PRIMARY KEY); CREATE TABLE other (a int)");
  begin();
  MysqlSession session(source.name());
  const std::string xid = "'" + source.name() + "'";
  session.run("XA START " + xid + "; INSERT INTO n VALUES (10); XA END " + xid + "; XA PREPARE " + xid);
  source.exec("INSERT INTO n VALUES (1)");
  ASSERT_EQ(follow().exit_code, 0);
  EXPECT_EQ(target.value("SELECT string_agg(a::text, ' ') FROM n"), "1");
  source.exec("INSERT INTO n VALUES (2)");
  session.run("XA COMMIT " + xid);
  const RunResult result = follow();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT string_agg(a::text, ' ' ORDER BY a) FROM n"), "1 2 10");
}

TEST_F(BinlogFollow, StopsAtADefinitionAndGoesOnWhenItIsAccepted) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY); CREATE TABLE elsewhere (a int)");
  begin();
  source.exec("ALTER TABLE n ADD COLUMN b varchar(10) DEFAULT 'new'; INSERT INTO n VALUES (2, 'x')");
  const RunResult stopped = follow();
  EXPECT_EQ(stopped.exit_code, kSourceFailed);
  EXPECT_THAT(stopped.err, HasSubstr("ALTER TABLE n ADD COLUMN b"));
  EXPECT_THAT(stopped.err, HasSubstr("--accept-schema"));
  target.exec("ALTER TABLE n ADD COLUMN b varchar(10) DEFAULT 'new'");
  const RunResult result = follow({"--accept-schema", "--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT string_agg(a || b, ' ') FROM n"), "2x");
}

// Rows from before a definition of which the catalog tells no more are not guessed at.
TEST_F(BinlogFollow, StopsWhenRowsFromBeforeADefinitionCannotBeRead) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY, e enum('x','y'))");
  begin();
  source.exec("INSERT INTO n VALUES (1, 'x'); ALTER TABLE n MODIFY e enum('y','x')");
  target.exec("ALTER TABLE n ALTER e TYPE text");
  const RunResult result = follow({"--accept-schema"});
  EXPECT_EQ(result.exit_code, kSourceFailed);
  EXPECT_THAT(result.err, HasSubstr("its changes from before cannot be read"));
  EXPECT_EQ(target.value("SELECT count(*) FROM n"), "0");
}

TEST_F(BinlogFollow, StopsAtRowsThatWereChangedByAStatement) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY)");
  begin();
  source.exec("INSERT INTO n VALUES (1)");
  MysqlSession session(source.name());
  session.run("SET SESSION binlog_format = STATEMENT; INSERT INTO n VALUES (2)");
  const RunResult result = follow();
  EXPECT_EQ(result.exit_code, kSourceFailed);
  EXPECT_THAT(result.err, HasSubstr("INSERT INTO n VALUES (2)"));
  EXPECT_THAT(result.err, HasSubstr("binlog_format = ROW"));
  EXPECT_EQ(target.value("SELECT string_agg(a::text, ' ') FROM n"), "1");
}

// Rows that a foreign key's action changes are not in the binlog before MySQL 9.6.
TEST_F(BinlogFollow, StopsWhereAForeignKeyActsUnseen) {
  source.exec(
      "CREATE TABLE p (a int PRIMARY KEY, note int); CREATE TABLE c (a int PRIMARY KEY, p int, FOREIGN KEY (p) "
      "REFERENCES p (a) "
      "ON DELETE CASCADE ON UPDATE CASCADE); INSERT INTO p VALUES (1, 1), (2, 2), (3, 3); INSERT INTO c VALUES (10, "
      "1), (20, 2), (30, 3)");
  begin();
  source.exec(
      "UPDATE p SET note = 5 WHERE a = 1; DELETE FROM c WHERE a = 30; SET foreign_key_checks = 0; DELETE FROM p WHERE "
      "a = 3; SET foreign_key_checks = 1");
  ASSERT_EQ(follow({"--verify"}).exit_code, 0);
  source.exec("DELETE FROM p WHERE a = 2");
  const RunResult result = follow();
  if (result.exit_code == 0) {
    EXPECT_EQ(target.value("SELECT count(*) FROM c"), "1");  // the server logs them
    return;
  }
  EXPECT_EQ(result.exit_code, kSourceFailed);
  EXPECT_THAT(result.err, HasSubstr("has changed rows of c, which its binlog does not tell"));
  EXPECT_EQ(target.value("SELECT count(*) FROM p"), "2");
  EXPECT_EQ(follow({"--accept-schema"}).exit_code, 0);
  target.exec("DELETE FROM c WHERE NOT EXISTS (SELECT 1 FROM p WHERE p.a = c.p)");
  source.exec("UPDATE p SET a = 7 WHERE a = 1");
  EXPECT_EQ(follow().exit_code, kSourceFailed);
}

// Names, columns left out and the origin column act as in the copy.
TEST_F(BinlogFollow, MapsAsTheCopyDoes) {
  source.exec(
      "CREATE TABLE Orders (Id int PRIMARY KEY, secret varchar(20), note varchar(20)); INSERT INTO Orders VALUES (1, "
      "'s', 'n')");
  configure(
      "[table_map]\nOrders = sales\n[column_map]\nOrders.note = remark\n[exclude_columns]\nOrders = "
      "secret\n[origin_column]\nOrders = source : north\n[ddl]\nnames = lower\n");
  begin();
  source.exec(
      "INSERT INTO Orders VALUES (2, 's2', 'n2'); UPDATE Orders SET note = 'changed', secret = 'z' WHERE Id = 1; "
      "INSERT INTO Orders VALUES (3, 's', 'x'); DELETE FROM Orders WHERE Id = 3");
  const RunResult result = follow();
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT string_agg(id || remark || source, ' ' ORDER BY id) FROM sales"),
            "1changednorth 2n2north");
}

TEST_F(BinlogFollow, CleanupEndsTheTask) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY)");
  begin();
  source.exec("CREATE TABLE later (a int); INSERT INTO later VALUES (1)");
  const RunResult result = run({"mysql2pgsql", "--cleanup"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_EQ(target.value("SELECT count(*) FROM dbsync.apply_progress"), "0");
}

TEST_F(BinlogFollow, CleanupRefusesToLoseChanges) {
  source.exec("CREATE TABLE n (a int PRIMARY KEY)");
  begin();
  const std::string tasks = "SELECT count(*) FROM dbsync.apply_progress";
  for (const char* statement :
       {"INSERT INTO n VALUES (1), (2)", "UPDATE n SET a = 3 WHERE a = 1", "DELETE FROM n WHERE a = 3", "TRUNCATE n"}) {
    source.exec(statement);
    const RunResult refused = run({"mysql2pgsql", "--cleanup"});
    EXPECT_EQ(refused.exit_code, kSourceFailed) << statement << refused.describe();
    EXPECT_THAT(refused.err, HasSubstr("wait on the source, in"));
    EXPECT_THAT(refused.err, HasSubstr("--cleanup --force"));
    EXPECT_EQ(target.value(tasks), "1");
    ASSERT_EQ(follow().exit_code, 0);
  }
  source.exec("INSERT INTO n VALUES (4); ALTER TABLE n ADD b int");
  const RunResult changed = run({"mysql2pgsql", "--cleanup"});
  EXPECT_EQ(changed.exit_code, kSourceFailed) << changed.describe();
  EXPECT_THAT(changed.err, HasSubstr("wait on the source, in"));
  // The definition that its rows had is not known any more.
  target.exec("DELETE FROM dbsync.apply_memory");
  const RunResult unknown = run({"mysql2pgsql", "--cleanup"});
  EXPECT_EQ(unknown.exit_code, kSourceFailed) << unknown.describe();
  EXPECT_THAT(unknown.err, HasSubstr("cannot be told"));
  const RunResult lost = run({"mysql2pgsql", "--cleanup", "--force"});
  EXPECT_EQ(lost.exit_code, 0) << lost.describe();
  EXPECT_THAT(lost.err, HasSubstr("lost with the task"));
  EXPECT_EQ(target.value(tasks), "0");
}

}  // namespace dbsync::test
