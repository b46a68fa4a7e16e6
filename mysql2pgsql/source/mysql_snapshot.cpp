#include "mysql2pgsql/source/mysql_snapshot.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "base/worker_pool.h"

namespace dbsync {

namespace {

using Position = std::vector<std::pair<std::string, std::string>>;
using Clock = std::chrono::steady_clock;

constexpr int kAttempts = 40;                         // of the ways without a lock
constexpr std::chrono::milliseconds kMostPause{50};   // between two of them
constexpr std::chrono::milliseconds kSettleTime{50};  // see optimistic()

// What a rung of the ladder says when it cannot be used: not an error yet.
struct Refused {
  std::string why;
};

constexpr char kReady[] = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
// An attempt before may have left a transaction open, which this ends.
constexpr char kStart[] = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
constexpr char kOwnPosition[] = "SHOW STATUS LIKE 'binlog_snapshot_%'";
// MariaDB's GTIDs up to that position, which it looks for in the file.
constexpr char kOwnGtid[] =
    "SELECT BINLOG_GTID_POS((SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = "
    "'BINLOG_SNAPSHOT_FILE'), (SELECT CAST(VARIABLE_VALUE AS UNSIGNED) FROM information_schema.SESSION_STATUS WHERE "
    "VARIABLE_NAME = 'BINLOG_SNAPSHOT_POSITION'))";

void start_snapshot(MysqlConnection& session) { session.exec(kStart); }

// The binlog position that a session's snapshot belongs to, of the answer to kOwnPosition;
// empty when the server does not say.
Position position_of(const std::vector<MysqlConnection::Row>& rows) {
  Position out;
  for (const auto& row : rows) {
    const std::string name = to_lower(row.at(0).value_or(""));
    if (name == "binlog_snapshot_file") out.emplace_back("binlog_file", row.at(1).value_or(""));
    if (name == "binlog_snapshot_position") out.emplace_back("binlog_position", row.at(1).value_or(""));
  }
  if (out.size() != 2 || out[0].second.empty()) out.clear();
  return out;
}

Position own_position(MysqlConnection& session) { return position_of(session.query(kOwnPosition)); }

// The position and, when it is `wanted` and known, its GTIDs.
struct OwnMoment {
  Position position;
  std::string gtid;
};

// Each session's position is that of its own snapshot, whenever it is asked.
OwnMoment start_and_tell(MysqlConnection& session, bool gtid_wanted) {
  std::vector<std::string> statements{kStart, kOwnPosition};
  if (gtid_wanted) statements.emplace_back(kOwnGtid);
  OwnMoment out;
  session.query_each(statements, [&](std::size_t number, const MysqlConnection::Answer& answer) {
    if (answer.error && number < 2) throw Error(*answer.error);
    if (number == 1) out.position = position_of(answer.rows);
    if (number == 2 && !answer.rows.empty()) out.gtid = answer.rows[0].at(0).value_or("");
  });
  return out;
}

constexpr char kXaIsAhead[] = "which are in its binlog before their rows are seen";

bool counts_xa_commits(MysqlConnection& session) {
  const auto rows = session.query("SHOW GLOBAL STATUS LIKE 'Com_xa_commit'");
  return rows.empty() || rows[0].at(1).value_or("0") != "0";
}

// MariaDB writes XA COMMIT to the binlog first, and a snapshot may be opened in between:
// its position says more than its rows show. Asked behind the snapshot, it counts those
// that were under way.
bool commits_xa(MysqlConnection& session) { return session.is_mariadb() && counts_xa_commits(session); }

// Of gtid_owned, "UUID:7#12:8#13,UUID:TAG:1#14": without the threads.
std::set<std::string> owned_gtids(MysqlConnection& session) {
  std::set<std::string> out;
  std::istringstream sources(session.query("SELECT REPLACE(@@GLOBAL.gtid_owned, '\\n', '')").at(0).at(0).value_or(""));
  for (std::string source; std::getline(sources, source, ',');) {
    std::istringstream parts(source);
    std::string name;
    for (std::string part; std::getline(parts, part, ':');) {
      const std::size_t thread = part.find('#');
      if (thread == std::string::npos)
        name += part + ":";
      else
        out.insert(name + part.substr(0, thread));
    }
  }
  return out;
}

bool meet(const std::set<std::string>& some, const std::set<std::string>& others) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& one) { return others.contains(one); });
}

class Ladder {
 public:
  Ladder(const MysqlEndpoint& endpoint, const MysqlSessions& sessions, const std::vector<std::string>& tables,
         bool positioned)
      : endpoint_(endpoint), sessions_(sessions), tables_(tables), positioned_(positioned) {}

