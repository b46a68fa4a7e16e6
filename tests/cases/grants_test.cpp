// The scripts of share/grants give all that the main cases need; and what a runbook does
// to a database at the end of a move does not stop the program.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/files.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

std::string grants(const std::string& file) { return read_file(repo_root() / "share/grants" / file); }

void give(TargetDb& db, const std::string& file, const std::string& role, const std::string& schema,
          const std::string& task = {}) {
  const RunResult result = db.load_with_psql(
      fmt::format("\\set role {}\n\\set schema {}\n\\set task {}\n{}", role, schema, task, grants(file)));
  ASSERT_EQ(result.exit_code, 0) << file << "\n" << result.err;
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// Nothing that everybody has by default.
void close_to_public(TargetDb& db) {
  db.exec(fmt::format("revoke all on schema public from public; revoke all on database \"{}\" from public", db.name()));
}

class GrantsMysql : public MigrationTest {
 protected:
  ~GrantsMysql() override {
    if (made_) source.exec(fmt::format("drop user '{}'@'%'", account()));
  }
  std::string account() const {
    return "g" + source.name().substr(source.name().size() > 12 ? source.name().size() - 12 : 0);
  }
  void give_source(const std::string& file) {
    std::string sql =
        with(with(grants(file), "'dbsync'@", "'" + account() + "'@"), "`shop`", "`" + source.name() + "`");
    for (std::size_t from = 0; from < sql.size();) {
      const std::size_t end = std::min(sql.find('\n', from), sql.size());
      const std::string line = sql.substr(from, end - from);
      if (!line.empty() && !line.starts_with("--")) source.exec(line);
      from = end + 1;
    }
    made_ = true;
  }
  void use(const PgRole& role) {
    MysqlAccess access = Servers::instance().mysql();
    access.user = account();
    access.password = "change-me";
    dir.write_file("my.cfg", my_cfg(mysql_section(access, source.name()), role.conninfo()));
  }
  void expect(const std::vector<std::string>& args) {
    const RunResult result = run(args);
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(result.err.find("ERROR"), std::string::npos) << result.describe();
  }
  bool made_ = false;
};

TEST_F(GrantsMysql, AreEnough) {
  source.exec(
      "create table p (id int auto_increment primary key, v varchar(20)); create table c (id int primary key, p int, "
      "foreign key (p) references p (id)); "
      "insert into p (v) values ('a'), ('b'); insert into c values (1, 1), (2, 2)");
  give_source("mysql-source-copy.sql");
  give_source("mysql-source-snapshot.sql");
  close_to_public(target);
  const PgRole maker(target);
  give(target, "pg-target-create.sql", maker.name(), "public");
  use(maker);
  expect({"mysql2pgsql", "--check", "--create"});
  expect({"mysql2pgsql", "--create", "-j", "3", "--verify"});
  expect({"mysql2pgsql", "--truncate"});
  expect({"mysql2pgsql", "--restart"});
  expect({"mysql2pgsql", "--status"});
  expect({"mysql2pgsql", "--cleanup"});
  EXPECT_EQ(target.value("select count(*) from pg_constraint where contype = 'f' and convalidated"), "1");
  target.exec(fmt::format(
      "drop schema if exists dbsync cascade; drop table c, p; create table p (id serial primary key, v varchar(20)); "
      "create table c (id int primary key, p int references p)"));
  const PgRole loader(target);
  give(target, "pg-target-existing.sql", loader.name(), "public");
  if (target.version() < 150000) return;  // the next needs session_replication_role
  use(loader);
  expect({"mysql2pgsql", "--check"});
  expect({"mysql2pgsql"});
  expect({"mysql2pgsql", "--truncate", "--verify"});
  expect({"mysql2pgsql", "--cleanup"});
}

class GrantsFollow : public FollowTest {
 protected:
  void use(const PgRole& from, const PgRole& to) {
    dir.write_file(
        "my.cfg",
        fmt::format(
            "[src.pgsql]\nconnect_string = \"{}\"\n[local.pgsql]\ntask = {}\n[desc.pgsql]\nconnect_string = \"{}\"\n",
            from.conninfo(), task, to.conninfo()));
  }
  void expect(const std::vector<std::string>& args) {
    const RunResult result = run_program(args, here());
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    EXPECT_EQ(result.err.find("ERROR"), std::string::npos) << result.describe();
  }
  const std::string task = "g_" + source.name();
};

TEST_F(GrantsFollow, AreEnough) {
  source.exec(
      "create schema app; create table app.p (id serial primary key, v text); create table app.c (id int primary key, "
      "p int references app.p); "
      "insert into app.p (v) values ('a'), ('b'); insert into app.c values (1, 1); select lo_create(0)");
  close_to_public(source);
  close_to_public(target);
  const PgRole reader(source);
  const PgRole maker(target);
  give(source, "pg-source-copy.sql", reader.name(), "public");
  give(target, "pg-target-create.sql", maker.name(), "public");
  use(reader, maker);
  expect({"pgsql2pgsql", "--check", "--full-only", "--create"});
  expect({"pgsql2pgsql", "--full-only", "--create", "--verify"});
  expect({"pgsql2pgsql", "--full-only", "--restart"});
  expect({"pgsql2pgsql", "--cleanup"});
  give(source, "pg-source-follow.sql", reader.name(), "public", task);
  expect({"pgsql2pgsql", "--check", "--truncate"});
  expect({"pgsql2pgsql", "--truncate", "--end-at", "now"});
  source.exec("insert into app.p (v) values ('c'); update app.c set p = 2; delete from app.p where id = 1");
  expect({"pgsql2pgsql", "--end-at", "now", "--verify"});
  expect_same_table("app.p");
  source.exec(fmt::format("alter database \"{}\" set default_transaction_read_only = on", source.name()));
  expect({"pgsql2pgsql", "--end-at", "now"});
  expect({"pgsql2pgsql", "--cleanup"});
  EXPECT_EQ(slot_column("slot_name"), "");
  expect_same("select last_value, is_called from app.p_id_seq");
}

// The application is stopped so; the program goes on, and cleans up.
TEST_F(GrantsFollow, ASourceThatIsReadOnlyIsCleanedUp) {
  configure();
  source.exec("create table t (id serial primary key); insert into t default values");
  expect({"pgsql2pgsql", "--create", "--end-at", "now"});
  source.exec(fmt::format("insert into t default values; alter database \"{}\" set default_transaction_read_only = on",
                          source.name()));
  expect({"pgsql2pgsql", "--end-at", "now", "--verify"});
  expect({"pgsql2pgsql", "--cleanup"});
  expect_same_table("t");
  EXPECT_EQ(slot_column("slot_name"), "");
  EXPECT_EQ(source.value("select count(*) from pg_publication"), "0");
}

}  // namespace

}  // namespace dbsync::test
