// A server that means no good: it hides that it has TLS, asks for passwords in clear
// text and for files of this machine, and lies about lengths.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/fake_server.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

using namespace std::string_literals;

constexpr char kPassword[] = "top-secret-word";

using Wire = FakeServer::Wire;

void send(const Wire& wire, unsigned number, const std::string& body) {
  wire.send(std::string{static_cast<char>(body.size()), static_cast<char>(body.size() >> 8),
                        static_cast<char>(body.size() >> 16), static_cast<char>(number)} +
            body);
}

// Protocol::HandshakeV10, without CLIENT_SSL; CLIENT_PLUGIN_AUTH and CLIENT_LOCAL_FILES are on.
std::string greeting() {
  return "\x0a"s + "10.11.6-MariaDB\0"s + "\x01\0\0\0"s + "abcdefgh"s + "\0"s + "\xff\xf7"s + "\x2d"s + "\x02\0"s +
         "\x0f\x80"s + "\x15"s + std::string(10, '\0') + "ijklmnopqrst\0"s + "mysql_native_password\0"s;
}
const std::string kOk = "\0\0\0\x02\0\0\0"s;

// Lets the client in, and answers its first query so.
Wire& let_in(Wire& wire) {
  send(wire, 0, greeting());
  wire.receive();
  send(wire, 2, kOk);
  wire.receive();
  return wire;
}

class FakeMysqlTest : public MigrationTest {
 protected:
  RunResult run_against(const FakeServer& server, const std::string& keys = {}) {
    MysqlAccess access;
    access.host = "127.0.0.1";
    access.port = server.port();
    access.user = "somebody";
    access.password = kPassword;
    dir.write_file("my.cfg",
                   my_cfg(mysql_section(access, "x") + keys, target.conninfo(), "[copy]\nnetwork_timeout = 5\n"));
    RunResult result = run({"mysql2pgsql", "--create"});
    EXPECT_EQ(result.exit_code, 3) << result.describe();
    EXPECT_EQ(result.err.find(kPassword), std::string::npos);
    return result;
  }
};

TEST_F(FakeMysqlTest, WithoutTlsHearsNothingWhereTlsIsRequired) {
  FakeServer server([](Wire& wire) {
    send(wire, 0, greeting());
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
    FakeServer server([&](Wire& wire) {
      send(wire, 0, greeting());
      wire.receive();
      send(wire, 2, "\xfe" + plugin + "\0"s + "\x04Password please\0"s);
      wire.receive();
    });
    EXPECT_NE(run_against(server).err.find("asks for the password in clear text"), std::string::npos);
    EXPECT_NE(server.heard().find("somebody"), std::string::npos) << "it came as far as that";
    EXPECT_EQ(server.heard().find(kPassword), std::string::npos) << plugin;
  }
}

TEST_F(FakeMysqlTest, DoesNotGetFilesOfThisMachine) {
  const std::string file = dir.write_file("private.txt", "what nobody else may read\n").string();
  FakeServer server([&](Wire& wire) {
    send(let_in(wire), 1, "\xfb" + file);
    for (int i = 0; i < 3 && !wire.receive().empty(); ++i) send(wire, 3, kOk);
  });
  run_against(server);
  EXPECT_EQ(server.heard().find("what nobody else"), std::string::npos);
}

// In clear text it never gets it; it may know it from elsewhere.
TEST_F(FakeMysqlTest, DoesNotPutThePasswordIntoTheLog) {
  const std::string refusal = "\xff\x15\x04#28000"s + "no entry for somebody/" + kPassword;
  FakeServer refuses([&](Wire& wire) {
    send(wire, 0, greeting());
    wire.receive();
    send(wire, 2, refusal);
  });
  FakeServer fails([&](Wire& wire) { send(let_in(wire), 1, refusal); });
  for (const FakeServer* server : {&refuses, &fails}) {
    const RunResult result = run_against(*server);
    EXPECT_NE(result.err.find("no entry for somebody/***"), std::string::npos) << result.err;
  }
}

TEST_F(FakeMysqlTest, DoesNotMakeUsAllocateWhatItSays) {
  FakeServer server([](Wire& wire) {
    send(let_in(wire), 1, "\xfe\0\0\0\0\0\0\0\x10"s);  // 2^60 columns
    wire.receive();
  });
  EXPECT_LT(run_against(server).peak_rss_kib, 200 * 1024);
}

TEST_F(FakeMysqlTest, ThatNeverAnswersIsGivenUp) {
  FakeServer server([](Wire& wire) {
    for (int i = 0; i < 7; ++i) wire.receive();
  });
  const RunResult result = run_against(server);
  EXPECT_NE(result.err.find("says nothing for 5 s"), std::string::npos) << result.err;
  EXPECT_LT(result.seconds, 20);
}

}  // namespace

}  // namespace dbsync::test
