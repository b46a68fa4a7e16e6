// --check of pgsql2pgsql; see check_test.cpp.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/proxy.h"
#include "tests/harness/servers.h"

namespace dbsync::test {

namespace {

constexpr int kSource = 3;
constexpr int kTarget = 4;

class PgCheckTest : public PgMigrationTest {
 protected:
  PgCheckTest() {
    source.exec("create table t (id int primary key, name varchar(20)); insert into t values (1, 'a')");
    target.exec("create table t (id int primary key, name varchar(20))");
  }

  RunResult check(int status, const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {"pgsql2pgsql", "--check"};
    args.insert(args.end(), more.begin(), more.end());
    const std::string before = everything_in(target);
    const std::string source_before = everything_in(source);
    RunResult result = run(args);
    EXPECT_EQ(result.exit_code, status) << result.describe();
    EXPECT_EQ(everything_in(target), before) << "nothing may be written";
    EXPECT_EQ(everything_in(source), source_before) << "nothing may be written";
    return result;
  }

  // A load does not begin.
  void stops_before_anything(const std::string& why, int status) {
    const std::string before = everything_in(target);
    const RunResult load = run({"pgsql2pgsql", "--full-only"});
    EXPECT_EQ(load.exit_code, status) << load.describe();
    EXPECT_NE(load.err.find(why), std::string::npos) << load.err;
    EXPECT_EQ(everything_in(target), before);
  }

  void configure_both(const std::string& source_conninfo, const std::string& target_conninfo) {
    dir.write_file("my.cfg",
                   fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                               source_conninfo, target_conninfo));
  }
};

TEST_F(PgCheckTest, NothingIsInTheWay) {
  const RunResult result = check(0);
  for (const char* subject :
       {"source encoding", "source connections", "source changes", "target writes", "target journal"})
    EXPECT_TRUE(has_line(result.out, {"passed", subject})) << subject << "\n" << result.out;
  EXPECT_TRUE(has_line(result.out, {"1 of 1 can be loaded"})) << result.out;
  check(0, {"--create"});
}

TEST_F(PgCheckTest, WalLevelReplica) {
  const std::string plain = Servers::instance().pg_without_logical("postgres");
  configure_both(plain, target.conninfo());
  const RunResult copy = check(0, {"--create"});
  EXPECT_TRUE(has_line(copy.out, {"warning", "source changes", "wal_level is replica", "cannot be followed"}))
      << copy.out;
  EXPECT_TRUE(has_line(copy.out, {"do: set wal_level = logical and restart"})) << copy.out;
  EXPECT_TRUE(has_line(check(0, {"--create", "--full-only"}).out, {"passed", "source changes", "not to be followed"}));
  const RunResult follow = check(kSource, {"--follow-only"});
  EXPECT_TRUE(has_line(follow.out, {"failed", "source changes", "wal_level is replica"})) << follow.out;
  EXPECT_TRUE(has_line(follow.out, {"do: set wal_level = logical and restart"})) << follow.out;
}

TEST_F(PgCheckTest, PrivilegesOnBothSides) {
  const PgRole reader(source);
  const PgRole writer(target);
  configure_both(reader.conninfo(), writer.conninfo());
  const RunResult result = check(kSource);
  EXPECT_TRUE(has_line(result.out, {"warning", "source changes", "lacks REPLICATION"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"failed", "source table public.t", "may not read it"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: GRANT SELECT ON \"public\".\"t\" TO"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"failed", "target table public.t", "lacks INSERT, SELECT"})) << result.out;
  EXPECT_TRUE(has_line(check(kSource, {"--follow-only"}).out, {"failed", "target journal", "following needs"}));
}

TEST_F(PgCheckTest, WrongPasswordAndMissingDatabase) {
  const PgRole role(source);
  const PasswordRule rule(source, role);
  configure_both(role.conninfo() + " password=not-the-password", target.conninfo());
  RunResult result = check(kSource);
  EXPECT_TRUE(has_line(result.out, {"failed", "source", "password authentication failed"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: check user and password"})) << result.out;
  EXPECT_EQ((result.out + result.err).find("not-the-password"), std::string::npos);
  configure_both(Servers::instance().pg_conninfo("no_such_db"), target.conninfo());
  result = check(kSource);
  EXPECT_TRUE(has_line(result.out, {"failed", "source", "does not exist"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: create the database first"})) << result.out;
  configure_both(source.conninfo(), Servers::instance().pg_conninfo("no_such_db"));
  EXPECT_TRUE(has_line(check(kTarget).out, {"failed", "target", "does not exist"}));
}

TEST_F(PgCheckTest, TablesOfTheTarget) {
  source.exec("create table other (id int); create table filled (id int)");
  target.exec("create table filled (id int); insert into filled values (1); alter table t alter name type varchar(10)");
  const RunResult result = check(kTarget, {"--full-only"});  // tables without a key cannot be followed
  EXPECT_TRUE(has_line(result.out, {"failed", "target table public.other", "no such table"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"failed", "target table public.filled", "not empty"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"warning", "target table public.t", "varchar(10)", "narrower"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"1 of 3 can be loaded"})) << result.out;
}

// Real servers, whose greeting tells an old version.
TEST_F(PgCheckTest, ServerTooOld) {
  const auto through = [&](const std::string& conninfo) {
    return fmt::format("host={} {}", dir.path().string(), conninfo.substr(conninfo.find(" port=") + 1));
  };
  const std::filesystem::path socket = dir.path() / ".s.PGSQL.5432";
  {
    Proxy old(socket, socket_of(source.conninfo()));
    old.tell_version("9.6");
    configure_both(through(source.conninfo()), target.conninfo());
    const RunResult result = check(kSource);
    EXPECT_TRUE(has_line(result.out, {"failed", "source", "PostgreSQL 9.6 is too old: 10 is the oldest"}))
        << result.out;
    EXPECT_TRUE(has_line(result.out, {"do: copy from a newer server"})) << result.out;
    stops_before_anything("copy from a newer server", kSource);
  }
  Proxy old(socket, socket_of(target.conninfo()));
  old.tell_version("9.6");
  configure_both(source.conninfo(), through(target.conninfo()));
  const RunResult result = check(kTarget);
  EXPECT_TRUE(has_line(result.out, {"failed", "target", "PostgreSQL 9.6 is too old: 10 is the oldest"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: copy into a newer server"})) << result.out;
  stops_before_anything("copy into a newer server", kTarget);
}

TEST_F(PgCheckTest, NoRightToCreateStopsTheLoadBeforeAnythingIsWritten) {
  source.exec("create table other (id int)");
  const PgRole role(target);
  target.exec(fmt::format("grant create on database {} to {}; revoke create on schema public from public",
                          target.name(), role.name()));
  configure_both(source.conninfo(), role.conninfo());
  const std::string before = everything_in(target);
  const std::string source_before = everything_in(source);
  for (const char* also : {"--full-only", "--end-at=now"}) {
    const RunResult load = run({"pgsql2pgsql", "--create", also});
    EXPECT_EQ(load.exit_code, kTarget) << load.describe();
    EXPECT_NE(load.err.find("target schema public: the role may not create tables in it"), std::string::npos)
        << load.err;
    EXPECT_EQ(everything_in(target), before);
    EXPECT_EQ(everything_in(source), source_before) << "neither slot nor publication";
  }
}

}  // namespace

}  // namespace dbsync::test
