// What a running program shows: a display on a terminal, lines elsewhere, JSON,
// and the metrics file.
#include <chrono>
#include <csignal>
#include <regex>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/harness/exposition.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/terminal.h"
#include "tests/harness/wait.h"

namespace dbsync::test {

namespace {

using namespace std::chrono_literals;

constexpr int kInterrupted = 130;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

class ProgressTest : public MigrationTest {
 protected:
  // Ids from 1 on, in chunks; each row takes the target some time.
  void make_slow_table(int rows, const char* seconds_per_row) {
    source.exec(
        fmt::format("create table digit (n int primary key); insert into digit values (0), (1), (2), (3), (4), (5), "
                    "(6), (7), (8), (9); "
                    "create table slow (id int primary key, filler varchar(1000)); "
                    "insert into slow select 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n, repeat('x', 1000) "
                    "from digit a, digit b, digit c, digit d where a.n + 10 * b.n + 100 * c.n + 1000 * d.n < {}; "
                    "analyze table slow",
                    rows));
    target.exec(
        fmt::format("create table digit (n int); create table slow (id int primary key, filler varchar(1000)); "
                    "create function take_a_nap(id int) returns boolean language plpgsql as $$ begin perform "
                    "pg_sleep({}); return true; end $$; "
                    "alter table slow add constraint nap check (take_a_nap(id))",
                    seconds_per_row));
  }

  static bool shows(const TerminalProgram& program, const char* pattern) {
    const std::regex expression(pattern);
    return eventually([&] { return std::regex_search(program.output(), expression); });
  }

