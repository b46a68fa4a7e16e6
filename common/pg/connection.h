// One libpq connection and its results.
//
// Errors are dbsync::Error with the kind of the connection's role, SQLSTATE,
// statement, retryable/connection_lost flags and a context line that names
// role, database and backend. A password is never part of a message.
//
// Threads: a connection and all that comes from it belong to one thread, except
// cancel(), which may be called from any thread while the object lives.
//
// Source: PostgreSQL manual, libpq chapter.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/network.h"
#include "pg/result.h"

struct pg_conn;
struct pg_cancel;

namespace dbsync {

class PrefetchedAnswers;
struct PgQuery;

// What a connection is for: SQL, or the replication protocol of one database.
// The latter takes statements without parameters only.
enum class PgSessionKind { sql, replication };

class PgConnection {
 public:
  // `conninfo` is a libpq connection string or URI, used whole. `role` is
  // "source", "target" or "local" and decides the kind of errors; `name` becomes
  // the application_name unless the string sets one. The session has the settings
  // of pg/session_settings.h, and gives and takes text as UTF-8, but for databases
  // in SQL_ASCII, whose bytes stay as they are.
  PgConnection(const std::string& conninfo, std::string role, const std::string& name,
               PgSessionKind kind = PgSessionKind::sql);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  // One statement with text parameters ($1 …), or several without parameters.
  PgResult exec(const std::string& sql);
  PgResult exec(const std::string& sql, const std::vector<std::optional<std::string>>& parameters);

  // The same with values in the binary form of their types; nullopt is NULL.
  struct BinaryValue {
    std::uint32_t type_oid = 0;
    std::optional<std::string_view> bytes;
  };
  PgResult exec_binary(const std::string& sql, const std::vector<BinaryValue>& parameters);

  // With text parameters, for a statement that is run often: it is parsed and planned once.
  PgResult exec_often(const std::string& sql, const std::vector<std::optional<std::string>>& parameters);
  void forget_prepared();  // DEALLOCATE ALL: exec_often prepares anew
  // The same, and then COMMIT, in one round trip. When the statement fails nothing is committed,
  // and the transaction is to be rolled back.
  PgResult exec_often_and_commit(const std::string& sql, const std::vector<std::optional<std::string>>& parameters);

  // Sends `sql`, which ends in a COPY; await_copy() waits for its start. Others may be asked meanwhile.
  void start_copy(const std::string& sql);
  void await_copy(const std::string& sql);

  // The columns that a query would give, without running it: a result without rows.
  PgResult columns_of(const std::string& query);

  // "target db \"shop\" on /tmp, backend 4711".
  const std::string& describe() const { return describe_; }
  const std::string& endpoint() const { return endpoint_; }  // "user@host:port/db"
  int server_version() const;                                // as PQserverVersion: 150018
  std::string parameter(const char* name) const;             // parameter status, "" when unknown
  bool in_transaction() const;
  // Inside a transaction that has not failed, and no statement under way.
  bool idle_in_transaction() const;
  bool usable() const;
  // Asks the server: a connection that waited for long may be dead without knowing.
  bool answers() noexcept;

  // Asks the server to cancel what runs on this connection.
  void cancel() const noexcept;

  // The error state of a failed result or of the connection, ready to throw.
  Error error_of(const pg_result* result, std::string_view statement) const;
  pg_conn* raw() const { return settled(true); }      // for those that speak libpq themselves
  std::uint64_t notices() const { return notices_; }  // received so far

 private:
  friend void count_notice(void* self, const pg_result* result);
  friend class PgPrefetch;
  friend PgResult ask(PgConnection& connection, const PgQuery& question);
  friend std::vector<PgResult> exec_together(PgConnection& connection, const std::vector<PgQuery>& queries);
  friend std::vector<PgResult> ask_together(PgConnection& connection, const std::vector<PgQuery>& questions);

  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  struct FreeCancel {
    void operator()(pg_cancel* handle) const;
  };

  void connect(const std::string& conninfo, const std::string& name, PgSessionKind kind);
  PgResult checked(pg_result* result, std::string_view statement) const;
  // When all that was sent ahead is answered; `keep` those answers, or drop them.
  pg_conn* settled(bool keep) const;

  std::string role_;
  std::string describe_;
  std::string endpoint_;
  bool connected_ = false;
  std::uint64_t notices_ = 0;
  std::map<std::string, std::string> prepared_;  // statement -> its name
  std::unique_ptr<pg_conn, Finish> connection_;
  std::unique_ptr<pg_cancel, FreeCancel> cancel_;
  std::shared_ptr<PrefetchedAnswers> prefetched_;  // of the PgPrefetch that lives
  WatchedSocket watched_;
};

// A transaction that rolls back unless commit() was called.
class PgTransaction {
 public:
  explicit PgTransaction(PgConnection& connection, const std::string& begin = "BEGIN");
  // One that the next statement, or the one before, begins itself.
  struct BegunElsewhere {};
  PgTransaction(PgConnection& connection, BegunElsewhere) : connection_(connection) {}
  ~PgTransaction();
  PgTransaction(const PgTransaction&) = delete;
  PgTransaction& operator=(const PgTransaction&) = delete;
  void commit();
  // A statement has committed it.
  void was_committed() { open_ = false; }

 private:
  PgConnection& connection_;
  bool open_ = true;
};

}  // namespace dbsync
