// A proxy between a program and a server's Unix socket that can lose connections as a
// network does. Programs reach it at another Unix socket, or by TCP.
//
// Runs in a thread of its own. Threads: the methods may be called by any.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <utility>

namespace dbsync::test {

class Proxy {
 public:
  // Takes connections on `listen` and passes them on to the socket `server`.
  Proxy(const std::filesystem::path& listen, const std::filesystem::path& server);
  // The same on an IPv4 address of this machine, at a port that is free.
  Proxy(const std::string& address, const std::filesystem::path& server);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Each connection from now on is cut after a random number of bytes up to `most`,
  // both directions together; 0 = none is.
  void cut_within(std::uint64_t most) { cut_within_ = most; }
  // Cuts all that are open now.
  void cut_all() { cut_all_ = true; }
  // Nobody listens any more, as for a server that is away.
  void refuse(bool refuse);

  // The PostgreSQL server behind it tells this version in its greeting; not longer than
  // its own. Before the first connection.
  void tell_version(std::string version) { version_ = std::move(version); }

  // Takes nothing from either side any more, but holds on to the connections.
  void pause(bool pause) { pause_ = pause; }

  unsigned port() const { return port_; }  // of TCP
  unsigned cuts() const { return cuts_; }
  // How often a client has spoken after the server had: the round trips that were waited
  // for, of all connections together.
  unsigned turns() const { return turns_; }
  // From the server, of all connections together.
  std::uint64_t bytes_down() const { return bytes_down_; }

 private:
  void run();
  void listen();

  std::filesystem::path listen_;
  std::string address_;
  unsigned port_ = 0;
  std::filesystem::path server_;
  int listener_ = -1;
  std::string version_;  // "" = its own
  std::mt19937_64 random_{20261124};
  std::atomic<std::uint64_t> cut_within_ = 0;
  std::atomic<bool> cut_all_ = false;
  std::atomic<bool> refuse_ = false;
  std::atomic<bool> pause_ = false;
  std::atomic<bool> listening_ = true;
  std::atomic<unsigned> cuts_ = 0;
  std::atomic<unsigned> turns_ = 0;
  std::atomic<std::uint64_t> bytes_down_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// The socket of a server on a directory: "host=DIR port=5432 …".
std::filesystem::path socket_of(const std::string& conninfo);

}  // namespace dbsync::test
