#include "pg/dump_relay.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "pg/conninfo.h"
#include "pg/relay_session.h"

namespace dbsync {

namespace {

constexpr char kSocket[] = ".s.PGSQL.5432";
constexpr int kSliceMs = 100;

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
    RelaySession(client, source_.raw()).run();
  } catch (const RelayOver&) {
    log::debug("schema", "pg_dump ended its connection");
  }
  at_work_ = false;
  ::shutdown(client, SHUT_RDWR);
  ::close(client);
}

}  // namespace dbsync
