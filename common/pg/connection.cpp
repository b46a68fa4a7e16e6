#include "pg/connection.h"

#include <utility>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/interruption.h"
#include "base/log.h"
#include "base/secrets.h"
#include "base/text.h"
#include "pg/conninfo.h"
#include "pg/copy_context.h"
#include "pg/early_connections.h"
#include "pg/hints.h"
#include "pg/open_connection.h"
#include "pg/own_sessions.h"
#include "pg/prefetched_answers.h"
#include "pg/session_settings.h"
#include "pg/sqlstate.h"

namespace dbsync {

namespace {

constexpr char kBytes[] = "SQL_ASCII";

ErrorKind kind_of_role(const std::string& role) { return role == "source" ? ErrorKind::source : ErrorKind::target; }

// SQLSTATEs after which the same work may succeed: connection exceptions,
// serialization failure, deadlock, shutdown and start-up of the server, too
// many connections; 58M01 is a segment of Greenplum that was lost. Source: PostgreSQL
// manual, appendix "Error Codes".
bool retryable_state(std::string_view state) {
  return state.starts_with("08") || state == sqlstate::serialization_failure || state == sqlstate::deadlock_detected ||
         state.starts_with("57P0") || state == sqlstate::too_many_connections || state == sqlstate::segment_lost;
}

// A malformed string must not be echoed: it may hold the password.
void check_conninfo(const std::string& conninfo, const std::string& role) {
  char* problem = nullptr;
  PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), &problem);
  PQfreemem(problem);
  if (options == nullptr)
    throw Error(ErrorKind::config, fmt::format("the connect_string of the {} is not a libpq connection string", role))
        .hint(
            "write it as \"host=… port=… dbname=… user=… password=…\" or as a postgresql:// URI; "
            "quote values with blanks or backslashes in single quotes");
  PQconninfoFree(options);
}

// 22021, character_not_in_repertoire, and 22P05, untranslatable_character: a text
// that one of the encodings does not have.
std::string encoding_hint(std::string_view state, const std::string& role, const std::string& encoding) {
  if (state != sqlstate::character_not_in_repertoire && state != sqlstate::untranslatable_character) return {};
  if (role == "source")
    return fmt::format("the source's database is in {}, and the text has no form in UTF-8: mend it there", encoding);
  const std::string aside = "; ignore_copy_error_count_each_table sets such rows aside and names them";
  if (state == sqlstate::untranslatable_character)
    return fmt::format(
               "the target's database is in {}: create it with ENCODING 'UTF8' TEMPLATE template0, or mend the text on "
               "the source",
               encoding) +
           aside;
  return "a source in SQL_ASCII or with broken text: mend it there, or convert it in a table-list query, in SQL_ASCII "
         "by "
         "convert_from(convert(textsend(c), 'LATIN1', 'UTF8'), 'SQL_ASCII') for the encoding that c is in" +
         aside;
}

void remember_password_of(pg_conn* connection) {
  const auto text = [](const char* field) { return std::string_view(field != nullptr ? field : ""); };
  remember_password(std::string(text(PQpass(connection))),
                    {text(PQuser(connection)), text(PQdb(connection)), text(PQhost(connection))});
}

std::vector<const char*> pointers(const std::vector<std::optional<std::string>>& parameters) {
  std::vector<const char*> out;
  out.reserve(parameters.size());
  for (const auto& parameter : parameters) out.push_back(parameter ? parameter->c_str() : nullptr);
  return out;
}

pg_result* send_and_wait(pg_conn* raw, const std::string& sql,
                         const std::vector<std::optional<std::string>>& parameters) {
  const auto values = pointers(parameters);
  return PQexecParams(raw, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0);
}

// In pipeline mode from then on; what is not prepared yet is, before it is run.
bool send_often(pg_conn* raw, const std::string& name, const std::string& sql, const std::vector<const char*>& values,
                bool prepare) {
  return PQenterPipelineMode(raw) == 1 &&
         (!prepare || PQsendPrepare(raw, name.c_str(), sql.c_str(), 0, nullptr) == 1) &&
         PQsendQueryPrepared(raw, name.c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0) ==
             1;
}

