#include "mysql2pgsql/client/mysql_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/interruption.h"
#include "base/log.h"
#include "base/secrets.h"
#include "mysql2pgsql/client/mysql_client.h"
#include "mysql2pgsql/client/mysql_handshake.h"
#include "mysql2pgsql/client/mysql_hints.h"

namespace dbsync {

namespace {

constexpr unsigned kConnectTimeoutSeconds = 30;  // without network_timeout
constexpr std::uint16_t kSocketsPort = 3306;     // of the server behind the default socket
constexpr std::size_t kStatementsAtOnce = 100;
// The largest that servers and client libraries take.
constexpr unsigned long kMaxAllowedPacket = 1024UL * 1024 * 1024;

// Error numbers: MySQL manual "Server Error Message Reference" and errmsg.h.
constexpr std::array<unsigned, 4> kLost{2006, 2013, 2055, 1927};  // gone, lost, lost (extended), killed
constexpr unsigned kTlsFailed = 2026;
constexpr unsigned kSyntax = 1064;         // ER_PARSE_ERROR
constexpr unsigned kCancelled = 1317;      // ER_QUERY_INTERRUPTED
constexpr unsigned kPluginRefused = 5010;  // of Connector/C: not in MARIADB_OPT_RESTRICTED_AUTH
constexpr std::array<unsigned, 6> kRetryable{1040, 1053, 1205,
                                             1213, 2002, 2003};  // too many, shutdown, lock, deadlock, connect

void set_string(MYSQL* mysql, mysql_option option, const std::string& value) {
  if (!value.empty()) mysql_options(mysql, option, value.c_str());
}

// ssl_mode means the same with both libraries. Connector/C has no single option
// for it, and its ENFORCE only asks for TLS; check_encryption() insists on it.
void set_ssl_mode(MYSQL* mysql, const std::string& mode) {
#ifdef MARIADB_PACKAGE_VERSION
  const MysqlBool enforce = mode != "disabled" ? 1 : 0;
  const MysqlBool verify = mode.starts_with("verify") ? 1 : 0;
  mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
  const unsigned value = mode == "disabled"    ? SSL_MODE_DISABLED
                         : mode == "preferred" ? SSL_MODE_PREFERRED
                         : mode == "required"  ? SSL_MODE_REQUIRED
                         : mode == "verify_ca" ? SSL_MODE_VERIFY_CA
                                               : SSL_MODE_VERIFY_IDENTITY;
  mysql_options(mysql, MYSQL_OPT_SSL_MODE, &value);
#endif
}

// "Connection Compression Control" of the manual; Connector/C has zlib alone.
void set_compression(MYSQL* mysql, const std::string& wanted) {
  if (wanted.empty() || wanted == "off") return;
#ifdef MARIADB_PACKAGE_VERSION
  if (wanted != "zlib")
    throw Error(ErrorKind::config, fmt::format("[src.mysql] compress: the client library of this build (MariaDB "
                                               "Connector/C) has no {}",
                                               wanted))
        .hint("compress = \"zlib\", or a build with Oracle's libmysqlclient");
  mysql_options(mysql, MYSQL_OPT_COMPRESS, nullptr);
#else
  mysql_options(mysql, MYSQL_OPT_COMPRESSION_ALGORITHMS, wanted.c_str());
#endif
}

void set_options(MYSQL* mysql, const MysqlEndpoint& endpoint, const std::string& mode) {
  const auto limit = static_cast<unsigned>(network::timeout().count());
  const unsigned connect_timeout = limit > 0 ? limit : kConnectTimeoutSeconds;
  mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
  mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &kMaxAllowedPacket);
  mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // A hostile server must not be able to ask for files of this machine.
  const unsigned off = 0;
  mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
  if (mode != "disabled") {  // a CA alone would turn TLS on
    set_string(mysql, MYSQL_OPT_SSL_CA, endpoint.ssl_ca);
    set_string(mysql, MYSQL_OPT_SSL_CERT, endpoint.ssl_cert);
    set_string(mysql, MYSQL_OPT_SSL_KEY, endpoint.ssl_key);
  }
  set_ssl_mode(mysql, mode);
  set_compression(mysql, endpoint.compress);
  // The libraries take "localhost" for the default socket, whatever the port: another
  // server than the one that was meant.
  if (endpoint.socket.empty() && endpoint.host == "localhost" && endpoint.port != kSocketsPort) {
    const unsigned tcp = MYSQL_PROTOCOL_TCP;
    mysql_options(mysql, MYSQL_OPT_PROTOCOL, &tcp);
  }
}

// A server without TLS must not get what ssl_mode wants encrypted.
void check_encryption(MYSQL* mysql, const MysqlEndpoint& endpoint) {
  if (endpoint.ssl_mode != "required" && !endpoint.ssl_mode.starts_with("verify")) return;
  const char* cipher = mysql_get_ssl_cipher(mysql);
  if (cipher != nullptr && *cipher != '\0') return;
  throw Error(ErrorKind::source, fmt::format("the connection to the source {} is not encrypted, but ssl_mode is {}",
                                             endpoint.describe(), endpoint.ssl_mode))
      .hint(mysql_hint(2026, {}));
}

// MySQL opens each table for its figures, and would wait for a year behind a
// LOCK TABLES or an ALTER of somebody else.
std::string lock_limit(const MysqlEndpoint& endpoint) {
  return fmt::format("SET SESSION lock_wait_timeout = {}", endpoint.lock_wait_timeout);
}

// What is left of a batch when somebody does not want the rest, so that the session can be
// asked again.
class UnreadResults {
 public:
  explicit UnreadResults(MYSQL* mysql) : mysql_(mysql) {}
  ~UnreadResults() {
    while (mysql_more_results(mysql_) && mysql_next_result(mysql_) == 0) mysql_free_result(mysql_store_result(mysql_));
  }
  UnreadResults(const UnreadResults&) = delete;
  UnreadResults& operator=(const UnreadResults&) = delete;

