// --check of mysql2pgsql: each thing that is in the way of a load is named with its
// remedy and the documented exit status, and nothing is written; a load stops by
// itself at what concerns all of it.
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/check_support.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

constexpr int kSource = 3;
constexpr int kTarget = 4;

class CheckTest : public MigrationTest {
 protected:
  CheckTest() {
    source.exec("create table t (id int, name varchar(20)); insert into t values (1, 'a'), (2, 'b')");
    target.exec("create table t (id int, name varchar(20))");
  }

  // Runs --check and expects this status; what is on the target must stay as it is.
  RunResult check(int status, const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {"mysql2pgsql", "--check"};
    args.insert(args.end(), more.begin(), more.end());
    const std::string before = everything_in(target);
    RunResult result = run(args);
    EXPECT_EQ(result.exit_code, status) << result.describe();
    EXPECT_EQ(everything_in(target), before) << "nothing may be written";
    return result;
  }

  void configure_mysql(const MysqlAccess& access, const std::string& database) {
    dir.write_file("my.cfg", my_cfg(mysql_section(access, database), target.conninfo()));
  }
};

TEST_F(CheckTest, NothingIsInTheWay) {
  const RunResult result = check(0);
  for (const char* subject :
       {"source binlog", "source encoding", "source time zone", "source connections", "target writes",
        "target encoding", "target connections", "target journal", "target disk"})
    EXPECT_TRUE(has_line(result.out, {"passed", subject})) << subject << "\n" << result.out;
  EXPECT_TRUE(has_line(result.out, {"1 of 1 can be loaded"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {" 0 failed"})) << result.out;
  EXPECT_EQ(run({"mysql2pgsql"}).exit_code, 0) << "as promised";
}

TEST_F(CheckTest, AsJson) {
  target.exec("drop table t");
  const auto json = nlohmann::json::parse(check(kTarget, {"--json"}).out);
  EXPECT_EQ(json.at("exit_status"), kTarget);
  EXPECT_EQ(json.at("failed"), 1);
  bool found = false;
  for (const auto& finding : json.at("findings")) {
    if (finding.at("result") != "failed") continue;
    found = true;
    EXPECT_EQ(finding.at("subject"), "target table public.t");
    EXPECT_EQ(finding.at("exit_status"), kTarget);
    EXPECT_NE(finding.at("remedy").get<std::string>().find("--create"), std::string::npos);
  }
  EXPECT_TRUE(found);
}

TEST_F(CheckTest, PrivilegesOnTheTarget) {
  const PgRole role(target);
  configure_target(*this, role.conninfo());
  const RunResult result = check(kTarget);
  EXPECT_TRUE(has_line(result.out, {"failed", "target table public.t", "the role lacks INSERT, SELECT"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: GRANT INSERT, SELECT ON \"public\".\"t\""})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"warning", "target journal", "cannot be resumed"})) << result.out;
  EXPECT_TRUE(has_line(check(kTarget, {"--append"}).out, {"the role lacks INSERT"}));
  EXPECT_TRUE(has_line(check(kTarget, {"--truncate"}).out, {"the role lacks INSERT, TRUNCATE"}));
}

