// What operators do, well or not, in any order, under an application that writes: begin,
// kill, stop, begin twice, --restart, --resume, --cleanup, --status, --verify-only, another
// choice of tables, tables of the target emptied or made again, the target restored from
// a backup, the slot dropped or made again, the publication altered.
//
// A run that ends with 0 has made both sides equal, rows and structure. Any other ends with
// a documented status and names a way out, only after something was done that loses
// changes, and --restart is always one.
//
// A seed says what is done (DBSYNC_OPERATOR_SEED; the moments are the machine's);
// DBSYNC_OPERATOR_SECONDS goes on with the seeds that follow.
//
// Threads: the application's, beside the test's.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "tests/harness/environment.h"
#include "tests/harness/follow_fixture.h"
#include "tests/harness/migration.h"
#include "tests/harness/operated_target.h"
#include "tests/harness/sample_schema.h"
#include "tests/harness/wait.h"
#include "tests/harness/write_load.h"

namespace dbsync::test {
namespace {

using namespace std::chrono_literals;

enum class Source { mysql, pgsql };

constexpr int kTargetError = 4;
constexpr int kUsage = 2;
constexpr int kDiffers = 5;
constexpr int kStopped = 130;

const std::vector<std::string> kPublicationChanges{"alter publication {0} set (publish = 'insert, update')",
                                                   "alter publication {0} drop table big", "drop publication {0}",
                                                   "alter publication {0} set table parent, child, big",
                                                   "alter publication {0} rename to {0}_other"};

const std::vector<std::string> kTablesChangedByHand{"big", "item", "scratch"};

// Rows of the target that were deleted by hand may be seen by a comparison only; a table that
// was made again or emptied by TRUNCATE is not.
bool deleted_by_hand(const std::set<std::string>& damage) {
  return std::any_of(damage.begin(), damage.end(), [](const std::string& what) { return what.starts_with("delete"); });
}

// One source and one target of either program, and what is true of them.
class Sides {
 public:
  explicit Sides(Source kind) {
    if (kind == Source::mysql) {
      mysql_ = std::make_unique<SourceDb>();
      mysql_->load_script(std::string(kSampleOfMysql) + ";" + kWrittenTables);
    } else {
      pgsql_ = std::make_unique<TargetDb>(PgSide::source);
      pgsql_->exec(std::string(kSampleOfPostgres) + ";" + kWrittenTables);
    }
    here_.cwd = dir_.path();
    dir_.write_file("other.txt", "parent\nchild\n");
    write_config(target_.conninfo());
    learn_structure();
  }
  ~Sides() {
    if (pgsql_) drop_slots_of(*pgsql_);
  }
  Sides(const Sides&) = delete;
  Sides& operator=(const Sides&) = delete;

 protected:
  std::string program_name() const { return mysql_ ? "mysql2pgsql" : "pgsql2pgsql"; }
  WriteLoad::Session session() const {
    if (mysql_) {
      const auto to = std::make_shared<MysqlSession>(mysql_->name());
      return [to](const std::string& sql) { to->run(sql); };
    }
    const auto to = std::make_shared<PgSession>(pgsql_->conninfo());
    return [to](const std::string& sql) { to->run(sql); };
  }
  Rows source_query(const std::string& sql) { return mysql_ ? mysql_->query(sql) : pgsql_->query(sql); }
  void write_config(const std::string& target) const {
    const std::string source = mysql_ ? mysql_section(Servers::instance().mysql(), mysql_->name())
                                      : "[src.pgsql]\nconnect_string = \"" + pgsql_->conninfo() + "\"\n";
    dir_.write_file("my.cfg", my_cfg(source, target, "[copy]\nretry_times = \"1\"\nretry_interval = \"1\"\n"));
  }
  // What a copy into a target that nobody touches makes.
  void learn_structure() {
    const OperatedTarget untouched;
    write_config(untouched.conninfo());
    std::vector<std::string> copy{program_name(), "--create"};
    if (pgsql_) copy.emplace_back("--full-only");
    const RunResult run = run_program(copy, here_);
    EXPECT_EQ(run.exit_code, 0) << run.describe();
    structure_ = untouched.query(kSampleStructure);
    for (const std::string& table : kTablesChangedByHand) definitions_[table] = untouched.definition(table);
    write_config(target_.conninfo());
  }