  // Lines of the display that are still to be seen at the end.
  static std::string remains(const std::vector<std::string>& lines) {
    const std::regex display("^  worker-[0-9]|^[0-9]+/[0-9]+ tables|^  and [0-9]+ more");
    std::string out;
    for (const std::string& line : lines)
      if (std::regex_search(line, display)) out += line + "\n";
    return out;
  }
};

const std::vector<std::string> kArgs{"mysql2pgsql", "-j", "2", "--chunk-size", "256kB"};

TEST_F(ProgressTest, ATerminalShowsTheWholeAndEachWorkerBelowTheLog) {
  make_slow_table(4000, "0.001");
  constexpr unsigned kWidth = 500;  // no line of the log is longer
  TerminalProgram program(kArgs, dir.path(), kWidth, 24);
  EXPECT_TRUE(shows(
      program,
      "worker-[01]  slow -> |worker-[01]  slow chunk [0-9]+ of [0-9]+: [0-9,]+ rows, [0-9,]+ rows/s, [0-9.]+ .?i?B/s"))
      << program.output();
  EXPECT_TRUE(shows(program, "[0-9]/2 tables, [0-9]+%, [0-9,]+ rows, .* rows/s, .*B/s, .* left")) << program.output();
  ASSERT_EQ(program.wait(), 0) << program.output();
  Screen screen(kWidth, 24);
  screen.feed(program.output());
  EXPECT_EQ(screen.complaint(), "");
  EXPECT_EQ(remains(screen.lines()), "");
  EXPECT_GT(screen.colours(), 0u);
  // Above the summary, whole lines of the log and nothing else.
  const std::regex log_line("^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{12} (INFO |WARN |ERROR) [a-z0-9-]+: .*[^ ]$");
  std::size_t logged = 0;
  for (const std::string& line : screen.lines()) {
    if (line.empty() || line.starts_with("table ")) break;
    EXPECT_TRUE(std::regex_match(line, log_line)) << line;
    EXPECT_EQ(line.find("rows/s, 0"), std::string::npos);
    ++logged;
  }
  EXPECT_GE(logged, 3u);
}

TEST_F(ProgressTest, TheDisplayFitsASmallTerminal) {
  make_slow_table(2000, "0.001");
  source.exec("create table t_with_a_name_that_is_longer_than_the_screen_is_wide (id int)");
  target.exec("create table t_with_a_name_that_is_longer_than_the_screen_is_wide (id int)");
  TerminalProgram program({"mysql2pgsql", "-j", "8", "--chunk-size", "64kB"}, dir.path(), 40, 6);
  EXPECT_TRUE(shows(program, "worker-[0-7]  slow")) << program.output();
  EXPECT_TRUE(shows(program, "and [0-9] more")) << program.output();
  ASSERT_EQ(program.wait(), 0) << program.output();
  Screen screen(40, 6);
  screen.feed(program.output());
  EXPECT_EQ(screen.complaint(), "");
  EXPECT_EQ(remains(screen.lines()), "");
}

TEST_F(ProgressTest, ANarrowerTerminalGetsNarrowerLines) {
  make_slow_table(4000, "0.001");
  TerminalProgram program(kArgs, dir.path(), 200, 24);
  ASSERT_TRUE(shows(program, "worker-[01]  slow")) << program.output();
  program.resize(30, 10);
  const std::size_t before = program.output().size();
  ASSERT_EQ(program.wait(), 0);
  std::size_t drawn = 0;
  for (const std::string& line : lines_of(program.output().substr(before + 1000))) {
    const auto worker = line.find("  worker-");
    if (worker == std::string::npos || line.find(" INFO ") != std::string::npos) continue;
    ++drawn;
    EXPECT_LE(line.size() - worker, 30u + 1) << line;  // and a carriage return
  }
  EXPECT_GT(drawn, 0u);
}

TEST_F(ProgressTest, AnInterruptTakesTheDisplayAway) {
  make_slow_table(6000, "0.001");
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    target.exec("truncate slow; truncate digit");
    ASSERT_EQ(run({"mysql2pgsql", "--cleanup"}).exit_code, 0);
    TerminalProgram program(kArgs, dir.path(), 300, 24);
    ASSERT_TRUE(shows(program, "worker-[01]  slow")) << program.output();
    program.signal(number);
    EXPECT_EQ(program.wait(), kInterrupted) << program.output();
    Screen screen(300, 24);
    screen.feed(program.output());
    EXPECT_EQ(screen.complaint(), "");
    EXPECT_EQ(remains(screen.lines()), "");
  }
}

TEST_F(ProgressTest, NeitherColourNorDisplayWhereTheyAreNotWanted) {
  make_slow_table(2000, "0.001");
  struct Case {
    std::map<std::string, std::string> env;
    const char* option;
    bool display;
  };
  for (const Case& c :
       {Case{{{"NO_COLOR", "1"}}, "--truncate", true}, Case{{{"TERM", "dumb"}}, "--truncate", false},
        Case{{{"TERM", ""}}, "--truncate", false}, Case{{}, "-q", false}, Case{{}, "--log-format=json", false}}) {
    target.exec("truncate slow; truncate digit");
    auto args = kArgs;
    args.emplace_back(c.option);
    TerminalProgram program(args, dir.path(), 300, 24, c.env);
    ASSERT_EQ(program.wait(), 0) << program.output();
    Screen screen(300, 24);
    screen.feed(program.output());
    // A warning stays yellow with -q.
    EXPECT_TRUE(screen.colours() == 0 || std::string_view(c.option) == "-q") << c.option;
    EXPECT_EQ(program.output().find("\x1b[J") != std::string::npos, c.display) << c.option << "\n" << program.output();
    EXPECT_EQ(screen.complaint(), "");
  }
}

// Not a terminal: a line every ten seconds, here as JSON.
TEST_F(ProgressTest, EachLineOfTheJsonLogIsAnObject) {
  make_slow_table(6000, "0.003");
  source.exec("create table bad (id int); insert into bad values (1)");
  target.exec("create table bad (id int check (id > 1))");
  const RunResult result = run({"mysql2pgsql", "-j", "2", "--chunk-size", "256kB", "--log-format", "json"});
  EXPECT_EQ(result.exit_code, 4) << result.describe();
  bool progress = false;
  bool error = false;
  bool summary = false;
  for (const std::string& line : lines_of(result.err)) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(object.is_object()) << line;
    EXPECT_TRUE(std::regex_match(object.at("time").get<std::string>(),
                                 std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z")))
        << line;
    const std::string level = object.at("level");
    EXPECT_TRUE(level == "info" || level == "warning" || level == "error") << line;
    const std::string component = object.at("component");
    EXPECT_FALSE(object.at("message").get<std::string>().empty());
    if (component == "progress") {
      progress = true;
      EXPECT_GT(object.at("rows"), 0);
      EXPECT_GT(object.at("rows_per_second"), 0);
      EXPECT_GT(object.at("seconds_left"), 0);
      EXPECT_EQ(object.at("tables"), 3);
    }
    if (level == "error" && object.value("sqlstate", "") == "23514") {
      error = true;
      EXPECT_EQ(object.at("kind"), "target");
    }
    summary = summary || (component == "summary" &&
                          object.at("message").get<std::string>().find("2 done, 1 failed") != std::string::npos);
  }
  EXPECT_TRUE(progress) << result.err;
  EXPECT_TRUE(error) << result.err;
  EXPECT_TRUE(summary) << result.err;
}

TEST_F(ProgressTest, TheMetricsFileIsWholeAtAnyTime) {
  make_slow_table(5000, "0.002");
  auto args = kArgs;
  args.insert(args.end(), {"--metrics-file", "dbsync.prom"});
  Program program(args, here());
  const auto file = dir.path() / "dbsync.prom";
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(file); }));
  bool copying = false;
  while (program.running()) {
    const Exposition now(read_file(file));
    EXPECT_TRUE(now.has("dbsync_running"));
    copying = copying || (now.value("dbsync_running") == 1 && now.has("dbsync_tables") &&
                          now.value("dbsync_tables", "state", "running") > 0 && now.value("dbsync_copied_rows") > 0 &&
                          now.value("dbsync_chunks") > 2);
  }
  EXPECT_TRUE(copying);
  ASSERT_EQ(program.wait().exit_code, 0);
  const Exposition end(read_file(file));
  EXPECT_EQ(end.value("dbsync_running"), 0);
  EXPECT_EQ(end.value("dbsync_exit_status"), 0);
  EXPECT_EQ(end.value("dbsync_copied_rows"), 5010);
  EXPECT_EQ(end.value("dbsync_tables", "state", "done"), 2);
  EXPECT_EQ(end.value("dbsync_chunks"), end.value("dbsync_chunks_done"));
  EXPECT_GT(end.value("dbsync_estimated_rows"), 2500) << "InnoDB guesses from a few pages";
  EXPECT_GT(end.value("dbsync_elapsed_seconds"), 1);
  EXPECT_EQ(end.label("dbsync_info", "program"), "mysql2pgsql");
  EXPECT_EQ(end.label("dbsync_copied_rows", "task"), "default");
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) EXPECT_NE(entry.path().extension(), ".tmp");
}

