// A run that ends in any phase, in any way, tells the truth, and the next one completes
// it: rows and structure, keys, indexes, checks, foreign keys, sequences, triggers and
// statistics. The runs of this file are generated: phase × end × what comes next.
//
// The target is held at the phase by locks that its own checks and event triggers wait for, so that
// each run ends exactly there.
//
// Threads: one.
#include <csignal>
#include <memory>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/pg_migration.h"
#include "tests/harness/proxy.h"
#include "tests/harness/sample_schema.h"
#include "tests/harness/wait.h"

namespace dbsync::test {
namespace {

using namespace std::chrono_literals;

enum class Source { mysql, pgsql, followed_pgsql };
enum class Phase { created, mid_copy, index, key, foreign_key, statistics, creating, view, trigger };
enum class End { kill, terminate, lost_target };
enum class Next { same, resume, restart, without_create, resume_without_create, verify_only, ddl, cleanup };

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::created: return "after create";
    case Phase::mid_copy: return "mid copy";
    case Phase::index: return "indexes";
    case Phase::key: return "keys";
    case Phase::foreign_key: return "foreign keys";
    case Phase::statistics: return "ANALYZE";
    case Phase::creating: return "while tables are made";
    case Phase::view: return "materialized views";
    case Phase::trigger: return "triggers";
  }
  return "";
}
const char* name_of(End end) {
  return end == End::kill ? "SIGKILL" : end == End::terminate ? "SIGTERM" : "lost target";
}
const char* name_of(Next next) {
  switch (next) {
    case Next::same: return "same command";
    case Next::resume: return "--resume";
    case Next::restart: return "--restart";
    case Next::without_create: return "without --create";
    case Next::resume_without_create: return "--resume without --create";
    case Next::verify_only: return "--verify-only";
    case Next::ddl: return "-d";
    case Next::cleanup: return "--cleanup";
  }
  return "";
}

struct Scenario {
  Phase phase;
  End end;
  Next next;
  std::string describe() const { return fmt::format("{}, {}, then {}", name_of(phase), name_of(end), name_of(next)); }
};

// Where the target waits, by the number of the phase.
constexpr char kGates[] =
    "create schema gate;"
    "create function gate.hold(k int) returns void language plpgsql as $$ begin perform "
    "pg_advisory_xact_lock_shared(77, k); end $$;"
    "create function gate.row(t oid, id bigint) returns boolean language plpgsql as $$ begin perform gate.hold(0); "
    "if id = 4000 and t::regclass::text like '%big' then perform gate.hold(1); end if; return true; end $$;"
    "create function gate.made() returns event_trigger language plpgsql as $$ declare r record; begin "
    "for r in select object_identity as t from pg_event_trigger_ddl_commands() where command_tag = 'CREATE TABLE' and "
    "schema_name = 'public' loop "
    "execute format('alter table %s add constraint gate check (gate.row(tableoid, id))', r.t); end loop; end $$;"
    "create event trigger gate_made on ddl_command_end when tag in ('CREATE TABLE') execute function gate.made();"
    "create function gate.ddl() returns event_trigger language plpgsql as $$ begin "
    "if tg_tag = 'CREATE INDEX' then perform gate.hold(2); "
    "elsif tg_tag = 'CREATE TABLE' then if current_query() ~* 'create table [^;(]*big\"? *[(]' then perform "
    "gate.hold(6); end "
    "if; "
    "elsif tg_tag = 'REFRESH MATERIALIZED VIEW' then perform gate.hold(7); "
    "elsif tg_tag = 'CREATE TRIGGER' then perform gate.hold(8); "
    "elsif current_query() ~ 'ADD CONSTRAINT [^;]*FOREIGN KEY' then perform gate.hold(4); "
    "elsif current_query() ~ 'ADD CONSTRAINT [^;]*PRIMARY KEY' then perform gate.hold(3); end if; end $$;"
    "create event trigger gate_ddl on ddl_command_start when tag in ('CREATE INDEX', 'ALTER TABLE', 'CREATE TABLE', "
    "'REFRESH MATERIALIZED VIEW', 'CREATE TRIGGER') execute function gate.ddl();";

