// The network between this program and its servers: when a connection counts as dead.
//
// A link that goes dark tells nobody. The kernel's keepalives find it where a
// connection waits for an answer. Where bytes are under way that nobody confirms, the
// kernel tries for a quarter of an hour, and TCP_USER_TIMEOUT, made against that, also
// ends connections whose peer is there and does not read: a target that waits for a
// lock or for its disk. So a thread of ours looks at each socket once a second, and
// shuts down those whose peer has confirmed nothing for `timeout`, which its owner then
// sees as a lost connection. A peer that does not read but answers is left alone, for
// as long as it takes.
//
// One per process, as the log is. Threads: any. Errors: none.
// Source: tcp(7); Linux, net/ipv4/tcp_timer.c, tcp_probe_timer and tcp_keepalive_timer.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace dbsync {

// Of a connection whose library has no word for what happened to it.
inline constexpr char kFailedWithoutMessage[] = "the connection failed without a message";

namespace network {

// What the kernel knows of the other side of a socket.
struct LinkState {
  bool resends = false;                  // bytes that were sent again, and are not confirmed
  bool window_closed = false;            // bytes wait since the peer takes none
  std::uint32_t probes = 0;              // questions since then without an answer
  std::chrono::milliseconds silence{0};  // since the peer confirmed anything
};

// A closed window is asked after ever more rarely, up to every two minutes: what that
// says of the link is old, and a doubtful one has to be asked anew.
enum class LinkVerdict { well, doubtful, dead };
LinkVerdict judge(const LinkState& state, std::chrono::milliseconds timeout);

// network_timeout; 0 = off. As the watch that lives was told, else the default.
std::chrono::seconds timeout();

// Keepalives of a socket, so that a peer that is gone is found within timeout().
struct Keepalive {
  int idle;      // seconds
  int interval;  // seconds
  int count;
};
Keepalive keepalive();
void set_keepalive(int socket) noexcept;

// Shuts down all watched sockets, and those that come to be watched later: whoever
// waits for a server gets an error. For the end of a program that was told to stop.
void cut_all() noexcept;

}  // namespace network

// Looks at the sockets, from construction to destruction. One, in main; it blocks all
// signals in its thread.
class NetworkWatch {
 public:
  explicit NetworkWatch(std::chrono::seconds timeout);
  ~NetworkWatch();
  NetworkWatch(const NetworkWatch&) = delete;
  NetworkWatch& operator=(const NetworkWatch&) = delete;

 private:
  std::jthread thread_;
};

// A socket that is looked at while this lives; it belongs to somebody else, who closes
// it afterwards. Sockets other than TCP are never dead.
class WatchedSocket {
 public:
  WatchedSocket() = default;
  // `peer`: for the log.
  WatchedSocket(int socket, std::string peer);

  // Why it was shut down; "" = it was not.
  std::string verdict() const;

  struct Entry;

 private:
  std::shared_ptr<Entry> entry_;
};

}  // namespace dbsync
