#include "mysql2pgsql/client/mysql_handshake.h"

#include <gtest/gtest.h>

namespace dbsync {

namespace {

using namespace std::string_literals;

// As MariaDB 10.11 and, without TLS, MySQL 5.6 send them.
const std::string kWithTls =
    "\x5d\0\0\0\x0a"s + "5.5.5-10.11.6-MariaDB\0"s + "\x05\0\0\0abcdefgh\0\xfe\xff"s + "\x2d\x02\0"s;
const std::string kWithout = "\x4a\0\0\0\x0a"s + "5.6.51\0"s + "\x01\0\0\0abcdefgh\0\xff\xf7"s + "\x08\x02\0"s;

TEST(OffersTls, IsReadFromTheGreeting) {
  EXPECT_EQ(offers_tls(kWithTls), true);
  EXPECT_EQ(offers_tls(kWithout), false);
}

TEST(OffersTls, IsNotKnownOfAPartOrOfSomethingElse) {
  for (std::size_t n = 0; n < 4 + 1 + 7 + 13 + 2; ++n) EXPECT_FALSE(offers_tls(kWithout.substr(0, n)).has_value()) << n;
  EXPECT_FALSE(offers_tls("\x10\0\0\0\xff\x10\x04Too many connections"s).has_value());
  EXPECT_FALSE(offers_tls("SSH-2.0-OpenSSH_9.2\r\n").has_value());
}

TEST(SslMode, WithoutOneIsPreferredButOnASocket) {
  MysqlEndpoint endpoint;
  EXPECT_EQ(ssl_mode_of(endpoint), "disabled") << "localhost is the default socket";
  endpoint.host = "db.example.com";
  EXPECT_EQ(ssl_mode_of(endpoint), "preferred");
  endpoint.ssl_mode = "required";
  EXPECT_EQ(ssl_mode_of(endpoint), "required");
  endpoint.ssl_mode.clear();
  endpoint.socket = "/run/my.sock";
  EXPECT_EQ(ssl_mode_of(endpoint), "disabled");
}

}  // namespace

}  // namespace dbsync
