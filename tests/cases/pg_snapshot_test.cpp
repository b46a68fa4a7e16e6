// One moment for all workers of pgsql2pgsql: under load, from a standby, and what
// the status tables say of it.
#include <unistd.h>

#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/pg_migration.h"
#include "tests/harness/servers.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using PgSnapshotTest = PgMigrationTest;

// pgbench's own schema, and a transfer between tables as the load.
constexpr char kAccounts[] =
    "create table a (id int primary key, balance bigint, filler text);"
    "create table b (id int primary key, balance bigint, filler text);"
    "insert into a select i, 1000, repeat('x', 200) from generate_series(1, 40000) i;"
    "insert into b select i, 1000, repeat('y', 200) from generate_series(1, 40000) i;";

TEST_F(PgSnapshotTest, BalancesUnderLoadAreOfOneMoment) {
  source.exec(kAccounts);
  target.exec(
      "create table a (id int primary key, balance bigint, filler text);"
      "create table b (id int primary key, balance bigint, filler text)");
  dir.write_file("transfer.sql",
                 "\\set x random(1, 40000)\n\\set y random(1, 40000)\n\\set d random(1, 100)\nbegin;\n"
                 "update a set balance = balance - :d where id = :x;\nupdate b set balance = balance + :d where id = "
                 ":y;\ncommit;\n");
  Program load({"pgbench", "-n", "-c", "4", "-T", "60", "-f", "transfer.sql", "-d", source.conninfo()}, here());
  while (load.running() && source.value("select sum(balance) <> 40000000 from a") != "t")
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_TRUE(load.running()) << "pgbench ended: " << load.err_so_far();
  const std::string before = source.value("select sum(balance) from a");
  for (int round = 0; round < 3; ++round) {
    const RunResult result = run({"pgsql2pgsql", "--full-only", "--truncate", "-j", "4", "--chunk-size", "1MB"});
    ASSERT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(target.value("select (select sum(balance) from a) + (select sum(balance) from b)"), "80000000") << round;
    EXPECT_EQ(target.value("select (select count(*) from a) + (select count(*) from b)"), "80000") << round;
  }
  EXPECT_NE(source.value("select sum(balance) from a"), before) << "there was no load";
  load.signal(SIGTERM);
}