// What a copy leaves beside keys and the like.
constexpr char kValues[] =
    "select 'sequence', sequencename || ' ' || coalesce(last_value, -1) from pg_sequences where schemaname = 'public' "
    "union all select 'view', matviewname || ' ' || ispopulated from pg_matviews where schemaname = 'public' "
    "union all select distinct 'statistics', tablename::text from pg_stats where tablename in ('parent', 'child', "
    "'big') order by 1, 2";

const std::vector<std::string> kRowSums{"select count(*), sum(id), sum(n), sum(length(note)) from parent",
                                        "select count(*), sum(id), sum(p), sum(amount), min(d), max(d) from child",
                                        "select count(*), count(distinct id), sum(n), sum(length(filler)) from big"};

// One source with what a target of its own is copied to undisturbed: what all others shall
// be like.
class StoppedRunsTest : public ::testing::TestWithParam<Source> {
 protected:
  ~StoppedRunsTest() override {
    if (follows() && pgsql_) drop_slots_of(*pgsql_);
  }

  struct Place {  // of one scenario
    TargetDb target;
    TestDir dir;
  };

  void SetUp() override {
    if (GetParam() == Source::mysql) {
      mysql_ = std::make_unique<SourceDb>();
      if (!mysql_->is_mariadb()) GTEST_SKIP() << "its rows come from MariaDB's SEQUENCE engine";
      mysql_->load_script(kSampleOfMysql);
    } else {
      pgsql_ = std::make_unique<TargetDb>(PgSide::source);
      pgsql_->exec(kSampleOfPostgres);
    }
    Place place;
    write_config(place, place.target.conninfo());
    const RunResult run = run_program(command(), here(place));
    ASSERT_EQ(run.exit_code, 0) << run.describe();
    structure_ = place.target.query(kSampleStructure);
    values_ = place.target.query(kValues);
    ASSERT_GT(structure_.size(), 20u);
    expect_complete(place, "undisturbed");
    end_task(place);
  }

  bool follows() const { return GetParam() == Source::followed_pgsql; }

  // The source has room for a few tasks only.
  void end_task(Place& place) {
    if (!follows()) return;
    const RunResult run = run_program(alone("--cleanup"), here(place));
    EXPECT_EQ(run.exit_code, 0) << run.describe();
  }

  Rows source_query(const std::string& sql) { return mysql_ ? mysql_->query(sql) : pgsql_->query(sql); }

  void write_config(const Place& place, const std::string& target) {
    const std::string source = mysql_ ? mysql_section(Servers::instance().mysql(), mysql_->name())
                                      : "[src.pgsql]\nconnect_string = \"" + pgsql_->conninfo() + "\"\n";
    // Named, since the target is reached by a proxy first: a task is named by addresses otherwise.
    const std::string task = "[local.pgsql]\ntask = \"" + place.target.name() + "\"\n";
    place.dir.write_file("my.cfg",
                         my_cfg(source, target, "[copy]\nretry_times = \"1\"\nretry_interval = \"1\"\n" + task));
  }

