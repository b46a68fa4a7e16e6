#include "config/ini_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "tests/unit/config_test_support.h"

namespace dbsync {
namespace {

using test::caught;
using test::expect_contains;

struct ValueCase {
  const char* what;
  std::string line;  // below [s], so line 2
  std::string key;
  std::string value;
};

void PrintTo(const ValueCase& c, std::ostream* out) { *out << c.what; }

class IniValue : public testing::TestWithParam<ValueCase> {};

TEST_P(IniValue, ArrivesWhole) {
  const auto entries = parse_ini("[s]\n" + GetParam().line + "\n", "my.cfg");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].section, "s");
  EXPECT_EQ(entries[0].key, GetParam().key);
  EXPECT_EQ(entries[0].value, GetParam().value);
  EXPECT_EQ(entries[0].line, 2);
}

const std::string kLong(5000, 'x');

INSTANTIATE_TEST_SUITE_P(
    All, IniValue,
    testing::Values(
        ValueCase{"quoted", "key = \"value\"", "key", "value"}, ValueCase{"unquoted", "key = value", "key", "value"},
        ValueCase{"no blanks", "key=value", "key", "value"}, ValueCase{"tabs", "\tkey\t=\tvalue\t", "key", "value"},
        ValueCase{"indented", "    key = \"value\"", "key", "value"},
        ValueCase{"carriage return", "key = \"value\"\r", "key", "value"},
        ValueCase{"comment after quotes", "key = \"value\"   # comment", "key", "value"},
        ValueCase{"comment right after quotes", "key = \"value\"; comment", "key", "value"},
        ValueCase{"comment with quotes", "key = \"value\" # it's \"so\"", "key", "value"},
        ValueCase{"comment after plain", "key = value # comment", "key", "value"},
        ValueCase{"semicolon comment after plain", "key = value\t; comment", "key", "value"},
        ValueCase{"plain with # inside", "key = a#b;c", "key", "a#b;c"},
        ValueCase{"plain with blanks", "key = a b  c", "key", "a b  c"},
        ValueCase{"quoted # and ;", "key = \"a ; b # c\"", "key", "a ; b # c"},
        ValueCase{"blanks in quotes", "key = \"  a  \"", "key", "  a  "},
        ValueCase{"doubled quote", "key = \"a\"\"b\"", "key", "a\"b"},
        ValueCase{"only a doubled quote", "key = \"\"\"\"", "key", "\""},
        ValueCase{"backslash", "key = \"C:\\dir\\\"", "key", "C:\\dir\\"},
        ValueCase{"equals and colons", "key = \"postgresql://u:p@h:1/d?a=b\"", "key", "postgresql://u:p@h:1/d?a=b"},
        ValueCase{"plain equals", "key = host=a port=1", "key", "host=a port=1"},
        ValueCase{"single quotes stay", "key = host='a b'", "key", "host='a b'"},
        ValueCase{"bracket", "key = [x]", "key", "[x]"}, ValueCase{"empty quoted", "key = \"\"", "key", ""},
        ValueCase{"empty", "key =", "key", ""}, ValueCase{"UTF-8", "key = \"\xC3\xA9\"", "key", "\xC3\xA9"},
        ValueCase{"Latin-1 byte", "key = \"\xE9\"", "key", "\xE9"},
        ValueCase{"5000 characters", "key = \"" + kLong + " ; # \"", "key", kLong + " ; # "},
        ValueCase{"long key", std::string(300, 'k') + " = v", std::string(300, 'k'), "v"}));

struct RefusedCase {
  const char* what;
  std::string text;
  int line;
  const char* message;
};

void PrintTo(const RefusedCase& c, std::ostream* out) { *out << c.what; }

class IniRefused : public testing::TestWithParam<RefusedCase> {};