 private:
  MYSQL* mysql_;
};

void kill_query(const MysqlEndpoint& endpoint, unsigned long id) noexcept {
  try {
    MysqlConnection other(endpoint);
    other.exec(fmt::format("KILL QUERY {}", id));
  } catch (const std::exception& e) {
    log::debug("source", std::string("could not cancel: ") + e.what());
  }
}

}  // namespace

bool connection_lost_errno(unsigned code) {
  for (const unsigned lost : kLost)
    if (code == lost) return true;
  return false;
}

bool retryable_errno(unsigned code) {
  for (const unsigned retryable : kRetryable)
    if (code == retryable) return true;
  return connection_lost_errno(code);
}

Error mysql_failure(unsigned code, const std::string& text) {
  Error error(ErrorKind::source, hide_passwords(text));
  error.native_code(code);
  if (std::string hint = mysql_hint(code, text); !hint.empty()) error.hint(std::move(hint));
  if (connection_lost_errno(code))
    error.mark_connection_lost();
  else if (retryable_errno(code))
    error.mark_retryable();
  note_interruption(error, code == kCancelled);
  return error;
}

void limit_lock_waits(MysqlConnection& connection) { connection.exec(lock_limit(connection.endpoint())); }

MysqlLibrary::MysqlLibrary() {
  if (mysql_library_init(0, nullptr, nullptr) != 0)
    throw Error(ErrorKind::internal, "the MySQL client library cannot be initialised");
}

MysqlLibrary::~MysqlLibrary() { mysql_library_end(); }

MysqlConnection::MysqlConnection(const MysqlEndpoint& endpoint, unsigned silence)
    : endpoint_(endpoint), handle_(std::make_unique<MysqlHandle>()), describe_("source " + endpoint.describe()) {
  begin(silence);
}

MysqlConnection::MysqlConnection(const MysqlEndpoint& endpoint, ForDefinitions)
    : MysqlConnection(endpoint, lock_limit(endpoint)) {}

MysqlConnection::MysqlConnection(const MysqlEndpoint& endpoint, std::string first)
    : endpoint_(endpoint),
      first_{std::move(first)},
      handle_(std::make_unique<MysqlHandle>()),
      describe_("source " + endpoint.describe()),
      several_(true) {
  begin(0);
}

void MysqlConnection::begin(unsigned silence) {
  if (handle_->mysql == nullptr) throw std::bad_alloc();
  remember_password(endpoint_.password, {endpoint_.user, endpoint_.db, endpoint_.host});
  connect(silence);
  cancelled_ = cancellation::Registration([endpoint = endpoint_, id = thread_id_] { kill_query(endpoint, id); });
  prepare_session();
}

MysqlConnection::~MysqlConnection() = default;

