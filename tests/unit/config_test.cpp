#include "config/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/unit/config_test_support.h"

namespace dbsync {
namespace {

using test::caught;
using test::expect_contains;
using enum Program;

const std::string kMysql = "[src.mysql]\nuser = \"u\"\ndb = \"d\"\n";         // lines 1 to 3
const std::string kTarget = "[desc.pgsql]\nconnect_string = \"dbname=t\"\n";  // lines 4 and 5

// A configuration that lacks nothing, with `more` from line 6 on.
Config parse(const std::string& more, Program program = mysql2pgsql) {
  return parse_config(kMysql + kTarget + more, "my.cfg", program, true);
}

// MYSQL_PWD of whoever runs the tests must not matter.
class ConfigTest : public testing::Test {
 protected:
  void SetUp() override { unsetenv("MYSQL_PWD"); }
  void TearDown() override { unsetenv("MYSQL_PWD"); }
};

TEST_F(ConfigTest, EveryKeyArrives) {
  const Config config = parse_config(
      "[src.mysql]\nhost = \"192.168.1.1\"\nport = \"3307\"\nuser = \"u\"\npassword = \"p ; #\"\ndb = \"d\"\n"
      "socket = \"/s\"\nencodingdir = \"share\"\nencoding = \"utf8\"\nssl_ca = \"ca\"\nssl_cert = \"cert\"\n"
      "ssl_key = \"key\"\nssl_mode = \"VERIFY_CA\"\nbinlogfile = \"mysql-bin.000001\"\n"
      "binlogfile_offset = \"18446744073709551615\"\n"
      "[src.pgsql]\nconnect_string = \"dbname=s\"\n[local.pgsql]\nconnect_string = \"dbname=l\"\n"
      "[desc.pgsql]\nconnect_string = \"dbname=t\"\nignore_copy_error_count_each_table = \"7\"\n"
      "target_schema = \"Shop\"\n"
      "[binlogloader]\nloader_table_list = \"list.txt\"\nload_batch = \"4294967295\"\nload_batch_gap = \"0\"\n",
      "my.cfg", mysql2pgsql, true);
  EXPECT_EQ(config.path, "my.cfg");
  EXPECT_EQ(config.src_mysql.host, "192.168.1.1");
  EXPECT_EQ(config.src_mysql.port, 3307);
  EXPECT_EQ(config.src_mysql.user, "u");
  EXPECT_EQ(config.src_mysql.password, "p ; #");
  EXPECT_EQ(config.src_mysql.db, "d");
  EXPECT_EQ(config.src_mysql.socket, "/s");
  EXPECT_EQ(config.src_mysql.encodingdir, "share");
  EXPECT_EQ(config.src_mysql.encoding, "utf8mb4");
  EXPECT_EQ(config.src_mysql.ssl_ca, "ca");
  EXPECT_EQ(config.src_mysql.ssl_cert, "cert");
  EXPECT_EQ(config.src_mysql.ssl_key, "key");
  EXPECT_EQ(config.src_mysql.ssl_mode, "verify_ca");
  EXPECT_EQ(config.src_mysql.binlogfile, "mysql-bin.000001");
  EXPECT_EQ(config.src_mysql.binlogfile_offset, 18446744073709551615U);
  EXPECT_EQ(config.src_pgsql, "dbname=s");
  EXPECT_EQ(config.local_pgsql, "dbname=l");
  EXPECT_EQ(config.desc_pgsql, "dbname=t");
  EXPECT_EQ(config.reject_limit, 7U);
  EXPECT_EQ(config.target_schema, "Shop");
  EXPECT_EQ(config.loader_table_list, "list.txt");
  EXPECT_EQ(config.load_batch, 4294967295U);
  EXPECT_EQ(config.load_batch_gap, 0U);
}

TEST_F(ConfigTest, Defaults) {
  const Config config = parse("");
  EXPECT_EQ(config.src_mysql.host, "localhost");
  EXPECT_EQ(config.src_mysql.port, 3306);
  EXPECT_EQ(config.src_mysql.password, "");
  EXPECT_EQ(config.src_mysql.encoding, "utf8mb4");
  EXPECT_EQ(config.target_schema, "public");
  EXPECT_EQ(config.reject_limit, 0U);
  EXPECT_TRUE(config.warnings.empty());
}

TEST_F(ConfigTest, EmptyTextMeansTheDefault) {
  const Config config = parse(
      "target_schema = \"\"\n[src.mysql]\nhost = \"\"\nencoding = \"\"\nssl_mode = \"\"\nbinlogfile = \"\"\n"
      "[local.pgsql]\nconnect_string = \"\"\n");
  EXPECT_EQ(config.target_schema, "public");
  EXPECT_EQ(config.src_mysql.host, "localhost");
  EXPECT_EQ(config.src_mysql.encoding, "utf8mb4");
  EXPECT_TRUE(config.warnings.empty());
}

TEST_F(ConfigTest, LongConnectString) {
  const std::string conninfo = "host=h options='-c search_path=" + std::string(5000, 'x') + " ; # '";
  EXPECT_EQ(parse("[src.pgsql]\nconnect_string = \"" + conninfo + "\"\n").src_pgsql, conninfo);
}

TEST_F(ConfigTest, PasswordFromTheEnvironment) {
  setenv("MYSQL_PWD", "from environment", 1);
  EXPECT_EQ(parse("").src_mysql.password, "from environment");
  // The environment goes before the file.
  EXPECT_EQ(parse("[src.mysql]\npassword = \"file\"\n").src_mysql.password, "from environment");
  unsetenv("MYSQL_PWD");
  EXPECT_EQ(parse("[src.mysql]\npassword = \"file\"\n").src_mysql.password, "file");
}

TEST_F(ConfigTest, Describe) {
  MysqlEndpoint mysql;
  mysql.user = "u";
  mysql.password = "secret";
  mysql.db = "d";
  EXPECT_EQ(mysql.describe(), "u@localhost:3306/d");
  mysql.host = "::1";
  EXPECT_EQ(mysql.describe(), "u@[::1]:3306/d");
  mysql.socket = "/run/m.sock";
  EXPECT_EQ(mysql.describe(), "u@/run/m.sock/d");
}

class ConfigEncoding : public testing::TestWithParam<const char*> {};

TEST_P(ConfigEncoding, MeansUtf8mb4) {
  const Config config = parse("[src.mysql]\nencoding = " + std::string(GetParam()) + "\n");
  EXPECT_EQ(config.src_mysql.encoding, "utf8mb4");
}

INSTANTIATE_TEST_SUITE_P(All, ConfigEncoding, testing::Values("utf8", "UTF8", "utf8mb3", "Utf8mb4", "\"utf8\""));

struct BadValue {
  const char* what;
  std::string more;  // from line 6 on
  const char* message;
  const char* hint;
};

void PrintTo(const BadValue& c, std::ostream* out) { *out << c.what; }

class ConfigRefused : public testing::TestWithParam<BadValue> {};

TEST_P(ConfigRefused, InBothPrograms) {
  for (const Program program : {mysql2pgsql, pgsql2pgsql}) {
    const Error error = caught([&] { parse(GetParam().more, program); });
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_TRUE(error.message().starts_with(GetParam().message)) << error.message();
    expect_contains(error.hint(), GetParam().hint);
    EXPECT_EQ((error.message() + error.hint()).find("secret"), std::string::npos) << "shows a password";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigRefused,
    testing::Values(
        BadValue{"port 0", "[src.mysql]\nport = 0\n",
                 "my.cfg line 7: [src.mysql] port: \"0\" is not a whole number from 1 to 65535", "port = \"3306\""},
        BadValue{"port too big", "[src.mysql]\nport = 65536\n", "my.cfg line 7: [src.mysql] port: \"65536\"", "3306"},
        BadValue{"garbage after a number", "[src.mysql]\nport = 3306x\n", "my.cfg line 7: [src.mysql] port: \"3306x\"",
                 "3306"},
        BadValue{"no number", "[src.mysql]\nport = \"\"\n", "my.cfg line 7: [src.mysql] port: \"\"", "3306"},
        BadValue{"sign", "[binlogloader]\nload_batch = +1\n", "my.cfg line 7: [binlogloader] load_batch: \"+1\"", "10"},
        BadValue{"negative", "[binlogloader]\nload_batch_gap = -1\n",
                 "my.cfg line 7: [binlogloader] load_batch_gap: \"-1\"", "10"},
        BadValue{"batch 0", "[binlogloader]\nload_batch = 0\n", "my.cfg line 7: [binlogloader] load_batch: \"0\"",
                 "10"},
        BadValue{"batch over 32 bits", "[binlogloader]\nload_batch = 4294967296\n",
                 "my.cfg line 7: [binlogloader] load_batch: \"4294967296\"", "10"},
        BadValue{"offset over 64 bits", "[src.mysql]\nbinlogfile_offset = 18446744073709551616\n",
                 "my.cfg line 7: [src.mysql] binlogfile_offset: \"18446744073709551616\"", "0"},
        BadValue{"reject count", "ignore_copy_error_count_each_table = \"1 0\"\n",
                 "my.cfg line 6: [desc.pgsql] ignore_copy_error_count_each_table: \"1 0\"", "0"},
        BadValue{"encoding", "[src.mysql]\nencoding = latin1\n",
                 "my.cfg line 7: [src.mysql] encoding: \"latin1\" cannot be used: the transfer is always utf8mb4",
                 "utf8"},
        BadValue{"ssl_mode", "[src.mysql]\nssl_mode = on\n",
                 "my.cfg line 7: [src.mysql] ssl_mode: \"on\" is none of disabled", "required"}));

INSTANTIATE_TEST_SUITE_P(
    Names, ConfigRefused,
    testing::Values(
        BadValue{"misspelt key", "[src.mysql]\npasword = \"secret\"\n",
                 "my.cfg line 7: unknown key pasword in [src.mysql]", "did you mean password?"},
        BadValue{"unlike any key", "[binlogloader]\nzzzzzz = \"secret\"\n",
                 "my.cfg line 7: unknown key zzzzzz in [binlogloader]",
                 "the keys of [binlogloader] are loader_table_list, load_batch, load_batch_gap"},
        BadValue{"key of another section", "[src.mysql]\ntarget_schema = \"x\"\n",
                 "my.cfg line 7: unknown key target_schema in [src.mysql]", "target_schema belongs to [desc.pgsql]"},
        BadValue{"upper-case key", "[src.mysql]\nHost = \"x\"\n", "my.cfg line 7: unknown key Host in [src.mysql]",
                 "did you mean host?"},
        BadValue{"misspelt section", "[dest.pgsql]\nconnect_string = \"secret\"\n",
                 "my.cfg line 7: unknown section [dest.pgsql]", "did you mean [desc.pgsql]?"},
        BadValue{"unlike any section", "[x]\nconnect_string = \"secret\"\n", "my.cfg line 7: unknown section [x]",
                 "the sections are [src.mysql], [src.pgsql], [local.pgsql], [desc.pgsql], [copy], [values], [types]"},
        BadValue{"duplicate", "connect_string = \"secret\"\n",
                 "my.cfg line 6: [desc.pgsql] connect_string is given a second time, first in line 5", "remove"},
        BadValue{"duplicate in a second section", "[src.mysql]\ndb = \"x\"\n",
                 "my.cfg line 7: [src.mysql] db is given a second time, first in line 3", "remove"}));

TEST_F(ConfigTest, KeyBeforeTheFirstSection) {
  const Error error = caught([] { parse_config("host = \"x\"\n", "my.cfg", mysql2pgsql, true); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_EQ(error.message(), "my.cfg line 1: the key host stands before the first section");
  EXPECT_FALSE(error.hint().empty());
}

struct MissingCase {
  const char* what;
  std::string text;
  Program program;
  bool need_target;
  const char* missing;  // "" when nothing is
};

void PrintTo(const MissingCase& c, std::ostream* out) { *out << c.what; }

class ConfigMissing : public testing::TestWithParam<MissingCase> {};

TEST_P(ConfigMissing, NamesSectionAndKey) {
  const auto parse_it = [] { parse_config(GetParam().text, "my.cfg", GetParam().program, GetParam().need_target); };
  if (std::string(GetParam().missing).empty()) {
    EXPECT_NO_THROW(parse_it());
    return;
  }
  const Error error = caught(parse_it);
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_EQ(error.message(), "my.cfg: " + std::string(GetParam().missing) + " is missing");
  expect_contains(error.hint(), "my.cfg.sample");
}

const std::string kSource = "[src.pgsql]\nconnect_string = \"dbname=s\"\n";

INSTANTIATE_TEST_SUITE_P(
    All, ConfigMissing,
    testing::Values(
        MissingCase{"empty file", "", mysql2pgsql, true, "[src.mysql] user"},
        MissingCase{"no user", "[src.mysql]\ndb = d\n" + kTarget, mysql2pgsql, true, "[src.mysql] user"},
        MissingCase{"empty user", "[src.mysql]\nuser = \"\"\ndb = d\n", mysql2pgsql, false, "[src.mysql] user"},
        MissingCase{"no db", "[src.mysql]\nuser = u\n" + kTarget, mysql2pgsql, true, "[src.mysql] db"},
        MissingCase{"no target", kMysql, mysql2pgsql, true, "[desc.pgsql] connect_string"},
        MissingCase{"no target needed", kMysql, mysql2pgsql, false, ""},
        MissingCase{"PostgreSQL source not needed", kMysql + kTarget, mysql2pgsql, true, ""},
        MissingCase{"no PostgreSQL source", kMysql + kTarget, pgsql2pgsql, true, "[src.pgsql] connect_string"},
        MissingCase{"no PostgreSQL target", kSource, pgsql2pgsql, true, "[desc.pgsql] connect_string"},
        MissingCase{"no PostgreSQL target needed", kSource, pgsql2pgsql, false, ""},
        MissingCase{"MySQL source not needed", kSource + kTarget, pgsql2pgsql, true, ""}));

TEST_F(ConfigTest, SslCertificateAndKeyGoTogether) {
  for (const std::string key : {"ssl_cert", "ssl_key"}) {
    const Error error = caught([&] { parse("[src.mysql]\n" + key + " = \"f\"\n"); });
    EXPECT_EQ(error.kind(), ErrorKind::config);
    expect_contains(error.message(), "[src.mysql] " + key + " is given without ssl_");
  }
}

// Of the other program's keys there is no word.
TEST_F(ConfigTest, KeysOfRdsDbsyncAreTakenWithoutAWarning) {
  const std::string keys =
      "[src.mysql]\nbinlogfile = \"f\"\nbinlogfile_offset = \"4\"\n"
      "[desc.pgsql]\nignore_copy_error_count_each_table = \"3\"\n"
      "[binlogloader]\nloader_table_list = \"f\"\nload_batch = \"10\"\nload_batch_gap = \"10\"\n"
      "[src.pgsql]\nconnect_string = \"dbname=s\"\n[local.pgsql]\nconnect_string = \"password=secret\"\n";
  EXPECT_TRUE(parse(keys).warnings.empty());
  EXPECT_TRUE(parse(keys, pgsql2pgsql).warnings.empty());
}

TEST_F(ConfigTest, RejectCountOfZeroNeedsNoWarning) {
  EXPECT_TRUE(parse("ignore_copy_error_count_each_table = \"0\"\n").warnings.empty());
}

TEST_F(ConfigTest, LoadsAFile) {
  const std::string path = testing::TempDir() + "dbsync_config_test.cfg";
  std::ofstream(path) << kMysql << kTarget;
  const Config config = load_config(path, mysql2pgsql, true);
  std::remove(path.c_str());
  EXPECT_EQ(config.path, path);
  EXPECT_EQ(config.src_mysql.user, "u");
  const Error error = caught([&] { load_config(path, mysql2pgsql, true); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  expect_contains(error.message(), path);
}

}  // namespace
}  // namespace dbsync
