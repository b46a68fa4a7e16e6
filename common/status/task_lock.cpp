#include "status/task_lock.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_error.h"
#include "base/stable_hash.h"
#include "pg/bookkeeping.h"
#include "pg/liveness.h"
#include "pg/prefetch.h"
#include "pg/together.h"

namespace dbsync {

namespace {

constexpr double kWatchInterval = 5;      // seconds
constexpr double kRetryPause = 0.5;       // seconds
constexpr unsigned kTriesForDead = 20;    // the server ends the session of a killed run soon
constexpr std::size_t kLongestHost = 16;  // application_name has 63 bytes

std::string host_name() {
  char name[256] = "";
  if (::gethostname(name, sizeof name - 1) != 0) return "?";
  return std::string(name).substr(0, kLongestHost);
}

// "mysql2pgsql 4711@host since 2026-11-26 20:15:00Z", at most 63 bytes.
std::string this_run(const std::string& program) {
  return fmt::format("{} {}@{} since {}Z", program, ::getpid(), host_name(), utc_now().substr(0, 19));
}

std::int64_t lock_number(const std::string& task) {
  return static_cast<std::int64_t>(stable_hash64("dbsync\n" + task));
}

PgQuery question_of_lock(const std::string& task) {
  return {"SELECT pg_catalog.pg_try_advisory_lock($1::bigint)", {std::to_string(lock_number(task))}};
}

// Whether the process that a holder names is of this machine and has ended.
bool has_ended(const std::string& holder) {
  const auto blank = holder.find(' ');
  const auto at = holder.find('@', blank == std::string::npos ? 0 : blank);
  if (blank == std::string::npos || at == std::string::npos) return false;
  if (holder.compare(at + 1, holder.find(' ', at) - at - 1, host_name()) != 0) return false;
  int pid = 0;
  std::from_chars(holder.data() + blank + 1, holder.data() + at, pid);
  return pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
}

struct Holder {
  std::string name;     // "" = the session is not seen
  std::string backend;  // of the target
};

Holder holder_of(PgConnection& connection, const std::string& task) {
  const auto number = static_cast<std::uint64_t>(lock_number(task));
  const PgResult rows = connection.exec(
      "SELECT a.application_name, l.pid FROM pg_catalog.pg_locks l "
      "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid "
      "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = $1::pg_catalog.oid AND l.objid = "
      "$2::pg_catalog.oid "
      "AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())",
      {std::to_string(number >> 32), std::to_string(number & 0xFFFFFFFFU)});
  return rows.rows() == 0 ? Holder{} : Holder{rows.text(0, 0), rows.text(0, 1)};
}

}  // namespace

TaskLock::TaskLock(const std::string& conninfo, const std::string& program, const std::string& task)
    : conninfo_(conninfo), holder_(this_run(program)) {
  connect();
  prove_and_add(task);
  watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

TaskLock::~TaskLock() = default;

void TaskLock::add(const std::string& task) {
  const std::lock_guard guard(mutex_);
  if (std::find(tasks_.begin(), tasks_.end(), task) != tasks_.end()) return;
  take(task);
  tasks_.push_back(task);
}

// The lock counts only where the proof was fine: it ends with the session.
void TaskLock::prove_and_add(const std::string& task) {
  bool taken = false;
  {
    std::vector<PgQuery> questions = questions_of_bookkeeping(*connection_);
    questions.push_back(question_of_lock(task));
    const PgPrefetch ahead(*connection_, std::move(questions));
    prove_bookkeeping(*connection_);
    taken = try_lock(task);
  }
  if (!taken) take(task);
  tasks_.push_back(task);
}

void TaskLock::check() const {
  if (lost_.stop_requested())
    throw Error(ErrorKind::target, "the session that held the lock of this task was lost, and another run has taken it")
        .hint("see what the other run has done, then start again");
}

void TaskLock::connect() {
  connection_ = std::make_unique<PgConnection>(conninfo_, "target", holder_);
  // The connect_string may have a name of its own.
  if (connection_->parameter("application_name") != holder_)
    connection_->exec("SELECT pg_catalog.set_config('application_name', $1, false)", {holder_});
}

bool TaskLock::try_lock(const std::string& task) { return ask(*connection_, question_of_lock(task)).boolean(0, 0); }

void TaskLock::take(const std::string& task) {
  for (unsigned i = 0; !try_lock(task); ++i) {
    const Holder holder = holder_of(*connection_, task);
    // Nobody: it was given back between the two statements.
    if (i == kTriesForDead || !(holder.backend.empty() || has_ended(holder.name))) refuse(task);
    wait_for(kRetryPause, {});
  }
}

void TaskLock::refuse(const std::string& task) {
  const Holder holder = holder_of(*connection_, task);
  const std::string who = holder.name.empty() ? "a session that is not seen" : holder.name;
  throw Error(ErrorKind::target, fmt::format("another run is at work on this task: {}; nothing was changed", who))
      .hint(holder.backend.empty()
                ? "start again"
                : fmt::format("wait for it, or stop it; if its machine is gone, end its session on the target: SELECT "
                              "pg_terminate_backend({})",
                              holder.backend));
}

void TaskLock::watch(const std::stop_token& stop) {
  while (wait_for(kWatchInterval, stop)) {
    const std::lock_guard guard(mutex_);
    if (connection_ && has_not_ended(*connection_)) continue;
    try {
      take_again();
    } catch (const Error& error) {
      connection_.reset();  // the target is away: again, after a while
      log::debug("main", fmt::format("the lock of this task: {}", error.what()));
    }
    if (lost_.stop_requested()) return;
  }
}

void TaskLock::take_again() {
  connect();
  for (const std::string& task : tasks_) {
    if (try_lock(task)) continue;
    log::error("main", Error(ErrorKind::target,
                             fmt::format("the session that held the lock of this task was lost, and another run has "
                                         "taken it: {}",
                                         holder_of(*connection_, task).name)));
    lost_.request_stop();
    return;
  }
  log::info("main", "the session that held the lock of this task was lost; the lock is taken again");
}

}  // namespace dbsync
