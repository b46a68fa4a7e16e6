#include "pg/early_connections.h"

#include <future>
#include <map>
#include <mutex>
#include <utility>

#include <libpq-fe.h>

#include "base/error.h"
#include "pg/conninfo.h"
#include "pg/liveness.h"
#include "pg/session_settings.h"

namespace dbsync {

namespace {

constexpr std::chrono::seconds kFresh{20};

struct Pool {
  std::mutex mutex;
  bool open = false;
  std::multimap<SessionWish, std::future<EarlySession>> sessions;
};

Pool& pool() {
  static Pool* const all = std::make_unique<Pool>().release();  // threads may end behind main
  return *all;
}

bool in_bytes(PGconn* connection) {
  const char* encoding = PQparameterStatus(connection, "server_encoding");
  return encoding == nullptr || std::string_view(encoding) == "SQL_ASCII";
}

void ignore_notice(void* /*self*/, const PGresult* /*result*/) {}

EarlySession open_session(const SessionWish& wish) {
  EarlySession out{open_connection(words_of(wish), wish.role)};
  out.since = std::chrono::steady_clock::now();
  PGconn* const raw = out.opened.connection;
  if (raw == nullptr || PQstatus(raw) != CONNECTION_OK || in_bytes(raw)) return out;
  PQsetNoticeReceiver(raw, ignore_notice, nullptr);
  PGresult* const result = PQexec(raw, session_settings_sql(wish.role, PQserverVersion(raw)).c_str());
  out.set_up = PQresultStatus(result) == PGRES_TUPLES_OK;
  PQclear(result);
  return out;
}

bool lives(const EarlySession& session) {
  PGconn* const raw = session.opened.connection;
  if (raw == nullptr || PQstatus(raw) != CONNECTION_OK) return false;
  // A firewall may have forgotten it, which nobody would tell.
  if (std::chrono::steady_clock::now() - session.since > kFresh) return false;
  return has_not_ended(raw);
}

}  // namespace

ConnectionWords words_of(const SessionWish& wish) {
  // What stands before dbname is a default that the user's string may change.
  ConnectionWords words = network_defaults();
  words.insert(words.end(),
               {{"dbname", wish.conninfo}, {"fallback_application_name", wish.name}, {"client_encoding", "UTF8"}});
  if (wish.replication) words.emplace_back("replication", "database");
  return words;
}

EarlyConnections::EarlyConnections() {
  const std::lock_guard lock(pool().mutex);
  pool().open = true;
}

EarlyConnections::~EarlyConnections() {
  {
    const std::lock_guard lock(pool().mutex);
    pool().open = false;
  }
  close_left();
}

void EarlyConnections::close_left() {
  std::multimap<SessionWish, std::future<EarlySession>> left;
  {
    const std::lock_guard lock(pool().mutex);
    left.swap(pool().sessions);
  }
  for (auto& [wish, session] : left) {
    try {
      PQfinish(session.get().opened.connection);
    } catch (const Error&) {
      // interrupted: there is none
    }
  }
}

void EarlyConnections::open(const SessionWish& wish) {
  const std::lock_guard lock(pool().mutex);
  if (pool().open) pool().sessions.emplace(wish, std::async(std::launch::async, open_session, wish));
}

std::optional<EarlySession> EarlyConnections::take(const SessionWish& wish) {
  std::future<EarlySession> coming;
  {
    const std::lock_guard lock(pool().mutex);
    const auto found = pool().sessions.find(wish);
    if (found == pool().sessions.end()) return std::nullopt;
    coming = std::move(found->second);
    pool().sessions.erase(found);
  }
  const EarlySession session = coming.get();
  // A server that says nothing would say nothing again, for as long.
  if (lives(session) || !session.opened.timeout.empty()) return session;
  PQfinish(session.opened.connection);
  return std::nullopt;
}

}  // namespace dbsync
