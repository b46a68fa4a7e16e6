#include "pgsql2pgsql/follow/replication_connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/byte_writer.h"
#include "base/log.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;

constexpr auto kSendPatience = 30s;  // for a server that takes no bytes
constexpr std::chrono::seconds kPostgresEpoch{946684800};

std::int64_t postgres_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch() - kPostgresEpoch;
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

int milliseconds_until(ReplicationConnection::Clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - ReplicationConnection::Clock::now()).count();
  return left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : static_cast<int>(left);
}

}  // namespace

void ReplicationConnection::FreeBuffer::operator()(char* buffer) const { PQfreemem(buffer); }

ReplicationConnection::ReplicationConnection(const std::string& conninfo, const std::string& name)
    : connection_(conninfo, "source", name, PgSessionKind::replication),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

ReplicationConnection::~ReplicationConnection() {
  if (wake_ >= 0) ::close(wake_);
}

void ReplicationConnection::start(const std::string& text) {
  PGconn* const raw = connection_.raw();
  const PgResult result(PQexec(raw, text.c_str()));
  if (PQresultStatus(result.raw()) != PGRES_COPY_BOTH) throw connection_.error_of(result.raw(), text);
  if (PQsetnonblocking(raw, 1) != 0) throw connection_.error_of(nullptr, text);
  streaming_ = true;
}

// True when bytes have arrived, false at the deadline or when woken.
bool ReplicationConnection::wait(Clock::time_point deadline) {
  std::array<pollfd, 2> fds{pollfd{PQsocket(connection_.raw()), POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
  const int ready = ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
  if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  if (ready <= 0) return false;
  if ((fds[1].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    (void)!::read(wake_, &count, sizeof count);
    return false;
  }
  gather();
  if (PQconsumeInput(connection_.raw()) == 0) throw connection_.error_of(nullptr, {});
  return true;
}

// The server sends every message by itself. In a stream of them, waiting a moment
// takes many at once: for both sides that is most of the work of moving them.
void ReplicationConnection::gather() {
  constexpr auto kStream = 5ms;
  constexpr auto kMoment = 100us;  // less than it takes to fill the socket's buffer with small messages
  const auto now = Clock::now();
  if (now - last_arrival_ < kStream) std::this_thread::sleep_for(kMoment);
  last_arrival_ = Clock::now();
}

std::optional<std::string_view> ReplicationConnection::receive(Clock::time_point deadline) {
  for (;;) {
    char* buffer = nullptr;
    const int length = PQgetCopyData(connection_.raw(), &buffer, 1);
    frame_.reset(buffer);
    if (length > 0) return std::string_view(buffer, static_cast<std::size_t>(length));
    if (length < 0) ended();
    if (!wait(deadline)) return std::nullopt;
  }
}

// The server has ended the stream: with an error, or because it shuts down.
void ReplicationConnection::ended() {
  streaming_ = false;
  PQsetnonblocking(connection_.raw(), 0);
  while (PGresult* raw = PQgetResult(connection_.raw())) {
    const PgResult result(raw);
    if (PQresultStatus(raw) == PGRES_FATAL_ERROR) throw connection_.error_of(raw, "START_REPLICATION");
    if (PQresultStatus(raw) == PGRES_COPY_BOTH || PQresultStatus(raw) == PGRES_COPY_IN) break;
  }
  throw Error(ErrorKind::source, "the source ended the stream of changes").mark_connection_lost().context(describe());
}

void ReplicationConnection::flush() {
  const auto deadline = Clock::now() + kSendPatience;
  PGconn* const raw = connection_.raw();
  for (;;) {
    const int pending = PQflush(raw);
    if (pending == 0) return;
    if (pending < 0) throw connection_.error_of(nullptr, "a status update");
    pollfd fd{PQsocket(raw), POLLIN | POLLOUT, 0};
    if (::poll(&fd, 1, milliseconds_until(deadline)) == 0)
      throw Error(ErrorKind::source, "the source takes no status update").mark_connection_lost().context(describe());
    // What arrives meanwhile must be taken in, or both sides wait for each other.
    if ((fd.revents & POLLIN) != 0 && PQconsumeInput(raw) == 0) throw connection_.error_of(nullptr, "a status update");
  }
}

void ReplicationConnection::send(const StatusUpdate& status) {
  std::string bytes = "r";
  ByteWriter out(bytes);
  out.u64(status.received);
  out.u64(status.flushed);
  out.u64(status.flushed);
  out.i64(postgres_now());
  out.u8(status.want_reply ? 1 : 0);
  if (PQputCopyData(connection_.raw(), bytes.data(), static_cast<int>(bytes.size())) < 0)
    throw connection_.error_of(nullptr, "a status update");
  flush();
}

void ReplicationConnection::stop() {
  if (!streaming_) return;
  streaming_ = false;
  PQsetnonblocking(connection_.raw(), 0);
  if (PQputCopyEnd(connection_.raw(), nullptr) != 1) return;
  // Frames may still be under way; the server's end follows them.
  char* buffer = nullptr;
  while (PQgetCopyData(connection_.raw(), &buffer, 0) > 0) frame_.reset(buffer);
  while (PGresult* raw = PQgetResult(connection_.raw())) {
    const PgResult result(raw);
    if (PQresultStatus(raw) == PGRES_COPY_BOTH || PQresultStatus(raw) == PGRES_COPY_IN) break;
    if (!connection_.usable()) break;
  }
}

void ReplicationConnection::interrupt() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

}  // namespace dbsync
