// One session on the source, with the settings that make every value readable
// as it is stored: utf8mb4, UTC, empty sql_mode, no time-outs.
//
// Errors: ErrorKind::source with errno, SQLSTATE, statement and a context line
// that names the endpoint. A password is never part of a message.
//
// Threads: one, except cancel().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "base/error.h"
#include "base/network.h"
#include "config/config.h"
#include "mysql2pgsql/client/source_queries.h"

namespace dbsync {

struct MysqlHandle;

// The client library's global state. One in main, before the first connection
// and before any thread.
class MysqlLibrary {
 public:
  MysqlLibrary();
  ~MysqlLibrary();
  MysqlLibrary(const MysqlLibrary&) = delete;
  MysqlLibrary& operator=(const MysqlLibrary&) = delete;
};

class MysqlConnection : public SourceQueries {
 public:
  // `silence`: seconds without a byte after which the connection counts as lost; 0 = none.
  explicit MysqlConnection(const MysqlEndpoint& endpoint, unsigned silence = 0);
  // A session that takes several statements in one message until one_at_a_time(), where the
  // server does, and waits for a lock no longer than my.cfg says.
  struct ForDefinitions {};
  MysqlConnection(const MysqlEndpoint& endpoint, ForDefinitions);
  // The same, but told `first` with its settings.
  MysqlConnection(const MysqlEndpoint& endpoint, std::string first);
  ~MysqlConnection() override;
  MysqlConnection(const MysqlConnection&) = delete;
  MysqlConnection& operator=(const MysqlConnection&) = delete;

  void exec(const std::string& sql);
  std::vector<Row> query(const std::string& sql) override;
  // A hundred statements a round trip while the session takes several (manual, "Multiple
  // Statement Execution Support").
  void query_each(const std::vector<std::string>& statements, const Take& take) override;
  // From now on a statement is never more than it was meant to be. For texts that are not
  // made of identifiers and literals alone.
  void one_at_a_time();

  const std::string& describe() const { return describe_; }
  const MysqlEndpoint& endpoint() const { return endpoint_; }
  const std::string& server_version() const { return version_; }  // as the server writes it
  bool is_mariadb() const override { return mariadb_; }
  unsigned version_number() const override { return version_number_; }
  unsigned long thread_id() const { return thread_id_; }

  // 'text' as a literal of this session (backslash escapes are on: sql_mode is empty).
  static std::string literal(std::string_view text);
  static std::string identifier(std::string_view name);

  // Ends what this session runs, through a second connection. Best effort.
  void cancel() const noexcept;
  // True when the session takes statements.
  bool answers() noexcept;
  // Cuts the socket. The session is unusable afterwards.
  void abandon() noexcept;
  bool usable() const { return !abandoned_; }

  Error error(std::string_view statement) const;
  // Why the network counts as dead; "" = it does not.
  std::string dead_network() const { return watched_.verdict(); }
  MysqlHandle& handle() const { return *handle_; }

 private:
  void begin(unsigned silence);
  void connect(unsigned silence);
  void prepare_session();
  void tell_settings();
  // Whether it is the one that was known.
  bool know_version(std::string version);
  std::string settings() const;
  void warn_of_plain_rows();
  // The rows of the statement that was sent last, or of the next one of several.
  std::vector<Row> take_rows(const std::string& sql);
  // The statements from `first` on; the number of the next one.
  std::size_t answer_batch(const std::vector<std::string>& statements, std::size_t first, const Take& take);

  MysqlEndpoint endpoint_;
  std::vector<std::string> first_;  // told with the settings
  std::unique_ptr<MysqlHandle> handle_;
  WatchedSocket watched_;
  std::string describe_;
  std::string version_;
  unsigned version_number_ = 0;
  unsigned long thread_id_ = 0;
  bool mariadb_ = false;
  bool several_ = false;  // the session takes several statements in one message
  bool abandoned_ = false;
  cancellation::Registration cancelled_;
};

// What a server or the client library says, as an error of the source: with its hint, and
// without passwords.
Error mysql_failure(unsigned code, const std::string& text);

// The session waits for a lock no longer than my.cfg says from now on.
void limit_lock_waits(MysqlConnection& connection);

// errno values after which the same work may succeed.
bool retryable_errno(unsigned code);
bool connection_lost_errno(unsigned code);

}  // namespace dbsync
