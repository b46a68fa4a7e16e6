#include "mysql2pgsql/client/mysql_handshake.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/network.h"
#include "base/shutdown.h"
#include "mysql2pgsql/client/mysql_client.h"
#include "mysql2pgsql/client/mysql_hints.h"

namespace dbsync {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// The libraries take "localhost" for the default socket.
bool by_socket(const MysqlEndpoint& endpoint) {
  constexpr std::uint16_t kSocketsPort = 3306;
  return !endpoint.socket.empty() || (endpoint.host == "localhost" && endpoint.port == kSocketsPort);
}

bool insists(const std::string& mode) { return mode == "required" || mode.starts_with("verify"); }

#ifdef MARIADB_PACKAGE_VERSION

// Those that prove a password without telling it.
constexpr char kSafePlugins[] =
    "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password,auth_gssapi_client,parsec";
constexpr std::chrono::seconds kPatience{30};  // without network_timeout
constexpr unsigned kTlsFailed = 2026;          // CR_SSL_CONNECTION_ERROR
constexpr auto kSlice = 200ms;                 // between looks at the signals
constexpr std::size_t kStack = 512UL * 1024;   // of the library's coroutine: TLS and plugins run on it

class Handshake {
 public:
  Handshake(MYSQL* mysql, const MysqlEndpoint& endpoint, unsigned long capabilities)
      : mysql_(mysql), endpoint_(endpoint), capabilities_(capabilities), mode_(ssl_mode_of(endpoint)) {}

  bool run() {
    const char* socket = endpoint_.socket.empty() ? nullptr : endpoint_.socket.c_str();
    const char* host = socket != nullptr ? "localhost" : endpoint_.host.c_str();
    mysql_options(mysql_, MYSQL_OPT_NONBLOCK, &kStack);
    MYSQL* result = nullptr;
    int waits_for = mysql_real_connect_start(&result, mysql_, host, endpoint_.user.c_str(), endpoint_.password.c_str(),
                                             endpoint_.db.c_str(), endpoint_.port, socket, capabilities_);
    while (waits_for != 0) waits_for = mysql_real_connect_cont(&result, mysql_, wait(waits_for));
    if (refusal_) throw *refusal_;
    return result != nullptr;
  }

 private:
  // The library cannot be left in the middle: the socket is closed for both
  // directions, and it finds that out by itself.
  void refuse(Error error) {
    if (!refusal_) refusal_ = std::move(error);
    ::shutdown(client_socket(mysql_), SHUT_RDWR);
  }

  int wait(int waits_for) {
    short events = 0;
    if ((waits_for & MYSQL_WAIT_READ) != 0) events |= POLLIN;
    if ((waits_for & MYSQL_WAIT_WRITE) != 0) events |= POLLOUT;
    if ((waits_for & MYSQL_WAIT_EXCEPT) != 0) events |= POLLPRI;
    const short came = poll_patiently(events);
    // Connected: the library would read a greeting that is there at once, and answer.
    if (!greeted_ && !refusal_ && (came & (POLLIN | POLLOUT)) != 0 && (came & (POLLERR | POLLHUP)) == 0 &&
        (poll_patiently(POLLIN) & POLLIN) != 0)
      look_at_greeting();
    int out = 0;
    if ((came & (POLLIN | POLLHUP | POLLERR)) != 0) out |= MYSQL_WAIT_READ;
    if ((came & (POLLOUT | POLLHUP | POLLERR)) != 0) out |= MYSQL_WAIT_WRITE;
    if ((came & POLLPRI) != 0) out |= MYSQL_WAIT_EXCEPT;
    return (out & waits_for) != 0 ? out & waits_for : waits_for & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE);
  }

  // What has come; nothing when the connection was refused meanwhile.
  short poll_patiently(short events) {
    const auto limit = network::timeout() > 0s ? network::timeout() : kPatience;
    while (!refusal_) {
      pollfd fd{client_socket(mysql_), events, 0};
      if (::poll(&fd, 1, static_cast<int>(std::chrono::milliseconds(kSlice).count())) > 0) return fd.revents;
      if (stop_asked()) {
        refuse(Error(ErrorKind::interrupted, "interrupted while connecting to the source"));
      } else if (Clock::now() - start_ > limit) {
        refuse(Error(ErrorKind::source, fmt::format("the source {} says nothing for {} s", endpoint_.describe(),
                                                    std::chrono::duration_cast<std::chrono::seconds>(limit).count()))
                   .hint("host and port of [src.mysql], a firewall, or a server that hangs")
                   .mark_connection_lost());
      }
    }
    return 0;
  }

  void look_at_greeting() {
    greeted_ = true;
    if (by_socket(endpoint_) && !insists(mode_)) return;
    std::array<char, 1024> bytes;
    std::optional<bool> tls;
    for (int i = 0; i < 1000 && !tls && !refusal_; ++i) {
      if (i > 0) std::this_thread::sleep_for(1ms);
      const ssize_t n = ::recv(client_socket(mysql_), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
      if (n > 4 && bytes[4] == '\xff') return;  // an error, which the library tells
      if (n > 0) tls = offers_tls({bytes.data(), static_cast<std::size_t>(n)});
      if (n == 0 || n == static_cast<ssize_t>(bytes.size())) break;
    }
    if (tls.value_or(false) && mode_ != "disabled") return;
    if (insists(mode_)) {
      refuse(Error(ErrorKind::source,
                   fmt::format("the source {} offers no TLS, but ssl_mode is {}", endpoint_.describe(), mode_))
                 .hint(mysql_hint(kTlsFailed, {})));
      return;
    }
    mysql_options(mysql_, MARIADB_OPT_RESTRICTED_AUTH, kSafePlugins);
  }

  MYSQL* mysql_;
  const MysqlEndpoint& endpoint_;
  const unsigned long capabilities_;
  const std::string mode_;
  const Clock::time_point start_ = Clock::now();
  bool greeted_ = false;
  std::optional<Error> refusal_;
};

#endif

}  // namespace

std::string ssl_mode_of(const MysqlEndpoint& endpoint) {
  if (!endpoint.ssl_mode.empty()) return endpoint.ssl_mode;
  return by_socket(endpoint) ? "disabled" : "preferred";
}

std::optional<bool> offers_tls(std::string_view packet) {
  constexpr std::size_t kHeader = 4;
  constexpr char kProtocol = 10;
  constexpr std::size_t kBehindVersion = 1 + 4 + 8 + 1;  // NUL, thread, scramble, filler
  constexpr unsigned char kTlsHighBits = 0x08;           // CLIENT_SSL is 0x0800
  if (packet.size() <= kHeader || packet[kHeader] != kProtocol) return std::nullopt;
  const std::size_t end = packet.find('\0', kHeader + 1);
  if (end == std::string_view::npos || packet.size() < end + kBehindVersion + 2) return std::nullopt;
  return (static_cast<unsigned char>(packet[end + kBehindVersion + 1]) & kTlsHighBits) != 0;
}

bool connect_handle(MysqlHandle& handle, const MysqlEndpoint& endpoint, unsigned long capabilities) {
#ifdef MARIADB_PACKAGE_VERSION
  return Handshake(handle.mysql, endpoint, capabilities).run();
#else
  const char* socket = endpoint.socket.empty() ? nullptr : endpoint.socket.c_str();
  const char* host = socket != nullptr ? "localhost" : endpoint.host.c_str();
  return mysql_real_connect(handle.mysql, host, endpoint.user.c_str(), endpoint.password.c_str(), endpoint.db.c_str(),
                            endpoint.port, socket, capabilities) != nullptr;
#endif
}

}  // namespace dbsync
