#include "pg/dump_relay.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "pg/conninfo.h"

namespace dbsync {

namespace {

constexpr char kSocket[] = ".s.PGSQL.5432";
constexpr int kSliceMs = 100;
constexpr std::size_t kFull = std::size_t{64} << 10;      // of what is to be sent to pg_dump
constexpr std::size_t kMostAhead = std::size_t{1} << 20;  // bytes of statements that wait
constexpr std::uint32_t kLongestMessage = std::uint32_t{1} << 30;
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

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  const std::string text = path.string();
  std::copy_n(text.begin(), std::min(text.size(), sizeof out.sun_path - 1), out.sun_path);
  return out;
}

int listen_at(const std::filesystem::path& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = address_of(path);
  if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 1) == 0)
    return fd;
  const std::string why = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  throw Error(ErrorKind::internal, fmt::format("cannot make the socket {} for pg_dump: {}", path.string(), why));
}

// What the protocol calls a message: a type, a length, and fields in network order.
class Messages {
 public:
  void begin(char type) {
    bytes_ += type;
    start_ = bytes_.size();
    put_int32(0);
  }
  void end() {
    const auto size = static_cast<std::uint32_t>(bytes_.size() - start_);
    for (std::size_t i = 0; i < 4; ++i) bytes_[start_ + i] = static_cast<char>(size >> (24 - 8 * i));
  }
  void put_int16(int value) {
    bytes_ += static_cast<char>(static_cast<unsigned>(value) >> 8);
    bytes_ += static_cast<char>(value);
  }
  void put_int32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift);
  }
  void put_char(char value) { bytes_ += value; }
  void put_text(std::string_view text) { (bytes_ += text) += '\0'; }
  void put_bytes(const char* data, std::size_t size) { bytes_.append(data, size); }

  std::size_t size() const { return bytes_.size(); }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
  std::size_t start_ = 0;
};

// pg_dump has gone, or does not speak what it is expected to.
struct Over {};

// The side of pg_dump.
class Client {
 public:
  explicit Client(int fd) : fd_(fd) {}

  std::string read(std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t have = 0; have < size;) {
      const ssize_t n = ::read(fd_, out.data() + have, size - have);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) throw Over{};
      have += static_cast<std::size_t>(n);
    }
    return out;
  }
  std::uint32_t read_int32() {
    std::uint32_t out = 0;
    for (const char c : read(4)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }
  std::string read_body() {
    const std::uint32_t size = read_int32();
    if (size < 4 || size > kLongestMessage) throw Over{};
    return read(size - 4);
  }
  void send(const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) throw Over{};
      sent += static_cast<std::size_t>(n);
    }
  }

 private:
  int fd_;
};

class Session {
 public:
  Session(int fd, pg_conn* source) : client_(fd), source_(source) {
    PQsetNoticeReceiver(
        source_, [](void* self, const pg_result* notice) { static_cast<Session*>(self)->put_report('N', notice); },
        this);
  }

  void run() {
    start();
    for (;;) {
      const std::string type = client_.read(1);
      const std::string body = client_.read_body();
      if (type == "X") return;
      if (type != "Q" || body.empty()) throw Over{};
      query(body.substr(0, body.size() - 1));
      client_.send(out_.take());
    }
  }

 private:
  void start() {
    for (;;) {
      const std::uint32_t size = client_.read_int32();
      const std::uint32_t code = client_.read_int32();
      if (size < 8 || size > kLongestMessage) throw Over{};
      client_.read(size - 8);
      if (code == kProtocol3) break;
      if (code != kSslRequest && code != kGssRequest) throw Over{};
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

  // One statement that gives no rows, of which the next one need not know.
  static std::optional<std::string> tag_of(const std::string& sql) {
    if (sql.starts_with("LOCK TABLE ")) return "LOCK TABLE";
    if (sql.starts_with("SET ") && sql.find(';') == std::string::npos) return "SET";
    return std::nullopt;
  }

  void query(const std::string& sql) {
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

  void put_result(const pg_result* result) {
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
      default: throw Over{};  // a COPY
    }
    if (out_.size() > kFull) client_.send(out_.take());
  }

  void describe(const pg_result* result) {
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

  void put_row(const pg_result* result) {
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

  void put_command(std::string_view tag) {
    out_.begin('C');
    out_.put_text(tag);
    out_.end();
  }

  void put_done(std::string_view tag) {
    put_command(tag);
    put_ready();
  }

  // Without a result, of a connection that was lost.
  void put_report(char type, const pg_result* result) {
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

  // Those that are new.
  void put_parameters() {
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

  void put_ready() {
    const PGTransactionStatusType status = PQtransactionStatus(source_);
    out_.begin('Z');
    out_.put_char(status == PQTRANS_INTRANS ? 'T' : status == PQTRANS_INERROR ? 'E' : 'I');
    out_.end();
  }

  Client client_;
  pg_conn* source_;
  Messages out_;
  std::map<std::string, std::string> parameters_;
  std::string ahead_;
  std::size_t statements_ahead_ = 0;
  bool described_ = false;
};

}  // namespace

bool DumpRelay::fits(const std::filesystem::path& directory) {
  return (directory / kSocket).string().size() < sizeof(sockaddr_un::sun_path);
}

DumpRelay::DumpRelay(const std::string& conninfo, const std::string& name, std::filesystem::path directory)
    : directory_(std::move(directory)), source_(conninfo, "source", name), listener_(listen_at(directory_ / kSocket)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

// A lost connection, or one that is cut here, ends what the thread waits for.
DumpRelay::~DumpRelay() {
  thread_.request_stop();
  if (at_work_) source_.cancel();
  ::shutdown(PQsocket(source_.raw()), SHUT_RDWR);
  thread_.join();
  if (listener_ >= 0) ::close(listener_);
}

std::string DumpRelay::conninfo() {
  return fmt::format(
      "host={} hostaddr='' port=5432 user={} dbname={} sslmode=disable gssencmode=disable channel_binding=disable "
      "target_session_attrs=any",
      conninfo_value(directory_.string()), conninfo_value(PQuser(source_.raw())), conninfo_value(PQdb(source_.raw())));
}

void DumpRelay::run(const std::stop_token& stop) {
  pollfd fd{listener_, POLLIN, 0};
  while (!stop.stop_requested() && ::poll(&fd, 1, kSliceMs) <= 0) continue;
  if (stop.stop_requested()) return;
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  // What else comes is pg_dump's request to cancel, made when it is ended; it would wait for
  // an answer.
  ::close(std::exchange(listener_, -1));
  if (client < 0) return;
  const std::stop_callback end(stop, [client] { ::shutdown(client, SHUT_RDWR); });
  try {
    at_work_ = true;
    Session(client, source_.raw()).run();
  } catch (const Over&) {
    log::debug("schema", "pg_dump ended its connection");
  }
  at_work_ = false;
  ::shutdown(client, SHUT_RDWR);
  ::close(client);
}

}  // namespace dbsync
