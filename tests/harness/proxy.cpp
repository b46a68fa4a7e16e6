#include "tests/harness/proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <list>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace dbsync::test {

namespace {

constexpr int kTickMillis = 20;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) throw std::length_error(text);
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

int new_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }

// One direction of a connection.
struct Flow {
  int from = -1;
  int to = -1;
  std::string waiting;  // read and not yet written
  bool ended = false;

  // False when the connection is broken.
  bool read_some() {
    std::array<char, 65536> buffer;
    const ssize_t n = ::read(from, buffer.data(), buffer.size());
    if (n > 0) {
      waiting.append(buffer.data(), static_cast<std::size_t>(n));
    } else if (n == 0) {
      ended = true;
      ::shutdown(to, SHUT_WR);
    }
    return n >= 0 || errno == EAGAIN;
  }
  bool write_some(std::uint64_t& left) {
    const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(waiting.size(), left));
    const ssize_t n = ::send(to, waiting.data(), most, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    waiting.erase(0, static_cast<std::size_t>(n));
    left -= static_cast<std::uint64_t>(n);
    return true;
  }
};

// ParameterStatus (protocol, "Message Formats"): the name, NUL, the value, NUL. Blanks
// after the number keep the length.
void tell_version(std::string& answer, const std::string& version) {
  using namespace std::string_literals;
  const std::string name = "server_version\0"s;
  const std::size_t found = answer.find(name);
  if (found == std::string::npos) return;
  const std::size_t from = found + name.size();
  std::string value = version;
  value.resize(answer.find('\0', from) - from, ' ');
  answer.replace(from, value.size(), value);
}

struct Link {
  Flow up;
  Flow down;
  std::uint64_t left = std::numeric_limits<std::uint64_t>::max();  // bytes until it is cut
  bool client_spoke = false;                                       // last, of the two
  unsigned turns = 0;
  std::uint64_t bytes_down = 0;

  Link(int client, int server) : up{client, server, {}, false}, down{server, client, {}, false} {
    for (const int socket : {client, server}) ::fcntl(socket, F_SETFL, O_NONBLOCK);
  }
  ~Link() {
    ::close(up.from);
    ::close(up.to);
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool over() const { return up.ended && down.ended && up.waiting.empty() && down.waiting.empty(); }

  // A socket from which nothing is wanted is left out: poll tells of its end all the same, at
  // once and each time.
  void add_to(std::vector<pollfd>& polled) const {
    for (const Flow* flow : {&up, &down}) {
      const bool reads = flow->waiting.empty() && !flow->ended;
      polled.push_back({reads ? flow->from : -1, POLLIN, 0});
      polled.push_back({flow->waiting.empty() ? -1 : flow->to, POLLOUT, 0});
    }
  }
  void hear(bool client, std::size_t bytes) {
    if (client && !client_spoke) ++turns;
    client_spoke = client;
    if (!client) bytes_down += bytes;
  }
  // False when it is broken or has had its bytes.
  bool move(const pollfd* polled, const std::string& version) {
    for (Flow* flow : {&up, &down}) {
      const bool reads = polled->fd >= 0;
      if (reads && (polled->revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !flow->read_some()) return false;
      if (reads && !flow->waiting.empty()) hear(flow == &up, flow->waiting.size());
      ++polled;
      if (flow == &down && !version.empty()) tell_version(flow->waiting, version);
      if (!flow->waiting.empty() && !flow->write_some(left)) return false;
      ++polled;
    }
    return left > 0;
  }
};

}  // namespace

std::filesystem::path socket_of(const std::string& conninfo) {
  const std::size_t from = conninfo.find("host=") + 5;
  return std::filesystem::path(conninfo.substr(from, conninfo.find(' ', from) - from)) / ".s.PGSQL.5432";
}

Proxy::Proxy(const std::filesystem::path& listen, const std::filesystem::path& server)
    : listen_(listen), server_(server) {
  this->listen();
  thread_ = std::thread([this] { run(); });
}

Proxy::Proxy(const std::string& address, const std::filesystem::path& server) : address_(address), server_(server) {
  this->listen();
  thread_ = std::thread([this] { run(); });
}

void Proxy::listen() {
  if (!address_.empty()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    ::inet_pton(AF_INET, address_.c_str(), &address.sin_addr);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, SOMAXCONN) != 0 ||
        ::getsockname(listener_, any, &size) != 0)
      throw std::system_error(errno, std::generic_category(), address_);
    port_ = ntohs(address.sin_port);
    return;
  }
  std::filesystem::remove(listen_);
  listener_ = new_socket();
  const sockaddr_un address = address_of(listen_);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0)
    throw std::system_error(errno, std::generic_category(), listen_.string());
}

Proxy::~Proxy() {
  stop_ = true;
  thread_.join();
  if (listener_ >= 0) ::close(listener_);
}

void Proxy::refuse(bool refuse) {
  refuse_ = refuse;
  while (listening_ == refuse) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void Proxy::run() {
  std::list<Link> links;
  std::vector<pollfd> polled;
  const auto accept_one = [&] {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = new_socket();
    const sockaddr_un address = address_of(server_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(client);
      ::close(server);
      return;
    }
    Link& link = links.emplace_back(client, server);
    if (const std::uint64_t most = cut_within_; most > 0)
      link.left = std::uniform_int_distribution<std::uint64_t>(1, most)(random_);
  };
  while (!stop_) {
    if (refuse_ && listener_ >= 0) ::close(std::exchange(listener_, -1));
    if (!refuse_ && listener_ < 0) listen();
    listening_ = listener_ >= 0;
    if (pause_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kTickMillis));
      continue;
    }
    polled.assign(1, {listener_, POLLIN, 0});
    for (const Link& link : links) link.add_to(polled);
    ::poll(polled.data(), polled.size(), kTickMillis);
    if (pause_) continue;  // meanwhile: what came is not touched
    if (cut_all_.exchange(false)) {
      cuts_ += static_cast<unsigned>(links.size());
      links.clear();
      continue;
    }
    const pollfd* at = &polled[1];
    for (auto link = links.begin(); link != links.end(); at += 4) {
      const bool alive = link->move(at, version_);
      turns_ += std::exchange(link->turns, 0);
      bytes_down_ += std::exchange(link->bytes_down, 0);
      if (!alive) ++cuts_;
      link = alive && !link->over() ? std::next(link) : links.erase(link);
    }
    if ((polled[0].revents & POLLIN) != 0) accept_one();
  }
}

}  // namespace dbsync::test
