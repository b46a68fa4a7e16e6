// Passwords that a database holds must not be seen in what a run says of itself.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/check_support.h"
#include "tests/harness/pg_migration.h"

namespace dbsync::test {
namespace {

using PgSecrets = PgMigrationTest;

// What the role may not make fails with its statement; a function tells one in its
// message, on the target only.
TEST_F(PgSecrets, OfServersMappingsAndFunctionsAreMasked) {
  source.exec(
      "create foreign data wrapper w;"
      "create server s foreign data wrapper w options (host 'h', password 'p1rate');"
      "create user mapping for public server s options (user 'u', password 'p1''rate', secret_key 'p1rate');"
      "create table t (id int primary key, v text); insert into t values (1, 'password=kept');"
      "create function tell() returns int language plpgsql as $$ begin if current_database() = '" +
      target.name() +
      "' then execute 'select dblink(''host=h password=p1rate'', 1)'; end if; return 1; end $$;"
      "create materialized view m as select tell()");
  target.exec(
      "create function public.dblink(text, int) returns int language plpgsql as $$ begin "
      "raise exception 'could not connect to postgresql://u:p1rate@h/d' using detail = 'password=p1rate', hint = "
      "$h$password 'p1rate'$h$; end $$");
  PgRole role(target);
  target.exec(fmt::format("grant all on database {} to {}; grant all on schema public to {}", target.name(),
                          role.name(), role.name()));
  dir.write_file("my.cfg", fmt::format("[src.pgsql]\nconnect_string = \"{}\"\n[desc.pgsql]\nconnect_string = \"{}\"\n",
                                       source.conninfo(), role.conninfo()));
  for (const char* format : {"text", "json"}) {
    const RunResult result =
        run({"pgsql2pgsql", "--full-only", "--create", "-v", "--log-format", format, "--report", "report.json"});
    EXPECT_EQ(result.exit_code, 4) << result.describe();
    EXPECT_NE(result.err.find("CREATE USER MAPPING"), std::string::npos) << result.err;
    for (const std::string& text : {result.err, result.out, dir.read_file("report.json")})
      for (const char* secret : {"p1rate", "p1''rate"}) EXPECT_EQ(text.find(secret), std::string::npos) << text;
    EXPECT_EQ(target.value("select count(*) from dbsync.db_sync_status where message ~ 'p1' or message ~ 'rate'"), "0");
    EXPECT_EQ(target.value("select v from t"), "password=kept");
    target.exec("drop table t cascade; drop function tell() cascade");
  }
}

}  // namespace
}  // namespace dbsync::test
