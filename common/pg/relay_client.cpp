#include "pg/relay_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace dbsync {

std::string RelayClient::read(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t have = 0; have < size;) {
    const ssize_t n = ::read(fd_, out.data() + have, size - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw RelayOver{};
    have += static_cast<std::size_t>(n);
  }
  return out;
}

std::uint32_t RelayClient::read_int32() {
  std::uint32_t out = 0;
  for (const char c : read(4)) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

std::string RelayClient::read_body() {
  const std::uint32_t size = read_int32();
  if (size < 4 || size > kLongestMessage) throw RelayOver{};
  return read(size - 4);
}

void RelayClient::send(const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw RelayOver{};
    sent += static_cast<std::size_t>(n);
  }
}

}  // namespace dbsync