  std::vector<std::string> command(const std::vector<std::string>& more = {}) const {
    auto out = command_without_create(more);
    out.emplace_back("--create");
    return out;
  }
  std::vector<std::string> command_without_create(const std::vector<std::string>& more) const {
    std::vector<std::string> out{mysql_ ? "mysql2pgsql" : "pgsql2pgsql", "-j", "2", "--chunk-size", "64kB"};
    if (follows())
      out.insert(out.end(), {"--end-at", "now"});
    else if (pgsql_)
      out.emplace_back("--full-only");
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  std::vector<std::string> alone(const std::string& verb) const {
    std::vector<std::string> out{mysql_ ? "mysql2pgsql" : "pgsql2pgsql", verb};
    return out;
  }

  RunOptions here(const Place& place) const {
    RunOptions out;
    out.cwd = place.dir.path();
    return out;
  }

  void expect_complete(Place& place, const std::string& after) {
    if (place.target.value("select to_regclass('public.big') is null") == "t") {
      ADD_FAILURE() << "no tables " << after;
      return;
    }
    for (const std::string& sql : kRowSums)
      EXPECT_EQ(difference(source_query(sql), place.target.query(sql)), "") << after;
    EXPECT_EQ(difference(structure_, place.target.query(kSampleStructure)), "") << after;
    EXPECT_EQ(difference(values_, place.target.query(kValues)), "") << after;
  }

  // Not autovacuum. Within the holder's transaction the server would show what it showed first.
  static bool waits(PgSession& holder) {
    return holder.run(
               "select pg_stat_clear_snapshot(); select count(*) from pg_stat_activity where datname = "
               "current_database() and wait_event_type = 'Lock' and application_name like '%2pgsql'")[0][0] != "0";
  }

  // Runs the command until it is held at the phase, and ends it there.
  RunResult run_and_end(Place& place, const Scenario& scenario) {
    Proxy proxy(place.dir.path() / ".s.PGSQL.5432", socket_of(place.target.conninfo()));
    write_config(place, fmt::format("host={} port=5432 user=postgres dbname={}", place.dir.path().string(),
                                    place.target.name()));
    place.target.exec(kGates);
    PgSession holder(place.target.conninfo());
    const bool statistics = scenario.phase == Phase::statistics;
    holder.run(statistics ? "begin; lock table pg_catalog.pg_statistic in share mode"
                          : fmt::format("select pg_advisory_lock(77, {})", static_cast<int>(scenario.phase)));
    Program program(command(), here(place));
    const bool held = eventually([&] { return waits(holder) || !program.running(); }, 60s) && program.running();
    if (scenario.end == End::kill) program.signal(SIGKILL);
    if (scenario.end == End::terminate) program.signal(SIGTERM);
    if (scenario.end == End::lost_target) {
      proxy.refuse(true);
      proxy.cut_all();
    }
    std::this_thread::sleep_for(100ms);
    holder.run(statistics ? "commit" : "select pg_advisory_unlock_all()");
    RunResult result = program.wait();
    EXPECT_TRUE(held) << "not held " << name_of(scenario.phase) << result.describe();
    proxy.refuse(false);
    write_config(place, place.target.conninfo());
    return result;
  }

  void expect_truth(const RunResult& ended, const Scenario& scenario) {
    if (scenario.end == End::kill) return;
    const int status = scenario.end == End::terminate ? 130 : 4;
    EXPECT_EQ(ended.exit_code, status) << ended.describe();
  }

  void complete(Place& place, const std::vector<std::string>& arguments) {
    const RunResult run = run_program(arguments, here(place));
    EXPECT_EQ(run.exit_code, 0) << run.describe();
    expect_complete(place, run.describe());
    const std::string status = run_program(alone("--status"), here(place)).out;
    EXPECT_EQ(status.find("not made yet"), std::string::npos) << status;
  }

  // A run that does not complete what there is says so, and how.
  void complete_or_refuse(Place& place, const std::vector<std::string>& arguments, const Scenario& scenario) {
    const RunResult run = run_program(arguments, here(place));
    if (run.exit_code == 0) return expect_complete(place, run.describe());
    EXPECT_EQ(run.exit_code, 4) << run.describe();
    EXPECT_NE(run.err.find(scenario.phase == Phase::creating ? "--create" : "--resume"), std::string::npos)
        << run.describe();
    EXPECT_FALSE(scenario.phase == Phase::created && scenario.end == End::kill)
        << "nothing is loaded yet" << run.describe();
    complete(place, command({"--resume"}));
  }

  bool same_rows(Place& place) {
    if (place.target.value("select to_regclass('public.big') is null") == "t") return false;
    bool same = true;
    for (const std::string& sql : kRowSums)
      same = same && difference(source_query(sql), place.target.query(sql)).empty();
    return same;
  }

  // What --cleanup has forgotten is loaded as if nothing had been there.
  void clean_up(Place& place, const Scenario& scenario) {
    const RunResult run = run_program(alone("--cleanup"), here(place));
    EXPECT_EQ(run.exit_code, 0) << run.describe();
    EXPECT_TRUE(scenario.phase == Phase::creating || run.err.find("did not end well") != std::string::npos)
        << run.describe();
    if (follows()) {
      // While tables are made it may not have begun.
      EXPECT_TRUE(run.err.find("before its copy was complete: it has followed nothing") != std::string::npos ||
                  (scenario.phase == Phase::creating && run.err.find("there is no task ") != std::string::npos))
          << run.describe();
    }
    place.target.exec("drop table if exists parent, child, big cascade");
    if (pgsql_) place.target.exec("drop table if exists tree, leaf cascade");
    complete(place, command());
  }

  void go_on(Place& place, const Scenario& scenario) {
    switch (scenario.next) {
      case Next::resume: return complete(place, command({"--resume"}));
      case Next::restart: return complete(place, command({"--restart"}));
      case Next::same: return complete_or_refuse(place, command(), scenario);
      case Next::without_create: return complete_or_refuse(place, command_without_create({}), scenario);
      case Next::resume_without_create:
        if (scenario.phase == Phase::creating)
          return complete_or_refuse(place, command_without_create({"--resume"}), scenario);
        return complete(place, command_without_create({"--resume"}));
      case Next::verify_only: {
        const RunResult run = run_program(alone("--verify-only"), here(place));
        EXPECT_EQ(run.exit_code == 0, same_rows(place)) << run.describe();
        return complete(place, command({"--resume"}));
      }
      case Next::ddl: {
        const RunResult run = run_program(alone("-d"), here(place));
        EXPECT_EQ(run.exit_code, 0) << run.describe();
        return complete(place, command({"--resume"}));
      }
      case Next::cleanup: return clean_up(place, scenario);
    }
  }

  void play(const Scenario& scenario) {
    SCOPED_TRACE(scenario.describe());
    Place place;
    expect_truth(run_and_end(place, scenario), scenario);
    if (scenario.end == End::terminate && scenario.phase == Phase::index) {
      const RunResult status = run_program(alone("--status"), here(place));
      EXPECT_NE(status.out.find("not made yet"), std::string::npos) << status.describe();
    }
    go_on(place, scenario);
    end_task(place);
  }

  // MySQL's sample has neither views nor triggers that are made behind the rows.
  std::vector<Scenario> all_scenarios() const {
    std::vector<Scenario> out;
    const Phase last = mysql_ ? Phase::creating : Phase::trigger;
    for (int phase = 0; phase <= static_cast<int>(last); ++phase)
      for (int end = 0; end <= static_cast<int>(End::lost_target); ++end)
        for (int next = 0; next <= static_cast<int>(Next::cleanup); ++next)
          out.push_back({static_cast<Phase>(phase), static_cast<End>(end), static_cast<Next>(next)});
    return out;
  }

  std::unique_ptr<SourceDb> mysql_;
  std::unique_ptr<TargetDb> pgsql_;
  Rows structure_;
  Rows values_;
};

// DBSYNC_STOPPED_RUNS: how many of them (make torture: all), DBSYNC_SEED: which.
TEST_P(StoppedRunsTest, AreCompletedByTheNext) {
  std::vector<Scenario> scenarios = all_scenarios();
  const int seed = number_from_environment("DBSYNC_SEED", 20261126);
  std::shuffle(scenarios.begin(), scenarios.end(), std::mt19937(static_cast<unsigned>(seed)));
  // Those that lost keys without a word come always.
  std::vector<Scenario> chosen{{Phase::created, End::kill, Next::same},
                               {Phase::created, End::kill, Next::resume_without_create},
                               {Phase::index, End::terminate, Next::resume}};
  const auto most = static_cast<std::size_t>(number_from_environment("DBSYNC_STOPPED_RUNS", 1));
  chosen.insert(chosen.end(), scenarios.begin(),
                scenarios.begin() + static_cast<std::ptrdiff_t>(std::min(most, scenarios.size())));
  SCOPED_TRACE(fmt::format("DBSYNC_SEED={}", seed));
  for (const Scenario& scenario : chosen) play(scenario);
}

// Of copies alone.
class StoppedCopiesTest : public StoppedRunsTest {};

// What the journal tells is looked at before it is believed.
TEST_P(StoppedCopiesTest, ResumeProvesWhatAnEarlierRunLoaded) {
  Place place;
  write_config(place, place.target.conninfo());
  ASSERT_EQ(run_program(command(), here(place)).exit_code, 0);
  place.target.exec(
      "delete from big; drop table child cascade; create table child (id int, p int, amount int, d date)");
  if (mysql_) place.target.exec("alter table child add column ts timestamptz");
  RunResult run = run_program(command({"--resume"}), here(place));
  EXPECT_EQ(run.exit_code, 4) << run.describe();
  EXPECT_NE(run.err.find("public.big holds 0 rows, and the earlier run loaded 6,000"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("public.child was dropped and made again"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("--restart"), std::string::npos) << run.err;
  run = run_program(command({"--restart"}), here(place));
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  for (const std::string& sql : kRowSums) EXPECT_EQ(difference(source_query(sql), place.target.query(sql)), "");
}

// Nor does a run of some tables close what was made for others.
TEST_P(StoppedCopiesTest, ASchemaStaysOpenUntilAllItsTablesAreComplete) {
  Place place;
  EXPECT_EQ(run_and_end(place, {Phase::index, End::kill, Next::resume}).exit_code, 137);
  place.dir.write_file("one.txt", "parent\n");
  RunResult run = run_program(command_without_create({"--resume", "-l", "one.txt"}), here(place));
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  run = run_program(command_without_create({"--resume"}), here(place));
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  expect_complete(place, run.describe());
}

// Nor what it tells of the steps behind the rows.
TEST_P(StoppedCopiesTest, ResumeMakesAgainWhatWasDroppedSince) {
  Place place;
  write_config(place, place.target.conninfo());
  ASSERT_EQ(run_program(command(), here(place)).exit_code, 0);
  // pg_dump has checks in the table.
  for (const Row& row : place.target.query(
           fmt::format("select format('alter table %s drop constraint %I cascade', conrelid::regclass, conname) from "
                       "pg_constraint where conrelid in ('parent'::regclass, 'child'::regclass) and contype in ({})",
                       mysql_ ? "'c', 'f'" : "'f'")))
    place.target.exec(row[0].value_or(""));
  place.target.exec("alter table big drop constraint big_pkey");
  for (const Row& row : place.target.query("select format('drop index %I', indexname) from pg_indexes where tablename "
                                           "in ('big', 'parent') and indexdef not like '%UNIQUE%'"))
    place.target.exec(row[0].value_or(""));
  const RunResult run = run_program(command({"--resume"}), here(place));
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  EXPECT_NE(run.err.find("an earlier run made it and it is gone, so it is made again"), std::string::npos) << run.err;
  expect_complete(place, run.describe());
}

// It is no table of an earlier run any more, for any run that comes.
TEST_P(StoppedCopiesTest, ATableThatWasMadeAgainWithItsKeysIsLoadedAgainAndAgain) {
  Place place;
  write_config(place, place.target.conninfo());
  ASSERT_EQ(run_program(command(), here(place)).exit_code, 0);
  place.target.exec(
      "create table again (like big including all); drop table big; alter table again rename to big; alter index "
      "again_pkey rename to big_pkey");
  for (int i = 0; i < 2; ++i) {
    const RunResult run = run_program(command({"--restart"}), here(place));
    EXPECT_EQ(run.exit_code, 0) << run.describe();
    for (const std::string& sql : kRowSums) EXPECT_EQ(difference(source_query(sql), place.target.query(sql)), "");
  }
}

TEST_P(StoppedCopiesTest, RestartSetsSequencesBehindTheNewRows) {
  Place place;
  write_config(place, place.target.conninfo());
  ASSERT_EQ(run_program(command(), here(place)).exit_code, 0);
  const std::string more = "insert into child (p, amount, d) values (1, 1, '2020-01-01'), (2, 2, '2020-01-01')";
  mysql_ ? mysql_->exec(more) : pgsql_->exec(more);
  const RunResult run = run_program(command({"--restart"}), here(place));
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  // A key that a row has would be refused.
  EXPECT_EQ(
      place.target.value("with new as (insert into child (p, amount, d) values (3, 3, '2020-01-01') returning id) "
                         "select id > (select max(id) from child) from new"),
      "t");
}

// Beside the run that makes them.
TEST_P(StoppedCopiesTest, TheStatusShowsStepsWhileTheyAreMade) {
  Place place;
  write_config(place, place.target.conninfo());
  place.target.exec(kGates);
  PgSession holder(place.target.conninfo());
  holder.run(fmt::format("select pg_advisory_lock(77, {})", static_cast<int>(Phase::index)));
  Program program(command(), here(place));
  std::string status;
  EXPECT_TRUE(eventually([&] {
    status = run_program(alone("--status"), here(place)).out;
    return status.find("state         copying") != std::string::npos &&
           status.find("not made yet") != std::string::npos && status.find("of big done") == std::string::npos;
  })) << status;
  EXPECT_NE(status.find("after rows"), std::string::npos) << status;
  holder.run("select pg_advisory_unlock_all()");
  EXPECT_EQ(program.wait().exit_code, 0);
}

// The killed run's session still builds an index when the next run begins.
TEST_P(StoppedCopiesTest, SessionsOfAKilledRunAreWaitedFor) {
  Place place;
  write_config(place, place.target.conninfo());
  place.target.exec(kGates);
  PgSession holder(place.target.conninfo());
  holder.run(fmt::format("select pg_advisory_lock(77, {})", static_cast<int>(Phase::index)));
  {
    Program killed(command(), here(place));
    ASSERT_TRUE(eventually([&] { return waits(holder); }, 60s));
    killed.signal(SIGKILL);
    killed.wait();
  }
  Program next(command({"--resume"}), here(place));
  EXPECT_TRUE(eventually(
      [&] { return next.err_so_far().find("waiting for sessions of an earlier run") != std::string::npos; }, 30s));
  holder.run("select pg_advisory_unlock_all()");
  const RunResult run = next.wait();
  EXPECT_EQ(run.exit_code, 0) << run.describe();
  expect_complete(place, run.describe());
}

std::string name_of(const ::testing::TestParamInfo<Source>& program) {
  return program.param == Source::mysql   ? "mysql2pgsql"
         : program.param == Source::pgsql ? "pgsql2pgsql"
                                          : "pgsql2pgsql_follows";
}

INSTANTIATE_TEST_SUITE_P(Programs, StoppedRunsTest,
                         ::testing::Values(Source::mysql, Source::pgsql, Source::followed_pgsql),
                         [](const auto& program) { return name_of(program); });
INSTANTIATE_TEST_SUITE_P(Programs, StoppedCopiesTest, ::testing::Values(Source::mysql, Source::pgsql),
                         [](const auto& program) { return name_of(program); });

}  // namespace
}  // namespace dbsync::test