TEST_F(ProgressTest, TheMetricsFileTellsOfRunsThatCouldNotBegin) {
  configure("[copi]\nretry_times = 0\n");
  EXPECT_EQ(run({"mysql2pgsql", "--metrics-file", "dbsync.prom"}).exit_code, 2);
  EXPECT_EQ(Exposition(dir.read_file("dbsync.prom")).value("dbsync_exit_status"), 2);
  const RunResult result = run({"mysql2pgsql", "--metrics-file", "no/such/dbsync.prom"});
  EXPECT_EQ(result.exit_code, 1) << result.describe();
  EXPECT_NE(result.err.find("cannot write the metrics file no/such/dbsync.prom: No such file"), std::string::npos)
      << result.err;
}

class FollowProgressTest : public FollowTest {};

TEST_F(FollowProgressTest, MetricsOfFollowingHoldLagAndCounts) {
  both("create table t (id int primary key)");
  begin();
  source.exec("insert into t values (1)");
  source.exec("insert into t values (2)");
  const RunResult result = follow({"--metrics-file", "dbsync.prom", "--log-format", "json"});
  ASSERT_EQ(result.exit_code, 0) << result.describe();
  const Exposition end(dir.read_file("dbsync.prom"));
  EXPECT_EQ(end.value("dbsync_exit_status"), 0);
  EXPECT_EQ(end.value("dbsync_follow_transactions_total"), 2);
  EXPECT_EQ(end.value("dbsync_follow_changes_total"), 2);
  EXPECT_EQ(end.value("dbsync_follow_conflicts_total"), 0);
  EXPECT_TRUE(end.has("dbsync_follow_lag_bytes"));
  EXPECT_TRUE(end.has("dbsync_retained_wal_bytes"));
  for (const std::string& line : lines_of(result.err))
    EXPECT_TRUE(nlohmann::json::parse(line, nullptr, false).is_object()) << line;
}

TEST_F(FollowProgressTest, ATerminalShowsTheLag) {
  both("create table t (id int primary key)");
  begin();
  TerminalProgram program({"pgsql2pgsql", "--follow-only"}, dir.path(), 300, 24);
  const std::regex display("following: .* behind .*changes/s");
  const std::regex figures("applied up to .* the source keeps");
  EXPECT_TRUE(eventually(
      [&] { return std::regex_search(program.output(), display) && std::regex_search(program.output(), figures); },
      60s))
      << program.output();
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), kInterrupted);
  Screen screen(300, 24);
  screen.feed(program.output());
  EXPECT_EQ(screen.complaint(), "");
  for (const std::string& line : screen.lines()) EXPECT_FALSE(line.starts_with("following")) << line;
}

}  // namespace

}  // namespace dbsync::test