TEST_P(IniRefused, NamesFileAndLine) {
  const Error error = caught([] { parse_ini(GetParam().text, "dir/my.cfg"); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_TRUE(error.message().starts_with("dir/my.cfg line " + std::to_string(GetParam().line) + ": "))
      << error.message();
  expect_contains(error.message(), GetParam().message);
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ((error.message() + error.hint()).find("secret"), std::string::npos) << "shows a value";
}

INSTANTIATE_TEST_SUITE_P(
    All, IniRefused,
    testing::Values(RefusedCase{"no equals sign", "[s]\n\nsecret\n", 3, "no ="},
                    RefusedCase{"colon for equals", "[s]\npassword : secret\n", 2, ": instead of ="},
                    RefusedCase{"colon before equals", "[s]\na:b = secret\n", 2, ": instead of ="},
                    RefusedCase{"no key", "[s]\n = \"secret\"\n", 2, "no key"},
                    RefusedCase{"unterminated quote", "[s]\nkey = \"secret\n", 2, "no closing quote"},
                    RefusedCase{"unterminated after doubled quote", "[s]\nkey = \"secret\"\"\n", 2, "no closing quote"},
                    RefusedCase{"lone quote", "[s]\nkey = \"\n", 2, "no closing quote"},
                    RefusedCase{"text after quotes", "[s]\nkey = \"a\" secret\n", 2,
                                "text after the quoted value of key"},
                    RefusedCase{"value starting with #", "[s]\nkey = #secret\n", 2, "starts with #"},
                    RefusedCase{"value starting with ;", "[s]\nkey = ;secret\n", 2, "starts with ;"},
                    RefusedCase{"open section", "[s\nkey = 1\n", 1, "does not end with ]"},
                    RefusedCase{"empty section", "[ ]\nkey = 1\n", 1, "section name is empty"},
                    RefusedCase{"text after section", "[s] key = secret\n", 1, "text after the section [s]"},
                    RefusedCase{"section of 50 bytes", "[" + std::string(50, 's') + "]\n", 1, "longer than 49 bytes"},
                    RefusedCase{"NUL", std::string("[s]\nkey = \"sec\0ret\"\n", 19), 2, "NUL byte"},
                    RefusedCase{"UTF-16", std::string("\xFF\xFE[\0s\0]\0\n\0", 10), 1, "NUL byte"},
                    RefusedCase{"carriage returns alone", "[s]\rkey = \"secret\"\r", 1, "control character 0x0D"},
                    RefusedCase{"form feed", "[s]\nkey = secret\f\n", 2, "control character 0x0C"}));

TEST(IniFile, SectionsCommentsAndLines) {
  const auto entries = parse_ini(
      "\xEF\xBB\xBF# comment\r\n; another\r\n\r\nbare = 0\r\n  [ src.mysql ]  # comment\r\n\thost = \"a\"\r\n"
      "\t# indented comment\r\n\tport = 1\r\n[desc.pgsql]\r\nhost = b",
      "my.cfg");
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].section, "");
  EXPECT_EQ(entries[0].line, 4);
  EXPECT_EQ(entries[1].section, "src.mysql");
  EXPECT_EQ(entries[1].key, "host");
  EXPECT_EQ(entries[2].key, "port");
  EXPECT_EQ(entries[2].line, 8);
  EXPECT_EQ(entries[3].section, "desc.pgsql");
  EXPECT_EQ(entries[3].value, "b");
  EXPECT_EQ(entries[3].line, 10);
}

TEST(IniFile, SectionOf49Bytes) {
  const std::string section(49, 's');
  const auto entries = parse_ini("[" + section + "]\na = b\n", "my.cfg");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].section, section);
}

TEST(IniFile, NothingInIt) {
  EXPECT_TRUE(parse_ini("", "my.cfg").empty());
  EXPECT_TRUE(parse_ini("\n", "my.cfg").empty());
  EXPECT_TRUE(parse_ini("\xEF\xBB\xBF", "my.cfg").empty());
  EXPECT_TRUE(parse_ini("[s]", "my.cfg").empty());
}

TEST(IniFile, DuplicatesAreLeftToTheCaller) { EXPECT_EQ(parse_ini("[s]\na = 1\na = 2\n", "my.cfg").size(), 2U); }

TEST(IniFile, ReadsAFile) {
  const std::string path = testing::TempDir() + "dbsync_ini_file_test.cfg";
  std::ofstream(path) << "[s]\nkey = \"" << kLong << "\"\n";
  const auto entries = read_ini_file(path);
  std::remove(path.c_str());
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].value, kLong);
}

TEST(IniFile, MissingFile) {
  const Error error = caught([] { read_ini_file("no/such/my.cfg"); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  EXPECT_EQ(error.message(), "cannot read the configuration file no/such/my.cfg: No such file or directory");
  expect_contains(error.hint(), "my.cfg.sample");
}

TEST(IniFile, DirectoryForAFile) {
  const Error error = caught([] { read_ini_file("."); });
  EXPECT_EQ(error.kind(), ErrorKind::config);
  expect_contains(error.message(), "Is a directory");
}

}  // namespace
}  // namespace dbsync
