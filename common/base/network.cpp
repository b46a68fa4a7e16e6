#include "base/network.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"

namespace dbsync {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct WatchedSocket::Entry {
  int socket = -1;
  std::string peer;
  std::string verdict;  // guarded by the registry's mutex
  std::chrono::steady_clock::time_point asked{};
};

namespace {

using Clock = std::chrono::steady_clock;
using Entries = std::vector<std::shared_ptr<WatchedSocket::Entry>>;

constexpr seconds kDefaultTimeout{60};
constexpr int kKeepaliveCount = 3;
constexpr int kIdleWithoutTimeout = 60;  // firewalls forget connections that are silent
constexpr std::uint32_t kMostProbes = 3;
constexpr milliseconds kLongestAsking{10000};

std::atomic<seconds> the_timeout = kDefaultTimeout;

struct Registry {
  std::mutex mutex;
  std::vector<std::weak_ptr<WatchedSocket::Entry>> entries;
  bool cut = false;
};

Registry& registry() {
  static Registry all;
  return all;
}

Entries living() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::erase_if(all.entries, [](const auto& entry) { return entry.expired(); });
  Entries out;
  for (const auto& weak : all.entries)
    if (auto entry = weak.lock()) out.push_back(std::move(entry));
  return out;
}

// Nothing for what is no TCP socket, or not connected (any more).
std::optional<network::LinkState> state_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  constexpr unsigned kEstablished = 1;  // TCP_ESTABLISHED, TCP_CLOSE_WAIT of netinet/tcp.h
  constexpr unsigned kCloseWait = 8;
  if (info.tcpi_state != kEstablished && info.tcpi_state != kCloseWait) return std::nullopt;
  return network::LinkState{.resends = info.tcpi_unacked > 0 && info.tcpi_retransmits > 0,
                            .window_closed = info.tcpi_unacked == 0 && info.tcpi_notsent_bytes > 0,
                            .probes = info.tcpi_probes,
                            .silence = milliseconds(info.tcpi_last_ack_recv)};
}

// Whether the host behind a socket answers another connection, be it with a refusal.
bool host_answers(int socket, milliseconds patience) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const peer = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(socket, peer, &size) != 0) return true;  // it is gone already: not ours to judge
  const int asking = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (asking < 0) return true;
  bool answers = ::connect(asking, peer, size) == 0 || errno == ECONNREFUSED;
  if (!answers && errno == EINPROGRESS) {
    pollfd fd{asking, POLLOUT, 0};
    int failure = 0;
    socklen_t length = sizeof failure;
    answers = ::poll(&fd, 1, static_cast<int>(patience.count())) > 0 &&
              ::getsockopt(asking, SOL_SOCKET, SO_ERROR, &failure, &length) == 0 &&
              (failure == 0 || failure == ECONNREFUSED);
  }
  ::close(asking);
  return answers;
}

void look_at(WatchedSocket::Entry& entry, milliseconds timeout) {
  const auto state = state_of(entry.socket);
  if (!state) return;
  auto verdict = network::judge(*state, timeout);
  if (verdict == network::LinkVerdict::doubtful) {
    if (Clock::now() - entry.asked < timeout) return;
    entry.asked = Clock::now();
    if (!host_answers(entry.socket, std::min(timeout, kLongestAsking))) verdict = network::LinkVerdict::dead;
  }
  if (verdict != network::LinkVerdict::dead) return;
  std::string reason =
      fmt::format("nothing has come back from {} for {} s: the network or the host is down (network_timeout)",
                  entry.peer, std::chrono::duration_cast<seconds>(state->silence).count());
  log::debug("network", reason);
  {
    const std::lock_guard lock(registry().mutex);
    entry.verdict = std::move(reason);
  }
  ::shutdown(entry.socket, SHUT_RDWR);
}

void watch(milliseconds timeout, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, 1s, [] { return false; }) && !stop.stop_requested())
    for (const auto& entry : living()) look_at(*entry, timeout);
}

// No signal of the process is to end up in a thread that does not expect it.
std::jthread without_signals(auto body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::jthread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

namespace network {

LinkVerdict judge(const LinkState& state, milliseconds timeout) {
  if (state.silence < timeout) return LinkVerdict::well;
  if (state.resends || state.probes >= kMostProbes) return LinkVerdict::dead;
  return state.window_closed ? LinkVerdict::doubtful : LinkVerdict::well;
}

seconds timeout() { return the_timeout; }

Keepalive keepalive() {
  const auto limit = static_cast<int>(timeout().count());
  if (limit == 0) return {kIdleWithoutTimeout, kIdleWithoutTimeout, kKeepaliveCount};
  const int interval = std::max(1, limit / (2 * kKeepaliveCount));
  return {std::max(1, limit - kKeepaliveCount * interval), interval, kKeepaliveCount};
}

void set_keepalive(int socket) noexcept {
  const Keepalive values = keepalive();
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &values.idle, sizeof values.idle);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &values.interval, sizeof values.interval);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &values.count, sizeof values.count);
}

void cut_all() noexcept {
  {
    const std::lock_guard lock(registry().mutex);
    registry().cut = true;
  }
  for (const auto& entry : living()) ::shutdown(entry->socket, SHUT_RDWR);
}

}  // namespace network

NetworkWatch::NetworkWatch(seconds timeout) {
  the_timeout = timeout;
  if (timeout > 0s) thread_ = without_signals([timeout](const std::stop_token& stop) { watch(timeout, stop); });
}

NetworkWatch::~NetworkWatch() = default;

WatchedSocket::WatchedSocket(int socket, std::string peer) : entry_(std::make_shared<Entry>()) {
  entry_->socket = socket;
  entry_->peer = std::move(peer);
  const std::lock_guard lock(registry().mutex);
  registry().entries.push_back(entry_);
  if (registry().cut) ::shutdown(socket, SHUT_RDWR);
}

std::string WatchedSocket::verdict() const {
  if (!entry_) return {};
  const std::lock_guard lock(registry().mutex);
  return entry_->verdict;
}

}  // namespace dbsync
