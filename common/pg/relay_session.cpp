#include "pg/relay_session.h"

#include <libpq-fe.h>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

namespace dbsync {

namespace {

constexpr std::size_t kFull = std::size_t{64} << 10;      // of what is to be sent to pg_dump
constexpr std::size_t kMostAhead = std::size_t{1} << 20;  // bytes of statements that wait
constexpr std::uint32_t kProtocol3 = 196608;
constexpr std::uint32_t kSslRequest = 80877103;
constexpr std::uint32_t kGssRequest = 80877104;

// Those that libpq and pg_dump look at.
constexpr std::array kParameters{"server_version",
                                 "server_encoding",
                                 "client_encoding",
                                 "is_superuser",
                                 "DateStyle",
                                 "IntervalStyle",
                                 "TimeZone",
                                 "integer_datetimes",
                                 "standard_conforming_strings",
                                 "application_name",
                                 "session_authorization"};

// Letters of an error's fields are those of the protocol.
constexpr std::array kErrorFields{PG_DIAG_SEVERITY,           PG_DIAG_SEVERITY_NONLOCALIZED,
                                  PG_DIAG_SQLSTATE,           PG_DIAG_MESSAGE_PRIMARY,
                                  PG_DIAG_MESSAGE_DETAIL,     PG_DIAG_MESSAGE_HINT,
                                  PG_DIAG_STATEMENT_POSITION, PG_DIAG_INTERNAL_POSITION,
                                  PG_DIAG_INTERNAL_QUERY,     PG_DIAG_CONTEXT,
                                  PG_DIAG_SCHEMA_NAME,        PG_DIAG_TABLE_NAME,
                                  PG_DIAG_COLUMN_NAME,        PG_DIAG_DATATYPE_NAME,
                                  PG_DIAG_CONSTRAINT_NAME};

}  // namespace

RelaySession::RelaySession(int fd, pg_conn* source) : client_(fd), source_(source) {
  PQsetNoticeReceiver(
      source_, [](void* self, const pg_result* notice) { static_cast<RelaySession*>(self)->put_report('N', notice); },
      this);
}

void RelaySession::run() {
  start();
  for (;;) {
    const std::string type = client_.read(1);
    const std::string body = client_.read_body();
    if (type == "X") return;
    if (type != "Q" || body.empty()) throw RelayOver{};
    query(body.substr(0, body.size() - 1));
    client_.send(out_.take());
  }
}

void RelaySession::start() {
  for (;;) {
    const std::uint32_t size = client_.read_int32();
    const std::uint32_t code = client_.read_int32();
    if (size < 8 || size > RelayClient::kLongestMessage) throw RelayOver{};
    client_.read(size - 8);
    if (code == kProtocol3) break;
    if (code != kSslRequest && code != kGssRequest) throw RelayOver{};
    client_.send("N");
  }
  out_.begin('R');  // nobody else may come to this socket
  out_.put_int32(0);
  out_.end();
  put_parameters();
  out_.begin('K');
  out_.put_int32(static_cast<std::uint32_t>(PQbackendPID(source_)));
  out_.put_int32(0);
  out_.end();
  put_ready();
  client_.send(out_.take());
}

std::optional<std::string> RelaySession::tag_of(const std::string& sql) {
  if (sql.starts_with("LOCK TABLE ")) return "LOCK TABLE";
  if (sql.starts_with("SET ") && sql.find(';') == std::string::npos) return "SET";
  return std::nullopt;
}

void RelaySession::query(const std::string& sql) {
  if (const auto tag = tag_of(sql); tag && ahead_.size() < kMostAhead) {
    ahead_ += sql + ";\n";
    ++statements_ahead_;
    return put_done(*tag);
  }
  const std::string text = std::exchange(ahead_, {}) + sql;
  std::size_t to_skip = std::exchange(statements_ahead_, 0);
  if (PQsendQuery(source_, text.c_str()) != 1 || PQsetSingleRowMode(source_) != 1) {
    put_report('E', nullptr);
    return put_ready();
  }
  described_ = false;
  while (pg_result* raw = PQgetResult(source_)) {
    const std::unique_ptr<pg_result, PgResult::Clear> result(raw);
    if (to_skip > 0 && PQresultStatus(raw) == PGRES_COMMAND_OK)
      --to_skip;
    else
      put_result(raw);
    if (PQstatus(source_) != CONNECTION_OK) break;
  }
  put_parameters();
  put_ready();
}

void RelaySession::put_result(const pg_result* result) {
  switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE: put_row(result); break;
    case PGRES_TUPLES_OK:
      describe(result);
      put_command(PQcmdStatus(const_cast<pg_result*>(result)));
      described_ = false;
      break;
    case PGRES_COMMAND_OK: put_command(PQcmdStatus(const_cast<pg_result*>(result))); break;
    case PGRES_EMPTY_QUERY:
      out_.begin('I');
      out_.end();
      break;
    case PGRES_FATAL_ERROR: put_report('E', result); break;
    default: throw RelayOver{};  // a COPY
  }
  if (out_.size() > kFull) client_.send(out_.take());
}