  std::vector<std::string> command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> out{program_name(), "--create", "-j", "2", "--chunk-size", "64kB"};
    if (mysql_) out.emplace_back("--follow");
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  bool target_has(const std::string& table) const {
    return target_.query(fmt::format("select to_regclass('{}') is not null", table)).at(0).at(0) == "t";
  }
  // "" = none.
  std::string task_state() const {
    if (!target_has("dbsync.apply_progress")) return "";
    const Rows rows = target_.query("select state from dbsync.apply_progress");
    return rows.empty() ? "" : rows.at(0).at(0).value_or("");
  }
  bool journal_has_tables() const {
    if (!target_has("dbsync.copy_table")) return false;
    return !target_.query("select 1 from dbsync.copy_table").empty();
  }
  void expect_equal(const RunResult& after) {
    for (const std::string& sql : written_rows())
      EXPECT_EQ(difference(source_query(sql), target_.query(sql)), "") << sql << "\n" << after.describe();
    EXPECT_EQ(difference(structure_, target_.query(kSampleStructure)), "") << after.describe();
  }
  std::unique_ptr<SourceDb> mysql_;
  std::unique_ptr<TargetDb> pgsql_;
  OperatedTarget target_;
  TestDir dir_;
  RunOptions here_;
  std::map<std::string, std::string> definitions_;
  Rows structure_;
};

// What is done to them with one seed.
class Operated : private Sides {
 public:
  Operated(Source kind, unsigned seed) : Sides(kind), random_(seed) {
    // MySQL's snapshots do not outlive TRUNCATE: a copy says so, and ends.
    writes_ = std::make_unique<WriteLoad>([this] { return session(); }, seed, pgsql_ != nullptr);
  }
  ~Operated() { writes_.reset(); }
  Operated(const Operated&) = delete;
  Operated& operator=(const Operated&) = delete;

  void play(int steps) {
    begin();
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) step();
    if (!::testing::Test::HasFailure()) compare();
  }
  // What was done, a line each.
  std::string history() const { return fmt::format("{}\n", fmt::join(history_, "\n")); }

 private:
  // --- runs
  RunResult run(const std::vector<std::string>& args) {
    const RunResult result = run_program(args, here_);
    note(fmt::format("{}: status {}", fmt::join(args, " "), result.exit_code));
    return result;
  }
  RunResult run_to_now(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--end-at", "now"});
    return run(command(more));
  }
  void note(std::string what) { history_.push_back(std::move(what)); }
  bool once_in(unsigned n) { return random_() % n == 0; }
  template <typename T>
  const T& any_of(const std::vector<T>& list) {
    return list[random_() % list.size()];
  }

  // A run that did not end well says why and what to do, and had a reason.
  void expect_reason(const RunResult& result) {
    EXPECT_FALSE(result.timed_out) << result.describe();
    EXPECT_TRUE(result.exit_code >= 2 && result.exit_code <= 5) << result.describe();
    EXPECT_NE(result.err.find("HINT"), std::string::npos) << result.describe();
    EXPECT_FALSE(damage_.empty()) << "nothing was lost\n" << result.describe();
  }
  bool ended_well(const RunResult& result) {
    if (result.exit_code == 0) return true;
    expect_reason(result);
    return false;
  }

  // --- what operators do
  void begin() {
    if (running()) return;
    std::vector<std::string> more;
    if (once_in(8)) more.emplace_back("--restart");
    if (once_in(3)) more.insert(more.end(), {"--max-rate", "2000"});  // so that what comes hits the copy
    program_ = std::make_unique<Program>(command(more), here_);
    note(fmt::format("begin {}", fmt::join(more, " ")));
  }
  // A program that has ended by itself is looked at.
  bool running() {
    if (program_ && !program_->running()) end_of_program(0);
    return program_ != nullptr;
  }
  void end_of_program(int signal) {
    const RunResult result = program_->wait();
    program_.reset();
    note(fmt::format("ended with {}", result.exit_code));
    if (signal == SIGKILL && result.exit_code == 128 + SIGKILL) return;
    if (signal == SIGTERM && result.exit_code == kStopped) return;
    if (signal == SIGTERM && result.exit_code == 128 + SIGTERM && result.err.empty()) return;  // before it began
    expect_reason(result);
  }
  void end(int signal) {
    if (!running()) return;
    program_->signal(signal);
    note(signal == SIGKILL ? "kill" : "stop");
    end_of_program(signal);
  }
  void stop() { end(SIGTERM); }

