// A server that means no good: it hides that it has TLS, asks for passwords in clear
// text and for files of this machine, and lies about lengths.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

using namespace std::string_literals;

constexpr char kPassword[] = "top-secret-word";

// One connection after the other; `talk` speaks for the server.
class FakeMysql {
 public:
  class Wire {
   public:
    explicit Wire(int socket) : socket_(socket) {}
    void send(unsigned number, const std::string& body) const {
      std::string packet{static_cast<char>(body.size()), static_cast<char>(body.size() >> 8),
                         static_cast<char>(body.size() >> 16), static_cast<char>(number)};
      packet += body;
      (void)!::send(socket_, packet.data(), packet.size(), MSG_NOSIGNAL);
    }
    // What comes within a second; "" = nothing.
    std::string receive() {
      pollfd fd{socket_, POLLIN, 0};
      if (::poll(&fd, 1, 1000) <= 0) return {};
      char bytes[65536];
      const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
      if (n <= 0) return {};
      all_.append(bytes, static_cast<std::size_t>(n));
      return {bytes, static_cast<std::size_t>(n)};
    }
    const std::string& all() const { return all_; }

   private:
    int socket_;
    std::string all_;
  };

  explicit FakeMysql(std::function<void(Wire&)> talk) : talk_(std::move(talk)) {
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
  ~FakeMysql() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  FakeMysql(const FakeMysql&) = delete;
  FakeMysql& operator=(const FakeMysql&) = delete;

  MysqlAccess access() const {
    MysqlAccess out;
    out.host = "127.0.0.1";
    out.port = port_;
    out.user = "somebody";
    out.password = kPassword;
    return out;
  }
  std::string heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void serve() {
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

  std::function<void(Wire&)> talk_;
  int listener_ = -1;
  unsigned port_ = 0;
  std::mutex mutex_;
  std::string heard_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Protocol::HandshakeV10, without CLIENT_SSL; CLIENT_PLUGIN_AUTH and CLIENT_LOCAL_FILES are on.
std::string greeting() {
  return "\x0a"s + "10.11.6-MariaDB\0"s + "\x01\0\0\0"s + "abcdefgh"s + "\0"s + "\xff\xf7"s + "\x2d"s + "\x02\0"s +
         "\x0f\x80"s + "\x15"s + std::string(10, '\0') + "ijklmnopqrst\0"s + "mysql_native_password\0"s;
}
const std::string kOk = "\0\0\0\x02\0\0\0"s;

// Lets the client in, and answers its first query so.
FakeMysql::Wire& let_in(FakeMysql::Wire& wire) {
  wire.send(0, greeting());
  wire.receive();
  wire.send(2, kOk);
  wire.receive();
  return wire;
}

class FakeMysqlTest : public MigrationTest {
 protected:
  RunResult run_against(const FakeMysql& server, const std::string& keys = {}) {
    dir.write_file("my.cfg", my_cfg(mysql_section(server.access(), "x") + keys, target.conninfo(),
                                    "[copy]\nnetwork_timeout = 5\n"));
    RunResult result = run({"mysql2pgsql", "--create"});
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_EQ(result.err.find(kPassword), std::string::npos);
    return result;
  }
};

TEST_F(FakeMysqlTest, WithoutTlsHearsNothingWhereTlsIsRequired) {
  FakeMysql server([](FakeMysql::Wire& wire) {
    wire.send(0, greeting());
    wire.receive();
  });
  for (const char* mode : {"required", "verify_ca", "verify_identity"}) {
    const RunResult result = run_against(server, fmt::format("ssl_mode = \"{}\"\n", mode));
    EXPECT_NE(result.err.find("offers no TLS"), std::string::npos) << result.err;
  }
  EXPECT_EQ(server.heard(), "");
}

TEST_F(FakeMysqlTest, DoesNotGetAPasswordInClearText) {
  for (const std::string plugin : {"mysql_clear_password", "dialog"}) {
    FakeMysql server([&](FakeMysql::Wire& wire) {
      wire.send(0, greeting());
      wire.receive();
      wire.send(2, "\xfe" + plugin + "\0"s + "\x04Password please\0"s);
      wire.receive();
    });
    EXPECT_NE(run_against(server).err.find("asks for the password in clear text"), std::string::npos);
    EXPECT_NE(server.heard().find("somebody"), std::string::npos) << "it came as far as that";
    EXPECT_EQ(server.heard().find(kPassword), std::string::npos) << plugin;
  }
}

TEST_F(FakeMysqlTest, DoesNotGetFilesOfThisMachine) {
  const std::string file = dir.write_file("private.txt", "what nobody else may read\n").string();
  FakeMysql server([&](FakeMysql::Wire& wire) {
    let_in(wire).send(1, "\xfb" + file);
    for (int i = 0; i < 3 && !wire.receive().empty(); ++i) wire.send(3, kOk);
  });
  run_against(server);
  EXPECT_EQ(server.heard().find("what nobody else"), std::string::npos);
}

TEST_F(FakeMysqlTest, DoesNotMakeUsAllocateWhatItSays) {
  FakeMysql server([](FakeMysql::Wire& wire) {
    let_in(wire).send(1, "\xfe\0\0\0\0\0\0\0\x10"s);  // 2^60 columns
    wire.receive();
  });
  EXPECT_LT(run_against(server).peak_rss_kib, 200 * 1024);
}

TEST_F(FakeMysqlTest, ThatNeverAnswersIsGivenUp) {
  FakeMysql server([](FakeMysql::Wire& wire) {
    for (int i = 0; i < 7; ++i) wire.receive();
  });
  const RunResult result = run_against(server);
  EXPECT_NE(result.err.find("says nothing for 5 s"), std::string::npos) << result.err;
  EXPECT_LT(result.seconds, 20);
}

}  // namespace

}  // namespace dbsync::test