void MysqlConnection::connect(unsigned silence) {
  set_options(handle_->mysql, endpoint_, ssl_mode_of(endpoint_));
  if (silence > 0) mysql_options(handle_->mysql, MYSQL_OPT_READ_TIMEOUT, &silence);
  if (!connect_handle(*handle_, endpoint_, several_ ? CLIENT_MULTI_STATEMENTS : 0)) {
    const Error failure = error({});
    // The library's text has parts of another packet for the plugin's name.
    if (mysql_errno(handle_->mysql) == kPluginRefused)
      throw Error(ErrorKind::source,
                  fmt::format("the source {} asks for the password in clear text, and the connection is not encrypted",
                              endpoint_.describe()))
          .hint(
              "set up TLS on the server and ssl_mode = \"required\" in [src.mysql], or give the account another "
              "authentication plugin");
    if (mysql_errno(handle_->mysql) != kTlsFailed || ssl_mode_of(endpoint_) != "preferred")
      throw Error(failure).context("connecting to the source");
    // As preferred is meant: a server whose TLS is too old for the library.
    log::debug("source", fmt::format("going on without TLS: {}", failure.message()));
    endpoint_.ssl_mode = "disabled";
    handle_ = std::make_unique<MysqlHandle>();
    connect(silence);
    return;
  }
  MYSQL* mysql = handle_->mysql;
  network::set_keepalive(client_socket(mysql));
  watched_ = WatchedSocket(client_socket(mysql), "the source " + endpoint_.describe());
  check_encryption(mysql, endpoint_);
  thread_id_ = mysql_thread_id(mysql);
  describe_ = fmt::format("source {} (connection {})", endpoint_.describe(), thread_id_);
}

// What the server says of itself when it greets is taken for its version until it is asked,
// in the same message as it is told the settings: that may be the word of a proxy.
void MysqlConnection::prepare_session() {
  know_version(mysql_get_server_info(handle_->mysql));
  try {
    tell_settings();
  } catch (const Error& error) {
    // A proxy between may take one at a time only.
    if (error.native_code() != kSyntax || !std::exchange(several_, false)) throw;
    tell_settings();
  }
  warn_of_plain_rows();
}

void MysqlConnection::tell_settings() {
  std::vector<std::string> statements{"SELECT VERSION()", settings()};
  statements.insert(statements.end(), first_.begin(), first_.end());
  bool as_greeted = false;
  query_each(statements, [&](std::size_t number, const Answer& answer) {
    if (answer.error && (number == 0 || as_greeted)) throw Error(*answer.error);
    if (number == 0) as_greeted = know_version(answer.rows.at(0).at(0).value_or(""));
  });
  if (as_greeted) return;
  exec(settings());
  for (const std::string& statement : first_) exec(statement);
}

bool MysqlConnection::know_version(std::string version) {
  const std::pair known(mariadb_, version_number_);
  version_ = std::move(version);
  mariadb_ = version_.find("MariaDB") != std::string::npos;
  // Replication-safe prefix of MariaDB 10 and 11 when VERSION() carries it.
  std::string_view digits = version_;
  if (digits.starts_with("5.5.5-")) digits.remove_prefix(6);
  std::array<unsigned, 3> part{};
  std::size_t index = 0;
  for (const char c : digits) {
    if (c == '.') {
      if (++index == part.size()) break;
    } else if (c >= '0' && c <= '9') {
      part[index] = part[index] * 10 + static_cast<unsigned>(c - '0');
    } else {
      break;
    }
  }
  version_number_ = part[0] * 10000 + part[1] * 100 + part[2];
  return known == std::pair(mariadb_, version_number_);
}

std::string MysqlConnection::settings() const {
  std::string out =
      "SET SESSION time_zone = '+00:00', sql_mode = '', net_write_timeout = 2147483, net_read_timeout = "
      "2147483, wait_timeout = 2147483";  // the longest that servers on any system take: a copy may take days
  // A server may show versioned tables as of some other moment; DEFAULT is none.
  if (mariadb_ && version_number_ >= 100304) out += ", system_versioning_asof = DEFAULT";
  if (mariadb_)
    out += ", max_statement_time = 0";
  else if (version_number_ >= 50708)
    out += ", max_execution_time = 0";
  if (!mariadb_ && version_number_ >= 80000) out += ", information_schema_stats_expiry = 0";
  return out;
}

// A server may not compress: then everything works, and is as slow as without.
void MysqlConnection::warn_of_plain_rows() {
  if (endpoint_.compress.empty() || endpoint_.compress == "off") return;
  const auto rows = query("SHOW SESSION STATUS LIKE 'Compression'");
  if (!rows.empty() && rows[0].at(1).value_or("") == "ON") return;
  static std::once_flag told;
  std::call_once(told, [&] {
    log::warning("source", fmt::format("{} does not compress what it sends; compress = \"{}\" has no effect", describe_,
                                       endpoint_.compress));
  });
}