  bool locked() {
    return !target_
                .query(fmt::format("select 1 from pg_stat_activity a join pg_locks l on l.pid = a.pid where "
                                   "l.locktype = 'advisory' and l.granted and a.application_name like '% {}@%'",
                                   program_->pid()))
                .empty();
  }
  void begin_twice() {
    begin();
    eventually([this] { return !program_->running() || locked(); });
    std::vector<std::string> more = any_of(std::vector<std::vector<std::string>>{
        {}, {"--restart"}, {"--resume"}, {"--end-at", "now"}, {"-l", "other.txt"}});
    const RunResult second = run(once_in(4) ? std::vector<std::string>{program_name(), "--cleanup"} : command(more));
    if (!program_->running()) return damage("begun twice, and the first had ended");
    EXPECT_EQ(second.exit_code, kTargetError) << second.describe();
    EXPECT_NE(second.err.find("another run is at work"), std::string::npos) << second.describe();
  }
  void restart() {
    stop();
    begin_anew();
  }
  void begin_anew() {
    const RunResult result = run_to_now({"--restart"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
    damage_.clear();
  }
  void resume() {
    stop();
    ended_well(run_to_now({"--resume"}));
  }
  void clean_up() {
    stop();
    const auto standstill = writes_->pause();
    if (!once_in(3) && !ended_well(run_to_now())) return;
    const bool whole = damage_.empty() && task_state() == "following";
    const bool copying = task_state() == "copying" && journal_has_tables();
    const bool by_force = once_in(3);
    std::vector<std::string> args{program_name(), "--cleanup"};
    if (by_force) args.emplace_back("--force");
    const RunResult result = run(args);
    if (result.exit_code != 0) {
      EXPECT_EQ(result.exit_code, 3) << result.describe();
      EXPECT_NE(result.err.find("HINT"), std::string::npos) << result.describe();
    } else {
      if (whole && !by_force) expect_equal(result);
      EXPECT_TRUE(!copying || result.err.find("did not end well") != std::string::npos) << result.describe();
      // What --cleanup leaves of a copy is loaded again into an empty database.
      note("cleaned up, and the target made anew");
      target_.make_anew();
      damage_.clear();
    }
  }
  void status() {
    running();
    const RunResult result = run({program_name(), "--status"});
    EXPECT_EQ(result.exit_code, 0) << result.describe();
  }
  void verify() {
    running();
    const RunResult result = run({program_name(), "--verify-only"});
    // Before anything is copied, it cannot.
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code >= 3) << result.describe();
    EXPECT_LE(result.exit_code, kDiffers) << result.describe();
  }
  void choose_other_tables() {
    stop();
    if (task_state().empty()) return;
    const RunResult result = run_to_now({"-l", "other.txt"});
    EXPECT_NE(result.exit_code, 0) << result.describe();
    if (!damage_.empty()) return;
    EXPECT_EQ(result.exit_code, kUsage) << result.describe();
  }
  void empty_a_table() {
    const std::string table = any_of(kTablesChangedByHand);
    change_target(table, (once_in(2) ? "truncate " : "delete from ") + table);
  }
  void make_a_table_again() {
    const std::string table = any_of(kTablesChangedByHand);
    change_target(table, fmt::format("drop table {} cascade; {}", table, definitions_.at(table)));
  }
  void change_target(const std::string& table, const std::string& sql) {
    if (!target_has(table)) return;
    damage(sql.substr(0, sql.find(';')));
    target_.query(sql);
  }
  void back_up() {
    stop();
    target_.back_up();
    at_backup_ = damage_;
    note("back up");
  }
  // The binlog has what came since; a slot has not.
  void restore() {
    if (!target_.has_backup()) return back_up();
    stop();
    const bool dump = once_in(2);
    damage_ = at_backup_;
    if (dump || pgsql_) damage(dump ? "restored from a dump" : "restored from a copy");
    dump ? target_.restore_dump() : target_.restore_copy();
    if (!dump) note("restored");
  }
  void change_slot() {
    const Rows slots = pgsql_->query(
        "select slot_name from pg_replication_slots where database = current_database() and not temporary");
    if (slots.empty()) return;
    const std::string name = slots.at(0).at(0).value_or("");
    damage("slot dropped");
    drop_slots_of(*pgsql_);
    if (once_in(2)) return;
    damage("slot made again");
    pgsql_->exec(
        fmt::format("select pg_create_logical_replication_slot('{0}', 'pgoutput') where not exists (select "
                    "from pg_replication_slots where slot_name = '{0}')",
                    name));
  }
  void change_publication() {
    const Rows rows = pgsql_->query("select pubname from pg_publication");
    if (rows.empty()) return;
    const std::string name = rows.at(0).at(0).value_or("");
    const std::string how = any_of(kPublicationChanges);
    const std::string sql = fmt::format(fmt::runtime(how), "\"" + name + "\"");
    damage(how);
    try {
      pgsql_->exec(sql);
    } catch (const std::exception& error) {
      note(error.what());  // it lacks the table already
    }
  }
  // From now on a run may say that something is lost.
  void damage(const std::string& what) {
    note(what);
    damage_.insert(what);
  }

  // --- the truth
  void compare() {
    stop();
    const auto standstill = writes_->pause();
    const bool by_hand = deleted_by_hand(damage_);
    const RunResult result = run_to_now(by_hand ? std::vector<std::string>{"--verify"} : std::vector<std::string>{});
    if (result.exit_code == 0) return expect_equal(result);
    if (!by_hand || result.exit_code != kDiffers) expect_reason(result);
    const RunResult again = run_to_now({"--restart"});
    EXPECT_EQ(again.exit_code, 0) << again.describe();
    expect_equal(again);
    damage_.clear();
  }

  void step() {
    using Step = void (Operated::*)();
    static const std::vector<Step> often{&Operated::begin, &Operated::begin,  &Operated::begin,  &Operated::begin_twice,
                                         &Operated::stop,  &Operated::status, &Operated::resume, &Operated::verify};
    static const std::vector<Step> seldom{&Operated::restart,       &Operated::clean_up,           &Operated::back_up,
                                          &Operated::empty_a_table, &Operated::make_a_table_again, &Operated::restore,
                                          &Operated::compare,       &Operated::choose_other_tables};
    static const std::vector<Step> of_pgsql{&Operated::change_slot, &Operated::change_publication};
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 900));
    const auto kind = random_() % 10;
    if (kind < 2) return end(SIGKILL);
    if (kind == 9 && pgsql_) return (this->*any_of(of_pgsql))();
    (this->*any_of(kind < 6 ? often : seldom))();
  }

