// A link of some length between programs and a server's Unix socket, for benchmarks:
// what is sent arrives DELAY milliseconds later, in each direction, at any rate.
//
//   delay_proxy LISTEN SERVER DELAY
//
// Both are paths of Unix sockets. Runs until it is ended. Two threads for each direction
// of a connection: one reads and notes when, one writes when the delay is over. At most
// 32 MiB are on the way in one direction, as in the buffers of a long link.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOnTheWay = 32u << 20;
constexpr std::size_t kReadSize = 256u << 10;
constexpr std::size_t kSmall = 4096;  // is copied; else the block that it was read into goes on

using Block = std::vector<char>;  // of kReadSize bytes, or of a small part

struct Part {
  Clock::time_point due;
  Block bytes;
  std::size_t size = 0;  // 0 = the sender is through
};

// The bytes of one direction that have been sent and have not arrived.
class Pipe {
 public:
  void put(Part part) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return broken_ || on_the_way_ < kMostOnTheWay; });
    on_the_way_ += part.size;
    parts_.push_back(std::move(part));
    changed_.notify_all();
  }
  Part take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !parts_.empty(); });
    Part part = std::move(parts_.front());
    parts_.pop_front();
    on_the_way_ -= part.size;
    changed_.notify_all();
    return part;
  }
  // Blocks are used again, the last one first: what they cost would not be the link's.
  Block new_block() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return Block(kReadSize);
    Block block = std::move(free_.back());
    free_.pop_back();
    return block;
  }
  void give_back(Block block) {
    const std::lock_guard lock(mutex_);
    if (block.size() == kReadSize) free_.push_back(std::move(block));
  }
  // Nobody takes any more: the sender must not wait.
  void give_up() {
    const std::lock_guard lock(mutex_);
    broken_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Part> parts_;
  std::vector<Block> free_;
  std::size_t on_the_way_ = 0;
  bool broken_ = false;
};

struct Link {
  int client;
  int server;
  Pipe up;
  Pipe down;
  ~Link() {
    ::close(client);
    ::close(server);
  }
};

void read_all(int from, Pipe& pipe, Clock::duration delay) {
  Block block = pipe.new_block();
  for (;;) {
    const ssize_t n = ::read(from, block.data(), block.size());
    const auto size = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
    const auto due = Clock::now() + delay;
    if (size <= kSmall) {
      pipe.put({due, {block.begin(), block.begin() + static_cast<std::ptrdiff_t>(size)}, size});
    } else {
      pipe.put({due, std::move(block), size});
      block = pipe.new_block();
    }
    if (n <= 0) return;
  }
}

void write_all(int to, Pipe& pipe) {
  for (;;) {
    Part part = pipe.take();
    std::this_thread::sleep_until(part.due);
    if (part.size == 0) break;
    std::size_t sent = 0;
    while (sent < part.size) {
      const ssize_t n = ::send(to, part.bytes.data() + sent, part.size - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    if (sent < part.size) break;
    pipe.give_back(std::move(part.bytes));
  }
  pipe.give_up();
  ::shutdown(to, SHUT_WR);
}

sockaddr_un address_of(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    std::fputs("too long a path for a Unix socket\n", stderr);
    std::exit(1);
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

void serve(int client, const sockaddr_un& server_address, Clock::duration delay) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&server_address), sizeof server_address) != 0) {
    ::close(client);
    ::close(server);
    return;
  }
  const auto link = std::make_shared<Link>(client, server);
  std::thread([link, delay] { read_all(link->client, link->up, delay); }).detach();
  std::thread([link, delay] { read_all(link->server, link->down, delay); }).detach();
  std::thread([link] { write_all(link->server, link->up); }).detach();
  std::thread([link] { write_all(link->client, link->down); }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  int delay = 0;
  const std::string_view digits = argc == 4 ? argv[3] : "";
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), delay);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || delay < 0) {
    std::fputs("usage: delay_proxy LISTEN SERVER MILLISECONDS\n", stderr);
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  ::unlink(argv[1]);
  const sockaddr_un here = address_of(argv[1]);
  const sockaddr_un there = address_of(argv[2]);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
      ::listen(listener, SOMAXCONN) != 0)
    fail(argv[1]);
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) serve(client, there, std::chrono::milliseconds(delay));
  }
}