  SnapshotFacts climb() {
    using enum Consistency;
    const Consistency wanted = endpoint_.consistency;
    if (wanted == none) return own_moments();
    for (const auto& [rung, way] : std::initializer_list<std::pair<Consistency, SnapshotFacts (Ladder::*)()>>{
             {binlog_position, &Ladder::equal_positions},
             {automatic, &Ladder::single_session},  // only as a step of the ladder
             {global_lock, &Ladder::global_lock},
             {table_locks, &Ladder::table_locks},
             {optimistic, &Ladder::optimistic}}) {
      if (wanted != automatic && wanted != rung) continue;
      auto facts = attempt(way);
      if (!facts) continue;
      if (!positioned_ || !facts->position.empty()) return *facts;
      refuse(facts->method + ": its position in the binlog is not known");
    }
    throw Error(ErrorKind::source, fmt::format("no consistent snapshot of the source {} could be opened: {}",
                                               endpoint_.describe(), join(refusals_, "; ")))
        .hint(
            positioned_
                ? "grant RELOAD or LOCK TABLES, and REPLICATION CLIENT (BINLOG MONITOR on MariaDB), to the user of "
                  "[src.mysql]"
                : "grant RELOAD or LOCK TABLES to the user of [src.mysql], or turn the binlog on; -j 1 needs neither; "
                  "consistency = none in [src.mysql] copies without one");
  }

 private:
  std::optional<SnapshotFacts> attempt(SnapshotFacts (Ladder::*way)()) {
    try {
      return (this->*way)();
    } catch (const Refused& refused) {
      refuse(refused.why);
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      refuse(error.what());
    }
    return std::nullopt;
  }

  void refuse(const std::string& why) {
    log::debug("main", "snapshot: " + why);
    refusals_.push_back(why);
  }

  // All at once: the shorter the time between the first and the last, the likelier
  // that nothing was committed in it.
  void start_all() const {
    in_all([](unsigned, MysqlConnection& session) { start_snapshot(session); });
  }
  void in_all(const std::function<void(unsigned, MysqlConnection&)>& body) const {
    run_workers(static_cast<unsigned>(sessions_.size()), "snapshot", [&](unsigned i) { body(i, *sessions_[i]); });
  }

  static void pause(int attempt) {
    std::this_thread::sleep_for(std::min(kMostPause, std::chrono::milliseconds(attempt)));
  }

  // `known`: its GTIDs; "" = ask.
  static Position with_gtid(MysqlConnection& session, Position position, const std::string& known = {}) {
    if (!session.is_mariadb() || position.empty()) return position;
    if (!known.empty()) {
      position.emplace_back("gtid", known);
      return position;
    }
    const auto rows = session.query(fmt::format("SELECT BINLOG_GTID_POS({}, {})",
                                                MysqlConnection::literal(position[0].second), position[1].second));
    if (rows.at(0).at(0)) position.emplace_back("gtid", *rows[0][0]);
    return position;
  }

  // Changes are followed from a place before which every later statement sees all; what of
  // those behind it the rows have already, whoever follows makes fit.
  SnapshotFacts own_moments() {
    SnapshotFacts out{"none: every worker sees the rows of its own moment", false, {}};
    if (!positioned_) return out;
    MysqlConnection side(endpoint_);
    side.exec(kReady);
    start_snapshot(side);
    out.position = own_position(side);
    side.exec("COMMIT");
    out.position = out.position.empty() ? settled_position(side) : with_gtid(side, std::move(out.position));
    if (counts_xa_commits(side)) throw no_place("the server commits XA transactions, " + std::string(kXaIsAhead));
    return out;
  }

  static Error no_place(const std::string& why) {
    return Error(ErrorKind::source,
                 "consistency = none: no place in the binlog is known from which changes could be followed: " + why)
        .hint("take consistency out of [src.mysql], or copy without following");
  }

  // A transaction owns its GTID from before it is in the binlog until its rows are seen.
  Position settled_position(MysqlConnection& side) {
    const auto mode = side.query("SHOW GLOBAL VARIABLES LIKE 'gtid_mode'");
    if (mode.empty() || mode[0].at(1) != "ON")
      throw no_place("without GTIDs (gtid_mode = ON) this server does not tell which commits are under way");
    Position out = current_position(side);
    if (out.empty()) throw no_place("the server does not tell where its binlog is");
    const auto under_way = owned_gtids(side);
    const auto until = Clock::now() + std::chrono::seconds(endpoint_.lock_wait_timeout);
    for (auto now = under_way; meet(under_way, now); now = owned_gtids(side)) {
      if (Clock::now() > until)
        throw no_place(
            fmt::format("a transaction is in it and is not committed for {} s", endpoint_.lock_wait_timeout));
      std::this_thread::sleep_for(kSettleTime);
    }
    return out;
  }