  std::mt19937 random_;
  std::unique_ptr<WriteLoad> writes_;
  std::unique_ptr<Program> program_;
  std::vector<std::string> history_;
  std::set<std::string> damage_;  // since both sides were known to be equal
  std::set<std::string> at_backup_;
};

class RandomOperatorTest : public ::testing::TestWithParam<Source> {};

TEST_P(RandomOperatorTest, NothingIsLostInSilence) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(number_from_environment("DBSYNC_OPERATOR_SECONDS", 0));
  const int steps = number_from_environment("DBSYNC_OPERATOR_STEPS", 7);
  int rounds = 0;
  for (int seed = number_from_environment("DBSYNC_OPERATOR_SEED", 16);
       rounds == 0 || (std::chrono::steady_clock::now() < until && !HasFailure()); ++seed, ++rounds) {
    Operated operated(GetParam(), static_cast<unsigned>(seed));
    try {
      operated.play(steps);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    if (HasFailure()) ADD_FAILURE() << "DBSYNC_OPERATOR_SEED=" << seed << "\n" << operated.history();
  }
  if (rounds > 1) fmt::print("{} rounds of {} steps\n", rounds, steps);
}

INSTANTIATE_TEST_SUITE_P(Programs, RandomOperatorTest, ::testing::Values(Source::mysql, Source::pgsql),
                         [](const auto& program) {
                           return program.param == Source::mysql ? "mysql2pgsql" : "pgsql2pgsql";
                         });

}  // namespace
}  // namespace dbsync::test