// The results of all, each ended by a null pointer, then that of the sync.
std::vector<std::unique_ptr<pg_result, PgResult::Clear>> end_pipeline(pg_conn* raw, std::size_t statements) {
  std::vector<std::unique_ptr<pg_result, PgResult::Clear>> results(statements);
  if (PQpipelineSync(raw) != 1) return results;
  for (auto& result : results) {
    result.reset(PQgetResult(raw));
    while (pg_result* more = PQgetResult(raw)) PQclear(more);
  }
  PQclear(PQgetResult(raw));  // of the sync
  PQexitPipelineMode(raw);
  return results;
}

// Of a connection that never stood.
Error timeout_error(const std::string& message, const std::string& role) {
  Error error(kind_of_role(role), message);
  return error.hint(pg_hint({}, message, PgStep::connect).text).mark_connection_lost().context(role);
}

}  // namespace

void PgConnection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }
void PgConnection::FreeCancel::operator()(pg_cancel* handle) const { own_sessions::leave(handle); }

// Server notices become log lines: warnings are for the user, the rest is detail.
void count_notice(void* self, const pg_result* result) {
  auto& connection = *static_cast<PgConnection*>(self);
  ++connection.notices_;
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message == nullptr) return;
  const std::string text = fmt::format("{} says: {}", connection.role_, hide_passwords(message));
  if (severity != nullptr && std::string_view(severity) == "WARNING")
    log::warning(connection.role_, text);
  else
    log::debug(connection.role_, text);
}

PgConnection::PgConnection(const std::string& conninfo, std::string role, const std::string& name, PgSessionKind kind)
    : role_(std::move(role)), describe_(role_) {
  check_conninfo(conninfo, role_);
  connect(conninfo, name, kind);
}

void PgConnection::connect(const std::string& conninfo, const std::string& name, PgSessionKind kind) {
  const SessionWish wish{conninfo, role_, name, kind == PgSessionKind::replication};
  const auto early = EarlyConnections::take(wish);
  const OpenedConnection opened = early ? early->opened : open_connection(words_of(wish), role_);
  connection_.reset(opened.connection);
  if (!connection_) throw std::bad_alloc();
  remember_password_of(connection_.get());
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    Error error = opened.timeout.empty() ? error_of(nullptr, {}) : timeout_error(opened.timeout, role_);
    throw error.context(fmt::format("connecting to the {}", role_));
  }
  connected_ = true;
  PQsetNoticeReceiver(connection_.get(), count_notice, this);
  cancel_.reset(PQgetCancel(connection_.get()));
  own_sessions::enter(cancel_.get(), role_, PQbackendPID(connection_.get()));
  const char* host = PQhost(connection_.get());
  endpoint_ = fmt::format("{}@{}:{}/{}", PQuser(connection_.get()), host != nullptr && *host != '\0' ? host : "local",
                          PQport(connection_.get()), PQdb(connection_.get()));
  watched_ = WatchedSocket(PQsocket(connection_.get()), fmt::format("the {} {}", role_, endpoint_));
  describe_ = fmt::format("{} {} (backend {})", role_, endpoint_, PQbackendPID(connection_.get()));
  if (early && early->set_up) return;
  // SQL_ASCII keeps bytes of any encoding, which nobody can convert: they go as they
  // are, and a server that knows characters refuses the row that is not UTF-8.
  if (parameter("server_encoding") == kBytes && PQsetClientEncoding(connection_.get(), kBytes) != 0)
    throw error_of(nullptr, "SET client_encoding");
  exec(session_settings_sql(role_, server_version()));
}

