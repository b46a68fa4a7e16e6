// How often a run waits for an answer of a server, per table: what a copy of many small
// tables between clouds costs. Counted by proxies, so that no machine's speed matters.
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/proxy.h"

namespace dbsync::test {

namespace {

constexpr int kFew = 20;
constexpr int kMany = 80;

// Of one table, beside what the run needs once: the statements below, and a hundredth of
// what is done for a hundred tables at once; a little more for a status that is written
// now and then.
constexpr double kOfTarget = 4;  // BEGIN and COPY, the end of the rows, the mark and COMMIT, indexes and ANALYZE
constexpr double kNowAndThen = 0.7;

// Of a run that goes on following one table and ends: both sides.
constexpr unsigned kOfFollowing = 78;

// The servers once more, behind proxies that count.
struct Counted {
  Counted(const TestDir& dir, const std::filesystem::path& source, const std::string& source_name,
          const std::string& target)
      : from(dir.path() / source_name, source), to(dir.path() / "t" / ".s.PGSQL.5432", socket_of(target)) {}
  Proxy from;
  Proxy to;
};

struct Turns {
  double source = 0;
  double target = 0;
};

// What a run needs once, of one program.
struct Limits {
  double source_table;  // of each table
  double source_run;
  double target_run;
};

void expect_few(const Turns& few, const Turns& many, const Limits& limits) {
  constexpr int kTables = kMany - kFew;
  const double source = (many.source - few.source) / kTables;
  const double target = (many.target - few.target) / kTables;
  fmt::print("answers waited for, of source and target: {:.1f} and {:.1f} a table, {:.0f} and {:.0f} a run\n", source,
             target, few.source - kFew * source, few.target - kFew * target);
  EXPECT_LE(source, limits.source_table + kNowAndThen);
  EXPECT_LE(target, kOfTarget + kNowAndThen);
  EXPECT_LE(few.source - kFew * source, limits.source_run);
  EXPECT_LE(few.target - kFew * target, limits.target_run);
}

std::string behind(const TestDir& dir, const std::string& folder, const TargetDb& database) {
  return fmt::format("host={} port=5432 user=postgres dbname={}", (dir.path() / folder).string(), database.name());
}

bool on_sockets(const TargetDb& target) { return target.conninfo().find("host=/") != std::string::npos; }

// What the migration runs from now on goes through them.
Counted counted_servers(Migration& migration) {
  std::filesystem::create_directory(migration.dir.path() / "t");
  MysqlAccess access = Servers::instance().mysql();
  const std::filesystem::path source = access.socket;
  access.socket = (migration.dir.path() / "s.sock").string();
  migration.dir.write_file(
      "my.cfg", my_cfg(mysql_section(access, migration.source.name()), behind(migration.dir, "t", migration.target)));
  return {migration.dir, source, "s.sock", migration.target.conninfo()};
}

// `again`: of a run that goes on with one which has done everything.
Turns copy_of_mysql(int tables, bool again = false) {
  Migration migration;
  for (int i = 0; i < tables; ++i)
    migration.source.exec(
        fmt::format("create table t{0} (id int primary key, name varchar(20), key (name)); "
                    "insert into t{0} values (1, 'a'), (2, 'b')",
                    i));
  const Counted counted = counted_servers(migration);
  const RunResult run = migration.run({"mysql2pgsql", "--create", "-j", "1"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(migration.target.value("select count(*) from pg_indexes where schemaname = 'public'"),
            std::to_string(2 * tables));
  const Turns first{static_cast<double>(counted.from.turns()), static_cast<double>(counted.to.turns())};
  if (!again) return first;
  const RunResult resumed = migration.run({"mysql2pgsql", "--resume", "-j", "1"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.describe();
  return {static_cast<double>(counted.from.turns()) - first.source,
          static_cast<double>(counted.to.turns()) - first.target};
}

// Into tables that are there, and of which the journal knows from a run that ended well.
Turns copy_into_known_tables(int tables) {
  Migration migration;
  std::string truncate;
  for (int i = 0; i < tables; ++i) {
    migration.source.exec(fmt::format("create table t{0} (id int primary key); insert into t{0} values (1), (2)", i));
    truncate += fmt::format("truncate t{}; ", i);
  }
  const Counted counted = counted_servers(migration);
  EXPECT_EQ(migration.run({"mysql2pgsql", "--create", "-j", "1"}).exit_code, 0);
  migration.target.exec(truncate);
  const Turns before{static_cast<double>(counted.from.turns()), static_cast<double>(counted.to.turns())};
  const RunResult run = migration.run({"mysql2pgsql", "-j", "1"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(migration.target.value("select sum(id) from t0"), "3");
  EXPECT_EQ(migration.target.value("select count(*) from dbsync.copy_table"), std::to_string(tables));
  return {static_cast<double>(counted.from.turns()) - before.source,
          static_cast<double>(counted.to.turns()) - before.target};
}

Turns copy_of_pgsql(int tables) {
  PgMigration migration;
  for (int i = 0; i < tables; ++i)
    migration.source.exec(
        fmt::format("create table t{0} (id int primary key, name varchar(20)); create index on t{0} (name); "
                    "insert into t{0} values (1, 'a'), (2, 'b')",
                    i));
  for (const char* folder : {"s", "t"}) std::filesystem::create_directory(migration.dir.path() / folder);
  const Counted counted(migration.dir, socket_of(migration.source.conninfo()), "s/.s.PGSQL.5432",
                        migration.target.conninfo());
  migration.dir.write_file("my.cfg", my_cfg(fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n",
                                                        behind(migration.dir, "s", migration.source)),
                                            behind(migration.dir, "t", migration.target)));
  const RunResult run = migration.run({"pgsql2pgsql", "--create", "--full-only", "-j", "1"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(migration.target.value("select count(*) from pg_indexes where schemaname = 'public'"),
            std::to_string(2 * tables));
  return {static_cast<double>(counted.from.turns()), static_cast<double>(counted.to.turns())};
}

TEST(RoundTripsTest, OfASmallTableAreFew) {
  if (Servers::instance().mysql().socket.empty()) GTEST_SKIP() << "the proxy wants servers on Unix sockets";
  expect_few(copy_of_mysql(kFew), copy_of_mysql(kMany),
             {.source_table = 2, .source_run = 13, .target_run = 52});  // prepare, execute
}

// `partitions` of one table.
double turns_for(int partitions) {
  Migration migration;
  std::string list;
  for (int i = 1; i <= partitions; ++i)
    list += fmt::format("{}partition p{} values less than ({})", i == 1 ? "" : ", ", i, i * 10);
  migration.source.exec(fmt::format(
      "create table t (id int primary key) partition by range (id) ({}); insert into t values (1), (11)", list));
  std::filesystem::create_directory(migration.dir.path() / "t");
  Proxy proxy(migration.dir.path() / "t" / ".s.PGSQL.5432", socket_of(migration.target.conninfo()));
  migration.dir.write_file("my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), migration.source.name()),
                                            behind(migration.dir, "t", migration.target)));
  const RunResult run = migration.run({"mysql2pgsql", "--create", "-j", "1"});
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_EQ(migration.target.value("select count(*) from pg_inherits where inhparent = 't'::regclass"),
            std::to_string(partitions));
  return static_cast<double>(proxy.turns());
}

TEST(RoundTripsTest, PartitionsAreMadeTogether) {
  if (!on_sockets(TargetDb())) GTEST_SKIP() << "the proxy wants servers on Unix sockets";
  constexpr int kLess = 10;
  EXPECT_LE(turns_for(kMany) - turns_for(kLess), kLess);
}

// The journal is read as a whole; what is asked of each table is whether it has its rows.
TEST(RoundTripsTest, OfAResumedTableAreFew) {
  if (Servers::instance().mysql().socket.empty()) GTEST_SKIP() << "the proxy wants servers on Unix sockets";
  expect_few(copy_of_mysql(kFew, true), copy_of_mysql(kMany, true),
             {.source_table = 2, .source_run = 13, .target_run = 42});
}

// Whether they are empty is asked of many at once, and what the journal had of them goes together.
TEST(RoundTripsTest, OfATableThatIsThereAreFew) {
  if (Servers::instance().mysql().socket.empty()) GTEST_SKIP() << "the proxy wants servers on Unix sockets";
  expect_few(copy_into_known_tables(kFew), copy_into_known_tables(kMany),
             {.source_table = 2, .source_run = 13, .target_run = 34});
}

TEST(RoundTripsTest, RowsComeCompressedWhenAskedFor) {
  if (Servers::instance().mysql().socket.empty()) GTEST_SKIP() << "the proxy wants servers on Unix sockets";
  Migration migration;
  migration.source.exec(
      "create table t (id int primary key, a longtext); insert into t values (1, repeat('x', 2000000))");
  MysqlAccess access = Servers::instance().mysql();
  const std::string socket = (migration.dir.path() / "s.sock").string();
  Proxy proxy(std::filesystem::path(socket), std::filesystem::path(access.socket));
  access.socket = socket;
  const auto copy = [&](const std::string& compress) {
    const std::uint64_t before = proxy.bytes_down();
    migration.dir.write_file(
        "my.cfg", my_cfg(mysql_section(access, migration.source.name()) + compress, migration.target.conninfo()));
    const RunResult run = migration.run({"mysql2pgsql", "--create", "--truncate"});
    EXPECT_EQ(run.exit_code, 0) << run.describe();
    EXPECT_EQ(migration.target.value("select length(a) from t"), "2000000");
    return proxy.bytes_down() - before;
  };
  EXPECT_GT(copy(""), 2000000U);
  EXPECT_LT(copy("compress = zlib\n"), 200000U);
  migration.dir.write_file("my.cfg", my_cfg(mysql_section(access, migration.source.name()) + "compress = best\n",
                                            migration.target.conninfo()));
  EXPECT_EQ(migration.run({"mysql2pgsql"}).exit_code, 2);
}

// One COPY; pg_dump's locks go together.
TEST(PgRoundTripsTest, OfASmallTableAreFew) {
  if (!on_sockets(TargetDb())) GTEST_SKIP() << "the proxy wants servers on Unix sockets";
  expect_few(copy_of_pgsql(kFew), copy_of_pgsql(kMany), {.source_table = 1, .source_run = 76, .target_run = 76});
}

class RoundTripsFollow : public FollowTest {};

TEST_F(RoundTripsFollow, OfAStartAreFew) {
  if (!on_sockets(target)) GTEST_SKIP() << "the proxy wants servers on Unix sockets";
  both("create table t (id int primary key, a int)");
  for (const char* folder : {"s", "t"}) std::filesystem::create_directory(dir.path() / folder);
  const Counted counted(dir, socket_of(source.conninfo()), "s/.s.PGSQL.5432", target.conninfo());
  dir.write_file("my.cfg", my_cfg(fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n", behind(dir, "s", source)),
                                  behind(dir, "t", target)));
  ASSERT_EQ(follow().exit_code, 0);
  source.exec("insert into t values (1, 1)");
  const auto turns = [&] { return counted.from.turns() + counted.to.turns(); };
  const unsigned before = turns();
  const RunResult run = follow();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  expect_same_table("t");
  const unsigned waited = turns() - before;
  fmt::print("answers waited for, of both sides: {}\n", waited);
  EXPECT_LE(waited, kOfFollowing);
}

}  // namespace

}  // namespace dbsync::test