TEST_F(PgSnapshotTest, ChunksHoldEveryRowOnce) {
  if (source.version() < 140000) GTEST_SKIP() << "a table without a key is cut by ctid, from 14 on";
  source.exec(
      "create table t (id int, v text); alter table t alter v set storage external;"
      "insert into t select i, case when i % 50 = 0 then repeat(md5(i::text), 400) else 'v' || i end from "
      "generate_series(1, 30000) i;"
      "delete from t where id between 5000 and 12000; update t set v = v || '!' where id % 3 = 0");
  target.exec("create table t (id int, v text)");
  const RunResult result = run({"pgsql2pgsql", "--full-only", "-j", "3", "--chunk-size", "256KB"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find(" chunks"), std::string::npos) << "the table was not cut:\n" << result.err;
  EXPECT_EQ(rows_differ("select count(*), count(distinct id), sum(hashtext(id || v)::bigint) from t"), "");
}

class Standby {
 public:
  // A streaming copy of the test server, in a directory of its own.
  explicit Standby(const std::filesystem::path& primary) : dir_(Servers::instance().work_dir() / "standby") {
    std::filesystem::create_directories(dir_);
    const std::string script = fmt::format(
        "set -e; cd {0}; bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1); as=; "
        "if [ $(id -u) = 0 ]; then chown postgres {0}; as='setpriv --reuid=postgres --regid=postgres --clear-groups "
        "--'; fi; "
        "$as $bin/pg_basebackup -h {1} -p 5432 -U postgres -D {0}/data -R -X stream --checkpoint=fast; "
        "$as $bin/pg_ctl -D {0}/data -o '-k {0} -p 5432 -c listen_addresses=' -l {0}/log -w start",
        dir_.string(), primary.string());
    started_ = run_program({"bash", "-c", script});
  }
  ~Standby() {
    run_program({"bash", "-c",
                 fmt::format("kill -INT $(head -n 1 {0}/data/postmaster.pid); "
                             "while [ -e {0}/data/postmaster.pid ]; do sleep 0.1; done",
                             dir_.string())});
  }
  const RunResult& started() const { return started_; }
  std::string conninfo(const std::string& database) const {
    return fmt::format("host={} port=5432 user=postgres dbname={}", dir_.string(), database);
  }

 private:
  std::filesystem::path dir_;
  RunResult started_;
};

TEST_F(PgSnapshotTest, AStandbyIsASource) {
  if (!env_or("DBSYNC_TEST_PG", "").empty()) GTEST_SKIP() << "an external server: no standby can be made of it";
  if (run_program({"bash", "-c", "ls /usr/lib/postgresql/*/bin/pg_basebackup"}).exit_code != 0)
    GTEST_SKIP() << "pg_basebackup is not installed in /usr/lib/postgresql";
  source.exec(kAccounts);
  source.exec(
      "create unlogged table u (id int); insert into u values (1); create sequence s; select nextval('s'), "
      "nextval('s')");
  const Standby standby(Servers::instance().work_dir());
  ASSERT_EQ(standby.started().exit_code, 0) << standby.started().err;
  configure_from(standby.conninfo(source.name()));
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create", "-j", "3", "--chunk-size", "2MB"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("exported snapshot of a standby"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("public.u: left out, since a standby has no rows of unlogged tables"), std::string::npos)
      << result.err;
  EXPECT_EQ(rows_differ("select id, balance, filler from a order by id"), "");
  EXPECT_EQ(rows_differ("select count(*), sum(id) from b"), "");

  // A standby of the target's own server holds the same databases.
  const auto expect_refused = [&](const std::string& from) {
    configure_from(from);
    const RunResult same = run({"pgsql2pgsql", "--full-only", "--truncate"});
    EXPECT_EQ(same.exit_code, 2) << same.describe();
    EXPECT_NE(same.err.find("source and target are the same database"), std::string::npos) << same.err;
  };
  expect_refused(standby.conninfo(target.name()));
  const std::string role = target.name() + "_role";
  target.exec(
      fmt::format("revoke execute on function pg_control_system() from public; create role {0} login; "
                  "grant all on database {1} to {0}",
                  role, target.name()));
  std::string as_role = standby.conninfo(target.name());
  as_role.replace(as_role.find("user=postgres"), 13, "user=" + role);
  const auto arrived = [&] { return run_program({"psql", as_role, "-c", "select 1"}).exit_code == 0; };
  EXPECT_TRUE(eventually(arrived)) << as_role;
  expect_refused(as_role);
  target.exec(fmt::format("drop owned by {0}; drop role {0}", role));
}

TEST_F(PgSnapshotTest, StatusTablesTellOfTheRun) {
  source.exec("create table t (id int); insert into t select generate_series(1, 10); create table bad (id int)");
  target.exec("create table t (id int)");
  TargetDb local;
  configure("[local.pgsql]\nconnect_string = \"" + local.conninfo() + "\"\ntask = \"nightly\"\n");
  local.exec(
      "create table db_sync_status (id bigserial primary key, full_s_start timestamp, full_s_end timestamp, "
      "decoder_start timestamp, apply_id bigint)");  // as an older program left it
  EXPECT_EQ(run({"pgsql2pgsql", "--full-only"}).exit_code, 4);
  EXPECT_EQ(
      local.value("select (task, program, state, tables_total, tables_done, tables_failed, rows, exit_status, "
                  "full_s_end >= full_s_start, decoder_start is null, apply_id is null)::text from db_sync_status"),
      "(nightly,pgsql2pgsql,failed,2,1,1,10,4,t,t,t)");
  EXPECT_EQ(
      local.value(
          "select string_agg(table_name || ' ' || state || ' ' || rows, ', ' order by place) from db_sync_tables"),
      "public.bad failed 0, public.t done 10");
  const auto json = nlohmann::json::parse(run({"pgsql2pgsql", "--status", "--json"}).out);
  EXPECT_EQ(json.at("state"), "failed");
  EXPECT_EQ(json.at("exit_status"), 4);
  EXPECT_EQ(json.at("tables").at(1).at("rows"), 10);
  EXPECT_EQ(json.at("destination").get<std::string>().find("password"), std::string::npos);
  const RunResult text = run({"pgsql2pgsql", "--status"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.out.find("nightly"), std::string::npos) << text.out;
  configure("[local.pgsql]\nconnect_string = \"" + local.conninfo() + "\"\ntask = \"other\"\n");
  EXPECT_EQ(run({"pgsql2pgsql", "--status"}).out, "no run of the task other is recorded\n");
}

TEST_F(PgSnapshotTest, WithoutALocalDatabaseTheStatusIsInTheTarget) {
  source.exec("create table t (id int)");
  target.exec("create table t (id int)");
  ASSERT_EQ(run({"pgsql2pgsql", "--full-only"}).exit_code, 0);
  EXPECT_EQ(target.value("select state from dbsync.db_sync_status"), "done");
}

TEST_F(PgSnapshotTest, AStatusThatCannotBeWrittenIsAWarning) {
  source.exec("create table t (id int); insert into t values (1)");
  target.exec("create table t (id int)");
  configure("[local.pgsql]\nconnect_string = \"host=/nowhere dbname=x\"\n");
  const RunResult result = run({"pgsql2pgsql", "--full-only"});
  EXPECT_EQ(result.exit_code, 0) << result.describe();
  EXPECT_NE(result.err.find("WARN  status: the status tables cannot be written"), std::string::npos) << result.err;
  EXPECT_EQ(target.value("select count(*) from t"), "1");
}

TEST_F(PgSnapshotTest, AnInterruptedCopyKeepsNothingOfItsTables) {
  source.exec(
      "create table t (id int, v text); insert into t select i, repeat('x', 500) from generate_series(1, 200000) i");
  target.exec("create table t (id int, v text)");
  Program program({"pgsql2pgsql", "--full-only", "-j", "1", "--chunk-size", "0", "--max-rate", "20000"}, here());
  while (program.running() && program.err_so_far().find("snapshot:") == std::string::npos)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  program.signal(SIGINT);
  const RunResult result = program.wait();
  EXPECT_EQ(result.exit_code, 130) << result.describe();
  EXPECT_EQ(target.value("select count(*) from t"), "0");
  EXPECT_EQ(target.value("select state from dbsync.db_sync_status"), "interrupted");
}

// The arguments of pg_dump are there for every user of the machine to read.
TEST_F(PgSnapshotTest, PgDumpGetsThePasswordThroughItsEnvironment) {
  dir.write_file("pg_dump",
                 "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'pg_dump (PostgreSQL) 99.0'; exit; }\n"
                 "echo \"$@\" > " +
                     (dir.path() / "arguments").string() + "; echo \"$PGPASSWORD\" > " +
                     (dir.path() / "password").string() + "; exit 1\n");
  ASSERT_EQ(run_program({"chmod", "+x", (dir.path() / "pg_dump").string()}).exit_code, 0);
  configure_from(source.conninfo() + " password='s3cret'\"\npg_bindir = \"" + dir.path().string());
  const RunResult result = run({"pgsql2pgsql", "--full-only", "--create"});
  EXPECT_EQ(result.exit_code, 3) << result.describe();
  EXPECT_EQ(dir.read_file("password"), "s3cret\n");
  EXPECT_EQ(dir.read_file("arguments").find("s3cret"), std::string::npos) << dir.read_file("arguments");
  EXPECT_NE(dir.read_file("arguments").find("--snapshot="), std::string::npos) << dir.read_file("arguments");
  EXPECT_EQ(result.err.find("s3cret"), std::string::npos) << result.err;
}

}  // namespace

}  // namespace dbsync::test