Error PgConnection::error_of(const pg_result* result, std::string_view statement) const {
  const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const char* primary = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  const char* detail = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : nullptr;
  const char* where = result != nullptr ? PQresultErrorField(result, PG_DIAG_CONTEXT) : nullptr;
  const char* server_hint = result != nullptr ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : nullptr;
  std::string message(trim(primary != nullptr ? primary : PQerrorMessage(connection_.get())));
  if (message.empty()) message = kFailedWithoutMessage;
  if (std::string dead = watched_.verdict(); !dead.empty()) message = std::move(dead);
  if (detail != nullptr) message += fmt::format("; {}", detail);
  if (where != nullptr) message += fmt::format("; {}", where);

  // Class 22, data exception: a value that the server cannot take.
  const bool data = state != nullptr && std::string_view(state).starts_with("22");
  Error error(data ? ErrorKind::data : kind_of_role(role_), hide_passwords(message));
  if (state != nullptr) error.sqlstate(state);
  if (!statement.empty()) error.statement(std::string(statement));
  const char* column = result != nullptr ? PQresultErrorField(result, PG_DIAG_COLUMN_NAME) : nullptr;
  if (column != nullptr)
    error.column(column);
  else if (where != nullptr && data)
    error.column(column_of_copy_context(where));
  const PgStep step = connected_ ? (role_ == "source" ? PgStep::read : PgStep::any) : PgStep::connect;
  PgHint hint = pg_hint(state != nullptr ? state : "", message, step);
  // Of resources and settings the server knows less than what to do next.
  const bool resource = state != nullptr &&
                        (state[0] == '5' || std::string_view(state) == sqlstate::read_only_sql_transaction) &&
                        !hint.text.empty();
  if (std::string text = encoding_hint(state != nullptr ? state : "", role_, parameter("server_encoding"));
      !text.empty())
    error.hint(std::move(text));
  else if (hint.for_step)
    error.hint(std::move(hint.text));
  else if (server_hint != nullptr && !resource)
    error.general_hint(hide_passwords(server_hint));
  else if (!hint.text.empty())
    error.general_hint(std::move(hint.text));
  if (state != nullptr && retryable_state(state)) error.mark_retryable();
  // libpq tells of a failed write before it has seen that the connection is gone.
  if (state == nullptr) PQconsumeInput(connection_.get());
  if (PQstatus(connection_.get()) != CONNECTION_OK) error.mark_connection_lost();
  note_interruption(error, state != nullptr && std::string_view(state) == sqlstate::query_canceled);
  error.context(describe_);
  return error;
}

PgResult PgConnection::checked(pg_result* result, std::string_view statement) const {
  PgResult owned(result);
  const ExecStatusType status = PQresultStatus(result);
  switch (status) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT: return owned;
    default: throw error_of(result, statement);
  }
}

PgConnection::~PgConnection() {
  if (prefetched_) prefetched_->close();
}

pg_conn* PgConnection::settled(bool keep) const {
  if (prefetched_) prefetched_->settle(keep);
  return connection_.get();
}

PgResult PgConnection::exec(const std::string& sql) { return checked(PQexec(settled(false), sql.c_str()), sql); }

PgResult PgConnection::exec(const std::string& sql, const std::vector<std::optional<std::string>>& parameters) {
  return checked(send_and_wait(settled(false), sql, parameters), sql);
}

PgResult ask(PgConnection& connection, const PgQuery& question) {
  if (connection.prefetched_)
    if (pg_result* const answer = connection.prefetched_->answer(question))
      return connection.checked(answer, question.sql);
  pg_conn* const raw = connection.settled(true);
  return connection.checked(send_and_wait(raw, question.sql, question.parameters), question.sql);
}

PgResult PgConnection::exec_binary(const std::string& sql, const std::vector<BinaryValue>& parameters) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const BinaryValue& parameter : parameters) {
    types.push_back(parameter.type_oid);
    values.push_back(parameter.bytes ? parameter.bytes->data() : nullptr);
    lengths.push_back(parameter.bytes ? static_cast<int>(parameter.bytes->size()) : 0);
  }
  const std::vector<int> formats(parameters.size(), 1);
  return checked(PQexecParams(settled(false), sql.c_str(), static_cast<int>(values.size()), types.data(), values.data(),
                              lengths.data(), formats.data(), 0),
                 sql);
}

void PgConnection::forget_prepared() {
  exec("DEALLOCATE ALL");
  prepared_.clear();
}

