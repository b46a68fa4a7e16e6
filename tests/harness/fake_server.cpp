#include "tests/harness/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace dbsync::test {

void FakeServer::Wire::send(const std::string& bytes) const {
  (void)!::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::string FakeServer::Wire::receive() {
  pollfd fd{socket_, POLLIN, 0};
  if (::poll(&fd, 1, 1000) <= 0) return {};
  char bytes[65536];
  const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
  if (n <= 0) return {};
  all_.append(bytes, static_cast<std::size_t>(n));
  return {bytes, static_cast<std::size_t>(n)};
}

FakeServer::FakeServer(std::function<void(Wire&)> talk) : talk_(std::move(talk)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, any, size) != 0 || ::listen(listener_, 8) != 0 || ::getsockname(listener_, any, &size) != 0)
    throw std::runtime_error("no port for a fake server");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FakeServer::~FakeServer() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
}

std::string FakeServer::heard() {
  const std::lock_guard lock(mutex_);
  return heard_;
}

void FakeServer::serve() {
  while (!stop_) {
    pollfd fd{listener_, POLLIN, 0};
    if (::poll(&fd, 1, 50) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    Wire wire(client);
    talk_(wire);
    ::close(client);
    const std::lock_guard lock(mutex_);
    heard_ += wire.all();
  }
}

}  // namespace dbsync::test
