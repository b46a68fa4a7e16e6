// One database named twice: whatever the addresses, nothing may be touched.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

constexpr int kConfig = 2;

class PgSameDatabase : public PgMigrationTest {
 protected:
  // [src.pgsql] leads to the database of `target`, too.
  PgSameDatabase() { configure_from(target.conninfo()); }

  void expect_refused(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"pgsql2pgsql"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    RunOptions options;
    options.env = {{"PGSERVICEFILE", (dir.path() / "services").string()}};
    const RunResult result = run(words, options);
    EXPECT_EQ(result.exit_code, kConfig) << result.describe();
    EXPECT_NE((result.err + result.out).find("source and target are the same database"), std::string::npos)
        << result.describe();
    EXPECT_EQ(target.value("select count(*) from t"), "3") << result.describe();
  }
};

TEST_F(PgSameDatabase, IsRefusedBeforeAnythingElse) {
  target.exec("create table t (id int primary key); insert into t values (1), (2), (3)");
  for (const std::vector<std::string>& mode : {std::vector<std::string>{},
                                               {"--full-only"},
                                               {"--create"},
                                               {"--full-only", "--create"},
                                               {"--full-only", "--truncate"},
                                               {"--full-only", "--append"},
                                               {"--restart"},
                                               {"--resume"},
                                               {"--follow-only"},
                                               {"--end-at", "now"},
                                               {"--verify-only"},
                                               {"--check"},
                                               {"-s", "other", "--create"}})
    expect_refused(mode);
  EXPECT_EQ(target.value("select count(*) from pg_namespace where nspname in ('dbsync', 'other')"), "0");
  EXPECT_EQ(target.value("select count(*) from pg_replication_slots where database = current_database()"), "0");
  EXPECT_EQ(target.value("select count(*) from pg_publication"), "0");
}

TEST_F(PgSameDatabase, IsSeenThroughOtherAddresses) {
  target.exec("create table t (id int primary key); insert into t values (1), (2), (3)");
  // The same socket by another path, by a service's name, and as a role that may
  // not ask for the cluster's identifier.
  const std::string conninfo = target.conninfo();
  const auto at = conninfo.find("host=/");
  ASSERT_NE(at, std::string::npos) << conninfo;
  std::string aside = conninfo;
  aside.insert(at + 5, "/.");
  configure_from(aside);
  expect_refused({"--full-only", "--truncate"});
  std::string lines = conninfo;
  std::replace(lines.begin(), lines.end(), ' ', '\n');
  dir.write_file("services", "[there]\n" + lines + "\n");
  configure_from("service=there");
  expect_refused({"--full-only", "--truncate"});
  target.exec("revoke execute on function pg_control_system() from public; create role \"" + target.name() +
              "_other\" login; grant all on database \"" + target.name() + "\" to \"" + target.name() + "_other\"");
  std::string other = conninfo;
  other.replace(other.find("user=postgres"), 13, "user=" + target.name() + "_other");
  configure_from(other);
  expect_refused({"--full-only", "--truncate"});
  target.exec("drop owned by \"" + target.name() + "_other\"; drop role \"" + target.name() + "_other\"");
}

}  // namespace
}  // namespace dbsync::test