Error MysqlConnection::error(std::string_view statement) const {
  const unsigned code = mysql_errno(handle_->mysql);
  const char* text = mysql_error(handle_->mysql);
  std::string message = text != nullptr && *text != '\0' ? text : kFailedWithoutMessage;
  if (std::string dead = dead_network(); !dead.empty()) message = std::move(dead);
  Error error = mysql_failure(code, message);
  error.sqlstate(mysql_sqlstate(handle_->mysql));
  if (!statement.empty()) error.statement(std::string(statement));
  error.context(describe_);
  return error;
}

void MysqlConnection::exec(const std::string& sql) { query(sql); }

std::vector<MysqlConnection::Row> MysqlConnection::query(const std::string& sql) {
  if (mysql_real_query(handle_->mysql, sql.data(), sql.size()) != 0) throw error(sql);
  return take_rows(sql);
}

std::vector<MysqlConnection::Row> MysqlConnection::take_rows(const std::string& sql) {
  MYSQL* mysql = handle_->mysql;
  const std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> result(mysql_store_result(mysql), mysql_free_result);
  std::vector<Row> rows;
  if (!result) {
    if (mysql_errno(mysql) != 0) throw error(sql);
    return rows;
  }
  const unsigned columns = mysql_num_fields(result.get());
  while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
    const unsigned long* lengths = mysql_fetch_lengths(result.get());
    Row& out = rows.emplace_back();
    for (unsigned i = 0; i < columns; ++i)
      out.push_back(row[i] == nullptr ? std::nullopt : std::optional<std::string>(std::in_place, row[i], lengths[i]));
  }
  return rows;
}

void MysqlConnection::one_at_a_time() {
  if (!std::exchange(several_, false)) return;
  if (mysql_set_server_option(handle_->mysql, MYSQL_OPTION_MULTI_STATEMENTS_OFF) == 0) return;
  const Error failure = error({});
  if (failure.connection_lost()) throw Error(failure);
  // A proxy may not know how: another session has never taken more.
  log::debug("source", fmt::format("one statement at a time: {}", failure.message()));
  handle_ = std::make_unique<MysqlHandle>();
  begin(0);
}

void MysqlConnection::query_each(const std::vector<std::string>& statements, const Take& take) {
  if (!several_) return SourceQueries::query_each(statements, take);
  for (std::size_t next = 0; next < statements.size();) next = answer_batch(statements, next, take);
}

// An error ends the batch: the server does not look at the statements behind it.
std::size_t MysqlConnection::answer_batch(const std::vector<std::string>& statements, std::size_t first,
                                          const Take& take) {
  MYSQL* mysql = handle_->mysql;
  const std::size_t end = std::min(statements.size(), first + kStatementsAtOnce);
  std::string batch;
  for (std::size_t i = first; i < end; ++i) batch += statements[i] + "; ";
  batch.resize(batch.size() - 2);
  // Below 0 there are no more results; a query that fails may give that, too.
  int next = mysql_real_query(mysql, batch.data(), batch.size()) == 0 ? 0 : 1;
  const UnreadResults rest(mysql);
  for (; next >= 0 && first < end; next = mysql_next_result(mysql)) {
    Answer answer;
    try {
      if (next > 0) throw error(statements[first]);
      answer.rows = take_rows(statements[first]);
    } catch (const Error& failure) {
      if (failure.connection_lost()) throw;
      answer.error = failure;
    }
    const bool failed = answer.error.has_value();
    take(first++, std::move(answer));
    if (failed) return first;
  }
  return first;
}

std::string MysqlConnection::literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

std::string MysqlConnection::identifier(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += c;
    out += c;
  }
  return out + "`";
}

void MysqlConnection::cancel() const noexcept { kill_query(endpoint_, thread_id_); }

bool MysqlConnection::answers() noexcept {
  // A KILL that came after its statement's end hits the next one instead.
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      exec("DO 0");
      return true;
    } catch (const std::exception& e) {
      log::debug("source", std::string("after a cancelled statement: ") + e.what());
    }
  }
  return false;
}

void MysqlConnection::abandon() noexcept {
  if (abandoned_) return;
  abandoned_ = true;
  ::shutdown(client_socket(handle_->mysql), SHUT_RDWR);
}

}  // namespace dbsync
