// Generated columns of the source: sent and written where they are ordinary on the
// target, computed there, or stopped at before following begins.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/follow_fixture.h"

namespace dbsync::test {

namespace {

constexpr int kSourceFailed = 3;
constexpr int kTargetFailed = 4;
constexpr int kGeneratedSince = 120000;
constexpr int kSentSince = 180000;

class FollowGenerated : public FollowTest {
 protected:
  void SetUp() override {
    if (source.version() < kGeneratedSince) GTEST_SKIP() << "generated columns came with 12";
  }
  // The target's statement of the hint, for the table g.
  void mend(const std::string& err) {
    const std::size_t at = err.find("ALTER TABLE \"public\".\"g\"");
    ASSERT_NE(at, std::string::npos) << err;
    target.exec(err.substr(at, err.find("; then start again", at) - at));
  }
  void expect_refused(const std::string& kind) {
    const RunResult check = run({"--check", "--append"});
    EXPECT_EQ(check.exit_code, kTargetFailed) << check.describe();
    expect_has(check.out, "its column twice is generated on the source, which does not send it");
    const RunResult refused = run({"--append", "--end-at", "now"});
    EXPECT_EQ(refused.exit_code, kTargetFailed) << kind << refused.describe();
    expect_has(refused.err, "public.g.twice is generated on the source, which does not send it");
    EXPECT_EQ(slot_column("slot_name"), "");
    EXPECT_EQ(target.value("select count(*) from g"), "0") << "nothing is copied that would not be followed";
  }
  void copy_and_change() {
    const RunResult copied = run({"--end-at", "now"});
    ASSERT_EQ(copied.exit_code, 0) << copied.describe();
    expect_same_table("g");
    source.exec("update g set a = 5 where id = 1; insert into g (id, a) values (3, 3); delete from g where id = 2");
    const RunResult later = run({"--end-at", "now"});
    ASSERT_EQ(later.exit_code, 0) << later.describe();
    expect_same_table("g");
  }
};

TEST_F(FollowGenerated, OrdinaryOnTheTargetIsFilledFromTheSourceOrRefusedBeforeTheCopy) {
  source.exec(
      "create table g (id int primary key, a int, twice int generated always as (a * 2) stored);"
      "insert into g (id, a) values (1, 1), (2, 2)");
  target.exec("create table g (id int primary key, a int, twice int)");
  if (source.version() < kSentSince) {
    expect_refused("stored");
    // A copy alone takes the values.
    const RunResult copied = run({"--full-only"});
    ASSERT_EQ(copied.exit_code, 0) << copied.describe();
    expect_same_table("g");
    target.exec("truncate g");
    mend(run({"--end-at", "now"}).err);
    target.exec("drop schema if exists dbsync cascade");
  }
  copy_and_change();
}

TEST_F(FollowGenerated, VirtualOnesAreNeverSent) {
  if (source.version() < kSentSince) GTEST_SKIP() << "virtual generated columns came with 18";
  source.exec(
      "create table g (id int primary key, a int, twice int generated always as (a * 2) virtual);"
      "insert into g (id, a) values (1, 1), (2, 2)");
  target.exec("create table g (id int primary key, a int, twice int)");
  expect_refused("virtual");
  mend(run({"--end-at", "now"}).err);
  copy_and_change();
}

// Its changes would be found at the first row only; also where the target was altered
// between two runs.
TEST_F(FollowGenerated, ATaskThatFollowsStopsBeforeItsFirstChange) {
  if (source.version() >= kSentSince) GTEST_SKIP() << "the source sends them";
  source.exec("create table g (id int primary key, a int, twice int generated always as (a * 2) stored)");
  const RunResult copied = run({"--create", "--end-at", "now"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  target.exec("alter table g drop column twice; alter table g add column twice int");
  const RunResult stopped = run({"--end-at", "now"});
  EXPECT_EQ(stopped.exit_code, kTargetFailed) << stopped.describe();
  mend(stopped.err);
  source.exec("insert into g (id, a) values (1, 4)");
  const RunResult on = run({"--end-at", "now"});
  ASSERT_EQ(on.exit_code, 0) << on.describe();
  expect_same_table("g");
}

// A key of which a part is not sent finds other rows, or none.
TEST_F(FollowGenerated, KeysOverGeneratedColumnsAreRefusedAtTheBegin) {
  source.exec(
      "create table k (id int, g int generated always as (id % 3) stored, v text, primary key (id, g));"
      "create table i (id int, g int not null generated always as (id % 3) stored, v text);"
      "create unique index i_g on i (g, id); alter table i alter id set not null; alter table i replica identity using "
      "index i_g;"
      "insert into k (id, v) values (1, 'a'), (2, 'b'); insert into i (id, v) values (1, 'a')");
  const bool sent = source.version() >= kSentSince;
  for (const char* policy : {"stop", "publish"}) {
    configure(fmt::format("tables_without_key = {}", policy));
    const RunResult refused = run({"--create", "--end-at", "now"});
    EXPECT_EQ(refused.exit_code, sent ? kTargetFailed : kSourceFailed) << policy << refused.describe();
    expect_has(refused.err, "public.i");
    expect_has(refused.err, "public.k");
    EXPECT_EQ(slot_column("slot_name"), "");
    EXPECT_EQ(run({"--check", "--create"}).exit_code, sent ? kTargetFailed : kSourceFailed) << policy;
  }
  configure();
  if (!sent) {
    const RunResult check = run({"--check", "--create"});
    expect_has(check.out, "its key holds the generated column g, which the source does not send");
  }
  source.exec("alter table k replica identity full; alter table i replica identity full");
  const RunResult copied = run({"--create", "--end-at", "now"});
  ASSERT_EQ(copied.exit_code, 0) << copied.describe();
  source.exec(
      "update k set v = 'x'; update k set id = 7 where id = 1; delete from k where id = 2; update i set id = 5");
  const RunResult later = run({"--end-at", "now"});
  ASSERT_EQ(later.exit_code, 0) << later.describe();
  expect_same_table("k");
  expect_same_table("i");
}

}  // namespace

}  // namespace dbsync::test