void RelaySession::describe(const pg_result* result) {
  if (std::exchange(described_, true)) return;
  out_.begin('T');
  out_.put_int16(PQnfields(result));
  for (int i = 0; i < PQnfields(result); ++i) {
    out_.put_text(PQfname(result, i));
    out_.put_int32(PQftable(result, i));
    out_.put_int16(PQftablecol(result, i));
    out_.put_int32(PQftype(result, i));
    out_.put_int16(PQfsize(result, i));
    out_.put_int32(static_cast<std::uint32_t>(PQfmod(result, i)));
    out_.put_int16(0);
  }
  out_.end();
}

void RelaySession::put_row(const pg_result* result) {
  describe(result);
  out_.begin('D');
  out_.put_int16(PQnfields(result));
  for (int i = 0; i < PQnfields(result); ++i) {
    if (PQgetisnull(result, 0, i) != 0) {
      out_.put_int32(UINT32_MAX);
      continue;
    }
    const auto size = static_cast<std::size_t>(PQgetlength(result, 0, i));
    out_.put_int32(static_cast<std::uint32_t>(size));
    out_.put_bytes(PQgetvalue(result, 0, i), size);
  }
  out_.end();
}

void RelaySession::put_command(std::string_view tag) {
  out_.begin('C');
  out_.put_text(tag);
  out_.end();
}

void RelaySession::put_done(std::string_view tag) {
  put_command(tag);
  put_ready();
}

void RelaySession::put_report(char type, const pg_result* result) {
  out_.begin(type);
  const auto put = [this](int field, std::string_view text) {
    out_.put_char(static_cast<char>(field));
    out_.put_text(text);
  };
  if (result != nullptr && PQresultErrorField(result, PG_DIAG_SQLSTATE) != nullptr) {
    for (const int field : kErrorFields)
      if (const char* text = PQresultErrorField(result, field)) put(field, text);
  } else {
    put(PG_DIAG_SEVERITY, "FATAL");
    put(PG_DIAG_SQLSTATE, "08006");
    put(PG_DIAG_MESSAGE_PRIMARY, PQerrorMessage(source_));
  }
  out_.put_char('\0');
  out_.end();
}

void RelaySession::put_parameters() {
  for (const char* name : kParameters) {
    const char* value = PQparameterStatus(source_, name);
    if (value == nullptr || parameters_[name] == value) continue;
    parameters_[name] = value;
    out_.begin('S');
    out_.put_text(name);
    out_.put_text(value);
    out_.end();
  }
}

void RelaySession::put_ready() {
  const PGTransactionStatusType status = PQtransactionStatus(source_);
  out_.begin('Z');
  out_.put_char(status == PQTRANS_INTRANS ? 'T' : status == PQTRANS_INERROR ? 'E' : 'I');
  out_.end();
}

}  // namespace dbsync