TEST_F(CheckTest, PrivilegesOnTheSource) {
  const MysqlUser user(source, fmt::format("grant insert on {}.*", source.name()));
  configure_mysql(user.access(), source.name());
  const RunResult result = check(kSource);
  EXPECT_TRUE(has_line(result.out, {"failed", "source table t", "denied"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: GRANT SELECT ON the table"})) << result.out;
}

TEST_F(CheckTest, WrongPasswordOfTheSource) {
  const MysqlUser user(source, fmt::format("grant all on {}.*", source.name()));
  MysqlAccess access = user.access();
  access.password = "not-the-password";
  configure_mysql(access, source.name());
  const RunResult result = check(kSource);
  EXPECT_TRUE(has_line(result.out, {"failed", "source", "Access denied"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: check user and password"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"passed", "target writes"}))
      << "the other side is looked at all the same: " << result.out;
  EXPECT_EQ((result.out + result.err).find("not-the-password"), std::string::npos);
}

TEST_F(CheckTest, WrongPasswordOfTheTarget) {
  const PgRole role(target);
  const PasswordRule rule(target, role);
  configure_target(*this, role.conninfo() + " password=not-the-password");
  const RunResult result = check(kTarget);
  EXPECT_TRUE(has_line(result.out, {"failed", "target", "password authentication failed"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: check user and password"})) << result.out;
  EXPECT_EQ((result.out + result.err).find("not-the-password"), std::string::npos);
}

TEST_F(CheckTest, MissingDatabases) {
  configure_mysql(Servers::instance().mysql(), "no_such_db");
  RunResult result = check(kSource);
  EXPECT_TRUE(has_line(result.out, {"failed", "source", "Unknown database"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: check db of [src.mysql]"})) << result.out;
  configure_target(*this, Servers::instance().pg_conninfo("no_such_db"));
  result = check(kTarget);
  EXPECT_TRUE(has_line(result.out, {"failed", "target", "does not exist"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: create the database first"})) << result.out;
}

TEST_F(CheckTest, MissingTableAndColumn) {
  source.exec("create table other (id int); create table wide (id int, added int)");
  target.exec("create table wide (id int)");
  const RunResult result = check(kTarget);
  EXPECT_TRUE(has_line(result.out, {"failed", "target table public.other", "no such table"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: create it with --create"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"failed", "target table public.wide", "has no column added"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"1 of 3 can be loaded"})) << result.out;
}

TEST_F(CheckTest, NarrowerColumnsAreAWarning) {
  target.exec("alter table t alter name type varchar(10), alter id type smallint");
  const RunResult result = check(0);
  EXPECT_TRUE(has_line(result.out,
                       {"warning", "target table public.t", "column name is varchar(10)", "varchar(20)", "narrower"}))
      << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: ALTER TABLE \"public\".\"t\" ALTER COLUMN \"name\" TYPE varchar(20)"}))
      << result.out;
  EXPECT_TRUE(has_line(result.out, {"warning", "column id is smallint", "narrower"})) << result.out;
}

TEST_F(CheckTest, FilledTable) {
  target.exec("insert into t values (7, 'x')");
  const RunResult result = check(kTarget);
  EXPECT_TRUE(has_line(result.out, {"failed", "target table public.t", "not empty"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: --truncate empties it first, --append adds"})) << result.out;
  check(0, {"--append"});
  check(0, {"--truncate"});
}

TEST_F(CheckTest, BinlogOff) {
  const MysqlAccess& access = Servers::instance().mariadb_without_binlog();
  MysqlSession session(access, "");
  session.run("create or replace database check_plain; use check_plain; create table t (id int)");
  configure_mysql(access, "check_plain");
  const RunResult result = check(0);
  EXPECT_TRUE(has_line(result.out, {"warning", "source binlog", "log_bin is off", "cannot be followed"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: set log_bin"})) << result.out;
  session.run("drop database check_plain");
}

// A real server that tells an old version, as MariaDB can be made to.
TEST_F(CheckTest, ServerTooOld) {
  const MysqlAccess& access = Servers::instance().mariadb_that_says("5.5.60-MariaDB");
  MysqlSession(access, "").run("create database if not exists old_one; create table if not exists old_one.t (id int)");
  configure_mysql(access, "old_one");
  const RunResult result = check(kSource);
  EXPECT_TRUE(has_line(result.out, {"failed", "source", "MariaDB 5.5 is too old: 10.0 is the oldest"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: copy from a newer server"})) << result.out;
  const std::string before = everything_in(target);
  const RunResult load = run({"mysql2pgsql", "--create"});
  EXPECT_EQ(load.exit_code, kSource) << load.describe();
  EXPECT_NE(load.err.find("too old"), std::string::npos) << load.err;
  EXPECT_EQ(everything_in(target), before);
}

TEST_F(CheckTest, ReadOnlyTargetStopsTheLoad) {
  target.exec(fmt::format("alter database {} set default_transaction_read_only = on", target.name()));
  EXPECT_TRUE(has_line(check(kTarget).out, {"failed", "target writes", "default_transaction_read_only"}));
  const RunResult load = run({"mysql2pgsql"});
  EXPECT_EQ(load.exit_code, kTarget) << load.describe();
  EXPECT_NE(load.err.find("target writes: default_transaction_read_only is on"), std::string::npos) << load.err;
  EXPECT_NE(load.err.find("HINT: ALTER ROLE"), std::string::npos) << load.err;
  target.exec(fmt::format("set default_transaction_read_only = off; alter database {} reset all", target.name()));
}

// The role may make the journal, but no tables: without the check, the journal
// would be there and every table a failure.
TEST_F(CheckTest, NoRightToCreateStopsTheLoadBeforeAnythingIsWritten) {
  source.exec("create table other (id int)");
  const PgRole role(target);
  target.exec(fmt::format("grant create on database {} to {}; revoke create on schema public from public",
                          target.name(), role.name()));
  configure_target(*this, role.conninfo());
  const RunResult result = check(kTarget, {"--create"});
  EXPECT_TRUE(has_line(result.out, {"failed", "target schema public", "may not create tables"})) << result.out;
  EXPECT_TRUE(has_line(result.out, {"do: GRANT CREATE ON SCHEMA \"public\""})) << result.out;
  const std::string before = everything_in(target);
  const RunResult load = run({"mysql2pgsql", "--create"});
  EXPECT_EQ(load.exit_code, kTarget) << load.describe();
  EXPECT_NE(load.err.find("target schema public: the role may not create tables in it"), std::string::npos) << load.err;
  EXPECT_EQ(everything_in(target), before);
}

TEST_F(CheckTest, AReportThatCannotBeWrittenStopsTheLoad) {
  const RunResult load = run({"mysql2pgsql", "--report", "no/such/directory/report.json"});
  EXPECT_EQ(load.exit_code, 1) << load.describe();
  EXPECT_NE(load.err.find("report: "), std::string::npos) << load.err;
  EXPECT_EQ(target.value("select count(*) from t"), "0");
}

// In which of the three ways keys and triggers are kept from acting, by the role.
TEST_F(CheckTest, KeysAndTriggersAndWhatTheRoleMay) {
  const PgRole role(target);
  target.exec(R"(create table parent (id int primary key); insert into parent values (1), (2);
      alter table t add constraint t_parent foreign key (id) references parent;
      create function keep() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger on_insert before insert on t for each row execute procedure keep())");
  EXPECT_TRUE(has_line(check(0).out, {"passed", "those of 1 tables do not act", "session_replication_role"}));
  target.exec(
      fmt::format("grant select, insert on t to {0}; grant create on database {1} to {0}", role.name(), target.name()));
  configure_target(*this, role.conninfo());
  std::string out = check(0).out;
  EXPECT_TRUE(has_line(out, {"warning", "foreign keys act during the load", "t_parent of public.t"})) << out;
  EXPECT_TRUE(has_line(out, {"warning", "triggers act on every row", "on_insert of public.t"})) << out;
  target.exec(fmt::format(
      "grant all on parent to {0}; grant create on schema public to {0}; alter table t owner to {0}", role.name()));
  out = check(0).out;
  EXPECT_TRUE(has_line(out, {"passed", "1 foreign keys are dropped for the load", "t_parent of public.t"})) << out;
  EXPECT_TRUE(has_line(out, {"passed", "1 triggers are disabled for the load", "on_insert of public.t"})) << out;
}

TEST_F(CheckTest, RowLevelSecurityOnTheTarget) {
  const PgRole role(target);
  target.exec(fmt::format("grant select, insert on t to {}; alter table t enable row level security", role.name()));
  configure_target(*this, role.conninfo());
  EXPECT_TRUE(has_line(check(kTarget).out, {"failed", "target table public.t", "row-level security"}));
}

}  // namespace

}  // namespace dbsync::test