// The first time it is prepared in the same round trip.
PgResult PgConnection::exec_often(const std::string& sql, const std::vector<std::optional<std::string>>& parameters) {
  const auto values = pointers(parameters);
  const auto known = prepared_.find(sql);
  const bool prepare = known == prepared_.end();
  const std::string name = prepare ? fmt::format("dbsync_{}", prepared_.size()) : known->second;
  const auto count = static_cast<int>(values.size());
  pg_conn* const raw = settled(false);
  if (!prepare) return checked(PQexecPrepared(raw, name.c_str(), count, values.data(), nullptr, nullptr, 0), sql);
  if (!send_often(raw, name, sql, values, true)) throw error_of(nullptr, sql);
  auto results = end_pipeline(raw, 2);
  checked(results[0].release(), sql);
  prepared_.emplace(sql, name);
  return checked(results[1].release(), sql);
}

// The first failure is the one to tell.
PgResult PgConnection::exec_often_and_commit(const std::string& sql,
                                             const std::vector<std::optional<std::string>>& parameters) {
  pg_conn* const raw = settled(false);
  const auto known = prepared_.find(sql);
  const bool prepare = known == prepared_.end();
  const std::string name = prepare ? fmt::format("dbsync_{}", prepared_.size()) : known->second;
  const bool sent = send_often(raw, name, sql, pointers(parameters), prepare) &&
                    PQsendQueryParams(raw, "COMMIT", 0, nullptr, nullptr, nullptr, nullptr, 0) == 1;
  if (!sent) throw error_of(nullptr, sql);
  auto results = end_pipeline(raw, prepare ? 3 : 2);
  std::size_t next = 0;
  if (prepare) {
    checked(results[next++].release(), sql);
    prepared_.emplace(sql, name);
  }
  PgResult first = checked(results[next++].release(), sql);
  checked(results[next].release(), "COMMIT");
  return first;
}

void PgConnection::start_copy(const std::string& sql) {
  if (PQsendQuery(settled(false), sql.c_str()) != 1) throw error_of(nullptr, sql);
}

void PgConnection::await_copy(const std::string& sql) {
  std::optional<Error> failure;
  while (pg_result* raw = PQgetResult(connection_.get())) {
    const PgResult result(raw);
    const ExecStatusType status = PQresultStatus(raw);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) return;
    if (status != PGRES_COMMAND_OK && !failure) failure = error_of(raw, sql);
    if (!usable()) break;
  }
  throw failure ? *failure : error_of(nullptr, sql);
}

PgResult PgConnection::columns_of(const std::string& query) {
  checked(PQprepare(settled(false), "", query.c_str(), 0, nullptr), query);
  return checked(PQdescribePrepared(connection_.get(), ""), query);
}

int PgConnection::server_version() const { return PQserverVersion(connection_.get()); }

std::string PgConnection::parameter(const char* name) const {
  const char* value = PQparameterStatus(connection_.get(), name);
  return value != nullptr ? value : "";
}

bool PgConnection::in_transaction() const { return PQtransactionStatus(settled(true)) != PQTRANS_IDLE; }
bool PgConnection::idle_in_transaction() const { return PQtransactionStatus(settled(true)) == PQTRANS_INTRANS; }
bool PgConnection::usable() const { return PQstatus(connection_.get()) == CONNECTION_OK; }

bool PgConnection::answers() noexcept {
  try {
    exec("SELECT 1");
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void PgConnection::cancel() const noexcept {
  char reason[256];
  if (cancel_) PQcancel(cancel_.get(), reason, sizeof reason);  // best effort: the statement may have ended
}

PgTransaction::PgTransaction(PgConnection& connection, const std::string& begin) : connection_(connection) {
  connection_.exec(begin);
}

PgTransaction::~PgTransaction() {
  if (!open_ || !connection_.in_transaction()) return;
  try {
    connection_.exec("ROLLBACK");
  } catch (const Error& error) {
    // The server rolls back by itself when the connection is gone.
    log::debug("target", error.what());
  }
}

void PgTransaction::commit() {
  connection_.exec("COMMIT");
  open_ = false;
}

}  // namespace dbsync
