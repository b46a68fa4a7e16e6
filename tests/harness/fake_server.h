// A server that a test speaks for: it says what no honest server would.
//
// One connection after the other, on a TCP port of its own, in a thread of its own. Threads:
// the methods may be called by any; `talk` runs in the server's.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace dbsync::test {

class FakeServer {
 public:
  class Wire {
   public:
    explicit Wire(int socket) : socket_(socket) {}
    void send(const std::string& bytes) const;
    // What comes within a second; "" = nothing.
    std::string receive();
    const std::string& all() const { return all_; }  // that came

   private:
    int socket_;
    std::string all_;
  };

  explicit FakeServer(std::function<void(Wire&)> talk);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  unsigned port() const { return port_; }
  // On all connections that have ended.
  std::string heard();

 private:
  void serve();

  std::function<void(Wire&)> talk_;
  int listener_ = -1;
  unsigned port_ = 0;
  std::mutex mutex_;  // guards heard_
  std::string heard_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace dbsync::test
