// A server that means no good and says it is PostgreSQL: it hides that it has TLS, lies about
// lengths, and writes for a terminal.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/harness/fake_server.h"
#include "tests/harness/migration.h"

namespace dbsync::test {

namespace {

using namespace std::string_literals;
using Wire = FakeServer::Wire;

constexpr char kPassword[] = "top-secret-word";
constexpr std::size_t kRequestBytes = 8;  // for TLS or GSSAPI, before the first message

std::string int32(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}
std::string message(char type, const std::string& body) {
  return type + int32(static_cast<std::uint32_t>(body.size() + 4)) + body;
}
std::string parameter(const std::string& name, const std::string& value) {
  return message('S', name + "\0"s + value + "\0"s);
}
std::string error(const std::string& text) { return message('E', "SFATAL\0C08P01\0M"s + text + "\0\0"s); }

// Without TLS; up to the startup message.
Wire& greet(Wire& wire) {
  while (wire.receive().size() == kRequestBytes) wire.send("N");
  return wire;
}
// And whoever it is.
Wire& let_in(Wire& wire, const std::string& version = "15.4") {
  greet(wire).send(message('R', int32(0)) + parameter("server_version", version) +
                   parameter("client_encoding", "UTF8") + parameter("standard_conforming_strings", "on") +
                   message('K', int32(1) + int32(2)) + message('Z', "I"));
  return wire;
}

// As the source of one program and the target of the other.
class FakePgTest : public MigrationTest {
 protected:
  std::vector<RunResult> run_against(const FakeServer& server, const std::string& more = {}) {
    const std::string there =
        fmt::format("host=127.0.0.1 port={} user=somebody password={} dbname=x {}", server.port(), kPassword, more);
    const std::string options = "[copy]\nnetwork_timeout = 5\nretry_times = 0\n";
    std::vector<RunResult> out;
    dir.write_file("my.cfg", my_cfg("[src.pgsql]\nconnect_string = \"" + there + "\"\n", target.conninfo(), options));
    out.push_back(run({"pgsql2pgsql", "--full-only", "--create"}));
    EXPECT_EQ(out.back().exit_code, 3) << out.back().describe();
    dir.write_file("my.cfg", my_cfg(mysql_section(Servers::instance().mysql(), source.name()), there, options));
    out.push_back(run({"mysql2pgsql", "--create"}));
    EXPECT_EQ(out.back().exit_code, 4) << out.back().describe();
    for (const RunResult& result : out) {
      EXPECT_EQ(result.err.find(kPassword), std::string::npos) << result.err;
      EXPECT_LT(result.peak_rss_kib, 200 * 1024);
      EXPECT_LT(result.seconds, 20);
    }
    return out;
  }
};

TEST_F(FakePgTest, WithoutTlsHearsNothingWhereTlsIsRequired) {
  FakeServer server([](Wire& wire) { greet(wire); });
  for (const char* mode : {"require", "verify-ca", "verify-full"})
    for (const RunResult& result : run_against(server, fmt::format("sslmode={}", mode)))
      EXPECT_NE(result.err.find("SSL"), std::string::npos) << result.err;
  EXPECT_EQ(server.heard().find("somebody"), std::string::npos) << "not even the name";
}

TEST_F(FakePgTest, DoesNotWriteOnTheTerminal) {
  FakeServer server(
      [](Wire& wire) { greet(wire).send(error("no\x1b]0;pwned\x07\n2026-01-01 00:00:00 INFO main: done")); });
  for (const RunResult& result : run_against(server)) {
    EXPECT_EQ(result.err.find('\x1b'), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("\n2026-01-01"), std::string::npos) << result.err;
  }
}

// It was told it, as any server that asks for it in clear text.
TEST_F(FakePgTest, DoesNotPutThePasswordIntoTheLog) {
  const std::string said = fmt::format("no entry for somebody/{}, HINT: not \"{}\"", kPassword, kPassword);
  FakeServer asks([&](Wire& wire) {
    greet(wire).send(message('R', int32(3)));
    wire.receive();
    wire.send(error(said));
  });
  FakeServer warns([&](Wire& wire) {
    const std::string fields = "C01000\0M"s + said + "\0D"s + said + "\0H"s + said + "\0W"s + said + "\0\0"s;
    let_in(wire).receive();
    wire.send(message('N', "SWARNING\0VWARNING\0"s + fields) + message('E', "SFATAL\0VFATAL\0"s + fields));
  });
  for (const FakeServer* server : {&asks, &warns})
    for (const RunResult& result : run_against(*server))
      EXPECT_NE(result.err.find("no entry for somebody/***"), std::string::npos) << result.err;
  EXPECT_NE(asks.heard().find(kPassword), std::string::npos);
}

TEST_F(FakePgTest, DoesNotMakeUsAllocateWhatItSays) {
  const std::string answers[] = {
      "T" + int32(0x7ffffff0),    // columns of 2 GiB
      message('T', "\xff\xff"s),  // 65535 columns, none there
      message('T', "\0\x01"s + "a\0"s + std::string(18, '\0')) + message('D', "\0\x01\x7f\0\0\0x"s),  // a longer value
      message('T', "\0\x01"s + "a\0"s + std::string(18, '\0')) + "D" + int32(0x7fffffff),
      "D" + int32(3),                                         // shorter than its own length
      message('H', "\0\xff\xff"s) + "d" + int32(0x7fffffff),  // a COPY that nobody asked for
      message('A', int32(1) + std::string(100, 'x')),         // a notification without an end
      std::string(3000, '\0'),
  };
  std::atomic<std::size_t> turn = 0;
  FakeServer server([&](Wire& wire) {
    let_in(wire).receive();
    wire.send(answers[turn]);
    wire.receive();
  });
  for (turn = 0; turn < std::size(answers); ++turn) run_against(server);
}

TEST_F(FakePgTest, ThatDoesNotKnowItsVersionIsRefused) {
  FakeServer server([&](Wire& wire) {
    let_in(wire, "none");
    while (!wire.receive().empty()) wire.send(message('C', "SELECT 0\0"s) + message('Z', "I"));
  });
  run_against(server);
}

TEST_F(FakePgTest, ThatNeverAnswersIsGivenUp) {
  FakeServer server([](Wire& wire) {
    for (int i = 0; i < 7; ++i) wire.receive();
  });
  run_against(server);
}

}  // namespace

}  // namespace dbsync::test