  SnapshotFacts equal_positions() {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      std::vector<OwnMoment> moments(sessions_.size());
      // To look for the GTIDs takes the server a while: again only when they are of use.
      in_all([&](unsigned i, MysqlConnection& session) {
        moments[i] = start_and_tell(session, i == 0 && attempt == 0 && session.is_mariadb());
      });
      const Position& first = moments[0].position;
      if (first.empty()) throw Refused{"the server does not tell the binlog position of a snapshot"};
      const bool equal =
          std::all_of(moments.begin(), moments.end(), [&](const OwnMoment& one) { return one.position == first; });
      if (equal && positioned_ && commits_xa(*sessions_[0]))
        throw Refused{"the server commits XA transactions, " + std::string(kXaIsAhead)};
      if (equal) return {"equal binlog positions, no lock", true, with_gtid(*sessions_[0], first, moments[0].gtid)};
      pause(attempt);
    }
    throw Refused{"the workers' snapshots never met at one binlog position: too many commits"};
  }

  // One session is one snapshot.
  SnapshotFacts single_session() {
    if (sessions_.size() > 1) throw Refused{"there is more than one worker"};
    start_all();
    return {"one session", true, {}};
  }

  SnapshotFacts global_lock() {
    return under_lock("global read lock", [](MysqlConnection& side) {
      // Tables are closed first, so that the lock itself has little to wait for.
      side.exec("FLUSH NO_WRITE_TO_BINLOG TABLES");
      side.exec("FLUSH TABLES WITH READ LOCK");
    });
  }

  // In a session of its own: LOCK TABLES commits the session's transaction.
  SnapshotFacts table_locks() {
    if (tables_.empty()) throw Refused{"there are no tables to lock"};
    std::vector<std::string> locks;
    for (const auto& table : tables_) locks.push_back(MysqlConnection::identifier(table) + " READ");
    return under_lock("table locks", [&](MysqlConnection& side) { lock_tables(side, locks); });
  }

  // A table that cannot be opened cannot be read either: it must not keep the others
  // from their snapshot.
  static void lock_tables(MysqlConnection& side, std::vector<std::string> locks) {
    const auto lock = [&side](const std::vector<std::string>& some) { side.exec("LOCK TABLES " + join(some, ", ")); };
    try {
      return lock(locks);
    } catch (const Error& error) {
      if (error.retryable() || locks.size() == 1) throw;
      log::debug("main", fmt::format("snapshot: {}; without the tables that cannot be locked", error.what()));
    }
    std::erase_if(locks, [&](const std::string& one) {
      try {
        lock({one});
        return false;
      } catch (const Error& error) {
        if (error.retryable()) throw;
        return true;
      }
    });
    if (locks.empty()) throw Refused{"no table can be locked"};
    lock(locks);
  }

  SnapshotFacts under_lock(const std::string& method, const std::function<void(MysqlConnection&)>& lock) {
    MysqlConnection side(endpoint_);
    // Whoever waits for a lock makes others wait behind it.
    side.exec(fmt::format("SET SESSION lock_wait_timeout = {}", endpoint_.lock_wait_timeout));
    const auto before = Clock::now();
    lock(side);
    const auto locked = Clock::now();
    start_all();
    Position position = current_position(side);
    side.exec("UNLOCK TABLES");
    const auto ms = [](Clock::duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
    log::info("main", fmt::format("snapshot: waited {} ms for the {}, held for {} ms", ms(locked - before), method,
                                  ms(Clock::now() - locked)));
    return {method, true, with_gtid(side, std::move(position))};
  }

  // A commit is in the binlog a moment before its rows are seen. So the position
  // must have stood still for a while before the sessions start, too.
  SnapshotFacts optimistic() {
    MysqlConnection side(endpoint_);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      const Position before = current_position(side);
      if (before.empty()) throw Refused{"the binlog position cannot be read"};
      std::this_thread::sleep_for(kSettleTime);
      if (current_position(side) != before) continue;
      start_all();
      if (current_position(side) == before)
        return {"optimistic: the binlog did not move", true, with_gtid(side, before)};
    }
    throw Refused{"the binlog never stood still"};
  }

  // Where the server's binlog is now; empty when it has none or will not say.
  static Position current_position(MysqlConnection& side) {
    const bool renamed = !side.is_mariadb() && side.version_number() >= 80200;
    try {
      const auto rows = side.query(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
      if (rows.empty()) return {};
      Position out{{"binlog_file", rows[0].at(0).value_or("")}, {"binlog_position", rows[0].at(1).value_or("")}};
      if (rows[0].size() > 4 && !rows[0][4].value_or("").empty()) out.emplace_back("gtid", *rows[0][4]);
      return out;
    } catch (const Error& error) {
      if (error.connection_lost()) throw;
      log::debug("main", fmt::format("snapshot: no binlog position: {}", error.what()));
      return {};
    }
  }

  const MysqlEndpoint& endpoint_;
  const MysqlSessions& sessions_;
  const std::vector<std::string>& tables_;
  const bool positioned_;
  std::vector<std::string> refusals_;
};

}  // namespace

SnapshotFacts open_mysql_snapshot(const MysqlEndpoint& endpoint, const MysqlSessions& sessions,
                                  const std::vector<std::string>& tables, bool positioned) {
  return Ladder(endpoint, sessions, tables, positioned).climb();
}

std::unique_ptr<MysqlConnection> session_for_snapshot(const MysqlEndpoint& endpoint) {
  return std::make_unique<MysqlConnection>(endpoint, kReady);
}

bool join_mysql_snapshot(MysqlConnection& session, const SnapshotFacts& snapshot) {
  session.exec(kReady);
  start_snapshot(session);
  const Position position = own_position(session);
  return !position.empty() && snapshot.position.size() >= position.size() &&
         std::equal(position.begin(), position.end(), snapshot.position.begin());
}

}  // namespace dbsync
